//! One group's page: the chart's columns, what happened, the newest decision unfolded.

use foretide_domain::{Baseline, FORECAST_LEVELS, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::board::{Mark, SLOT, Slot, Track, instances_for};

use super::ahead::{OutlookView, PriceListView, outlook, price_list};
use super::explanation::{DecisionView, decision_view};
use super::overview::FleetView;
use super::row::row;
use super::shape::GroupRow;

/// Most points of a chart: a wide screen has no more columns.
pub(crate) const POINTS_MAX: usize = 2000;
/// Points where none are asked for.
const POINTS: usize = 720;
const MINUTE_MS: i64 = 60_000;
/// Most marks of an answer.
const MARKS: usize = 500;

/// What part of the history is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
    pub(crate) points: Option<usize>,
    /// Whether the store is left alone: of what is older than the minutes that are kept, the load
    /// of the last two weeks is all that is shown. A page that follows a group asks every second.
    pub(crate) memory: bool,
}

/// A group's page.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct GroupView {
    #[serde(flatten)]
    pub(crate) fleet: FleetView,
    pub(crate) group: GroupRow,
    /// The oldest minute that is kept in memory.
    pub(crate) kept_from_ms: Option<i64>,
    /// The oldest minute whose load is known. The load may come from the history that the forecast
    /// has read, two weeks at most. Older than `kept_from_ms` where the chart begins with it.
    pub(crate) history_from_ms: Option<i64>,
    pub(crate) series: Series,
    pub(crate) marks: Vec<Mark>,
    pub(crate) decision: Option<DecisionView>,
    /// The newest decision that changed something.
    pub(crate) change: Option<DecisionView>,
    pub(crate) accuracy: AccuracyView,
    /// Null under policies that do not forecast, and with less than a day of history.
    pub(crate) outlook: Option<OutlookView>,
    /// Null where capacity follows no violation budget, and with less than three days of history.
    pub(crate) price_list: Option<PriceListView>,
}

/// Columns of equal length, a row a bucket; null is missing. Of several minutes in a bucket, the
/// highest load and the fewest in service are shown, so that no shortage is hidden. Of the time
/// before the minutes that are kept there is the load alone, the highest of ten minutes.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Series {
    pub(crate) bucket_ms: i64,
    pub(crate) at_ms: Vec<i64>,
    pub(crate) cpu_percent: Vec<Option<f32>>,
    /// Load over the objective: the instances that would carry it, not rounded up.
    pub(crate) load_instances: Vec<Option<f32>>,
    pub(crate) need_instances: Vec<Option<u32>>,
    pub(crate) desired: Vec<Option<u32>>,
    pub(crate) in_service: Vec<Option<u32>>,
    pub(crate) pending: Vec<Option<u32>>,
    pub(crate) min: Vec<Option<u32>>,
    pub(crate) max: Vec<Option<u32>>,
    /// Instances of the baseline that `group.hours.baseline` names.
    pub(crate) baseline_instances: Vec<Option<u32>>,
    /// The levels of `forecast_instances`.
    pub(crate) forecast_levels: [f64; FORECAST_LEVELS.len()],
    /// What was forecast for the bucket before it came, at each level, in instances.
    pub(crate) forecast_instances: Vec<Option<[f32; FORECAST_LEVELS.len()]>>,
}

/// How well the forecast held, as the newest decision knows it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct AccuracyView {
    pub(crate) levels: [f64; FORECAST_LEVELS.len()],
    /// Share of the last day's loads, about, that lay at or below each level.
    pub(crate) coverage_day: Option<[f64; FORECAST_LEVELS.len()]>,
    /// The same of the last week.
    pub(crate) coverage_week: Option<[f64; FORECAST_LEVELS.len()]>,
}

/// The page of `track` as of `now`.
pub(crate) fn group_view(
    track: &Track,
    fleet: FleetView,
    now: Timestamp,
    window: &Window,
) -> GroupView {
    GroupView {
        fleet,
        group: row(track, now),
        kept_from_ms: track.slots.told_from().map(Timestamp::as_millis),
        history_from_ms: track.history_from().map(Timestamp::as_millis),
        series: series(track, window),
        marks: marks(track, window),
        decision: track.decision().map(|decision| decision_view(decision)),
        change: track
            .change
            .as_ref()
            .map(|decision| decision_view(decision)),
        accuracy: accuracy(track),
        outlook: outlook(track, now),
        price_list: price_list(track),
    }
}

pub(crate) fn accuracy(track: &Track) -> AccuracyView {
    let [coverage_day, coverage_week] = track.coverage();
    AccuracyView {
        levels: FORECAST_LEVELS,
        coverage_day,
        coverage_week,
    }
}

fn marks(track: &Track, window: &Window) -> Vec<Mark> {
    let from = window.from.map_or(i64::MIN, Timestamp::as_millis);
    let to = window.to.map_or(i64::MAX, Timestamp::as_millis);
    let within = |mark: &&Mark| (from..=to).contains(&mark.at_ms);
    let mut marks: Vec<Mark> = track
        .marks
        .iter()
        .rev()
        .filter(within)
        .take(MARKS)
        .cloned()
        .collect();
    marks.reverse();
    marks
}

/// The chart's columns within `window`.
pub(crate) fn series(track: &Track, window: &Window) -> Series {
    let from = window.from.or(track.slots.start()).unwrap_or_default();
    let to = window.to.unwrap_or(Timestamp::from_millis(i64::MAX / 2));
    let past = before(track, from, to);
    let count = past.clone().count() + track.slots.within(from, to).count();
    let points = window.points.unwrap_or(POINTS).clamp(1, POINTS_MAX);
    let size = count.div_ceil(points).max(1);
    let slot_ms = i64::try_from(SLOT.as_millis()).unwrap_or(i64::MAX);
    let mut series = Series {
        bucket_ms: slot_ms * i64::try_from(size).unwrap_or(1),
        forecast_levels: FORECAST_LEVELS,
        ..Series::default()
    };
    let objective = track.facts.objective.get();
    let baseline = track.week().baseline();
    let kept = track.slots.within(from, to).map(|(at, slot)| (at, *slot));
    let mut bucket = Vec::with_capacity(size);
    for row in past.chain(kept) {
        bucket.push(row);
        if bucket.len() == size {
            series.push(&bucket, objective, &baseline);
            bucket.clear();
        }
    }
    series.push(&bucket, objective, &baseline);
    series
}

/// The minutes within `from..=to` that lie before those that are kept: a load is all that is known
/// of them.
fn before(
    track: &Track,
    from: Timestamp,
    to: Timestamp,
) -> impl Iterator<Item = (Timestamp, Slot)> + Clone {
    let past = &track.past;
    let (first, end) = past.span().unwrap_or_default();
    let end = end
        .min(track.slots.start().unwrap_or(end))
        .min(to.plus(SLOT));
    let minute = |at: Timestamp| at.as_millis().div_euclid(MINUTE_MS);
    let minutes = minute(from.max(first))..minute(end);
    minutes.map(move |minute| {
        let at = Timestamp::from_millis(minute * MINUTE_MS);
        let slot = Slot {
            load: past.load(at),
            ..Slot::default()
        };
        (at, slot)
    })
}

impl Series {
    fn push(&mut self, bucket: &[(Timestamp, Slot)], objective: f64, baseline: &Baseline) {
        let Some((at, _)) = bucket.first() else {
            return;
        };
        let slots = || bucket.iter().map(|(_, slot)| slot);
        let last = |of: fn(&Slot) -> Option<u32>| slots().rev().find_map(of);
        let highest = |of: fn(&Slot) -> Option<f32>| slots().filter_map(of).reduce(f32::max);
        let load = highest(|slot| slot.load);
        self.at_ms.push(at.as_millis());
        self.cpu_percent.push(highest(|slot| slot.cpu).map(tidy));
        self.load_instances
            .push(load.map(|load| in_instances(load, objective)));
        self.need_instances
            .push(load.map(|load| instances_for(f64::from(load), objective)));
        self.desired.push(last(|slot| slot.desired));
        self.in_service
            .push(slots().filter_map(|slot| slot.in_service).min());
        self.pending
            .push(slots().filter_map(|slot| slot.pending).max());
        self.min.push(last(|slot| slot.bounds.map(|(min, _)| min)));
        self.max.push(last(|slot| slot.bounds.map(|(_, max)| max)));
        let beside = slots().rev().find_map(|slot| slot.baseline);
        self.baseline_instances
            .push(beside.map(|now| now.running(baseline)));
        let forecast = slots()
            .filter_map(|slot| slot.forecast)
            .reduce(|a, b| std::array::from_fn(|level| a[level].max(b[level])));
        self.forecast_instances
            .push(forecast.map(|loads| loads.map(|load| in_instances(load, objective))));
    }
}

fn in_instances(load: f32, objective: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "to the nearest single")]
    let instances = (f64::from(load) / objective) as f32;
    tidy(instances)
}

/// Two decimals are more than a chart shows.
fn tidy(value: f32) -> f32 {
    (value * 100.0).round() / 100.0
}
