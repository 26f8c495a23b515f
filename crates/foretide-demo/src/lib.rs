//! The demo: the whole autoscaler on a simulated group, in virtual time.
//!
//! The controller is the same as in `foretide run`. The group is simulated, and no external service
//! is needed. The same plan gives the same bytes. The [`Process`] gives the passed time and the
//! signal to stop; no clock is read here.

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

/// How to show the demo.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Simulated seconds per second.
    pub speed: u32,
    /// Print lines also on a terminal.
    pub plain: bool,
    /// Address of the page, if set.
    pub listen: Option<SocketAddr>,
    /// Serve no page.
    pub no_page: bool,
}

/// The process around a demo.
pub trait Process {
    /// Starts the clock.
    fn start(&mut self);

    /// The time since the last call, or since the start.
    fn lap(&mut self) -> Duration;

    /// Fails if the process was asked to stop.
    fn stopped(&self) -> Result<(), Failure>;
}

/// How a demo ended.
pub(crate) enum End {
    /// At the end of the load.
    Whole,
    /// The viewer quit.
    Left,
}

/// A listener that receives records and steps.
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

    /// A step of the simulated world.
    fn observe(&mut self, step: &Step) {
        if let Some(feed) = self.page.feed() {
            feed.observe(step);
        }
    }
}

/// Runs and shows `plan` until its end or until the viewer quits, then prints the summary.
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
