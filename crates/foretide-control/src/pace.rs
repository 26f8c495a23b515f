//! When metrics are asked for: as soon as CloudWatch can show a new period, and on average no more
//! often than the bill allows that is printed before a run begins.
//!
//! Two parts. A token bucket pays for readings: each takes [`METRICS_EVERY`], and up to
//! [`RESERVE`] of unspent time is kept. And the delay of CloudWatch is learnt: a period that was
//! not there when it was due is asked for later from then on, instead of again and again.

use std::time::Duration;

use foretide_domain::{Datapoint, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::ControllerConfig;

/// Mean time between two readings of a group's metrics, at least: a minute, the finest period that
/// EC2 publishes. The bill that is printed before a run begins is that of this many readings, so
/// that a shorter time costs more and a longer one sees one-minute periods late.
pub const METRICS_EVERY: Duration = Duration::from_secs(60);
/// Unspent time that is kept: one reading, so that one that failed is made again at once, and ten
/// seconds by which a look may come early after one that came late. All that a run can spend beyond
/// the mean.
const RESERVE: Duration = Duration::from_secs(70);
/// Readings that are made again at once, and not paid for, after a restart lost their answer: ten
/// in a group's life. So a restart changes no decision, and a process that is killed again and
/// again keeps to the bill.
const LOST_MAX: u32 = 10;
/// The steps in which a delay is learnt, never shorter than the time between two looks: finer ones
/// take a minute each and gain less than a look.
const STEP: Duration = Duration::from_secs(10);
/// Periods that must have been in time before a shorter delay is tried: a try that fails shows one
/// period a minute late, at most once an hour.
const IN_TIME_BEFORE_TRY: u32 = 60;
/// Periods that must have been in time before a person is told of a delay that was learnt: until
/// then it is still being found out.
const IN_TIME_BEFORE_TOLD: u32 = 5;

/// When one group's metrics are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pace {
    /// Nothing is asked for before.
    due: Timestamp,
    /// Up to when the readings that were made are paid for.
    paid_until: Timestamp,
    /// When the newest reading was asked for.
    asked_at: Timestamp,
    /// Whether its answer is awaited. After a restart it is lost.
    awaited: bool,
    /// How many lost readings were made again without being paid for.
    made_again: u32,
    /// When the newest reading that was answered was asked for.
    answered: Option<Timestamp>,
    /// Time from the end of a period until CloudWatch shows it, where it is longer than configured.
    learnt: Option<Duration>,
    /// Periods in a row that were there when they were due.
    in_time: u32,
    /// The setting that a person was told is too short.
    told_of: Option<Duration>,
}

impl Pace {
    /// Asks at once.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            due: now,
            paid_until: now,
            ..Self::default()
        }
    }

    /// Whether to ask now.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        now >= self.due && (now >= self.affordable_at() || self.is_lost())
    }

    /// Whether the reading asked for last is lost, and may be made again without being paid for.
    /// While its look lasts, nobody asks.
    pub(crate) const fn is_lost(&self) -> bool {
        self.awaited && self.made_again < LOST_MAX
    }

    /// Pays for a reading that is asked for now.
    pub(crate) fn ask(&mut self, now: Timestamp) {
        self.asked_at = now;
        if self.is_lost() {
            self.made_again += 1;
        } else {
            self.paid_until = self.paid_until.max(now).plus(METRICS_EVERY);
        }
        self.awaited = true;
    }

    /// The reading asked for last brought no answer: nothing is learnt of the delay. It is paid
    /// for, since AWS may have answered.
    pub(crate) fn failed(
        &mut self,
        newest: Option<&Datapoint>,
        config: &ControllerConfig,
        now: Timestamp,
    ) {
        self.awaited = false;
        self.plan(newest, config, now);
    }

    /// The reading asked for last was answered. `newest` is the newest period known, `is_new`
    /// whether it was not known before.
    ///
    /// The delay to tell a person of, once: where `metric_delay` is shorter than what was learnt.
    pub(crate) fn answered(
        &mut self,
        newest: Option<&Datapoint>,
        is_new: bool,
        config: &ControllerConfig,
        now: Timestamp,
    ) -> Option<Duration> {
        self.awaited = false;
        let before = self.answered.replace(self.asked_at);
        if let Some(point) = newest.filter(|_| is_new) {
            self.learn(point, before, config);
        }
        self.plan(newest, config, now);
        let late = self.learnt.filter(|it| *it > config.metric_delay)?;
        let untold = self.told_of != Some(config.metric_delay);
        (untold && self.in_time == IN_TIME_BEFORE_TOLD).then(|| {
            self.told_of = Some(config.metric_delay);
            late
        })
    }

    /// What a clock ahead of time has left must not keep metrics from being read once it is put
    /// right. `longest` is the longest that they are ever waited for.
    pub(crate) fn forget_the_future(&mut self, longest: Duration, now: Timestamp) {
        if self.due.since(now) > longest {
            self.due = now;
        }
        let most = now.plus(METRICS_EVERY.saturating_add(RESERVE));
        self.paid_until = self.paid_until.min(most);
    }

    /// When a reading can be paid for.
    fn affordable_at(&self) -> Timestamp {
        self.paid_until.minus(RESERVE)
    }

    fn delay(&self, config: &ControllerConfig) -> Duration {
        self.learnt
            .map_or(config.metric_delay, |it| it.max(config.metric_delay))
    }

    /// Learns from `point`, seen for the first time; `before` is when the reading before was asked
    /// for.
    fn learn(&mut self, point: &Datapoint, before: Option<Timestamp>, config: &ControllerConfig) {
        let expected = self.delay(config);
        let too_early = before.filter(|at| *at >= point.end().plus(expected));
        let age = self.asked_at.since(point.end());
        let step = step(config);
        self.learnt = if let Some(missed) = too_early {
            self.in_time = 0;
            Some(missed.since(point.end()).saturating_add(step))
        } else if age < expected {
            // A younger period was there than the one that was waited for.
            self.in_time = 0;
            Some(age)
        } else {
            self.in_time = self.in_time.saturating_add(1);
            let shorter = self.in_time.is_multiple_of(IN_TIME_BEFORE_TRY);
            self.learnt
                .map(|it| if shorter { it.saturating_sub(step) } else { it })
        };
        self.learnt = self.learnt.filter(|it| *it > config.metric_delay);
    }

    /// The next period is asked for when it is due. One that was due and is not there is asked for
    /// again where the reserve pays for that, else together with the one after it.
    fn plan(&mut self, newest: Option<&Datapoint>, config: &ControllerConfig, now: Timestamp) {
        let delay = self.delay(config);
        // Of a group without any period the minute under way may be the first.
        let (end, period) = newest.map_or_else(
            || (whole_minute(now.minus(delay)), METRICS_EVERY),
            |point| (point.end(), point.period),
        );
        let due = end.plus(period).plus(delay);
        let every = period.min(METRICS_EVERY);
        let affordable = self.affordable_at();
        let soon = now.plus(Duration::from_millis(1));
        let next = on_grid(due, every, soon);
        let again = now.plus(step(config));
        let in_reserve = again >= affordable && affordable.plus(METRICS_EVERY) <= next;
        self.due = if due <= now && again < next && in_reserve {
            again
        } else {
            on_grid(due, every, soon.max(affordable))
        };
    }
}

fn step(config: &ControllerConfig) -> Duration {
    STEP.max(config.interval)
}

fn whole_minute(at: Timestamp) -> Timestamp {
    Timestamp::from_seconds(at.as_seconds() - at.as_seconds().rem_euclid(60))
}

/// The first of `first`, `first + every`, … that is not before `from`.
fn on_grid(first: Timestamp, every: Duration, from: Timestamp) -> Timestamp {
    let every = every.as_millis().max(1);
    let steps = from.since(first).as_millis().div_ceil(every);
    let span = u64::try_from(steps.saturating_mul(every)).unwrap_or(u64::MAX);
    first.plus(Duration::from_millis(span))
}

#[cfg(test)]
mod tests {
    use foretide_domain::Percent;

    use super::*;

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    /// CloudWatch, and looks at a group that ask it.
    struct World {
        config: ControllerConfig,
        pace: Pace,
        newest: Option<Datapoint>,
        asked: Vec<i64>,
        /// Ages of the newest period when it was first seen, in seconds.
        ages: Vec<u64>,
        told: Vec<u64>,
    }

    impl World {
        /// A group that is told to expect `metric_delay` seconds.
        fn new(metric_delay: u64) -> Self {
            let metric_delay = seconds(metric_delay);
            Self {
                config: ControllerConfig {
                    metric_delay,
                    ..ControllerConfig::default()
                },
                pace: Pace::new(Timestamp::from_seconds(0)),
                newest: None,
                asked: Vec::new(),
                ages: Vec::new(),
                told: Vec::new(),
            }
        }

        /// Looks every ten seconds, `from` a second `to` a second, while CloudWatch shows a period
        /// of `period` seconds `delay` seconds after its end.
        fn look(&mut self, from: i64, to: i64, period: i64, delay: i64) {
            for at in (from..to).step_by(10) {
                let now = Timestamp::from_seconds(at);
                if !self.pace.is_due(now) {
                    continue;
                }
                self.asked.push(at);
                self.pace.ask(now);
                let end = (at - delay).div_euclid(period) * period;
                let point = Datapoint {
                    start: Timestamp::from_seconds(end - period),
                    period: seconds(period.unsigned_abs()),
                    cpu: Percent::new(50.0),
                    instances: 1.0,
                    network_in: None,
                    network_out: None,
                    memory: None,
                    demand: None,
                    unaccounted: None,
                };
                let is_new = self.newest.is_none_or(|known| known.start < point.start);
                if is_new {
                    self.ages.push(now.since(point.end()).as_secs());
                    self.newest = Some(point);
                }
                let newest = self.newest.as_ref();
                let told = self.pace.answered(newest, is_new, &self.config, now);
                self.told.extend(told.map(|delay| delay.as_secs()));
            }
        }

        /// Ages of the newest period when it was first seen, over the last `count` of them.
        fn last_ages(&self, count: usize) -> &[u64] {
            &self.ages[self.ages.len() - count..]
        }
    }

    #[test]
    fn a_period_in_time_is_asked_for_once_and_at_once() {
        let mut world = World::new(60);
        world.look(0, 3600, 60, 60);
        assert_eq!(world.asked.len(), 60);
        assert!(world.ages.iter().all(|age| *age == 60), "{:?}", world.ages);
        let mut world = World::new(60);
        world.look(0, 3600, 300, 60);
        assert_eq!(world.asked.len(), 13, "one at the start");
        assert_eq!(world.told, Vec::<u64>::new());
    }

    #[test]
    fn a_delay_that_was_not_told_is_learnt_within_the_budget_and_said_once() {
        for delay in [10, 60, 130, 230] {
            let mut world = World::new(0);
            world.look(0, 7200, 60, delay);
            let most = 7200 / 60 + 2;
            assert!(world.asked.len() <= most, "{delay}: {}", world.asked.len());
            let age = delay.unsigned_abs();
            assert_eq!(world.last_ages(5), [age; 5], "{delay}");
            assert_eq!(world.told.len(), 1, "{delay}: {:?}", world.told);
            assert_eq!(world.told, [age], "{delay}");
        }
    }

    #[test]
    fn a_delay_that_falls_is_found_and_one_late_period_is_forgotten() {
        let mut world = World::new(60);
        world.look(0, 3600, 60, 170);
        assert_eq!(world.last_ages(2), [170; 2]);
        world.look(3600, 7200, 60, 80);
        assert!(*world.ages.last().unwrap() < 140, "{:?}", world.ages);
        world.look(7200, 40_000, 60, 80);
        assert_eq!(world.last_ages(2), [80; 2]);
    }

    #[test]
    fn what_is_missing_costs_no_more_than_what_is_there() {
        let mut world = World::new(0);
        world.look(0, 600, 60, 30);
        let before = world.asked.len();
        let silent = 86_400;
        world.look(600, silent, 60, 30 + silent);
        let asked = world.asked.len() - before;
        let minutes = usize::try_from((silent - 600) / 60).unwrap();
        assert!((minutes - 2..=minutes + 2).contains(&asked), "{asked}");
    }

    #[test]
    fn a_reading_that_a_restart_lost_is_made_again_at_once_ten_times_and_then_waits() {
        let mut world = World::new(60);
        world.look(0, 600, 60, 60);
        // The look at 600 s asks; the process is killed before the answer, again and again.
        let at = |tenth: i64| Timestamp::from_seconds(600 + 10 * tenth);
        let asked = |tenths: std::ops::Range<i64>, pace: &mut Pace| {
            let due = tenths.filter(|tenth| {
                let due = pace.is_due(at(*tenth));
                if due {
                    pace.ask(at(*tenth));
                }
                due
            });
            due.count()
        };
        let mut pace = world.pace;
        assert_eq!(
            asked(0..11, &mut pace),
            11,
            "the reading and ten in its place"
        );
        let minutes = 61;
        let asked = asked(11..6 * 62, &mut pace);
        assert!(
            (minutes..=minutes + 2).contains(&asked),
            "then one a minute: {asked}"
        );
    }

    #[test]
    fn a_reading_that_failed_is_made_again_at_once_where_one_is_in_reserve() {
        let mut world = World::new(60);
        world.look(0, 600, 60, 60);
        let at = |second| Timestamp::from_seconds(second);
        let mut pace = world.pace;
        let newest = world.newest.as_ref();
        pace.ask(at(600));
        pace.failed(newest, &world.config, at(600));
        assert_eq!(pace.due, at(610));
        pace.ask(at(610));
        pace.failed(newest, &world.config, at(610));
        assert_eq!(pace.due, at(660), "the next period is due");
        pace.ask(at(660));
        pace.failed(newest, &world.config, at(660));
        assert_eq!(pace.due, at(720), "nothing is in reserve any more");
    }
}
