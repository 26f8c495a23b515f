//! A demo without a terminal: one line for every change and every alarm, at full speed. With a
//! page, the demo runs at the speed of `--speed`.

use std::io::Write;

use foretide_domain::{Record, Timestamp, WriteOutcome};
use foretide_sim::{STEP_S, Simulation};
use foretide_terminal::{Failure, wrap};

use crate::pace::Pace;
use crate::page::{Feed, PICTURE};
use crate::plan::Plan;
use crate::process::{End, Process};
use crate::told::Told;

/// Steps between two checks for signals: an hour of virtual time.
const STEPS_A_CHECK: u32 = 360;
/// Indent of the second and further lines of a record.
const INDENT: usize = 4;

/// Runs the demo to its end.
pub(crate) fn run(
    plan: &Plan,
    speed: u32,
    simulation: &mut Simulation<'_, '_>,
    told: &mut Told<'_>,
    process: &mut dyn Process,
    width: Option<usize>,
    out: &mut dyn Write,
) -> Result<End, Failure> {
    writeln!(out, "{}\n", wrap(&plan.sentence(), width, 2))?;
    if let Some(page) = told.page.says() {
        writeln!(out, "{page}\n")?;
        out.flush()?;
    }
    let mut lines = Lines::default();
    let mut steps = 0;
    let mut pace = Pace::new(speed);
    process.start();
    loop {
        if let Some(feed) = told.page.feed()
            && let Err(stopped) = keep_pace(&mut pace, feed, process)
        {
            told.records.finish()?;
            return Err(stopped);
        }
        let step = simulation.advance(&mut |at, record| {
            lines.note(at, &record);
            told.note(at, &record);
        });
        let Some(step) = step else { break };
        told.observe(&step);
        for line in lines.ready.drain(..) {
            writeln!(out, "{}", wrap(&line, width, INDENT))?;
        }
        steps += 1;
        if steps % STEPS_A_CHECK == 0 {
            told.records.check()?;
            if let Err(stopped) = process.stopped() {
                told.records.finish()?;
                return Err(stopped);
            }
        }
    }
    writeln!(out)?;
    Ok(End::Whole)
}

/// Waits until a step is due: with a page, virtual time passes at the speed of `--speed`.
fn keep_pace(pace: &mut Pace, feed: &Feed, process: &mut dyn Process) -> Result<(), Failure> {
    while pace.due_s(process.lap()) < STEP_S as f64 {
        process.stopped()?;
        // A page that has ended holds back no demo.
        let _goes_on = feed.wait(PICTURE);
    }
    pace.owed_s -= STEP_S as f64;
    Ok(())
}

/// Selects the records to print: writes with their decision, alarms, changes by others.
#[derive(Default)]
struct Lines {
    ready: Vec<String>,
    decided: Option<String>,
}

impl Lines {
    fn note(&mut self, at: Timestamp, record: &Record) {
        match record {
            Record::Decided(decision) if decision.desired.is_some() => {
                self.decided = Some(decision.to_string());
            }
            Record::Settled {
                outcome: WriteOutcome::Accepted,
                ..
            } => {
                let why = self.decided.take();
                let why = why.unwrap_or_else(|| record.to_string());
                self.ready.push(format!("{at} {why}"));
            }
            Record::Settled { .. }
            | Record::ForeignChange(_)
            | Record::Ordered { .. }
            | Record::OrderEnded(_)
            | Record::Alarm(_)
            | Record::CallFailed(_) => self.ready.push(format!("{at} {record}")),
            Record::Decided(_)
            | Record::Observed(_)
            | Record::OutcomeSeen(_)
            | Record::MetricsLate { .. }
            | Record::Health { .. }
            | Record::Outlook(_)
            | Record::Prices(_)
            | Record::Gap { .. } => {}
        }
    }
}
