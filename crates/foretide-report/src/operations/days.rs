//! Instance-hours and violations by day: differences between the counts of decisions. Nothing is
//! counted again here.

use std::collections::BTreeMap;

use foretide_domain::{Baseline, Datapoint, Decision, Hours, Load, Percent, Timestamp};
use serde::Serialize;

/// A day in milliseconds.
const DAY_MS: i64 = 86_400_000;
/// Least share of a day with data for a whole day: a restart may lose a few periods.
const WHOLE: f64 = 0.9;

/// One day. Unknown values are null.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Day {
    /// The day, UTC.
    pub(super) date: String,
    /// Its start, milliseconds since 1970.
    #[serde(skip)]
    pub(super) start_ms: i64,
    /// Time with data ÷ time of the day within the report.
    pub(super) covered: f64,
    /// The counts of the day.
    #[serde(skip)]
    pub(super) counted: Hours,
    /// Instance-hours that the group ran.
    pub(super) used_instance_hours: Option<f64>,
    /// Instance-hours of the baseline of all days: its target is the same on every day.
    pub(super) baseline_instance_hours: Option<f64>,
    /// Instance-hours of the hindsight optimum.
    pub(super) optimum_instance_hours: Option<f64>,
    /// Time in violation, seconds.
    pub(super) violation_s: Option<u64>,
    /// Time in violation of the baseline, seconds.
    pub(super) baseline_violation_s: Option<u64>,
    /// Mean CPU of the instances.
    pub(super) cpu_percent: Option<f64>,
}

impl Day {
    /// Whether the day counts as a whole day.
    pub(super) fn is_whole(&self) -> bool {
        self.counted.known_s as f64 >= WHOLE * 86_400.0
    }

    /// Fills in the figures of `baseline`.
    pub(super) fn compare(&mut self, baseline: &Baseline) {
        let beside = self.counted.at(baseline.target);
        self.baseline_instance_hours = self.counted.of_baseline(&beside);
        self.baseline_violation_s = (!self.counted.is_empty()).then_some(beside.violation_s);
    }
}

/// Sums of one day.
#[derive(Clone, Debug, Default)]
struct Sums {
    hours: Hours,
    /// Seconds with a load.
    time: f64,
    /// Instance-seconds of instances that report CPU.
    reporting: f64,
    /// Load in instance-percent × seconds.
    busy: f64,
}

/// The days from the day of `from` to the day of `to`. `before` is the count of the newest decision
/// before `from`.
pub(super) fn of(
    points: &[Datapoint],
    before: Option<&Hours>,
    decisions: &[Decision],
    (from, to): (Timestamp, Timestamp),
) -> Vec<Day> {
    let mut days: BTreeMap<i64, Sums> = (day_of(from)..=day_of(to))
        .map(|day| (day, Sums::default()))
        .collect();
    for point in points {
        let Some(load) = point.load().map(Load::get) else {
            continue;
        };
        if let Some(sums) = days.get_mut(&day_of(point.start)) {
            let seconds = point.period.as_secs_f64();
            sums.time += seconds;
            sums.reporting += seconds * point.instances;
            sums.busy += seconds * load;
        }
    }
    for stretch in stretches(before, decisions, from) {
        let end = Timestamp::from_millis(stretch.until.as_millis() - 1);
        if let Some(sums) = days.get_mut(&day_of(end)) {
            if sums.hours.is_empty() {
                let begin = Timestamp::from_millis(day_of(end) * DAY_MS);
                sums.hours = Hours {
                    since: stretch.since.max(begin),
                    ..stretch
                };
            } else {
                sums.hours.add(&stretch);
            }
        }
    }
    days.iter()
        .map(|(day, sums)| finished(*day, sums, (from, to)))
        .collect()
}

/// The difference of each decision's count from the count before.
fn stretches(
    before: Option<&Hours>,
    decisions: &[Decision],
    from: Timestamp,
) -> impl Iterator<Item = Hours> {
    let mut newest = before.copied();
    decisions.iter().filter_map(move |decision| {
        let hours = decision.explanation.inputs.hours;
        if hours.is_empty() {
            return None;
        }
        let known = newest.replace(hours);
        // How much of a count that began before the report came before it is not known.
        let known = known.or((hours.since < from).then_some(hours));
        let stretch = known.map_or(hours, |known| hours.after(&known));
        (!stretch.is_empty()).then_some(stretch)
    })
}

fn day_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(DAY_MS)
}

fn finished(day: i64, sums: &Sums, (from, to): (Timestamp, Timestamp)) -> Day {
    let start = Timestamp::from_millis(day * DAY_MS);
    let end = Timestamp::from_millis((day + 1) * DAY_MS);
    // The last day is under way, or cut off.
    let asked_s = to.min(end).since(from.max(start)).as_secs_f64().max(1.0);
    let hours = &sums.hours;
    Day {
        date: start.to_string().chars().take(10).collect(),
        start_ms: start.as_millis(),
        covered: (sums.time / asked_s).min(1.0),
        counted: *hours,
        used_instance_hours: hours.used(),
        optimum_instance_hours: hours.optimum(),
        violation_s: (!hours.is_empty()).then_some(hours.violation_s),
        cpu_percent: (sums.reporting > 0.0).then(|| sums.busy / sums.reporting),
        ..Day::default()
    }
}

/// The counts of all days together. The baseline is chosen for the violation `budget`, 0 to 1.
pub(super) fn total(days: &[Day], budget: f64) -> Hours {
    let mut counted = days
        .iter()
        .map(|day| day.counted)
        .filter(|it| !it.is_empty());
    let first = counted.next().unwrap_or_default();
    let mut total = counted.fold(first, |mut total, day| {
        total.add(&day);
        total
    });
    if let Some(bank) = &mut total.bank {
        bank.budget = budget;
    }
    total
}

/// Mean CPU of all instances over all days.
pub(super) fn mean_cpu(points: &[Datapoint]) -> Option<f64> {
    let shown = points.iter().filter(|point| point.cpu.is_some());
    let (busy, reporting) = shown.fold((0.0, 0.0), |(busy, reporting), point| {
        let instance_s = point.period.as_secs_f64() * point.instances;
        let cpu = point.cpu.map_or(0.0, Percent::get);
        (busy + cpu * instance_s, reporting + instance_s)
    });
    (reporting > 0.0).then(|| busy / reporting)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::made::decision;
    use super::*;

    /// 2026-11-23T00:00:00Z.
    const START: i64 = 1_795_392_000;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_seconds(START + 60 * minute)
    }

    fn point(minute: i64, cpu: f64, instances: f64) -> Datapoint {
        Datapoint {
            start: at(minute),
            period: Duration::from_secs(60),
            cpu: Percent::new(cpu),
            instances,
            network_in: None,
            network_out: None,
            memory: None,
            demand: None,
            unaccounted: None,
        }
    }

    /// `minutes` of a count since `since`: four instances, the baseline five, the optimum two.
    fn counted(since: i64, minutes: u64) -> Hours {
        Hours {
            until: at(since).plus(Duration::from_secs(60 * minutes)),
            known_s: 60 * minutes,
            used_instance_s: 240 * minutes,
            baseline_instance_s: 300 * minutes,
            optimum_instance_s: 120 * minutes,
            violation_s: minutes,
            baseline_violation_s: 2 * minutes,
            ..Hours::new(at(since))
        }
    }

    fn decisions(counts: &[Hours]) -> Vec<Decision> {
        counts.iter().map(decision).collect()
    }

    fn days(before: Option<&Hours>, counts: &[Hours], count: i64) -> Vec<Day> {
        let (from, to) = (at(0), at(1440 * count - 1));
        of(&[], before, &decisions(counts), (from, to))
    }

    #[test]
    fn a_day_is_what_its_decisions_counted_more_than_those_before() {
        // Begun an hour before midnight; one count at midnight, two on the day, one the day after.
        let counts = [60, 660, 1500, 1560].map(|minutes| counted(-60, minutes));
        let mut days = days(Some(&counted(-60, 30)), &counts, 2);
        let used: Vec<_> = days.iter().map(|day| day.used_instance_hours).collect();
        assert_eq!(used, [Some(4.0 * 24.0), Some(4.0)]);
        let baseline = total(&days, 0.005).baseline();
        for day in &mut days {
            day.compare(&baseline);
        }
        assert_eq!(days[0].baseline_instance_hours, Some(5.0 * 24.0));
        assert_eq!(days[0].violation_s, Some(1440));
        assert_eq!(total(&days, 0.005).since, at(0));
        assert!(days[0].is_whole() && !days[1].is_whole());
    }

    #[test]
    fn a_count_begun_anew_is_added_and_one_without_a_start_is_not_guessed() {
        let counts = [counted(0, 60), counted(120, 30)];
        assert_eq!(days(None, &counts, 1)[0].used_instance_hours, Some(6.0));
        // Ten days old when first seen: what of it fell on this day is not known.
        let counts = [counted(-14_400, 14_460), counted(-14_400, 14_520)];
        assert_eq!(days(None, &counts, 1)[0].used_instance_hours, Some(4.0));
    }

    #[test]
    fn a_day_without_data_is_missing_and_not_zero() {
        let days = days(None, &[counted(0, 600)], 2);
        assert_eq!(days[1].date, "2026-11-24");
        let unknown = (
            days[1].used_instance_hours,
            days[1].violation_s,
            days[1].cpu_percent,
        );
        assert_eq!(unknown, (None, None, None));
    }

    /// A report at eight in the morning has eight hours of today, and all of them.
    #[test]
    fn of_the_day_under_way_what_has_passed_is_asked_for() {
        let points: Vec<_> = (0..240).map(|minute| point(minute, 40.0, 4.0)).collect();
        let to = at(480);
        let [day] = &of(&points, None, &[], (at(0), to))[..] else {
            panic!("one day was asked for")
        };
        assert!((day.covered - 0.5).abs() < 1e-9, "{day:?}");
        assert_eq!(
            (day.cpu_percent, mean_cpu(&points)),
            (Some(40.0), Some(40.0))
        );
    }
}
