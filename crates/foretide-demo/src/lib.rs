//! The whole autoscaler on a simulated group, in virtual time, for a person who watches.
//!
//! The controller is the shipping one, the group is simulated, and nothing outside the program is
//! needed. The same plan gives the same bytes. How fast time passes and whether to stop is told by
//! the [`Process`]; no clock is read here.

mod frame;
mod hosted;
mod live;
mod pace;
mod page;
mod plain;
mod plan;
mod records;
mod summary;

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use foretide_domain::{Record, Timestamp};
use foretide_sim::{Simulation, Step};
use foretide_terminal::{Exit, Failure, Terminal};

use page::Shown;

pub use foretide_console::Price;
pub use plan::Plan;
pub use records::Records;

/// How it is to be shown.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Simulated seconds a second.
    pub speed: u32,
    /// Lines even on a terminal.
    pub plain: bool,
    /// Address of the page, where one is given.
    pub listen: Option<SocketAddr>,
    /// No page.
    pub no_page: bool,
}

/// The process around a demo.
pub trait Process {
    /// Time begins to pass.
    fn start(&mut self);

    /// The time that has passed since this, or the start, was called last.
    fn lap(&mut self) -> Duration;

    /// Fails where the process was asked to stop.
    fn stopped(&self) -> Result<(), Failure>;
}

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

/// Shows `plan` as `wanted` until its end or until the viewer has seen enough, then its figures.
pub fn run(
    plan: &Plan,
    mut records: Records,
    wanted: &Wanted,
    process: &mut dyn Process,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let predict = plan.predict();
    let mut simulation = Simulation::new(&plan.case, plan.config.clone(), &predict, None)
        .map_err(|error| Failure::of(Exit::Config, &error))?;
    let live = terminal.is_interactive && !wanted.plain;
    let mut told = Told {
        records: &mut records,
        page: Shown::open(wanted, plan, live)?,
    };
    let speed = wanted.speed;
    let end = if live {
        live::run(plan, speed, &mut simulation, &mut told, process, terminal)?
    } else {
        let width = terminal.wrap_at();
        plain::run(plan, speed, &mut simulation, &mut told, process, width, out)?
    };
    records.finish()?;
    if let End::Left = end {
        writeln!(out, "left before the end: no figures")?;
        return Ok(());
    }
    let tracking = plan.target_tracking();
    let score = simulation.score();
    summary::print(plan, &score, &tracking, &records, terminal, out)?;
    Ok(())
}
