//! One group's track: its last hours, folded from readings and records.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use foretide_domain::{
    Cause, Datapoint, Decision, FORECAST_LEVELS, GroupState, Guard, Hours, LifecycleCounts, Load,
    Mode, Orders, Outlook, Percent, PolicyKind, PriceTable, Record, Severity, Timestamp, Verdict,
    WriteOutcome, stalled, stalled_after,
};

use crate::view::Cached;

use super::marks::Mark;
use super::past::Past;
use super::slots::{Slots, single};

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
    /// Utilisation above which the group is in violation.
    pub objective: Percent,
    /// Share of time, 0 to 1, that it may be in violation.
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
pub(crate) const GUARDS: [Guard; 27] = [
    Guard::Bounds,
    Guard::Suspended,
    Guard::Freshness,
    Guard::HistoryUnread,
    Guard::HistoryUnused,
    Guard::EarlyDeaths,
    Guard::LoadDropped,
    Guard::Coverage,
    Guard::UpperUtilisation,
    Guard::InstanceRefresh,
    Guard::PendingLaunches,
    Guard::SignalMissing,
    Guard::ProjectedUtilisation,
    Guard::Confidence,
    Guard::Streak,
    Guard::Cooldown,
    Guard::Stabilisation,
    Guard::ScaleOutPace,
    Guard::ScaleInPace,
    Guard::Breaker,
    Guard::CannotWrite,
    Guard::WriteInFlight,
    Guard::WriteBackoff,
    Guard::HandsOff,
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
    pub(crate) past: Past,
    /// The newest outlook and price list that the controller made.
    pub(crate) outlook: Option<Outlook>,
    pub(crate) prices: Option<PriceTable>,
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
    /// The controller's newest verdict; none before one is known.
    health: Option<Verdict>,
    /// An operator's orders that stand.
    pub(crate) orders: Orders,
    /// Grows with every change.
    pub(crate) version: u64,
    /// The row made last.
    pub(crate) cached: Option<Cached>,
}

impl Track {
    pub(crate) fn new(facts: GroupFacts, limits: Limits) -> Self {
        let slots = usize::try_from(limits.hours.max(1)).unwrap_or(1) * 60;
        Self {
            slots: Slots::new(slots),
            facts,
            limits,
            past: Past::default(),
            outlook: None,
            prices: None,
            marks: VecDeque::new(),
            decisions: VecDeque::new(),
            change: None,
            reading: None,
            looked: None,
            data_at: None,
            newest: None,
            tally: Tally::default(),
            health: None,
            orders: Orders::default(),
            version: 0,
            cached: None,
        }
    }

    /// Takes what the group is configured to be now.
    pub(crate) fn set_facts(&mut self, facts: GroupFacts) {
        self.facts = facts;
    }

    /// Takes in a reading of the group.
    pub(crate) fn read(&mut self, at: Timestamp, group: &GroupState) {
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
            ..
        } = reading.counts;
        let capacity = (reading.desired, in_service, pending);
        self.slots.capacity(reading.at, capacity, reading.bounds);
        if self.reading.is_none_or(|known| known.at <= reading.at) {
            self.reading = Some(reading);
        }
    }

    /// Takes in a record.
    pub(crate) fn record(&mut self, at: Timestamp, record: &Record) {
        match record {
            Record::Observed(point) => self.observed(point),
            Record::Outlook(outlook) => self.outlook = Some(outlook.clone()),
            Record::Prices(prices) => self.prices = Some(prices.clone()),
            Record::Decided(decision) => self.decided(Arc::new((**decision).clone())),
            Record::Settled { outcome, .. } => {
                let failed = matches!(outcome, WriteOutcome::Failed(_));
                self.tally.writes_failed += u64::from(failed);
            }
            Record::CallFailed(_) => self.tally.calls_failed += 1,
            Record::Health { verdict, .. } => self.health = Some(verdict.clone()),
            Record::Ordered { order, by } => self.orders.take(*order, by),
            Record::OrderEnded(_) => drop(self.orders.expire(at)),
            Record::OutcomeSeen(_)
            | Record::ForeignChange(_)
            | Record::MetricsLate { .. }
            | Record::Alarm(_)
            | Record::Gap { .. } => {}
        }
        if let Some(mark) = Mark::of(at, record) {
            self.mark(mark);
        }
    }

    fn observed(&mut self, point: &Datapoint) {
        self.slots.observe(point);
        if let Some(load) = point.load() {
            self.past
                .take(point.start, point.period, single(load.get()));
        }
        self.data_at = self.data_at.max(Some(point.end()));
        if point.cpu.is_some() {
            self.newest = self.newest.max(Some(point.start));
        }
    }

    /// Takes in loads of the past, each of a `period`, in instance-percent.
    pub(crate) fn history(
        &mut self,
        period: Duration,
        loads: impl Iterator<Item = (Timestamp, f64)>,
    ) {
        let mut past = Past::default();
        for (start, load) in loads {
            let load = single(load);
            past.take(start, period, load);
            self.slots.remember(start, period, load);
        }
        self.past.fill(&past);
    }

    /// Start of the oldest minute whose load is known.
    pub(crate) fn history_from(&self) -> Option<Timestamp> {
        let past = self.past.span().map(|(from, _)| from);
        past.into_iter().chain(self.slots.start()).min()
    }

    /// The group's health as of `now`: the controller's verdict, and whether the loop is stalled.
    pub(crate) fn health(&self, now: Timestamp) -> Verdict {
        let verdict = match (&self.health, self.reading) {
            (Some(known), _) => known.clone(),
            (None, Some(_)) => Verdict::default(),
            (None, None) => {
                let unread = [(Severity::Notice, Cause::NotRead)];
                Verdict::new(unread, &Verdict::default(), now)
            }
        };
        match self.checked_at() {
            Some(checked_at) => verdict.read_at(checked_at, self.facts.interval, now),
            None => verdict,
        }
    }

    /// When the newest cycle ended.
    fn checked_at(&self) -> Option<Timestamp> {
        let looked = self.looked.map(|looked| looked.at);
        looked.max(self.reading.map(|reading| reading.at))
    }

    /// When the group is stalled unless it is checked until then.
    pub(crate) fn stalled_after(&self) -> Option<Timestamp> {
        let checked_at = self.checked_at()?;
        Some(stalled_after(checked_at, self.facts.interval))
    }

    /// The track as it was at `at`, with the decision that stood then.
    #[must_use]
    pub(crate) fn as_of(&self, at: Timestamp, decision: Option<Arc<Decision>>) -> Self {
        let mut then = Self::new(self.facts.clone(), self.limits);
        then.slots = self.slots.until(at);
        let marks = self
            .marks
            .iter()
            .filter(|mark| mark.at_ms <= at.as_millis());
        then.marks = marks.cloned().collect();
        then.data_at = then.slots.data_until();
        if let Some(decision) = decision {
            then.decided(decision);
        }
        if let Some(looked) = self.looked {
            then.looked = Some(Looked { at, ..looked });
        }
        then
    }

    /// Whether nobody checks the group any more.
    pub(crate) fn is_stalled(&self, now: Timestamp) -> bool {
        let stalled = |checked_at| stalled(checked_at, self.facts.interval, now).is_some();
        self.checked_at().is_some_and(stalled)
    }

    fn decided(&mut self, decision: Arc<Decision>) {
        let explanation = &decision.explanation;
        let inputs = &explanation.inputs;
        self.tally.count(&decision);
        self.health = Some(inputs.health.clone());
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
        if let (Some(figures), Some(newest)) = (inputs.forecast, self.newest)
            && let Some(quantiles) = figures.quantiles
        {
            let target = newest.plus(figures.ahead);
            self.slots.foresee(target, quantiles.map(Load::get));
        }
        if let (Some(running), Some(newest)) = (inputs.baseline, self.newest) {
            self.slots.baseline(newest, running);
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

    /// Instance-hours and time in violation since the group is held in its present mode, as of the
    /// newest decision.
    pub(crate) fn hours(&self) -> Hours {
        let decision = self.decision();
        decision.map_or_else(Hours::default, |known| known.explanation.inputs.hours)
    }

    /// The same of the last seven days.
    pub(crate) fn week(&self) -> Hours {
        let decision = self.decision();
        decision.map_or_else(Hours::default, |known| known.explanation.inputs.week)
    }

    /// The newest decision.
    pub(crate) fn decision(&self) -> Option<&Arc<Decision>> {
        self.decisions.back()
    }

    /// Share of the loads of about a day, and of about a week, that lay at or below each of
    /// [`FORECAST_LEVELS`]; none where nothing was forecast.
    pub(crate) fn coverage(&self) -> [Option<[f64; FORECAST_LEVELS.len()]>; 2] {
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
