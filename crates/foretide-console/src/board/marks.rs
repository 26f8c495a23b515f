//! What happened to a group, to be marked on its chart and listed beside it.

use foretide_domain::{Alarm, Decision, Outcome, Record, Timestamp, WriteOutcome};
use schemars::JsonSchema;
use serde::Serialize;

/// Kinds of marks; each has a shape of its own on the chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// Desired capacity was raised.
    ScaleOut,
    /// Desired capacity was lowered.
    ScaleIn,
    /// Capacity would have been changed, and mode or dry-run held it back.
    Withheld,
    /// A write or a launch failed, or its effect did not come.
    Failed,
    /// Somebody else changed the group.
    Foreign,
    /// A person should look.
    Alarm,
    /// What was wrong is well again.
    Recovered,
    /// An operator gave an order.
    Operator,
    /// The process itself says something.
    Note,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Mark {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// What kind.
    pub kind: MarkKind,
    /// Desired capacity before, where capacity is what it is about.
    pub from: Option<u32>,
    /// Desired capacity after.
    pub to: Option<u32>,
    /// The sentence, as log and terminal have it.
    pub text: String,
}

impl Mark {
    /// What a record leaves on the chart; nothing for what happens all the time.
    pub(crate) fn of(at: Timestamp, record: &Record) -> Option<Self> {
        let (kind, change) = match record {
            Record::Settled { plan, outcome } => {
                let change = Some((plan.expected_desired, plan.desired));
                match outcome {
                    WriteOutcome::Accepted if plan.desired > plan.expected_desired => {
                        (MarkKind::ScaleOut, change)
                    }
                    WriteOutcome::Accepted => (MarkKind::ScaleIn, change),
                    WriteOutcome::DryRun => (MarkKind::Withheld, change),
                    WriteOutcome::Moved { .. } => (MarkKind::Foreign, None),
                    WriteOutcome::Failed(_) => (MarkKind::Failed, change),
                }
            }
            Record::ForeignChange(change) => (
                MarkKind::Foreign,
                Some((change.desired_before, change.desired)),
            ),
            Record::Alarm(
                Alarm::BreakerClosed | Alarm::DataFresh | Alarm::PredictorAnswers | Alarm::CostFree,
            ) => (MarkKind::Recovered, None),
            Record::Alarm(_) => (MarkKind::Alarm, None),
            Record::Ordered { .. } | Record::OrderEnded(_) => (MarkKind::Operator, None),
            Record::OutcomeSeen(Outcome::Partly { .. }) => (MarkKind::Failed, None),
            Record::Gap { .. } | Record::MetricsLate { .. } => (MarkKind::Note, None),
            // Its begin and its end are marked by the records that it follows from.
            Record::Health { .. }
            | Record::Decided(_)
            | Record::Observed(_)
            | Record::Outlook(_)
            | Record::Prices(_)
            | Record::OutcomeSeen(Outcome::Reached { .. })
            | Record::CallFailed(_) => return None,
        };
        Some(Self {
            at_ms: at.as_millis(),
            kind,
            from: change.map(|(from, _)| from),
            to: change.map(|(_, to)| to),
            text: record.to_string(),
        })
    }

    /// A change that was decided and that the mode held back.
    pub(crate) fn withheld(decision: &Decision) -> Option<Self> {
        Some(Self {
            at_ms: decision.at.as_millis(),
            kind: MarkKind::Withheld,
            from: Some(decision.explanation.inputs.desired),
            to: Some(decision.desired?),
            text: decision.to_string(),
        })
    }
}
