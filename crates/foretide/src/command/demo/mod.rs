//! `foretide demo`: the whole autoscaler on a simulated group, in virtual time.
//!
//! The controller is the shipping one, the group is simulated, and nothing outside the program is
//! needed. The same seed gives the same bytes.

mod frame;
mod live;
mod pace;
mod page;
mod plain;
mod plan;
mod records;
mod summary;

use foretide_domain::{Record, Timestamp};
use foretide_sim::{Contender, Peer, Score, Simulation, Step, Timeline};

use crate::cli::{ConfigFlags, DemoArgs};
use crate::stop::Stop;
use foretide_terminal::{Exit, Failure};

use super::Context;
use page::Shown;
use plan::Plan;
use records::Records;

/// How a run ended.
pub(crate) enum End {
    /// With the trace.
    Whole,
    /// The viewer had seen enough.
    Left,
}

/// Who is told what happens, beside the viewer.
pub(crate) struct Told<'a> {
    pub(crate) records: &'a mut Records,
    pub(crate) page: Shown,
}

impl Told<'_> {
    /// A record of the controller.
    fn note(&mut self, at: Timestamp, record: &Record) {
        self.records.add(at, record);
        if let Some(feed) = self.page.feed() {
            feed.note(at, record);
        }
    }

    /// A step of the world.
    fn observe(&mut self, step: &Step) {
        if let Some(feed) = self.page.feed() {
            feed.observe(step);
        }
    }
}

/// Runs it.
pub(crate) fn run(
    args: &DemoArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let plan = Plan::new(args, flags)?;
    let mut records = Records::create(&plan.records, &plan.group)?;
    let stop = Stop::listen()?;
    let predict = plan.predict();
    let mut simulation = Simulation::new(&plan.case, plan.config.clone(), &predict, None)
        .map_err(|error| Failure::of(Exit::Config, &error))?;
    let live = context.terminal.is_interactive && !args.plain;
    let mut told = Told {
        records: &mut records,
        page: Shown::open(args, &plan, live)?,
    };
    let end = if live {
        live::run(
            &plan,
            args.speed,
            &mut simulation,
            &mut told,
            &stop,
            context,
        )?
    } else {
        plain::run(
            &plan,
            args.speed,
            &mut simulation,
            &mut told,
            &stop,
            context,
        )?
    };
    records.finish()?;
    if let End::Left = end {
        writeln!(context.out, "left before the end: no figures")?;
        return Ok(());
    }
    let tracking = target_tracking(&plan, None);
    summary::print(&plan, &simulation.score(), &tracking, &records, context)
}

/// What target tracking would have made of the same load.
fn target_tracking(plan: &Plan, timeline: Option<&mut Timeline>) -> Score {
    let settings = &plan.config.target_tracking;
    let peer = Peer::TargetTracking(foretide_sim::TargetTracking {
        target: plan.config.target_utilisation.get(),
        points_out: settings.out_points,
        points_in: settings.in_points,
        band_in: settings.in_band,
    });
    peer.run(&plan.case, timeline)
}
