//! Observed load by period, with its gaps, as far back as a fit needs it.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::features::FeatureState;
use crate::grid::{Grid, Period};

/// Load served while saturated stands for this much demand. What was lost is unknown; taken as it
/// is, forecasts of bursty load cost 3–6 % more.
pub const SATURATED_FACTOR: f64 = 1.5;

/// Days of training rows, and of history before them that their features reach back to.
pub(crate) const TRAINING_DAYS: u32 = 14;
const REACH_DAYS: u32 = 7;

/// Observed load of one period.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadPoint {
    /// Which period.
    pub period: Period,
    /// Load served, in instance-percent: mean CPU times instances in service.
    pub load: f64,
    /// Whether CPU was at its limit, so that demand was at least this.
    pub saturated: bool,
}

impl LoadPoint {
    /// The demand that the point is taken for, in instance-percent.
    pub fn demand(self) -> f64 {
        let factor = if self.saturated {
            SATURATED_FACTOR
        } else {
            1.0
        };
        self.load.max(0.0) * factor
    }
}

/// The last three weeks of observed load on a grid. Serialised, a gap is none: text formats have no
/// NaN.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Record", into = "Record")]
pub struct History {
    grid: Grid,
    /// Period of the first value.
    first: Period,
    /// Demand by period; NaN where nothing was observed.
    demand: VecDeque<f32>,
}

impl PartialEq for History {
    /// Gaps equal gaps.
    fn eq(&self, other: &Self) -> bool {
        let bits = |history: &Self| {
            history
                .demand
                .iter()
                .map(|it| it.to_bits())
                .collect::<Vec<_>>()
        };
        self.grid == other.grid && self.first == other.first && bits(self) == bits(other)
    }
}

#[derive(Serialize, Deserialize)]
struct Record {
    grid: Grid,
    first: Period,
    demand: Vec<Option<f32>>,
}

impl From<History> for Record {
    fn from(history: History) -> Self {
        let known = |demand: f32| (!demand.is_nan()).then_some(demand);
        Self {
            grid: history.grid,
            first: history.first,
            demand: history.demand.into_iter().map(known).collect(),
        }
    }
}

impl From<Record> for History {
    fn from(record: Record) -> Self {
        let demand = record.demand.into_iter();
        Self {
            grid: record.grid,
            first: record.first,
            demand: demand.map(|d| d.unwrap_or(f32::NAN)).collect(),
        }
    }
}

impl History {
    /// No history yet.
    pub fn new(grid: Grid) -> Self {
        Self {
            grid,
            first: 0,
            demand: VecDeque::new(),
        }
    }

    /// The grid it lies on.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// Takes a point. Points must come in order: one at or before the newest period is left out,
    /// and so is a load that is no number; periods in between are gaps. Returns whether it was
    /// taken.
    pub fn push(&mut self, point: LoadPoint) -> bool {
        let keep = self.keep();
        if !point.load.is_finite() || self.newest().is_some_and(|newest| point.period <= newest) {
            return false;
        }
        if self.demand.is_empty() || point.period - self.end() >= keep {
            self.demand.clear();
            self.first = point.period;
        }
        while self.end() < point.period {
            self.demand.push_back(f32::NAN);
        }
        #[expect(clippy::cast_possible_truncation, reason = "f32 is what trees see")]
        self.demand.push_back(point.demand() as f32);
        while self.len() > keep {
            self.demand.pop_front();
            self.first += 1;
        }
        true
    }

    /// Takes another load for a period that is held, gap or not; tells whether that is news.
    pub fn revise(&mut self, point: LoadPoint) -> bool {
        #[expect(clippy::cast_possible_truncation, reason = "f32 is what trees see")]
        let demand = point.demand() as f32;
        let at = usize::try_from(point.period - self.first).ok();
        let held = at.and_then(|at| self.demand.get_mut(at));
        let news = held.filter(|held| point.load.is_finite() && held.to_bits() != demand.to_bits());
        news.map(|held| *held = demand).is_some()
    }

    /// Fills what is not known from `points`, in any order; what is known stays. What lies further
    /// back than is kept is left out.
    pub fn fill(&mut self, points: impl IntoIterator<Item = LoadPoint>) {
        let known = self.iter().filter(|(_, demand)| !demand.is_nan());
        let mut demand: BTreeMap<Period, f32> = known.collect();
        for point in points.into_iter().filter(|point| point.load.is_finite()) {
            #[expect(clippy::cast_possible_truncation, reason = "f32 is what trees see")]
            demand.entry(point.period).or_insert(point.demand() as f32);
        }
        let Some(newest) = demand.last_key_value().map(|(period, _)| *period) else {
            return;
        };
        let kept = demand.split_off(&(newest - self.keep() + 1));
        self.first = kept.first_key_value().map_or(newest, |(period, _)| *period);
        let of = |period| kept.get(&period).copied().unwrap_or(f32::NAN);
        self.demand = (self.first..=newest).map(of).collect();
    }

    /// The same load for another lead; one of other periods is not the same load, and is none.
    pub fn with_lead(self, grid: Grid) -> Option<Self> {
        (grid.step_minutes() == self.grid.step_minutes()).then_some(Self { grid, ..self })
    }

    /// The newest period held.
    pub fn newest(&self) -> Option<Period> {
        (!self.demand.is_empty()).then(|| self.end() - 1)
    }

    /// The oldest period held.
    pub fn oldest(&self) -> Option<Period> {
        (!self.demand.is_empty()).then_some(self.first)
    }

    /// Periods from the oldest to the newest, gaps included.
    pub fn len(&self) -> i64 {
        i64::try_from(self.demand.len()).unwrap_or(i64::MAX)
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.demand.is_empty()
    }

    /// Periods that were observed.
    pub fn known(&self) -> usize {
        self.demand.iter().filter(|demand| !demand.is_nan()).count()
    }

    /// How many of the newest `periods` were observed.
    pub fn known_lately(&self, periods: i64) -> i64 {
        let newest = self.demand.iter().rev();
        let lately = newest.take(usize::try_from(periods).unwrap_or(0));
        lately.map(|demand| i64::from(!demand.is_nan())).sum()
    }

    /// Days that it spans.
    pub fn days(&self) -> f64 {
        self.len() as f64 * f64::from(self.grid.step_minutes()) / 1440.0
    }

    /// Demand of the periods known, in instance-percent, the oldest first.
    pub fn demands(&self) -> impl Iterator<Item = f64> + '_ {
        let known = self.demand.iter().filter(|demand| !demand.is_nan());
        known.map(|demand| f64::from(*demand))
    }

    /// Demand by period in order, in instance-percent, NaN in gaps.
    pub fn iter(&self) -> impl Iterator<Item = (Period, f32)> + '_ {
        (self.first..).zip(self.demand.iter().copied())
    }

    /// Demand of a period, in instance-percent; none where nothing was observed.
    pub fn at(&self, period: Period) -> Option<f32> {
        let index = usize::try_from(period.checked_sub(self.first)?).ok()?;
        self.demand.get(index).copied().filter(|v| !v.is_nan())
    }

    /// The feature state after this history, gaps held at the value before them.
    pub fn feature_state(&self) -> FeatureState {
        let mut state = FeatureState::new(self.grid, self.first);
        let mut held = 0.0;
        for (_, demand) in self.iter() {
            held = if demand.is_nan() { held } else { demand };
            state.push(f64::from(held));
        }
        state
    }

    pub(crate) fn demand_capacity(&self) -> usize {
        self.demand.capacity()
    }

    fn end(&self) -> Period {
        self.first + self.len()
    }

    fn keep(&self) -> i64 {
        self.grid.periods((TRAINING_DAYS + REACH_DAYS) * 1440)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(period: Period, load: f64) -> LoadPoint {
        LoadPoint {
            period,
            load,
            saturated: false,
        }
    }

    #[test]
    fn gaps_are_known_as_gaps_and_time_never_runs_back() {
        let mut history = History::new(Grid::new(1, 5).unwrap());
        assert!(history.push(point(10, 50.0)));
        assert!(history.push(point(13, 70.0)));
        assert!(!history.push(point(13, 99.0)), "again");
        assert!(!history.push(point(12, 99.0)), "late");
        assert!(!history.push(point(14, f64::NAN)), "no number");
        assert_eq!(history.at(10), Some(50.0));
        assert_eq!(history.at(11), None);
        assert_eq!(history.at(13), Some(70.0));
        assert_eq!(history.newest(), Some(13));
    }

    #[test]
    fn a_revision_is_news_where_it_says_another_load_of_a_period_held() {
        let mut history = History::new(Grid::new(1, 5).unwrap());
        history.push(point(10, 50.0));
        history.push(point(13, 70.0));
        assert!(history.revise(point(10, 55.0)) && history.revise(point(12, 60.0)));
        assert!(!history.revise(point(10, 55.0)), "said before");
        assert!(
            !history.revise(point(9, 1.0)) && !history.revise(point(14, 1.0)),
            "not held"
        );
        assert!(!history.revise(point(13, f64::NAN)), "no number");
        assert_eq!(
            [10, 11, 12, 13].map(|at| history.at(at)),
            [Some(55.0), None, Some(60.0), Some(70.0)]
        );
        assert_eq!((history.known_lately(4), history.known_lately(3)), (3, 2));
    }

    #[test]
    fn gaps_survive_a_format_without_nan() {
        let mut history = History::new(Grid::new(1, 5).unwrap());
        for t in [3, 4, 9] {
            assert!(history.push(point(t, 50.0)));
        }
        let text = serde_json::to_string(&history).unwrap();
        let read: History = serde_json::from_str(&text).unwrap();
        assert_eq!(read.len(), 7);
        assert!((3..10).all(|t| read.at(t) == history.at(t)));
        assert_eq!(read.at(5), None);
    }

    #[test]
    fn memory_is_bounded_and_a_long_absence_starts_anew() {
        let mut history = History::new(Grid::new(5, 2).unwrap());
        (0..9_000).for_each(|t| assert!(history.push(point(t, 1.0))));
        assert_eq!(history.len(), 21 * 288);
        assert_eq!(history.oldest(), Some(9_000 - 21 * 288));
        assert!(history.push(point(99_000, 1.0)));
        assert_eq!(history.len(), 1);
    }

    #[test]
    fn gaps_are_filled_and_what_is_known_stays() {
        let mut history = History::new(Grid::new(5, 2).unwrap());
        for t in [100, 103] {
            assert!(history.push(point(t, 50.0)));
        }
        history
            .fill([(101, 60.0), (98, 70.0), (103, 99.0), (97, f64::NAN)].map(|(t, l)| point(t, l)));
        let all: Vec<Option<f32>> = (98..104).map(|t| history.at(t)).collect();
        let known = [Some(70.0), None, Some(50.0), Some(60.0), None, Some(50.0)];
        assert_eq!(all, known);
        assert_eq!((history.oldest(), history.newest()), (Some(98), Some(103)));
        history.fill([point(103 - 21 * 288, 1.0), point(104 - 21 * 288, 2.0)]);
        assert_eq!(
            history.oldest(),
            Some(104 - 21 * 288),
            "no further back than is kept"
        );
        let mut none = History::new(Grid::new(5, 2).unwrap());
        none.fill([]);
        assert!(none.is_empty());
    }

    #[test]
    fn filling_is_the_same_as_having_seen_it_in_order() {
        let grid = Grid::new(1, 5).unwrap();
        let load = |t: Period| point(t, 40.0 + (t % 7) as f64);
        let mut seen = History::new(grid);
        assert!((0..500).all(|t| seen.push(load(t))));
        let mut filled = History::new(grid);
        assert!((400..500).all(|t| filled.push(load(t))));
        filled.fill((0..400).rev().map(load));
        let text = |history: &History| serde_json::to_string(history).unwrap();
        assert_eq!(text(&filled), text(&seen));
    }

    #[test]
    fn saturated_load_stands_for_more_demand() {
        let saturated = LoadPoint {
            saturated: true,
            ..point(0, 400.0)
        };
        assert!((saturated.demand() - 600.0).abs() < 1e-9);
    }
}
