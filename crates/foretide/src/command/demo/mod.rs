//! `foretide demo`: the whole autoscaler on a simulated group, in virtual time.
//!
//! The controller is the shipping one, the group is simulated, and nothing outside the program is
//! needed. The same seed gives the same bytes.

mod frame;
mod live;
mod plain;
mod plan;
mod records;
pub(crate) mod screen;
mod summary;

use foretide_sim::{Contender, Peer, Score, Simulation};

use crate::cli::{ConfigFlags, DemoArgs};
use crate::failure::{Exit, Failure};
use crate::stop::Stop;

use super::Context;
use plan::Plan;
use records::Records;

/// How a run ended.
pub(crate) enum End {
    /// With the trace.
    Whole,
    /// The viewer had seen enough.
    Left,
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
    let end = if live {
        live::run(
            &plan,
            args.speed,
            &mut simulation,
            &mut records,
            &stop,
            context,
        )?
    } else {
        plain::run(&plan, &mut simulation, &mut records, &stop, context)?
    };
    records.finish()?;
    if let End::Left = end {
        writeln!(context.out, "left before the end: no figures")?;
        return Ok(());
    }
    let tracking = target_tracking(&plan);
    summary::print(&plan, &simulation.score(), &tracking, &records, context)
}

/// What target tracking would have made of the same load.
fn target_tracking(plan: &Plan) -> Score {
    let settings = &plan.config.target_tracking;
    let peer = Peer::TargetTracking(foretide_sim::TargetTracking {
        target: plan.config.target_utilisation.get(),
        points_out: settings.out_points,
        points_in: settings.in_points,
        band_in: settings.in_band,
    });
    peer.run(&plan.case, None)
}
