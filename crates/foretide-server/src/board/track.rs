//! One group's track: its last hours, folded from readings and records.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use foretide_domain::{
    Alarm, ClassifierRule, Decision, GroupState, Guard, LifecycleCounts, Load, Mode, Orders,
    Percent, PolicyKind, Record, Rule, Timestamp, WriteOutcome,
};

use crate::view::Cached;

use super::marks::Mark;
use super::slots::{Counterfactual, LEVELS, Slots};

/// How much of each group is kept in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Hours of minutes.
    pub hours: u32,
    /// Decisions with their explanations, some 1 kB each.
    pub decisions: usize,
    /// Marks.
    pub marks: usize,
}

impl Limits {
    /// Limits for so many groups, such that a thousand of them stay within 300 MB: two days of a
    /// few groups, half a day of many. What is older is read from the store.
    pub fn for_groups(groups: usize) -> Self {
        if groups <= 50 {
            Self {
                hours: 48,
                decisions: 3000,
                marks: 1000,
            }
        } else {
            Self {
                hours: 12,
                decisions: 60,
                marks: 200,
            }
        }
    }
}

/// A price of an instance-hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// The amount.
    pub amount: f64,
    /// Its currency.
    pub currency: String,
}

/// What a group is configured to be.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupFacts {
    /// Unique name in this process, as journal and log have it.
    pub id: String,
    /// Label of the account; none where there is none.
    pub account: Option<String>,
    /// Name of the Auto Scaling group.
    pub name: String,
    /// What may be written.
    pub mode: Mode,
    /// Which policy proposes.
    pub policy: PolicyKind,
    /// Time between two looks.
    pub interval: Duration,
    /// Utilisation above which the group counts as short.
    pub objective: Percent,
    /// Share of time, 0 to 1, that it may be short.
    pub budget: f64,
    /// Price of an instance-hour, where known.
    pub price: Option<Price>,
    /// Whether decisions are kept from being written by a dry run.
    pub dry_run: bool,
}

/// A look that ended.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Looked {
    /// When.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// Looks that took too long since the start.
    pub overruns: u64,
    /// How long the model took to answer last.
    pub prediction: Option<Duration>,
}

/// The group as it was read last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) at: Timestamp,
    pub(crate) desired: u32,
    pub(crate) counts: LifecycleCounts,
    pub(crate) bounds: foretide_domain::Bounds,
    pub(crate) launch_suspended: bool,
    pub(crate) terminate_suspended: bool,
    pub(crate) refreshing: bool,
}

/// Decisions by what came of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) outcomes: [u64; 3],
    pub(crate) bound: [u64; GUARDS.len() + 1],
    pub(crate) writes_failed: u64,
    pub(crate) calls_failed: u64,
}

/// What can bind a decision, in the order in which the rails stand: the label's values.
pub(crate) const GUARDS: [Guard; 17] = [
    Guard::Bounds,
    Guard::Suspended,
    Guard::Freshness,
    Guard::Coverage,
    Guard::UpperUtilisation,
    Guard::InstanceRefresh,
    Guard::PendingLaunches,
    Guard::ProjectedUtilisation,
    Guard::Confidence,
    Guard::Streak,
    Guard::Cooldown,
    Guard::Breaker,
    Guard::WriteInFlight,
    Guard::WriteBackoff,
    Guard::Paused,
    Guard::Mode,
    Guard::Audit,
];

/// Everything that is shown of one group.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    pub(crate) facts: GroupFacts,
    limits: Limits,
    pub(crate) slots: Slots,
    pub(crate) marks: VecDeque<Mark>,
    pub(crate) decisions: VecDeque<Arc<Decision>>,
    /// The newest decision that changed something.
    pub(crate) change: Option<Arc<Decision>>,
    pub(crate) reading: Option<Reading>,
    pub(crate) looked: Option<Looked>,
    /// End of the newest period with data.
    pub(crate) data_at: Option<Timestamp>,
    /// Start of the newest period with CPU.
    newest: Option<Timestamp>,
    pub(crate) tally: Tally,
    pub(crate) stale: bool,
    pub(crate) breaker_open: bool,
    /// Whether the model was asked last and did not answer.
    pub(crate) predictor_failing: bool,
    /// An operator's orders that stand.
    pub(crate) orders: Orders,
    pub(crate) broken_invariant: Option<(Timestamp, u8)>,
    /// The newest failure that no success has followed.
    pub(crate) failure: Option<(Timestamp, String)>,
    pub(crate) write_failure: Option<(Timestamp, String)>,
    /// Grows with every change.
    pub(crate) version: u64,
    /// The row made last.
    pub(crate) cached: Option<Cached>,
}

impl Track {
    pub(crate) fn new(facts: GroupFacts, limits: Limits) -> Self {
        let slots = usize::try_from(limits.hours.max(1)).unwrap_or(1) * 60;
        Self {
            slots: Slots::new(slots, facts.objective),
            facts,
            limits,
            marks: VecDeque::new(),
            decisions: VecDeque::new(),
            change: None,
            reading: None,
            looked: None,
            data_at: None,
            newest: None,
            tally: Tally::default(),
            stale: false,
            breaker_open: false,
            predictor_failing: false,
            orders: Orders::default(),
            broken_invariant: None,
            failure: None,
            write_failure: None,
            version: 0,
            cached: None,
        }
    }

    /// Takes what the group is configured to be now.
    pub(crate) fn set_facts(&mut self, facts: GroupFacts) {
        if facts.objective != self.facts.objective {
            self.slots.judge_by(facts.objective);
        }
        self.facts = facts;
    }

    /// Takes in a reading of the group.
    pub(crate) fn read(&mut self, at: Timestamp, group: &GroupState) {
        self.failure = None;
        self.at_capacity(Reading {
            at,
            desired: group.desired,
            counts: group.counts,
            bounds: group.bounds,
            launch_suspended: group.suspended.launch,
            terminate_suspended: group.suspended.terminate,
            refreshing: group.refreshing,
        });
    }

    fn at_capacity(&mut self, reading: Reading) {
        let LifecycleCounts {
            in_service,
            pending,
            terminating,
            ..
        } = reading.counts;
        let capacity = (reading.desired, in_service, pending, terminating);
        self.slots.capacity(reading.at, capacity, reading.bounds);
        if self.reading.is_none_or(|known| known.at <= reading.at) {
            self.reading = Some(reading);
        }
    }

    /// Takes in a record.
    pub(crate) fn record(&mut self, at: Timestamp, record: &Record) {
        match record {
            Record::Observed(point) => {
                self.slots.observe(point);
                self.data_at = self.data_at.max(Some(point.end()));
                if point.cpu.is_some() {
                    self.newest = self.newest.max(Some(point.start));
                }
            }
            Record::Decided(decision) => self.decided(Arc::new((**decision).clone())),
            Record::Settled { outcome, .. } => self.settled(at, outcome),
            Record::CallFailed(failure) => {
                self.tally.calls_failed += 1;
                self.failure = Some((at, failure.to_string()));
            }
            Record::Alarm(alarm) => self.alarm(at, *alarm),
            Record::Ordered { order, by } => self.orders.take(*order, by),
            Record::OrderEnded(_) => drop(self.orders.expire(at)),
            Record::OutcomeSeen(_)
            | Record::ForeignChange(_)
            | Record::MetricsLate { .. }
            | Record::Gap { .. } => {}
        }
        if let Some(mark) = Mark::of(at, record) {
            self.mark(mark);
        }
    }

    fn settled(&mut self, at: Timestamp, outcome: &WriteOutcome) {
        match outcome {
            WriteOutcome::Failed(failure) => {
                self.tally.writes_failed += 1;
                self.write_failure = Some((at, failure.to_string()));
            }
            WriteOutcome::Accepted => self.write_failure = None,
            WriteOutcome::Moved { .. } | WriteOutcome::DryRun => {}
        }
    }

    fn alarm(&mut self, at: Timestamp, alarm: Alarm) {
        match alarm {
            Alarm::BreakerOpened { .. } => self.breaker_open = true,
            Alarm::BreakerClosed => self.breaker_open = false,
            Alarm::DataStale => self.stale = true,
            Alarm::DataFresh => self.stale = false,
            Alarm::PredictorSilent => self.predictor_failing = true,
            Alarm::PredictorAnswers => self.predictor_failing = false,
            // Every decision says whether the forecast is demoted.
            Alarm::ForecastDemoted { .. } | Alarm::ForecastRestored => {}
            Alarm::InvariantBroken { invariant } => self.broken_invariant = Some((at, invariant)),
        }
    }

    fn decided(&mut self, decision: Arc<Decision>) {
        let explanation = &decision.explanation;
        let inputs = &explanation.inputs;
        self.tally.count(&decision);
        self.breaker_open = inputs.breaker_open;
        // After a restart the alarm may lie before what this board was told.
        if explanation.proposal.rule == Rule::Classifier(ClassifierRule::NoAnswer) {
            self.predictor_failing = true;
        } else if inputs.class.is_some() {
            self.predictor_failing = false;
        }
        self.orders.clone_from(&inputs.orders);
        self.at_capacity(Reading {
            at: decision.at.minus(inputs.group_age),
            desired: inputs.desired,
            counts: inputs.counts,
            bounds: inputs.bounds,
            launch_suspended: inputs.suspended.launch,
            terminate_suspended: inputs.suspended.terminate,
            refreshing: inputs.refreshing,
        });
        if let (Some(figures), Some(newest)) = (inputs.forecast, self.newest) {
            if let Some(quantiles) = figures.quantiles {
                let target = newest.plus(figures.ahead);
                self.slots.foresee(target, quantiles.map(Load::get));
            }
            let other = Counterfactual {
                tracking: Some(figures.tracking),
                optimum: None,
            };
            self.slots.counterfactual(newest, other);
        }
        if decision.desired.is_some() {
            if explanation.bound_by == Some(Guard::Mode)
                && let Some(mark) = Mark::withheld(&decision)
            {
                self.mark(mark);
            }
            self.change = Some(Arc::clone(&decision));
        }
        push(&mut self.decisions, decision, self.limits.decisions);
    }

    /// Notes a mark.
    pub(crate) fn mark(&mut self, mark: Mark) {
        push(&mut self.marks, mark, self.limits.marks);
    }

    /// The mode in force.
    pub(crate) fn mode(&self) -> Mode {
        let ordered = self.orders.mode.as_ref();
        ordered.map_or(self.facts.mode, |ordered| ordered.mode)
    }

    /// The newest decision.
    pub(crate) fn decision(&self) -> Option<&Arc<Decision>> {
        self.decisions.back()
    }

    /// Share of the loads of about a day, and of about a week, that lay at or below each of
    /// [`LEVELS`]; none where nothing was forecast.
    pub(crate) fn coverage(&self) -> [Option<[f64; LEVELS.len()]>; 2] {
        let decision = self.decision();
        let figures = decision.and_then(|known| known.explanation.inputs.forecast);
        figures.map_or([None; 2], |figures| figures.kept.map(|kept| kept.coverage))
    }

    /// The decision that stood at `at`, if it is still in memory.
    pub(crate) fn decision_at(&self, at: Timestamp) -> Option<&Arc<Decision>> {
        let after = self.decisions.partition_point(|decision| decision.at <= at);
        self.decisions.get(after.checked_sub(1)?)
    }
}

impl Tally {
    fn count(&mut self, decision: &Decision) {
        let desired = decision.explanation.inputs.desired;
        let outcome = match decision.desired {
            Some(to) if to > desired => 0,
            Some(to) if to < desired => 1,
            _ => 2,
        };
        let bound = decision.explanation.bound_by.and_then(|bound| {
            GUARDS
                .iter()
                .position(|guard| *guard == bound)
                .map(|index| index + 1)
        });
        for (counts, index) in [
            (self.outcomes.as_mut_slice(), outcome),
            (self.bound.as_mut_slice(), bound.unwrap_or(0)),
        ] {
            if let Some(count) = counts.get_mut(index) {
                *count += 1;
            }
        }
    }
}

fn push<T>(ring: &mut VecDeque<T>, value: T, most: usize) {
    if ring.len() >= most.max(1) {
        ring.pop_front();
    }
    ring.push_back(value);
}
