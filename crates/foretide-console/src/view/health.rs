//! A group's health as it is shown: the controller's verdict, rendered.

use foretide_domain::{Condition, Severity, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::board::Track;

/// How soon a person should act; the most urgent is the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// Nothing to do.
    Ok,
    /// To know, not to act on.
    Notice,
    /// To look at today.
    Warning,
    /// To look at now.
    Critical,
}

/// A group's health.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Health {
    pub(crate) level: Level,
    /// The worst state, as `/metrics` names it.
    pub(crate) state: &'static str,
    /// The same in words.
    pub(crate) title: String,
    /// What stands against the group's health, the worst first; empty where nothing does.
    pub(crate) conditions: Vec<ConditionView>,
    /// The reasons of these conditions alone.
    pub(crate) reasons: Vec<String>,
    /// The group is stalled after this time unless it is checked until then; none before it was
    /// checked.
    pub(crate) stalled_after_ms: Option<i64>,
}

/// One thing that stands against the group's health.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ConditionView {
    pub(crate) level: Level,
    pub(crate) state: &'static str,
    pub(crate) reason: String,
    pub(crate) since_ms: i64,
    /// What to do; none where waiting is enough.
    pub(crate) next_step: Option<String>,
}

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
