//! A group's health as it is shown: the controller's verdict, rendered.

use foretide_domain::{Condition, Severity, Timestamp};

use super::shape::{ConditionView, Health, Level};
use crate::board::Track;

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Ok => Self::Ok,
            Severity::Notice => Self::Notice,
            Severity::Warning => Self::Warning,
            Severity::Critical => Self::Critical,
        }
    }
}

fn condition(condition: &Condition) -> ConditionView {
    ConditionView {
        level: condition.severity.into(),
        state: condition.state().name(),
        reason: condition.cause.to_string(),
        since_ms: condition.since.as_millis(),
        next_step: condition.cause.next_step().map(Into::into),
    }
}

/// The group's health as of `now`.
pub(crate) fn health(track: &Track, now: Timestamp) -> Health {
    let verdict = track.health(now);
    let conditions: Vec<_> = verdict.conditions().iter().map(condition).collect();
    Health {
        level: verdict.severity().into(),
        state: verdict.state().name(),
        title: verdict.state().to_string(),
        reasons: conditions.iter().map(|it| it.reason.clone()).collect(),
        conditions,
        stalled_after_ms: track.stalled_after().map(Timestamp::as_millis),
    }
}
