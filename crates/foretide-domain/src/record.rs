//! What is recorded for people and for replay.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Bounds, CallFailure, Datapoint, Decision, HealthState, Order, Outlook, Plan, PriceTable,
    Timestamp, Verdict, Violation, WriteOutcome,
};

/// What is kept for people and for replay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "record")]
pub enum Record {
    /// A period was seen for the first time, or with another value than before.
    Observed(Datapoint),
    /// A decision was made.
    Decided(Box<Decision>),
    /// A write ended.
    Settled {
        /// What was to be written.
        plan: Plan,
        /// How it ended.
        outcome: WriteOutcome,
    },
    /// The effect of a write, seen in a later reading.
    OutcomeSeen(Outcome),
    /// Somebody else changed the group.
    ForeignChange(ForeignChange),
    /// An operator ordered something.
    Ordered {
        /// What.
        #[serde(flatten)]
        order: Order,
        /// Who.
        by: String,
    },
    /// An order had its time.
    OrderEnded(Order),
    /// A reading or a prediction failed.
    CallFailed(CallFailure),
    /// CloudWatch shows periods later than `metric_delay` says: said once for a setting.
    MetricsLate {
        /// Time from the end of a period until CloudWatch shows it, as it was found.
        delay: Duration,
        /// The same as configured.
        metric_delay: Duration,
    },
    /// The controller was not called for longer than three intervals; the streak was reset.
    Gap {
        /// When it was called last.
        since: Timestamp,
    },
    /// A person should look.
    Alarm(Alarm),
    /// The group's health is another one than before.
    Health {
        /// What it is.
        verdict: Verdict,
        /// States that the group is no longer in.
        ended: Vec<HealthState>,
    },
    /// The outlook, made anew every six hours. A record of its own, some 3 KB, and no part of a
    /// decision: a group makes four outlooks a day and over a thousand decisions.
    Outlook(Outlook),
    /// The price list, made anew every week or every day.
    Prices(PriceTable),
}

/// The effect of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// As many instances serve as were asked for.
    Reached {
        /// The capacity asked for.
        desired: u32,
    },
    /// Not within three lead times.
    Partly {
        /// The capacity asked for.
        desired: u32,
        /// What serves.
        in_service: u32,
    },
}

/// A change of the group that this controller did not make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignChange {
    /// Desired capacity before.
    pub desired_before: u32,
    /// Desired capacity found.
    pub desired: u32,
    /// Bounds before.
    pub bounds_before: Bounds,
    /// Bounds found.
    pub bounds: Bounds,
}

/// What a person should look at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "alarm")]
pub enum Alarm {
    /// The circuit breaker opened: launches fail, or do not end.
    BreakerOpened {
        /// Launches that failed one after the other.
        failed_launches: u32,
        /// When desired may be raised above what exists again.
        retry_at: Timestamp,
    },
    /// Launches succeed again.
    BreakerClosed,
    /// No fresh data.
    DataStale,
    /// Data is fresh again.
    DataFresh,
    /// The model was asked and did not answer: capacity is held.
    PredictorSilent,
    /// The model answers again.
    PredictorAnswers,
    /// What may be spent to keep the violation budget is spent: spare capacity is limited.
    #[serde(alias = "forecast_demoted")]
    CostLimited {
        /// Mean capacity in percent of target tracking's, over the last seven days.
        cost_percent: u32,
    },
    /// Spare capacity is no longer limited by its cost.
    #[serde(alias = "forecast_restored")]
    CostFree,
    /// A plan broke an invariant and was not written.
    InvariantBroken {
        /// Number of the invariant, as documented.
        invariant: u8,
        /// The evidence. Alarms of earlier versions have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        violation: Option<Violation>,
    },
}
