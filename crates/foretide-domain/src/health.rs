//! A group's health: one verdict a cycle, which every screen only renders.
//!
//! A [`Verdict`] lists what keeps the group from being scaled well, the worst first. Each
//! [`Condition`] says which state the group is in, why, since when, and what to do.

mod next_step;

use std::mem::discriminant;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::stall::stalled;
use crate::{CallFailure, Load, Obstacle, ReadinessDoubt, Timestamp, Violation};

/// The states of a group, in their order of precedence.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// A decision broke an invariant of Foretide itself.
    Fault,
    /// Desired capacity cannot be set, or setting it has no effect.
    CannotWrite,
    /// Launches fail or hang.
    LaunchesFailing,
    /// Nobody checks the group.
    Stalled,
    /// The group cannot be read, or its data is stale or missing.
    DataMissing,
    /// The model service does not answer.
    PredictorSilent,
    /// More instances are needed than the maximum.
    AtMaximum,
    /// An hour of the next two days probably needs more instances than the maximum.
    MaximumAhead,
    /// The group was above its objective for longer than the violation budget allows.
    BudgetOverspent,
    /// The violation budget costs more than may be spent.
    #[serde(alias = "degraded")]
    BudgetOutOfReach,
    /// Metrics do not show the load of those that serve, or it is not known who serves.
    LoadInDoubt,
    /// The group, its history or its load is not known yet.
    WarmingUp,
    /// An operator paused the group or pinned its capacity.
    Held,
    /// Nothing stands against the group's health.
    #[default]
    Healthy,
}

/// How soon a person should act.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing to do.
    #[default]
    Ok,
    /// To know.
    Notice,
    /// To look at today.
    Warning,
    /// To look at now.
    Critical,
}

/// Why a group is in a state, with the evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "cause")]
pub enum Cause {
    /// A plan broke an invariant and was not written.
    InvariantBroken {
        /// Which one, with the evidence.
        violation: Violation,
    },
    /// Somebody else sets desired capacity, or it does not count instances.
    Obstacle(Obstacle),
    /// For minutes it could not be read who else sets desired capacity.
    WritersUnknown,
    /// AWS refused the last write.
    WriteRefused {
        /// What AWS answered.
        failure: CallFailure,
    },
    /// Somebody else moves desired capacity back, again and again.
    WritesUndone {
        /// Writes undone within the last hour.
        undone: u32,
    },
    /// Process Launch is suspended.
    LaunchSuspended,
    /// Process Terminate is suspended.
    TerminateSuspended,
    /// Launches failed one after the other, or one does not end.
    LaunchesFail {
        /// Launches that failed one after the other.
        failed: u32,
        /// AWS's status message for the newest failed launch.
        message: Option<String>,
        /// When desired capacity may be raised above what exists again.
        retry_at: Timestamp,
        /// Whether that is being tried at present.
        retrying: bool,
    },
    /// New instances left service within minutes of entering it.
    InstancesDie {
        /// Instances that did lately.
        died: u32,
    },
    /// Saturated instances leave service one after the other: the load is too much for them.
    Cascade {
        /// Instances that did lately.
        died: u32,
    },
    /// Load dropped suddenly, where the forecast saw no drop.
    LoadDropped {
        /// The load that was expected.
        expected: Load,
    },
    /// Others report CPU than those that serve, and could not be taken out.
    Unaccounted {
        /// Instances that reported.
        reporting: f64,
        /// Instances that serve.
        serving: u32,
    },
    /// Too few of the serving instances report CPU.
    FewReport {
        /// Share that does, 0 to 1.
        share: f64,
    },
    /// More instances are protected from scale-in than desired capacity asks for: AWS ends none of
    /// them.
    Protected {
        /// Protected instances in service.
        protected: u32,
        /// Desired capacity.
        desired: u32,
    },
    /// Target groups were to decide who serves and do not: every instance in service counts.
    ReadyInDoubt(ReadinessDoubt),
    /// An instance refresh is under way, or cannot be ruled out.
    Refreshing,
    /// Process `AlarmNotification` is suspended: somebody wants that nothing scales.
    HandsOff,
    /// The same, since before this version; the group is scaled as before.
    SuspendedAsBefore,
    /// No cycle ended for three intervals.
    NotChecked {
        /// When the last one ended.
        checked_at: Timestamp,
    },
    /// The group cannot be read.
    GroupUnreadable {
        /// Why.
        failure: CallFailure,
    },
    /// The newest period is older than the limit.
    DataStale {
        /// Time since its end.
        age: Duration,
    },
    /// There is no datapoint.
    NoData,
    /// A signal has no fresh value.
    SignalMissing {
        /// Its name in the configuration.
        name: String,
        /// Time since the end of its newest period; none where there is none.
        age: Option<Duration>,
        /// Why its source did not answer; none where it did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<CallFailure>,
        /// Whether nothing is taken away because of it.
        holds: bool,
    },
    /// What one instance carries of a signal is not learnt yet.
    SignalNotLearnt {
        /// Its name in the configuration.
        name: String,
    },
    /// The model was asked and did not answer.
    PredictorSilent,
    /// More instances are needed than the maximum.
    AtMaximum {
        /// The group's maximum.
        max: u32,
        /// Instances needed.
        needed: u32,
    },
    /// An hour to come probably needs more instances than the maximum.
    MaximumAhead {
        /// Start of the hour that needs most.
        at: Timestamp,
        /// Instances that it needs at the 99 % quantile of its load.
        needed: u32,
        /// The group's maximum.
        max: u32,
    },
    /// The violation share is above the violation budget.
    BudgetOverspent {
        /// Share of the last seven days above the objective, 0 to 1.
        share: f64,
        /// The budget, 0 to 1.
        budget: f64,
        /// Time with data that the share is of, seconds. None in verdicts of earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        known_s: Option<u64>,
    },
    /// The group's history shows that its violation budget costs more than `forecast.max_cost`.
    BudgetOutOfReach {
        /// The budget, 0 to 1.
        budget: f64,
        /// What it would cost, over the cost of target tracking; none if no price buys it.
        needed: Option<f64>,
        /// Most that may be spent, over the cost of target tracking.
        max_cost: f64,
        /// Violation share that may be had for that, 0 to 1.
        share: f64,
    },
    /// In verdicts of version 0.1: the forecast costs more than the baseline and serves no better.
    NoBetterThanBaseline,
    /// The group was not read yet.
    NotRead,
    /// Load history is being read.
    ReadingHistory {
        /// Parts of the history that were read.
        parts_read: u32,
        /// Parts of the history in all.
        parts: u32,
    },
    /// The forecast uses a generic model, until there is enough history for one of the group's own.
    Learning {
        /// Time that the history spans.
        history: Duration,
        /// Time that it must span.
        needed: Duration,
    },
    /// An operator paused the group.
    Paused {
        /// Who.
        by: String,
        /// When the pause ends by itself.
        until: Option<Timestamp>,
    },
    /// An operator pinned the capacity.
    Pinned {
        /// Who.
        by: String,
        /// The capacity.
        capacity: u32,
        /// When the pin ends.
        until: Timestamp,
    },
}

/// One thing that stands against a group's health.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// How soon a person should act.
    pub severity: Severity,
    /// Why.
    #[serde(flatten)]
    pub cause: Cause,
    /// Since when it holds.
    pub since: Timestamp,
}

/// A group's health at the end of a cycle.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Verdict {
    /// The worst first: by severity, then by precedence of the state.
    conditions: Vec<Condition>,
}

impl HealthState {
    /// All of them, in their order of precedence.
    pub const ALL: [Self; 14] = [
        Self::Fault,
        Self::CannotWrite,
        Self::LaunchesFailing,
        Self::Stalled,
        Self::DataMissing,
        Self::PredictorSilent,
        Self::AtMaximum,
        Self::MaximumAhead,
        Self::BudgetOverspent,
        Self::BudgetOutOfReach,
        Self::LoadInDoubt,
        Self::WarmingUp,
        Self::Held,
        Self::Healthy,
    ];

    /// The state's name in metrics and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::CannotWrite => "cannot_write",
            Self::LaunchesFailing => "launches_failing",
            Self::Stalled => "stalled",
            Self::DataMissing => "data_missing",
            Self::PredictorSilent => "predictor_silent",
            Self::AtMaximum => "at_maximum",
            Self::MaximumAhead => "maximum_ahead",
            Self::BudgetOverspent => "budget_overspent",
            Self::BudgetOutOfReach => "budget_out_of_reach",
            Self::LoadInDoubt => "load_in_doubt",
            Self::WarmingUp => "warming_up",
            Self::Held => "held",
            Self::Healthy => "healthy",
        }
    }
}

impl Cause {
    /// The state that the group is in because of it.
    pub const fn state(&self) -> HealthState {
        match self {
            Self::InvariantBroken { .. } => HealthState::Fault,
            Self::LaunchesFail { .. } | Self::InstancesDie { .. } | Self::Cascade { .. } => {
                HealthState::LaunchesFailing
            }
            Self::Unaccounted { .. }
            | Self::FewReport { .. }
            | Self::LoadDropped { .. }
            | Self::ReadyInDoubt(_) => HealthState::LoadInDoubt,
            Self::NotChecked { .. } => HealthState::Stalled,
            Self::GroupUnreadable { .. }
            | Self::DataStale { .. }
            | Self::NoData
            | Self::SignalMissing { .. } => HealthState::DataMissing,
            Self::PredictorSilent => HealthState::PredictorSilent,
            Self::AtMaximum { .. } => HealthState::AtMaximum,
            Self::MaximumAhead { .. } => HealthState::MaximumAhead,
            Self::BudgetOverspent { .. } => HealthState::BudgetOverspent,
            Self::BudgetOutOfReach { .. } | Self::NoBetterThanBaseline => {
                HealthState::BudgetOutOfReach
            }
            // Nobody has said yet that there is one.
            Self::Obstacle(Obstacle::Unknown)
            | Self::NotRead
            | Self::ReadingHistory { .. }
            | Self::Learning { .. }
            | Self::SignalNotLearnt { .. } => HealthState::WarmingUp,
            Self::Obstacle(_)
            | Self::WritersUnknown
            | Self::WriteRefused { .. }
            | Self::WritesUndone { .. }
            | Self::LaunchSuspended
            | Self::TerminateSuspended => HealthState::CannotWrite,
            Self::Paused { .. }
            | Self::Pinned { .. }
            | Self::Protected { .. }
            | Self::Refreshing
            | Self::HandsOff
            | Self::SuspendedAsBefore => HealthState::Held,
        }
    }

    /// Whether both say the same but for figures that move from cycle to cycle.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Obstacle(a), Self::Obstacle(b)) => a == b,
            (Self::WriteRefused { failure: a }, Self::WriteRefused { failure: b })
            | (Self::GroupUnreadable { failure: a }, Self::GroupUnreadable { failure: b }) => {
                a.kind == b.kind
            }
            (Self::LaunchesFail { message: a, .. }, Self::LaunchesFail { message: b, .. }) => {
                a == b
            }
            (Self::Pinned { capacity: a, .. }, Self::Pinned { capacity: b, .. }) => a == b,
            (Self::ReadyInDoubt(a), Self::ReadyInDoubt(b)) => a.is_same(b),
            (Self::SignalMissing { name: a, .. }, Self::SignalMissing { name: b, .. })
            | (Self::SignalNotLearnt { name: a }, Self::SignalNotLearnt { name: b }) => a == b,
            _ => discriminant(self) == discriminant(other),
        }
    }
}

impl Condition {
    /// The state that the group is in because of it.
    pub const fn state(&self) -> HealthState {
        self.cause.state()
    }
}

impl Verdict {
    /// The verdict at `now` over what was found. What was found in `before` keeps its beginning.
    pub fn new(
        found: impl IntoIterator<Item = (Severity, Cause)>,
        before: &Self,
        now: Timestamp,
    ) -> Self {
        let begun = |cause: &Cause| {
            let known = before.conditions.iter().find(|it| it.cause.is_same(cause));
            known.map_or(now, |known| known.since)
        };
        let conditions = found.into_iter().map(|(severity, cause)| Condition {
            severity,
            since: begun(&cause),
            cause,
        });
        Self::of(conditions.collect())
    }

    fn of(mut conditions: Vec<Condition>) -> Self {
        conditions.sort_by_key(|it| (std::cmp::Reverse(it.severity), it.state()));
        Self { conditions }
    }

    /// The verdict as it reads at `now`, where the last cycle ended at `checked_at`: a controller
    /// that does not run cannot say so itself.
    #[must_use]
    pub fn read_at(&self, checked_at: Timestamp, interval: Duration, now: Timestamp) -> Self {
        let stalled = stalled(checked_at, interval, now);
        Self::of(self.conditions.iter().cloned().chain(stalled).collect())
    }

    /// What stands against the group's health, the worst first.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// The worst state.
    pub fn state(&self) -> HealthState {
        self.conditions
            .first()
            .map_or(HealthState::Healthy, Condition::state)
    }

    /// How soon a person should act.
    pub fn severity(&self) -> Severity {
        self.conditions
            .first()
            .map_or(Severity::Ok, |it| it.severity)
    }

    /// Whether the group is in `state`, the worst or not.
    pub fn is_in(&self, state: HealthState) -> bool {
        match state {
            HealthState::Healthy => self.conditions.is_empty(),
            _ => self.conditions.iter().any(|it| it.state() == state),
        }
    }

    /// Whether both say the same but for figures that move from cycle to cycle.
    pub fn is_same(&self, other: &Self) -> bool {
        self.conditions.len() == other.conditions.len()
            && self
                .conditions
                .iter()
                .zip(&other.conditions)
                .all(|(a, b)| a.severity == b.severity && a.cause.is_same(&b.cause))
    }

    /// States of `before` that the group is no longer in.
    pub fn ended(&self, before: &Self) -> Vec<HealthState> {
        let mut ended: Vec<HealthState> = before.conditions.iter().map(Condition::state).collect();
        ended.retain(|state| !self.is_in(*state));
        ended.dedup();
        ended
    }

    /// Whether nothing is to be said.
    pub fn is_healthy(&self) -> bool {
        self.conditions.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn at_maximum(needed: u32) -> (Severity, Cause) {
        (Severity::Critical, Cause::AtMaximum { max: 5, needed })
    }

    #[test]
    fn the_worst_comes_first_by_severity_and_then_by_precedence() {
        let found = [
            (Severity::Notice, Cause::NotRead),
            at_maximum(9),
            (Severity::Critical, Cause::NoData),
        ];
        let verdict = Verdict::new(found, &Verdict::default(), NOW);
        let states: Vec<_> = verdict.conditions().iter().map(Condition::state).collect();
        let expected = [
            HealthState::DataMissing,
            HealthState::AtMaximum,
            HealthState::WarmingUp,
        ];
        assert_eq!(states, expected);
        assert_eq!(verdict.severity(), Severity::Critical);
        assert!(verdict.is_in(HealthState::AtMaximum) && !verdict.is_in(HealthState::Healthy));
    }

    #[test]
    fn a_condition_keeps_its_beginning_while_only_its_figures_move() {
        let first = Verdict::new([at_maximum(7)], &Verdict::default(), NOW);
        let later = NOW.plus(Duration::from_secs(60));
        let second = Verdict::new([at_maximum(9)], &first, later);
        assert_eq!(second.conditions()[0].since, NOW);
        assert!(second.is_same(&first) && second != first);
        let healthy = Verdict::new([], &second, later);
        let again = Verdict::new([at_maximum(9)], &healthy, later);
        assert_eq!(again.conditions()[0].since, later, "control: it had ended");
    }

    #[test]
    fn another_message_of_aws_is_another_condition() {
        let failing = |message: &str| {
            let cause = Cause::LaunchesFail {
                failed: 3,
                message: Some(message.to_owned()),
                retry_at: NOW,
                retrying: false,
            };
            (Severity::Critical, cause)
        };
        let first = Verdict::new([failing("no capacity")], &Verdict::default(), NOW);
        let same = Verdict::new([failing("no capacity")], &first, NOW);
        let other = Verdict::new([failing("quota reached")], &first, NOW);
        assert!(same.is_same(&first) && !other.is_same(&first));
    }

    #[test]
    fn three_intervals_without_a_cycle_are_a_stalled_loop() {
        let interval = Duration::from_secs(60);
        let healthy = Verdict::default();
        let read = |after| healthy.read_at(NOW, interval, NOW.plus(Duration::from_secs(after)));
        assert_eq!(read(180).state(), HealthState::Healthy);
        assert_eq!(read(181).state(), HealthState::Stalled);
    }

    #[test]
    fn every_state_has_a_name_and_stands_in_its_place() {
        for (index, state) in HealthState::ALL.iter().enumerate() {
            assert_eq!(*state as usize, index);
            assert!(!state.name().contains(' '));
        }
    }
}
