//! A demo without a terminal: a line for every change and every alarm, as fast as it goes.

use foretide_domain::{Record, Timestamp, WriteOutcome};
use foretide_sim::Simulation;

use crate::command::Context;
use crate::failure::Failure;
use crate::stop::Stop;
use crate::terminal::wrap;

use super::End;
use super::plan::Plan;
use super::records::Records;

/// Steps between two looks at the signals: an hour of virtual time.
const STEPS_A_CHECK: u32 = 360;
/// Lines after the first of a record stand below its text.
const INDENT: usize = 4;

/// Runs to the end.
pub(crate) fn run(
    plan: &Plan,
    simulation: &mut Simulation<'_, '_>,
    records: &mut Records,
    stop: &Stop,
    context: &mut Context<'_>,
) -> Result<End, Failure> {
    let width = context.terminal.wrap_at();
    let title = format!("{}; policy {}", plan.load, plan.config.policy);
    writeln!(context.out, "{}\n", wrap(&title, width, 2))?;
    let mut lines = Lines::default();
    let mut steps = 0;
    while simulation
        .advance(&mut |at, record| {
            lines.note(at, &record);
            records.add(at, &record);
        })
        .is_some()
    {
        for line in lines.ready.drain(..) {
            writeln!(context.out, "{}", wrap(&line, width, INDENT))?;
        }
        steps += 1;
        if steps % STEPS_A_CHECK == 0 {
            records.check()?;
            if let Err(stopped) = stop.check() {
                records.finish()?;
                return Err(stopped);
            }
        }
    }
    writeln!(context.out)?;
    Ok(End::Whole)
}

/// Picks the records that a person wants to see: writes with the decision behind them, alarms,
/// changes by others.
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
            | Record::Alarm(_)
            | Record::CallFailed(_) => self.ready.push(format!("{at} {record}")),
            Record::Decided(_)
            | Record::Observed(_)
            | Record::OutcomeSeen(_)
            | Record::Gap { .. } => {}
        }
    }
}
