//! What each guard rail says of the inputs that it saw.

use std::fmt;
use std::time::Duration;

use super::hours::span;
use crate::{Cause, Guard, Inputs};

/// What a guard rail says of the inputs that it saw.
pub(super) struct Limit<'a>(pub(super) Guard, pub(super) &'a Inputs);

impl fmt::Display for Limit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(guard, inputs) = *self;
        match guard {
            Guard::Bounds => write!(f, "the group's bounds are {}", inputs.bounds),
            Guard::Suspended if inputs.suspended.launch => {
                f.write_str("process Launch is suspended")
            }
            Guard::Suspended => f.write_str("process Terminate is suspended"),
            Guard::Freshness => match inputs.data_age {
                Some(age) if !inputs.staleness.is_alarm() => write!(
                    f,
                    "the newest datapoint is {} s old, too old to scale in",
                    age.as_secs()
                ),
                Some(age) => write!(f, "the newest datapoint is {} s old: stale", age.as_secs()),
                None => f.write_str("there is no datapoint"),
            },
            Guard::HistoryUnread => history(
                f,
                inputs,
                "nothing is written until the group's history is read",
            ),
            Guard::HistoryUnused => history(
                f,
                inputs,
                "nothing is taken away until the forecast has used the group's history",
            ),
            Guard::EarlyDeaths => early_deaths(f, inputs),
            Guard::LoadDropped => {
                f.write_str("load dropped suddenly and may come back as suddenly")
            }
            Guard::Coverage if inputs.unaccounted.is_some() => {
                f.write_str("instances report that do not serve, so the load is in doubt")
            }
            Guard::Coverage => {
                let share = inputs.coverage.unwrap_or_default() * 100.0;
                write!(f, "only {share:.0} % of the instances report")
            }
            Guard::UpperUtilisation => f.write_str("CPU is at the upper bound: one more"),
            Guard::InstanceRefresh if inputs.refresh_unknown => f.write_str(
                "whether an instance refresh is under way is not known, so it counts as under way",
            ),
            Guard::InstanceRefresh => {
                f.write_str("an instance refresh is under way or cannot be ruled out")
            }
            Guard::PendingLaunches => {
                // Decisions of earlier versions have the pending ones alone.
                let starting = inputs.starting.max(inputs.counts.pending);
                write!(f, "{} still starting", counted(starting, "instance"))
            }
            Guard::SignalMissing => signal_missing(f, inputs),
            Guard::ProjectedUtilisation if inputs.load.is_some_and(|load| load.get() > 0.0) => {
                f.write_str("with fewer, utilisation would be too high")
            }
            Guard::ProjectedUtilisation => f.write_str("one instance stays, to measure by"),
            Guard::Confidence => f.write_str("the model is not sure enough"),
            Guard::Streak => write!(f, "too few votes in a row to scale in: {}", streak(inputs)),
            Guard::Cooldown => write!(f, "cooldown, {} s left", inputs.cooldown_left.as_secs()),
            Guard::Stabilisation => stabilisation(f, inputs),
            Guard::ScaleOutPace => pace(f, inputs, "scale-out", "more"),
            Guard::ScaleInPace => pace(f, inputs, "scale-in", "fewer"),
            Guard::Breaker => breaker(f, inputs),
            Guard::CannotWrite => cannot_write(f, inputs),
            Guard::WriteInFlight => f.write_str("the answer to a write is outstanding"),
            Guard::WriteBackoff => write_backoff(f, inputs),
            Guard::HandsOff => f.write_str(
                "scaling is switched off on the group (process AlarmNotification is suspended)",
            ),
            Guard::Paused => f.write_str("an operator paused the group"),
            Guard::Mode => f.write_str("the mode does not write this"),
            Guard::Audit => f.write_str("the audit refused the plan"),
        }
    }
}

/// The signals that hold a scale-in because they have no fresh value.
fn signal_missing(f: &mut fmt::Formatter<'_>, inputs: &Inputs) -> fmt::Result {
    let held = causes(inputs).filter_map(|cause| match cause {
        Cause::SignalMissing {
            name, holds: true, ..
        } => Some(format!("`{name}`")),
        _ => None,
    });
    let held: Vec<String> = held.collect();
    match held.as_slice() {
        [] => f.write_str("a signal has no value that is fresh enough to scale in by"),
        [one] => write!(f, "signal {one} has no fresh value"),
        several => write!(f, "signals {} have no fresh value", several.join(", ")),
    }
}

/// Votes and cycles in a row, each with the number that scaling in needs where that is known.
pub(super) fn streak(inputs: &Inputs) -> String {
    let (votes, cycles) = (inputs.streak_datapoints, inputs.streak);
    match inputs.streak_needed {
        Some((needed_votes, needed_cycles)) => format!(
            "{votes} of {} in {cycles} of {}",
            counted(needed_votes, "vote"),
            counted(needed_cycles, "cycle")
        ),
        None => format!("{} in {}", counted(votes, "vote"), counted(cycles, "cycle")),
    }
}

/// A wait of a start, and how long it may last.
fn history(f: &mut fmt::Formatter<'_>, inputs: &Inputs, what: &str) -> fmt::Result {
    f.write_str(what)?;
    match inputs.start_wait_left {
        Some(left) => write!(f, ", for another {} s at most", left.as_secs()),
        None => Ok(()),
    }
}

/// A pace limit: what it allows, counted from when, and when it allows more.
fn pace(f: &mut fmt::Formatter<'_>, inputs: &Inputs, what: &str, side: &str) -> fmt::Result {
    let Some(window) = inputs.pace.limit else {
        return write!(f, "the pace of {what} is limited");
    };
    let (change, reference) = (window.change, window.reference);
    let minutes = |time: Duration| span(time.as_secs().next_multiple_of(60));
    let (per, more_in) = (minutes(window.per), minutes(window.more_in));
    write!(
        f,
        "the pace of {what} is limited to {change} {side} than {reference} within {per}; the \
         next change is allowed in {more_in}"
    )
}

fn stabilisation(f: &mut fmt::Formatter<'_>, inputs: &Inputs) -> fmt::Result {
    match inputs.pace.stabilised {
        Some(lately) => write!(
            f,
            "{} were wanted within the last {} (scale_in.stabilisation)",
            counted(lately.wanted, "instance"),
            span(lately.within.as_secs().next_multiple_of(60))
        ),
        None => f.write_str("more was wanted within the stabilisation time of scale-in"),
    }
}

fn causes(inputs: &Inputs) -> impl Iterator<Item = &Cause> {
    inputs.health.conditions().iter().map(|it| &it.cause)
}

fn breaker(f: &mut fmt::Formatter<'_>, inputs: &Inputs) -> fmt::Result {
    let failing = causes(inputs).find_map(|cause| match cause {
        Cause::LaunchesFail {
            message, retry_at, ..
        } => Some((message, retry_at)),
        _ => None,
    });
    if causes(inputs).any(|cause| matches!(cause, Cause::InstancesDie { .. })) {
        return f.write_str("new instances die soon after entering service");
    }
    f.write_str("launches fail")?;
    let Some((message, retry_at)) = failing else {
        return Ok(());
    };
    if let Some(message) = message {
        write!(f, " (AWS: \"{message}\")")?;
    }
    write!(f, "; next try {retry_at}")
}

fn early_deaths(f: &mut fmt::Formatter<'_>, inputs: &Inputs) -> fmt::Result {
    let cascade = causes(inputs).any(|cause| matches!(cause, Cause::Cascade { .. }));
    f.write_str(if cascade {
        "saturated instances fail one after the other"
    } else {
        "new instances die soon after entering service"
    })
}

fn cannot_write(f: &mut fmt::Formatter<'_>, inputs: &Inputs) -> fmt::Result {
    let stands = |cause: &&Cause| matches!(cause, Cause::Obstacle(_) | Cause::WritersUnknown);
    let obstacle = causes(inputs).find(stands);
    match obstacle {
        Some(cause) => write!(f, "{cause}"),
        None => f.write_str("nothing can be written"),
    }
}

fn write_backoff(f: &mut fmt::Formatter<'_>, inputs: &Inputs) -> fmt::Result {
    let refused = causes(inputs).find(|cause| matches!(cause, Cause::WriteRefused { .. }));
    match refused {
        Some(cause) => write!(f, "{cause}; the next try waits"),
        None => f.write_str("the last write failed; the next try waits"),
    }
}

/// A count with its noun: "1 vote", "2 votes".
pub(super) fn counted(count: u32, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}
