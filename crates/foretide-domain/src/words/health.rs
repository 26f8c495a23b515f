//! A group's health in words.

use std::fmt;
use std::time::Duration;

use super::hours::of_time;
use crate::{Cause, Condition, HealthState, Severity, Timestamp, Verdict};

impl fmt::Display for HealthState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fault => "fault of Foretide",
            Self::CannotWrite => "cannot write",
            Self::LaunchesFailing => "launches failing",
            Self::Stalled => "stalled",
            Self::DataMissing => "data missing",
            Self::PredictorSilent => "predictor silent",
            Self::AtMaximum => "at maximum",
            Self::MaximumAhead => "maximum ahead",
            Self::BudgetOverspent => "violation budget overspent",
            Self::BudgetOutOfReach => "budget out of reach",
            Self::LoadInDoubt => "load in doubt",
            Self::WarmingUp => "warming up",
            Self::Held => "held",
            Self::Healthy => "healthy",
        })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvariantBroken { violation } => write!(
                f,
                "a plan broke invariant {} and was not written: {violation}",
                violation.number()
            ),
            Self::Obstacle(obstacle) => write!(f, "nothing is written, because {obstacle}"),
            Self::WritersUnknown => f.write_str(
                "nothing is written, because the group's scaling policies cannot be read",
            ),
            Self::WriteRefused { failure } => write!(f, "AWS refused the last write: {failure}"),
            Self::WritesUndone { undone } => write!(
                f,
                "somebody else has undone {undone} changes of desired capacity within the last hour"
            ),
            Self::LaunchSuspended => {
                f.write_str("process Launch is suspended: no instance is launched")
            }
            Self::TerminateSuspended => {
                f.write_str("process Terminate is suspended: no instance is terminated")
            }
            Self::LaunchesFail { .. } => launches_fail(f, self),
            Self::InstancesDie { .. }
            | Self::Cascade { .. }
            | Self::LoadDropped { .. }
            | Self::Unaccounted { .. }
            | Self::FewReport { .. }
            | Self::Protected { .. }
            | Self::ReadyInDoubt(_)
            | Self::Refreshing
            | Self::HandsOff
            | Self::SuspendedAsBefore => held_back(f, self),
            Self::NotChecked { checked_at } => {
                write!(f, "the group was not checked since {checked_at}")
            }
            Self::GroupUnreadable { failure } => write!(f, "the group cannot be read: {failure}"),
            Self::DataStale { age } => {
                write!(f, "the newest datapoint is {} s old", age.as_secs())
            }
            Self::NoData => f.write_str("there is no datapoint"),
            Self::SignalMissing { .. } => signal_missing(f, self),
            Self::SignalNotLearnt { name } => write!(
                f,
                "signal `{name}` asks for nothing yet: what one instance carries is not learnt"
            ),
            Self::PredictorSilent => f.write_str("the predictor does not answer: capacity is held"),
            Self::AtMaximum { max, needed } => {
                write!(f, "{needed} instances are needed, the maximum is {max}")
            }
            Self::MaximumAhead { .. }
            | Self::BudgetOverspent { .. }
            | Self::BudgetOutOfReach { .. }
            | Self::NoBetterThanBaseline => afforded(f, self),
            Self::NotRead => f.write_str("the group was not read yet"),
            Self::ReadingHistory { parts_read, parts } => {
                write!(
                    f,
                    "reading history from CloudWatch: {parts_read} of {parts} requests are answered"
                )
            }
            Self::Learning { history, needed } => learning(f, *history, *needed),
            Self::Paused { by, until } => paused(f, by, *until),
            Self::Pinned {
                by,
                capacity,
                until,
            } => write!(f, "pinned to {capacity} by {by} until {until}"),
        }
    }
}

fn signal_missing(f: &mut fmt::Formatter<'_>, cause: &Cause) -> fmt::Result {
    let Cause::SignalMissing {
        name,
        age,
        failure,
        holds,
    } = cause
    else {
        return Ok(());
    };
    match age {
        Some(age) => write!(
            f,
            "the newest value of signal `{name}` is {} s old",
            age.as_secs()
        )?,
        None => write!(f, "signal `{name}` has no value")?,
    }
    if let Some(failure) = failure {
        write!(f, " ({failure})")?;
    }
    if *holds {
        f.write_str(": nothing is taken away")?;
    }
    Ok(())
}

/// Causes of the load being more than the group's maximum or its budget can bear.
fn afforded(f: &mut fmt::Formatter<'_>, cause: &Cause) -> fmt::Result {
    match cause {
        Cause::MaximumAhead { at, needed, max } => write!(
            f,
            "the hour at {at} needs {needed} instances at worst, the maximum is {max}"
        ),
        Cause::BudgetOverspent {
            share,
            budget,
            known_s,
        } => {
            let of = known_s.map_or_else(|| "of up to 7 days".to_owned(), of_time);
            let (share, budget) = (100.0 * share, 100.0 * budget);
            write!(
                f,
                "above the objective for {share:.2} % {of} (budget {budget:.2} %)"
            )
        }
        Cause::BudgetOutOfReach {
            budget,
            needed,
            max_cost,
            share,
        } => {
            write!(f, "budget out of reach: {:.2} % ", 100.0 * budget)?;
            match needed {
                Some(needed) => write!(f, "would cost {needed:.1} × target tracking")?,
                None => f.write_str("cannot be had at any price, on the last week's load")?,
            }
            write!(f, "; at {max_cost:.1} × you get {:.2} %", 100.0 * share)
        }
        Cause::NoBetterThanBaseline => f.write_str(
            "the forecast costs more than target tracking at the configured target and serves no \
             better: its risk price is bounded",
        ),
        _ => Ok(()),
    }
}

/// Causes that keep capacity from being changed until something outside Foretide changes.
fn held_back(f: &mut fmt::Formatter<'_>, cause: &Cause) -> fmt::Result {
    match cause {
        Cause::InstancesDie { died } => write!(
            f,
            "{died} new instances left service within minutes of entering it: no scale-out \
             beyond the running instances, and no scale-in"
        ),
        Cause::Cascade { died } => write!(
            f,
            "{died} instances left service while the others were saturated: nothing is taken away, \
             and scale-out goes on"
        ),
        Cause::LoadDropped { expected } => write!(
            f,
            "load dropped suddenly, where {:.1} busy instances were expected: capacity is not \
             lowered for 30 min",
            expected.get() / 100.0
        ),
        Cause::Unaccounted { reporting, serving } => write!(
            f,
            "{reporting:.0} instances report CPU and {serving} serve: the mean is not that of \
             the serving ones, so capacity is not lowered"
        ),
        Cause::FewReport { share } => write!(
            f,
            "only {:.0} % of the serving instances report CPU: capacity is not lowered",
            100.0 * share
        ),
        Cause::Protected { protected, desired } => write!(
            f,
            "{protected} instances in service are protected from scale-in and desired capacity is \
             {desired}: AWS ends none of them, and all are billed"
        ),
        Cause::ReadyInDoubt(why) => {
            write!(
                f,
                "every instance in service counts as serving, because {why}"
            )
        }
        Cause::Refreshing => f.write_str(
            "an instance refresh is under way or cannot be ruled out: capacity is not lowered",
        ),
        Cause::HandsOff => f.write_str(
            "scaling is switched off on this group (process AlarmNotification is suspended), so \
             Foretide does not change desired capacity",
        ),
        Cause::SuspendedAsBefore => f.write_str(
            "process AlarmNotification has been suspended since before this version, and the \
             group is scaled all the same",
        ),
        _ => Ok(()),
    }
}

fn learning(f: &mut fmt::Formatter<'_>, history: Duration, needed: Duration) -> fmt::Result {
    if history >= needed {
        return f.write_str(
            "learning: the group's own model is being fitted; until then the forecast uses the \
             generic model",
        );
    }
    write!(
        f,
        "learning: {:.1} of {:.0} h of load are known; until then the forecast uses the generic \
         model",
        hours(history),
        hours(needed)
    )
}

fn hours(span: Duration) -> f64 {
    span.as_secs_f64() / 3600.0
}

fn launches_fail(f: &mut fmt::Formatter<'_>, cause: &Cause) -> fmt::Result {
    let Cause::LaunchesFail {
        failed,
        message,
        retry_at,
        retrying,
    } = cause
    else {
        return Ok(());
    };
    match failed {
        0 => f.write_str("a launch does not end")?,
        1 => f.write_str("a launch failed")?,
        // The number grows from cycle to cycle, and screens show different cycles.
        _ => f.write_str("launches fail one after the other")?,
    }
    if let Some(message) = message {
        write!(f, " (AWS: \"{message}\")")?;
    }
    if *retrying {
        f.write_str(": scale-out is being tried again")
    } else {
        write!(
            f,
            ": no scale-out beyond the running instances until {retry_at}"
        )
    }
}

fn paused(f: &mut fmt::Formatter<'_>, by: &str, until: Option<Timestamp>) -> fmt::Result {
    write!(f, "paused by {by}")?;
    if let Some(until) = until {
        write!(f, " until {until}")?;
    }
    f.write_str(": nothing is written")
}

impl fmt::Display for Condition {
    /// State, reason, and since when.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (since {})", self.state(), self.cause, self.since)
    }
}

impl fmt::Display for Verdict {
    /// One line: the state, each reason, the first next step.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "health: {}", self.state())?;
        for (index, condition) in self.conditions().iter().enumerate() {
            let join = if index == 0 { ": " } else { "; " };
            write!(f, "{join}{}", condition.cause)?;
        }
        let step = self
            .conditions()
            .first()
            .and_then(|it| it.cause.next_step());
        match step.filter(|_| self.severity() > Severity::Notice) {
            Some(step) => write!(f, ". Next step: {step}"),
            None => Ok(()),
        }
    }
}
