//! Instance-hours and shortness by day: as they were, as target tracking would have had them on the
//! recorded load, and the fewest that would have done. Only time with data counts, in all three.
//!
//! Hours are those in service; boots are in none of the three but where the optimum relaunches.

use std::collections::BTreeMap;

use foretide_domain::{Bounds, Datapoint, Load, Timestamp};
use foretide_sim::{Boot, Case, Contender as _, Peer, Setup, TargetTracking, Timeline, Trace};
use serde::Serialize;

/// A day in milliseconds.
const DAY_MS: i64 = 86_400_000;
/// Load that one instance serves at 100 % CPU, in instance-percent.
const INSTANCE: f64 = 100.0;
/// A day counts as whole from this share of its time with data on: a restart costs some periods.
const WHOLE: f64 = 0.9;

/// What the comparison depends on.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Ratio above which the group counts as short.
    pub objective: f64,
    /// What target tracking holds.
    pub tracking: TargetTracking,
    /// Time from launch to in service.
    pub lead_s: u32,
    /// Time from the end of a period to its being visible.
    pub delay_s: u32,
    /// The group's bounds; none where they are not known, and then nothing is simulated.
    pub bounds: Option<Bounds>,
}

/// One day. What is not known is null.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Day {
    /// The day, UTC.
    pub(super) date: String,
    /// Share of what the report has of the day that there are data of.
    pub(super) covered: f64,
    /// Hours with data.
    #[serde(skip)]
    pub(super) known_hours: f64,
    /// Instance-hours as they were.
    pub(super) hours: Option<f64>,
    /// Those of target tracking on the same load.
    pub(super) tracking_hours: Option<f64>,
    /// The fewest without violation, in hindsight.
    pub(super) optimum_hours: Option<f64>,
    /// Share of the time with data that utilisation was above the objective.
    pub(super) short: Option<f64>,
    /// The same of target tracking.
    pub(super) tracking_short: Option<f64>,
    /// Mean CPU of the instances.
    pub(super) cpu_percent: Option<f64>,
}

impl Day {
    /// Whether it stands for a whole day.
    pub(super) fn is_whole(&self) -> bool {
        self.known_hours >= WHOLE * 24.0
    }
}

/// Sums over one day, in seconds.
#[derive(Clone, Debug, Default)]
struct Sums {
    time: f64,
    own: f64,
    own_short: f64,
    busy: f64,
    simulated: f64,
    simulated_short: f64,
    /// Load of every cell with data.
    cells: Vec<f64>,
}

/// The days from that of `from` to that of `to`, each with what `points` have of it.
pub(super) fn of(points: &[Datapoint], from: Timestamp, to: Timestamp, terms: &Terms) -> Vec<Day> {
    let points: Vec<(&Datapoint, f64)> = points
        .iter()
        .filter_map(|point| Some((point, point.load().map(Load::get)?)))
        .collect();
    let mut days: BTreeMap<i64, Sums> = (day_of(from)..=day_of(to))
        .map(|day| (day, Sums::default()))
        .collect();
    let step_s = points
        .iter()
        .map(|(point, _)| point.period.as_secs())
        .min()
        .and_then(|step| u32::try_from(step).ok())
        .filter(|step| *step > 0);
    let simulated = step_s.and_then(|step_s| simulate(&points, step_s, terms));
    let mut replay = simulated
        .as_ref()
        .map(|timeline| Replay::new(timeline, terms));
    let Some((first, _)) = points.first() else {
        return days
            .iter()
            .map(|(day, sums)| finished(*day, sums, (from, to), None, terms))
            .collect();
    };
    for (point, load) in &points {
        let Some(sums) = days.get_mut(&day_of(point.start)) else {
            continue;
        };
        let seconds = point.period.as_secs_f64();
        let cpu = point.cpu.map_or(0.0, foretide_domain::Percent::get);
        sums.time += seconds;
        sums.own += seconds * point.instances;
        sums.busy += seconds * load;
        sums.own_short += if cpu > 100.0 * terms.objective {
            seconds
        } else {
            0.0
        };
        let cells = point.period.as_secs() / u64::from(step_s.unwrap_or(60));
        sums.cells.extend((0..cells).map(|_| *load));
        if let Some(replay) = &mut replay {
            let since = point.start.since(first.start).as_secs_f64();
            let (served, short) = replay.within(since, since + seconds);
            sums.simulated += served;
            sums.simulated_short += short;
        }
    }
    let step_s = step_s.filter(|_| simulated.is_some());
    days.iter()
        .map(|(day, sums)| finished(*day, sums, (from, to), step_s, terms))
        .collect()
}

fn day_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(DAY_MS)
}

fn finished(
    day: i64,
    sums: &Sums,
    (from, to): (Timestamp, Timestamp),
    step_s: Option<u32>,
    terms: &Terms,
) -> Day {
    let start = Timestamp::from_millis(day * DAY_MS);
    let end = Timestamp::from_millis((day + 1) * DAY_MS);
    // The last day is under way, or cut off.
    let asked_s = to.min(end).since(from.max(start)).as_secs_f64().max(1.0);
    let date = start.to_string().chars().take(10).collect();
    if sums.time <= 0.0 {
        return Day {
            date,
            ..Day::default()
        };
    }
    let share = |seconds: f64| Some(seconds / sums.time);
    let simulated = |value: f64| step_s.map(|_| value);
    Day {
        date,
        covered: (sums.time / asked_s).min(1.0),
        known_hours: sums.time / 3600.0,
        hours: Some(sums.own / 3600.0),
        tracking_hours: simulated(sums.simulated / 3600.0),
        optimum_hours: step_s.and_then(|step_s| optimum(start, &sums.cells, step_s, terms)),
        short: share(sums.own_short),
        tracking_short: simulated(sums.simulated_short / sums.time),
        cpu_percent: (sums.own > 0.0).then(|| sums.busy / sums.own),
    }
}

fn setup(terms: &Terms, step_s: u32, initial: u32) -> Option<Setup> {
    Some(Setup {
        unit: Some(INSTANCE),
        boot: Boot::Constant {
            seconds: terms.lead_s,
        },
        delay_s: terms.delay_s,
        period_s: step_s,
        slo_utilisation: terms.objective,
        initial,
        ..Setup::new(terms.bounds?)
    })
}

fn optimum(start: Timestamp, cells: &[f64], step_s: u32, terms: &Terms) -> Option<f64> {
    let trace = Trace::new("day", start, step_s, cells.to_vec()).ok()?;
    let case = Case::new(trace, setup(terms, step_s, 1)?).ok()?;
    Some(case.optimum_hours())
}

/// Target tracking on the whole load; where it is not known, the last value stands, as everywhere.
fn simulate(points: &[(&Datapoint, f64)], step_s: u32, terms: &Terms) -> Option<Timeline> {
    let (first, _) = points.first()?;
    let mut demand: Vec<f64> = Vec::new();
    let mut held = 0.0;
    for (point, load) in points {
        let since = point.start.since(first.start).as_secs() / u64::from(step_s);
        let cell = usize::try_from(since)
            .ok()
            .filter(|cell| *cell < foretide_sim::MAX_CELLS)?;
        let cells = usize::try_from(point.period.as_secs() / u64::from(step_s)).ok()?;
        demand.resize(cell.max(demand.len()), held);
        demand.resize((cell + cells).max(demand.len()), *load);
        held = *load;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a mean number of instances; the cast saturates"
    )]
    let initial = first.instances.round() as u32;
    let trace = Trace::new("recorded", first.start, step_s, demand).ok()?;
    let case = Case::new(trace, setup(terms, step_s, initial)?).ok()?;
    let mut timeline = Timeline::default();
    Peer::TargetTracking(terms.tracking.clone()).run(&case, Some(&mut timeline));
    Some(timeline)
}

/// Walks a simulation once, in order of time.
struct Replay<'t> {
    timeline: &'t Timeline,
    row: usize,
    capacity_at_objective: f64,
}

impl<'t> Replay<'t> {
    fn new(timeline: &'t Timeline, terms: &Terms) -> Self {
        Self {
            timeline,
            row: 0,
            capacity_at_objective: INSTANCE * terms.objective,
        }
    }

    /// Instance-seconds in service and seconds short between two times.
    fn within(&mut self, from_s: f64, to_s: f64) -> (f64, f64) {
        let rows = self.timeline.rows();
        let begins = |row: usize| rows.get(row).map_or(f64::INFINITY, |it| it.at_s as f64);
        while begins(self.row + 1) <= from_s {
            self.row += 1;
        }
        let (mut served, mut short, mut at) = (0.0, 0.0, self.row);
        while let Some(row) = rows.get(at).filter(|row| (row.at_s as f64) < to_s) {
            let seconds = begins(at + 1).min(to_s) - begins(at).max(from_s);
            let in_service = f64::from(row.in_service);
            served += seconds * in_service;
            short += if row.demand > self.capacity_at_objective * in_service {
                seconds
            } else {
                0.0
            };
            at += 1;
        }
        (served, short)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use foretide_domain::Percent;

    use super::*;

    /// 2026-11-23T00:00:00Z.
    const START: i64 = 1_795_392_000;

    fn point(minute: i64, cpu: f64, instances: f64) -> Datapoint {
        Datapoint {
            start: Timestamp::from_seconds(START + 60 * minute),
            period: Duration::from_secs(60),
            cpu: Percent::new(cpu),
            instances,
            network_in: None,
            network_out: None,
            memory: None,
            demand: None,
        }
    }

    fn terms() -> Terms {
        Terms {
            objective: 0.8,
            tracking: TargetTracking::default(),
            lead_s: 180,
            delay_s: 60,
            bounds: Bounds::new(1, 20).ok(),
        }
    }

    fn days(points: &[Datapoint], count: i64) -> Vec<Day> {
        let from = Timestamp::from_seconds(START);
        let to = from.plus(Duration::from_secs(
            86_400 * u64::try_from(count).unwrap() - 1,
        ));
        of(points, from, to, &terms())
    }

    #[track_caller]
    fn near(found: Option<f64>, expected: f64) {
        assert!(
            (found.unwrap() - expected).abs() < 1e-9,
            "{found:?} is not {expected}"
        );
    }

    #[test]
    fn a_steady_day_has_the_sums_by_hand_and_a_day_without_data_has_none() {
        // 160 instance-%: four of them at target tracking's 50 %, two at 80 %.
        let steady: Vec<_> = (0..1440).map(|minute| point(minute, 40.0, 4.0)).collect();
        let days = days(&steady, 2);
        let [first, second] = &days[..] else {
            panic!("{days:?}")
        };
        assert_eq!(
            (first.date.as_str(), first.is_whole()),
            ("2026-11-23", true)
        );
        near(Some(first.covered), 1.0);
        near(Some(first.known_hours), 24.0);
        near(first.hours, 96.0);
        near(first.tracking_hours, 96.0);
        near(first.optimum_hours, 48.0);
        near(first.short, 0.0);
        near(first.tracking_short, 0.0);
        near(first.cpu_percent, 40.0);
        let missing = Day {
            date: "2026-11-24".to_owned(),
            ..Day::default()
        };
        assert_eq!(*second, missing);
    }

    #[test]
    fn only_time_with_data_counts_in_all_three() {
        // Twelve hours with data: six idle at 10 %, a gap, six above the objective.
        let idle = (0..360).map(|minute| point(minute, 40.0, 1.0));
        let busy = (1080..1440).map(|minute| point(minute, 90.0, 2.0));
        let points: Vec<_> = idle.chain(busy).collect();
        let days = days(&points, 1);
        let [day] = &days[..] else { panic!("{days:?}") };
        near(Some(day.known_hours), 12.0);
        assert!(!day.is_whole());
        near(day.hours, 6.0 + 12.0);
        near(day.short, 0.5);
        near(day.cpu_percent, (6.0 * 40.0 + 12.0 * 90.0) / 18.0);
        // 180 instance-% at 50 % wants four; three points and a boot late.
        let tracking = day.tracking_hours.unwrap();
        assert!((29.0..30.0).contains(&tracking), "{tracking}");
        let short = day.tracking_short.unwrap();
        assert!(short > 0.0 && short < 0.03, "{short}");
        // One, then three at 80 %.
        near(day.optimum_hours, 6.0 + 18.0);
    }

    /// A report at eight in the morning has eight hours of today, and all of them.
    #[test]
    fn of_the_day_under_way_what_has_passed_is_asked_for() {
        let points: Vec<_> = (0..240).map(|minute| point(minute, 40.0, 4.0)).collect();
        let from = Timestamp::from_seconds(START);
        let [day] = &of(&points, from, from.plus(Duration::from_hours(8)), &terms())[..] else {
            panic!("one day was asked for")
        };
        near(Some(day.covered), 0.5);
        near(Some(day.known_hours), 4.0);
        assert!(!day.is_whole());
    }

    #[test]
    fn without_bounds_nothing_is_simulated() {
        let points = [point(0, 40.0, 2.0)];
        let from = Timestamp::from_seconds(START);
        let unknown = Terms {
            bounds: None,
            ..terms()
        };
        let days = of(&points, from, from, &unknown);
        assert_eq!(
            (days[0].tracking_hours, days[0].optimum_hours),
            (None, None)
        );
        near(days[0].hours, 2.0 / 60.0);
    }
}
