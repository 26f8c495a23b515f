//! The 59 features of the load forecast, from observed load alone, one period at a time.
//!
//! Training replays history through the same code that serves live, so the two cannot differ.
//! Everything is a difference of logarithms to the recent level `base`, so that a forest fits
//! ratios; the clock is that of the period forecast.
//!
//! Refuses: gaps (the caller says what to hold, see [`crate::History`]) and values to come.

use crate::grid::{Grid, Period};
use crate::ring::{Ring, mean_max};

/// Features of a row.
pub const FEATURES: usize = 59;
/// One row of features; NaN where history does not reach.
pub type FeatureRow = [f32; FEATURES];

/// Load below this (instance-percent) is taken as this much, so that logarithms of idle
/// groups do not swing: a fifth of an instance at 80 % utilisation.
pub const FLOOR: f32 = 16.0;
/// A step up: a rise of the logarithm by more than this from one period to the next.
const STEP_UP: f32 = 0.4;

/// Newest periods of which another load may still come: what is first seen of one need not be all
/// of it. As many as are asked for again with every new one, and that one.
pub(crate) const REVISED: usize = 3;

const HALF_HOUR: u32 = 30;
const HOUR: u32 = 60;
const DAY: u32 = 1440;
const WEEK: u32 = 10_080;

/// Lags of the load itself, in periods of one and of five minutes.
const LAGS_1: [i64; 10] = [0, 1, 2, 3, 4, 6, 9, 14, 29, 59];
const LAGS_5: [i64; 9] = [0, 1, 2, 3, 4, 5, 6, 8, 11];

/// The running state from which a row of features is read.
#[derive(Clone, Debug)]
pub struct FeatureState {
    grid: Grid,
    next: Period,
    /// Load, floored; the newest 16.
    level: Ring,
    /// Its logarithm.
    x: Ring,
    /// Logarithm of the mean level over a quarter of an hour.
    base: Ring,
    /// `x` against the base of the period from which it was forecast.
    rel: Ring,
    /// Maximum of `rel` over 8 minutes.
    rel_peak: Ring,
    /// Mean of `x` over a quarter of an hour.
    smooth: Ring,
    /// Mean and maximum of `x` over an hour; mean absolute step over an hour.
    hour_mean: Ring,
    hour_max: Ring,
    hour_step: Ring,
    /// Mean squared distance of `x` from `smooth` over half an hour.
    half_hour_square: Ring,
    steps_up: StepsUp,
    /// The same before each of the newest loads, the newest last.
    steps_up_before: [StepsUp; REVISED],
}

/// When load last stepped up, and how long after the time before.
#[derive(Clone, Copy, Debug, Default)]
struct StepsUp {
    last: Option<Period>,
    gap: Option<i64>,
}

impl FeatureState {
    /// A state whose first load will be that of period `first`. It remembers what the features of
    /// one new row reach back to, a week and two hours.
    pub fn new(grid: Grid, first: Period) -> Self {
        let long = usize::try_from(grid.periods(WEEK + 2 * HOUR)).unwrap_or(usize::MAX);
        let short = usize::try_from(grid.periods(DAY + HOUR)).unwrap_or(usize::MAX);
        Self {
            grid,
            next: first,
            level: Ring::new(16 + REVISED, first),
            x: Ring::new(64, first),
            base: Ring::new(long, first),
            rel: Ring::new(long, first),
            rel_peak: Ring::new(long, first),
            smooth: Ring::new(long, first),
            hour_mean: Ring::new(short, first),
            hour_max: Ring::new(short, first),
            hour_step: Ring::new(short, first),
            half_hour_square: Ring::new(short, first),
            steps_up: StepsUp::default(),
            steps_up_before: [StepsUp::default(); REVISED],
        }
    }

    /// The period that the next load is of.
    pub fn next_period(&self) -> Period {
        self.next
    }

    /// Bytes of its rings.
    pub(crate) fn approximate_bytes(&self) -> usize {
        let rings = [
            &self.level,
            &self.x,
            &self.base,
            &self.rel,
            &self.rel_peak,
            &self.smooth,
            &self.hour_mean,
            &self.hour_max,
            &self.hour_step,
            &self.half_hour_square,
        ];
        rings.into_iter().map(Ring::bytes).sum()
    }

    /// Logarithm of the recent level, to which forecasts are relative.
    pub fn base(&self) -> f32 {
        self.base.get(self.next - 1)
    }

    /// The load of a period as features see it: the logarithm of the floored load.
    #[expect(clippy::cast_possible_truncation, reason = "f32 is what trees see")]
    pub fn log_load(load: f64) -> f32 {
        (load as f32).max(FLOOR).ln()
    }

    /// Takes the newest period back, at most [`REVISED`] of them one after the other.
    pub(crate) fn pop(&mut self) {
        let rings = [
            &mut self.level,
            &mut self.x,
            &mut self.base,
            &mut self.rel,
            &mut self.rel_peak,
            &mut self.smooth,
            &mut self.hour_mean,
            &mut self.hour_max,
            &mut self.hour_step,
            &mut self.half_hour_square,
        ];
        rings.into_iter().for_each(Ring::pop);
        self.steps_up = self.steps_up_before[REVISED - 1];
        self.steps_up_before.rotate_right(1);
        self.next -= 1;
    }

    /// Takes the load of the next period, in instance-percent.
    pub fn push(&mut self, load: f64) {
        let now = self.next;
        let x = Self::log_load(load);
        let before = self.x.get(now - 1);
        self.level.push(x.exp());
        self.x.push(x);
        self.note_step_up(now, x, before);
        let w = |minutes| self.grid.periods(minutes);
        let (level, _) = mean_max(self.level.back_from(now, w(15), 1));
        self.base.push(level.ln());
        let lead = i64::from(self.grid.lead_steps());
        self.rel.push(x - self.base.get(now - lead));
        let (_, peak) = mean_max(self.rel.back_from(now, w(8), 1));
        self.rel_peak.push(peak);
        let (smooth, _) = mean_max(self.x.back_from(now, w(15), 1));
        self.smooth.push(smooth);
        let (mean, max) = mean_max(self.x.back_from(now, w(HOUR), 1));
        self.hour_mean.push(mean);
        self.hour_max.push(max);
        self.hour_step.push(self.mean_step(now, w(HOUR)));
        let squares = (0..w(HALF_HOUR)).map(|k| {
            let d = self.x.get(now - k) - self.smooth.get(now - k);
            d * d
        });
        let (square, _) = mean_max(squares.filter(|d| !d.is_nan()));
        self.half_hour_square.push(square);
        self.next = now + 1;
    }

    fn note_step_up(&mut self, now: Period, x: f32, before: f32) {
        self.steps_up_before.rotate_left(1);
        self.steps_up_before[REVISED - 1] = self.steps_up;
        if x - before > STEP_UP {
            self.steps_up = StepsUp {
                last: Some(now),
                gap: self.steps_up.last.map(|last| now - last),
            };
        }
    }

    fn mean_step(&self, now: Period, window: i64) -> f32 {
        let steps = (0..window).map(|k| (self.x.get(now - k) - self.x.get(now - k - 1)).abs());
        mean_max(steps.filter(|d| !d.is_nan())).0
    }

    /// The features of the newest period; all NaN before the first.
    pub fn row(&self) -> FeatureRow {
        let mut row = Row::new();
        let now = self.next - 1;
        let base = self.base.get(now);
        self.recent(now, base, &mut row);
        self.analogs(now, base, &mut row);
        self.same_minute_of_hour(now, &mut row);
        self.same_minute_of_day(now, base, &mut row);
        self.roughness(now, base, &mut row);
        self.steps_up(now, &mut row);
        self.clock(now, &mut row);
        row.values
    }

    fn recent(&self, now: Period, base: f32, row: &mut Row) {
        let lags: &[i64] = if self.grid.step_minutes() == 1 {
            &LAGS_1
        } else {
            &LAGS_5
        };
        for lag in lags {
            row.add(self.x.get(now - lag) - base);
        }
        row.pad_to(LAGS_1.len());
        let w = |minutes| self.grid.periods(minutes);
        for minutes in [3, 5, 10, 30] {
            let (mean, _) = mean_max(self.x.back_from(now, w(minutes), 1));
            row.add(mean - base);
        }
        for hours in [1, 4, 24] {
            let (mean, _) = mean_max(self.hour_mean.back_from(now, hours, w(HOUR)));
            row.add(mean - base);
        }
        row.add(mean_max(self.x.back_from(now, w(10), 1)).1 - base);
        row.add(self.hour_max.get(now) - base);
        row.add(mean_max(self.hour_max.back_from(now, 6, w(HOUR))).1 - base);
    }

    fn analogs(&self, now: Period, base: f32, row: &mut Row) {
        let target = now + i64::from(self.grid.lead_steps());
        let centre = self.centre();
        for minutes in [HALF_HOUR, HOUR, DAY, WEEK] {
            let at = target - self.grid.periods(minutes);
            row.add(self.rel.get(at));
            row.add(self.rel_peak.get(at + centre));
        }
        for minutes in [DAY, WEEK] {
            row.add(base - self.base.get(now - self.grid.periods(minutes)));
        }
    }

    /// Periods by which the 8-minute peak is shifted to centre it on the target.
    fn centre(&self) -> i64 {
        self.grid.periods(3)
    }

    fn same_minute_of_hour(&self, now: Period, row: &mut Row) {
        let hour = self.grid.periods(HOUR);
        let last = now + i64::from(self.grid.lead_steps()) - hour;
        for hours in [6, 24] {
            let (mean, max) = mean_max(self.rel.back_from(last, hours, hour));
            row.add(mean);
            row.add(max);
        }
        let peaks = |hours| self.rel_peak.back_from(last + self.centre(), hours, hour);
        row.add(mean_max(peaks(24)).0);
        row.add(mean_max(peaks(6)).1);
    }

    fn same_minute_of_day(&self, now: Period, base: f32, row: &mut Row) {
        let day = self.grid.periods(DAY);
        let lead = i64::from(self.grid.lead_steps());
        let last = now + lead - day;
        let (mean, max) = mean_max(self.rel.back_from(last, 7, day));
        row.add(mean);
        row.add(max);
        let (mean, max) = mean_max(self.rel_peak.back_from(last + self.centre(), 7, day));
        row.add(max);
        row.add(mean);
        // The smoothed level a day or more ago, centred: later periods are known there.
        let half = self.grid.periods(15) / 2;
        let then = |days: i64| self.smooth.get(now + lead + half - days * day);
        let drift = |days: i64| then(days) - self.smooth.get(now + half - days * day);
        row.add(mean_max((1..=7).map(drift).filter(|d| !d.is_nan())).0);
        row.add(drift(7));
        row.add(mean_max((1..=7).map(then).filter(|d| !d.is_nan())).0 - base);
        row.add(then(7) - base);
    }

    fn roughness(&self, now: Period, base: f32, row: &mut Row) {
        let hour = self.grid.periods(HOUR);
        row.add(self.mean_step(now, self.grid.periods(10)));
        row.add(self.hour_step.get(now));
        row.add(mean_max(self.hour_step.back_from(now, 6, hour)).0);
        row.add(self.half_hour_square.get(now).sqrt());
        let half_hour = self.grid.periods(HALF_HOUR);
        row.add(
            mean_max(self.half_hour_square.back_from(now, 6, half_hour))
                .0
                .sqrt(),
        );
        row.add(base);
    }

    fn steps_up(&self, now: Period, row: &mut Row) {
        let since = self.steps_up.last.map_or(f32::NAN, |at| small(now - at));
        let gap = self.steps_up.gap.map_or(f32::NAN, small);
        row.add(since);
        row.add(gap);
        row.add(since - gap);
    }

    fn clock(&self, now: Period, row: &mut Row) {
        let step = i64::from(self.grid.step_minutes());
        let minute = (now + i64::from(self.grid.lead_steps())) * step;
        let day = i64::from(DAY);
        row.add(small(minute.rem_euclid(day)));
        row.add(small(minute.div_euclid(day).rem_euclid(7)));
        for modulus in [60, 30, 15] {
            row.add(small(minute.rem_euclid(modulus)));
        }
        row.add(small(minute.rem_euclid(5)));
    }
}

/// A count of periods as a feature; beyond 2^24 it is as good as endless.
fn small(count: i64) -> f32 {
    count.clamp(0, 1 << 24) as f32
}

struct Row {
    values: FeatureRow,
    filled: usize,
}

impl Row {
    fn new() -> Self {
        Self {
            values: [f32::NAN; FEATURES],
            filled: 0,
        }
    }

    fn add(&mut self, value: f32) {
        if let Some(slot) = self.values.get_mut(self.filled) {
            *slot = value;
        }
        self.filled += 1;
    }

    /// Leaves columns that a grid does not have as not known.
    fn pad_to(&mut self, filled: usize) {
        self.filled = filled;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(step: u32, boot: u32) -> Grid {
        Grid::for_boot(step, boot).unwrap()
    }

    fn wave(t: i64) -> f64 {
        let noise = ((t * 7919) % 101) as f64 / 101.0;
        600.0 + 300.0 * ((t as f64) / 229.0).sin() + 200.0 * noise
    }

    #[test]
    fn every_column_is_filled_after_a_week_on_both_grids() {
        for (grid, columns) in [(grid(1, 3), FEATURES), (grid(5, 3), FEATURES - 1)] {
            let mut state = FeatureState::new(grid, 1_000);
            for t in 0..(8 * 1440 / i64::from(grid.step_minutes())) {
                state.push(if t % 500 == 0 { 3000.0 } else { wave(t) });
            }
            let known = state.row().iter().filter(|v| v.is_finite()).count();
            assert_eq!(known, columns);
        }
    }

    #[test]
    fn a_row_depends_on_the_last_week_and_two_hours_only() {
        let grid = grid(1, 3);
        let (mut long, mut late) = (FeatureState::new(grid, 0), FeatureState::new(grid, 9_000));
        for t in 0..20_000 {
            long.push(wave(t));
            if t >= 9_000 {
                late.push(wave(t));
            }
        }
        for (k, (a, b)) in long.row().iter().zip(&late.row()).enumerate() {
            assert!(
                (a - b).abs() < 1e-5 || (a.is_nan() && b.is_nan()),
                "{k}: {a} {b}"
            );
        }
    }

    #[test]
    fn analogs_and_clock_are_those_of_the_target() {
        let grid = grid(1, 3);
        let mut state = FeatureState::new(grid, 0);
        for t in 0..3_000_i64 {
            state.push(if t % 60 == 7 { 2000.0 } else { 500.0 });
        }
        // The newest period is 2999 (minute 59 of the hour); its target, minute 4.
        let row = state.row();
        assert!((row[55] - 4.0).abs() < f32::EPSILON);
        assert!(
            row[22].abs() < 0.3,
            "an hour before the target was no burst: {}",
            row[22]
        );
        for t in 3_000..3_003_i64 {
            state.push(if t % 60 == 7 { 2000.0 } else { 500.0 });
        }
        assert!(
            state.row()[22] > 1.0,
            "an hour before the target was a burst"
        );
    }
}
