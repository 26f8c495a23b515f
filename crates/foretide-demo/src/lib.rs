//! The demo: the whole autoscaler on a simulated group, in virtual time.
//!
//! The controller is the same as in `foretide run`. The group is simulated, and no external service
//! is needed. The same plan gives the same bytes. The [`Process`] gives the passed time and the
//! signal to stop; no clock is read here.

mod frame;
mod hosted;
mod live;
mod load;
mod pace;
mod page;
mod plain;
mod plan;
mod process;
mod records;
mod summary;
mod told;

use std::io::Write;

use foretide_sim::Simulation;
use foretide_terminal::{Exit, Failure, Terminal, wrap};

use page::{Feed, PICTURE, Shown};
use process::End;
use told::Told;

pub use foretide_console::Price;
pub use load::Load;
pub use plan::Plan;
pub use process::{Process, Wanted};
pub use records::Records;

/// Runs and shows `plan` until its end or until the viewer quits, then prints the summary. On a
/// terminal the page then stays until the process is asked to stop.
pub fn run(
    plan: &Plan,
    mut records: Records,
    wanted: &Wanted,
    process: &mut dyn Process,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let predict = plan.predict();
    let (past, case) = (plan.tracking(), &plan.load.case);
    let mut simulation = Simulation::after(&past, case, plan.config.clone(), &predict)
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
    let Told { records, mut page } = told;
    records.finish()?;
    if let End::Left = end {
        writeln!(out, "left before the end: no figures")?;
        return Ok(());
    }
    let baseline = plan.baseline();
    let score = simulation.score();
    summary::print(plan, &score, baseline.as_ref(), records, terminal, out)?;
    match page.feed() {
        Some(feed) if terminal.is_interactive && !wanted.exit => stay(feed, process, terminal, out),
        _ => Ok(()),
    }
}

/// Serves the page of a demo that is over, until the process is asked to stop.
fn stay(
    feed: &Feed,
    process: &dyn Process,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let says = format!("page stays at {}; Ctrl-C ends", feed.url());
    writeln!(out, "{}", wrap(&says, terminal.wrap_at(), 2))?;
    out.flush()?;
    loop {
        match process.stopped() {
            // The way to end a demo that is over is no failure.
            Err(failure) if failure.exit == Exit::Interrupted => return Ok(()),
            asked => asked?,
        }
        if !feed.wait(PICTURE) {
            return Err(Failure::new(Exit::Unavailable, "the page has ended"));
        }
    }
}
