//! The state as it is stored: one flat object, whose keys and their order are those of version 0.1.
//!
//! The only place that knows both the stored keys and the sides of the state.

use std::borrow::Cow;
use std::collections::VecDeque;

use foretide_domain::{Orders, Staleness, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::breaker::Breaker;
use crate::health::Health;
use crate::hours::HoursLedger;
use crate::lead_time::LeadTime;
use crate::load::PerInstance;
use crate::load_drop::LoadDrop;
use crate::pace::Pace;
use crate::policy::PolicyStates;
use crate::policy::classifier::{Answer, ClassifierState};
use crate::policy::forecast::{ForecastState, SavedOptimiser};
use crate::safe_start::SafeStart;
use crate::series::Series;
use crate::votes::Votes;

use super::group::{GroupSide, Known, Reading};
use super::instance_reads::InstanceReads;
use super::metrics::Metrics;
use super::recent::RecentChanges;
use super::signals::SignalSides;
use super::suspension::ScalingSuspended;
use super::writes::{PendingWrite, Watched, Writes};
use super::{Cycle, SavedState};

/// Keys with a default are missing in states of earlier versions.
#[derive(Serialize, Deserialize)]
#[serde(rename = "SavedState")]
struct Stored<'a> {
    next_call: u64,
    started_at: Timestamp,
    due: Timestamp,
    looked_at: Option<Timestamp>,
    group: Cow<'a, Option<Reading>>,
    known: Option<Known>,
    in_service: Cow<'a, VecDeque<(Timestamp, u32)>>,
    series: Cow<'a, Series>,
    #[serde(default)]
    pace: Pace,
    #[serde(default, skip_serializing_if = "InstanceReads::is_unspent")]
    instance_reads: InstanceReads,
    #[serde(default)]
    prediction: Option<Answer>,
    #[serde(default)]
    predictor_failing: bool,
    votes: Votes,
    law: Cow<'a, Option<SavedOptimiser>>,
    last_change_at: Option<Timestamp>,
    write: Option<PendingWrite>,
    failed_writes: u32,
    write_backoff_until: Option<Timestamp>,
    watched: Option<Watched>,
    #[serde(default, skip_serializing_if = "no_changes")]
    recent_changes: Cow<'a, RecentChanges>,
    breaker: Cow<'a, Breaker>,
    #[serde(default)]
    orders: Cow<'a, Orders>,
    lead_time: Cow<'a, LeadTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_write: Option<(u32, u32)>,
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    undone: VecDeque<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    starting_since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scaling_suspended: Option<ScalingSuspended>,
    per_instance: PerInstance,
    stale: bool,
    late: (Staleness, u64),
    #[serde(default)]
    scheduled: u32,
    #[serde(default, skip_serializing_if = "no_drop")]
    load_drop: Cow<'a, LoadDrop>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    safe_start: Option<SafeStart>,
    #[serde(default)]
    health: Cow<'a, Health>,
    #[serde(default)]
    hours: Cow<'a, HoursLedger>,
    decide_anyway: bool,
    #[serde(default, skip_serializing_if = "no_signals")]
    signals: Cow<'a, SignalSides>,
}

#[expect(clippy::ptr_arg, reason = "serde passes the field")]
fn no_signals(signals: &Cow<'_, SignalSides>) -> bool {
    signals.is_empty()
}

#[expect(clippy::ptr_arg, reason = "serde passes the field")]
fn no_drop(drop: &Cow<'_, LoadDrop>) -> bool {
    drop.is_empty()
}

#[expect(clippy::ptr_arg, reason = "serde passes the field")]
fn no_changes(recent: &Cow<'_, RecentChanges>) -> bool {
    recent.is_empty()
}

impl Serialize for SavedState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Stored::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SavedState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Stored::deserialize(deserializer).map(Self::from)
    }
}

impl<'a> From<&'a SavedState> for Stored<'a> {
    fn from(state: &'a SavedState) -> Self {
        // Field by field, so that a new one is not forgotten.
        let SavedState {
            cycle,
            group,
            metrics,
            signals,
            writes,
            recent,
            orders,
            policies,
            health,
            hours,
        } = state;
        let PolicyStates {
            classifier,
            forecast,
        } = policies;
        Self {
            next_call: cycle.next_call,
            started_at: cycle.started_at,
            due: cycle.due,
            looked_at: cycle.ended_at,
            group: Cow::Borrowed(&group.reading),
            known: group.known,
            in_service: Cow::Borrowed(&group.in_service),
            series: Cow::Borrowed(&metrics.series),
            pace: metrics.pace,
            instance_reads: metrics.instance_reads,
            prediction: classifier.prediction,
            predictor_failing: classifier.predictor_failing,
            votes: classifier.votes,
            law: Cow::Borrowed(&forecast.optimiser),
            last_change_at: writes.last_change_at,
            write: writes.outstanding,
            failed_writes: writes.failed_in_a_row,
            write_backoff_until: writes.backoff_until,
            watched: writes.watched,
            recent_changes: Cow::Borrowed(recent),
            breaker: Cow::Borrowed(&group.breaker),
            orders: Cow::Borrowed(orders),
            lead_time: Cow::Borrowed(&group.lead_time),
            last_write: group.last_write,
            undone: group.undone.clone(),
            starting_since: group.starting_since,
            scaling_suspended: group.scaling_suspended,
            per_instance: metrics.per_instance,
            stale: metrics.stale,
            late: metrics.late,
            scheduled: forecast.scheduled,
            load_drop: Cow::Borrowed(&forecast.drop),
            safe_start: forecast.start,
            health: Cow::Borrowed(health),
            hours: Cow::Borrowed(hours),
            decide_anyway: cycle.decide_anyway,
            signals: Cow::Borrowed(signals),
        }
    }
}

impl From<Stored<'_>> for SavedState {
    fn from(stored: Stored<'_>) -> Self {
        Self {
            cycle: Cycle {
                next_call: stored.next_call,
                started_at: stored.started_at,
                due: stored.due,
                ended_at: stored.looked_at,
                decide_anyway: stored.decide_anyway,
            },
            group: GroupSide {
                reading: stored.group.into_owned(),
                known: stored.known,
                in_service: stored.in_service.into_owned(),
                breaker: stored.breaker.into_owned(),
                lead_time: stored.lead_time.into_owned(),
                last_write: stored.last_write,
                undone: stored.undone,
                starting_since: stored.starting_since,
                scaling_suspended: stored.scaling_suspended,
            },
            metrics: Metrics {
                series: stored.series.into_owned(),
                pace: stored.pace,
                instance_reads: stored.instance_reads,
                per_instance: stored.per_instance,
                stale: stored.stale,
                late: stored.late,
            },
            signals: stored.signals.into_owned(),
            writes: Writes {
                last_change_at: stored.last_change_at,
                outstanding: stored.write,
                failed_in_a_row: stored.failed_writes,
                backoff_until: stored.write_backoff_until,
                watched: stored.watched,
            },
            recent: stored.recent_changes.into_owned(),
            orders: stored.orders.into_owned(),
            policies: PolicyStates {
                classifier: ClassifierState {
                    prediction: stored.prediction,
                    predictor_failing: stored.predictor_failing,
                    votes: stored.votes,
                },
                forecast: ForecastState {
                    optimiser: stored.law.into_owned(),
                    scheduled: stored.scheduled,
                    drop: stored.load_drop.into_owned(),
                    start: stored.safe_start,
                },
            },
            health: stored.health.into_owned(),
            hours: stored.hours.into_owned(),
        }
    }
}
