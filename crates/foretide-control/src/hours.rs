//! Counts instance-hours and time in violation, with target tracking simulated beside the group: at
//! the configured target, and at each target that the fair baseline is chosen from.

mod count;

use std::collections::VecDeque;
use std::time::Duration;

use foretide_domain::{
    Bank, BaselineNow, Datapoint, Hours, Mode, Percent, Timestamp, whole_instances,
};
use foretide_forecast::sizing::{BankStep, Baseline, BaselineBank};
use serde::{Deserialize, Serialize};

use crate::load::{Measured, measured};

/// Changes of the number of running instances that are remembered. They have to reach back to the
/// start of the newest period: a change every cycle of ten seconds for five minutes.
const CHANGES: usize = 32;

/// Days of the window that shares are of, today included.
const WINDOW_DAYS: i64 = 7;
const DAY_MS: i64 = 86_400_000;

/// The count of one group, and what it takes to go on counting.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct HoursLedger {
    /// The mode that the count is of; none before the first cycle.
    mode: Option<Mode>,
    /// Since the group is held in that mode.
    hours: Hours,
    /// The same as it stood when each of the last days began. Days are of UTC, counted since 1970;
    /// one without data has none. Oldest first.
    days: VecDeque<(i64, Hours)>,
    /// Target tracking at the configured target; none before the first period.
    baseline: Option<Baseline>,
    /// Target tracking at each target of the bank; none before the first period, and in states of
    /// earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bank: Option<BaselineBank>,
    /// Start of the newest period that the baseline was stepped by.
    stepped: Option<Timestamp>,
    /// Running instances from a time on; none while the group was not read. Oldest first.
    running: VecDeque<(Timestamp, Option<u32>)>,
    /// When the group was read last.
    read_at: Option<Timestamp>,
}

/// The settings and facts that a period is counted by.
#[derive(Clone, Copy, Debug)]
struct Terms {
    /// CPU above which the group is in violation.
    objective: Percent,
    /// Time from a load until an instance launched for it serves.
    lead: Duration,
    min: u32,
    max: u32,
    /// Share of time that may be in violation, 0 to 1.
    budget: f64,
}

/// The simulated groups under target tracking.
#[derive(Clone, Debug)]
struct Simulated {
    /// At the configured target.
    configured: Baseline,
    bank: BaselineBank,
}

impl Simulated {
    fn pass_over(&mut self, missed: u32) {
        self.configured.pass_over(missed);
        self.bank.pass_over(missed);
    }
}

impl HoursLedger {
    /// Since the group is held in its present mode.
    pub(crate) fn hours(&self) -> Hours {
        self.hours
    }

    /// Of the last seven days of UTC, today included; since the group is held in its present mode,
    /// where that is later.
    pub(crate) fn week(&self) -> Hours {
        let Some((day, begun)) = self.days.front() else {
            return self.hours;
        };
        let mut week = self.hours.after(begun);
        // The newest period before the window may be days older than the window.
        week.since = week.since.max(Timestamp::from_millis(day * DAY_MS));
        week
    }

    /// Begins a day, and drops those that the window has left.
    fn begin_day(&mut self, at: Timestamp) {
        let day = at.as_millis().div_euclid(DAY_MS);
        if self.days.back().is_none_or(|(known, _)| *known < day) {
            self.days.push_back((day, self.hours));
        }
        while self
            .days
            .front()
            .is_some_and(|(known, _)| *known <= day - WINDOW_DAYS)
        {
            self.days.pop_front();
        }
    }

    /// Instances that target tracking runs now, at each target.
    pub(crate) fn baseline_now(&self) -> Option<BaselineNow> {
        Some(BaselineNow {
            configured: self.baseline.as_ref()?.running(),
            bank: self.bank.as_ref().map(|bank| {
                bank.running()
                    .map(|running| u16::try_from(running).unwrap_or(u16::MAX))
            }),
        })
    }

    /// Begins anew where the mode is another one.
    fn hold(&mut self, mode: Mode, now: Timestamp) {
        if self.mode != Some(mode) {
            self.mode = Some(mode);
            self.hours = Hours::new(now);
            self.days.clear();
            self.begin_day(now);
            self.baseline = None;
            self.bank = None;
            self.stepped = None;
        }
    }

    fn read(&mut self, running: u32, longest_gap: Duration, now: Timestamp) {
        if let Some(at) = self.read_at
            && now.since(at) > longest_gap
        {
            self.runs(None, at);
        }
        self.runs(Some(running), now);
        self.read_at = Some(now);
    }

    fn runs(&mut self, running: Option<u32>, at: Timestamp) {
        if self
            .running
            .back()
            .is_some_and(|(_, known)| *known == running)
        {
            return;
        }
        if self.running.len() == CHANGES {
            self.running.pop_front();
        }
        self.running.push_back((at, running));
    }

    /// Instance-milliseconds from a time to another; none where a part is not known.
    fn instance_ms(&self, from: Timestamp, to: Timestamp) -> Option<u64> {
        let first = self
            .running
            .partition_point(|(at, _)| *at <= from)
            .checked_sub(1)?;
        let mut total = 0;
        let changes = self.running.range(first..);
        let ends = self.running.range(first + 1..).map(|(at, _)| *at);
        for ((at, running), end) in changes.zip(ends.chain([to])) {
            let span = end.min(to).since((*at).max(from));
            let span_ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
            if span_ms > 0 {
                total += span_ms.saturating_mul(u64::from((*running)?));
            }
        }
        Some(total)
    }

    /// Steps the simulated groups by a closed period, and counts it where all of it is known.
    fn count(&mut self, point: &Datapoint, simulated: &mut Simulated, terms: &Terms) {
        // CPU, also where the group has a load metric: the objective is one of CPU.
        let Some(Measured {
            utilisation, load, ..
        }) = measured(point, None)
        else {
            return;
        };
        let period_ms = point.period.as_millis().max(1);
        if let Some(stepped) = self.stepped {
            let periods = point.start.since(stepped).as_millis() / period_ms;
            simulated.pass_over(u32::try_from(periods.saturating_sub(1)).unwrap_or(u32::MAX));
        }
        self.stepped = Some(point.start);
        let lead = terms.lead.as_millis().div_ceil(period_ms);
        let lead = u64::try_from(lead).unwrap_or(u64::MAX);
        let (objective, bounds) = (terms.objective.get(), (terms.min, terms.max));
        let beside = simulated.configured.running();
        let (_, baseline_violates) = simulated.configured.step(load, objective, lead, bounds);
        let bank = simulated.bank.step(load, objective, lead, bounds);
        if point.start < self.hours.until {
            return;
        }
        let Some(used_ms) = self.instance_ms(point.start, point.end()) else {
            return;
        };
        self.begin_day(point.start);
        let seconds = point.period.as_secs();
        let optimum = whole_instances(load / objective);
        let optimum = optimum.min(terms.max).max(terms.min);
        let violates = utilisation > objective;
        self.hours.add(&Hours {
            until: point.end(),
            known_s: seconds,
            used_instance_s: used_ms.saturating_add(500) / 1000,
            baseline_instance_s: seconds.saturating_mul(u64::from(beside)),
            optimum_instance_s: seconds.saturating_mul(u64::from(optimum)),
            violation_s: if violates { seconds } else { 0 },
            baseline_violation_s: if baseline_violates { seconds } else { 0 },
            bank: Some(counted(&bank, seconds, terms.budget)),
            ..self.hours
        });
    }

    /// A clock that was ahead of time has left times that have not come yet.
    pub(crate) fn forget_the_future(&mut self, now: Timestamp) {
        self.hours.since = self.hours.since.min(now);
        self.hours.until = self.hours.until.min(now);
        let today = now.as_millis().div_euclid(DAY_MS);
        self.days.retain(|(day, _)| *day <= today);
        self.stepped.take_if(|stepped| *stepped > now);
        self.read_at.take_if(|read| *read > now);
        self.running.retain(|(at, _)| *at <= now);
    }
}

/// A period of `seconds` at each target.
fn counted(step: &BankStep, seconds: u64, budget: f64) -> Bank {
    Bank {
        budget,
        missing_s: 0,
        instance_s: step
            .running
            .map(|running| seconds.saturating_mul(u64::from(running))),
        violation_s: step
            .violates
            .map(|violates| if violates { seconds } else { 0 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: Duration = Duration::from_secs(180);

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_392_000 + 60 * minute)
    }

    fn point(minute: i64, cpu: f64) -> Datapoint {
        Datapoint {
            start: at(minute),
            period: Duration::from_secs(60),
            cpu: Percent::new(cpu),
            instances: 4.0,
            network_in: None,
            network_out: None,
            memory: None,
            demand: None,
            unaccounted: None,
        }
    }

    struct Group {
        ledger: HoursLedger,
        simulated: Simulated,
    }

    impl Group {
        fn begun(mode: Mode) -> Self {
            let mut ledger = HoursLedger::default();
            ledger.hold(mode, at(0));
            let rule = foretide_domain::TargetTracking::default();
            let simulated = Simulated {
                configured: Baseline::new(50.0, rule, 4),
                bank: BaselineBank::new(rule, 4),
            };
            Self { ledger, simulated }
        }

        /// A minute at whose end so many instances run, and the period that it closes.
        fn minute(&mut self, minute: i64, running: u32, cpu: f64) {
            self.ledger.read(running, GAP, at(minute + 1));
            self.count(minute, cpu);
        }

        fn count(&mut self, minute: i64, cpu: f64) {
            let terms = Terms {
                objective: Percent::new(80.0).unwrap(),
                lead: Duration::from_secs(180),
                min: 1,
                max: 10,
                budget: 0.005,
            };
            let point = point(minute, cpu);
            self.ledger.count(&point, &mut self.simulated, &terms);
        }
    }

    #[test]
    fn a_period_counts_what_ran_within_it_and_all_sides_have_the_same_periods() {
        let mut group = Group::begun(Mode::Enforce);
        group.ledger.read(4, GAP, at(0));
        group
            .ledger
            .read(6, GAP, at(0).plus(Duration::from_secs(30)));
        // 4 instances at 90 % need 5 at 80 %.
        group.minute(0, 6, 90.0);
        let hours = group.ledger.hours();
        assert_eq!(
            (hours.known_s, hours.used_instance_s),
            (60, 30 * 4 + 30 * 6)
        );
        assert_eq!(
            (hours.baseline_instance_s, hours.optimum_instance_s),
            (240, 300)
        );
        assert_eq!((hours.violation_s, hours.baseline_violation_s), (60, 60));
        assert_eq!((hours.since, hours.until), (at(0), at(1)));
    }

    #[test]
    fn a_period_in_which_the_group_was_not_read_is_in_no_count() {
        let mut group = Group::begun(Mode::Enforce);
        group.ledger.read(4, GAP, at(0));
        group.minute(0, 4, 40.0);
        // Nobody reads the group for an hour, and all of its metrics come afterwards.
        group.ledger.read(4, GAP, at(61));
        (1..60).for_each(|minute| group.count(minute, 40.0));
        assert_eq!(group.ledger.hours().known_s, 60);
        group.minute(61, 4, 40.0);
        assert_eq!(group.ledger.hours().known_s, 120);
    }

    #[test]
    fn a_period_counts_once_and_another_mode_begins_anew() {
        let mut group = Group::begun(Mode::Observe);
        group.ledger.read(4, GAP, at(0));
        group.minute(0, 4, 40.0);
        group.count(0, 95.0);
        assert_eq!(group.ledger.hours().known_s, 60);
        group.ledger.hold(Mode::Observe, at(1));
        assert_eq!(group.ledger.hours().since, at(0));
        group.ledger.hold(Mode::Enforce, at(1));
        assert_eq!(group.ledger.hours(), Hours::new(at(1)));
        assert_eq!(group.ledger.week(), Hours::new(at(1)));
    }

    #[test]
    fn the_week_is_seven_days_of_utc_up_to_now() {
        let mut group = Group::begun(Mode::Enforce);
        group.ledger.read(4, GAP, at(0));
        // A minute of data at noon of each of ten days.
        for day in 0..10 {
            let noon = 1440 * day + 720;
            group.ledger.read(4, Duration::MAX, at(noon));
            group.minute(noon, 4, 40.0);
        }
        assert_eq!(group.ledger.hours().known_s, 600);
        let week = group.ledger.week();
        assert_eq!((week.known_s, week.until), (420, at(1440 * 9 + 721)));
        assert_eq!(
            week.since,
            at(1440 * 3),
            "the day's begin, not the period before it"
        );
        assert_eq!(group.ledger.days.len(), 7);
    }

    /// A count of an earlier version has no bank: its days have the figures of the configured
    /// target, and the count says so.
    #[test]
    fn a_count_of_an_earlier_version_goes_on_with_a_bank_and_says_what_it_lacks() {
        let mut group = Group::begun(Mode::Enforce);
        group.ledger.read(4, GAP, at(0));
        for minute in 0..1440 {
            group.minute(minute, 4, 40.0);
        }
        group.ledger.hours.bank = None;
        for (_, begun) in &mut group.ledger.days {
            begun.bank = None;
        }
        let old = group.ledger.hours();
        assert_eq!(old.baseline().target, None);
        for minute in 1440..2880 {
            group.minute(minute, 4, 40.0);
        }
        let both = group.ledger.week();
        let baseline = both.baseline();
        assert_eq!((both.known_s, baseline.missing_s), (172_800, 86_400));
        // 160 instance-percent run on two instances at 80 %, and on four at 50 %.
        assert_eq!(baseline.target, Some(80));
        let since = both.after(&old).baseline();
        assert_eq!((since.missing_s, since.target), (0, Some(80)));
        assert_eq!(
            baseline.instance_s,
            old.baseline_instance_s + since.instance_s
        );
    }

    /// Every cycle saves the count: after eight days under a load that moves all targets it is
    /// still below 12 KB.
    #[test]
    fn the_count_stays_small() {
        let mut group = Group::begun(Mode::Enforce);
        group.ledger.read(4, GAP, at(0));
        for minute in 0..8 * 1440 {
            group.minute(minute, 4, 50.0 + 33.3 * (minute as f64 / 97.0).sin());
        }
        group.ledger.baseline = Some(group.simulated.configured.clone());
        group.ledger.bank = Some(group.simulated.bank.clone());
        let stored = serde_json::to_string(&group.ledger).unwrap().len();
        assert!(stored < 12_000, "{stored} bytes");
    }

    #[test]
    fn the_bank_goes_on_after_a_restart() {
        let (mut whole, mut restarted) = (Group::begun(Mode::Enforce), Group::begun(Mode::Enforce));
        for group in [&mut whole, &mut restarted] {
            group.ledger.read(4, GAP, at(0));
        }
        for minute in 0..300 {
            let cpu = f64::from(u8::try_from(20 + minute % 70).unwrap());
            whole.minute(minute, 4, cpu);
            restarted.minute(minute, 4, cpu);
            if minute == 150 {
                let ledger = serde_json::to_string(&restarted.ledger).unwrap();
                restarted.ledger = serde_json::from_str(&ledger).unwrap();
                let bank = serde_json::to_string(&restarted.simulated.bank).unwrap();
                restarted.simulated.bank = serde_json::from_str(&bank).unwrap();
            }
        }
        assert_eq!(whole.ledger, restarted.ledger);
        assert!(whole.ledger.hours().bank.is_some());
    }

    #[test]
    fn times_of_a_clock_that_was_ahead_stop_no_count() {
        let mut group = Group::begun(Mode::Enforce);
        group.ledger.read(4, GAP, at(10_000));
        group.minute(10_000, 4, 40.0);
        group.ledger.forget_the_future(at(5));
        group.ledger.read(4, GAP, at(5));
        group.minute(5, 4, 40.0);
        assert_eq!(group.ledger.hours().known_s, 120);
    }
}
