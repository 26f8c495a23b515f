//! The outlook: load of the next hours, a day or two ahead, for people and warnings.
//!
//! Each hour ahead is compared with the same hour of earlier days. Days of the same weekday count
//! more, and so do newer days. The loads of those hours, shifted by how the level differs now, are
//! its distribution. No capacity is decided by it: a lead time ahead the forecast is better.

pub use foretide_domain::OUTLOOK_LEVELS;

use crate::grid::Period;
use crate::history::History;

const HOUR_MINUTES: u32 = 60;
const DAY_HOURS: i64 = 24;
/// Earlier days that are looked at.
const DAYS: i64 = 14;
/// A day counts so much less than the day after it.
const FORGETTING: f64 = 0.9;
/// A day of the same weekday counts so much more.
const SAME_WEEKDAY: f64 = 4.0;
/// A working day for a working day, and a day of the weekend for one, count so much more …
const SAME_KIND: f64 = 2.0;
/// … and one for the other so much.
const OTHER_KIND: f64 = 0.3;
/// Share of the present difference in level that is expected to stay at first.
const LEVEL_SHARE: f64 = 0.8;
/// Hours after which 1/e of that, about a third, is still expected.
const LEVEL_HOURS: f64 = 24.0;
/// Hours over which the level is compared.
const LEVEL_OVER: i64 = 3;
/// Load below which logarithms are not told apart: one instance at 16 %.
const FLOOR: f64 = 16.0;

/// Load of one hour ahead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutlookHour {
    /// Its first period.
    pub from: Period,
    /// Quantiles at [`OUTLOOK_LEVELS`] of the load of its periods, in instance-percent.
    pub quantiles: [f64; 3],
}

/// The next `hours` hours after the newest period of `history`, from the next whole hour on. Empty
/// with less than a day of history.
pub fn outlook(history: &History, hours: u32) -> Vec<OutlookHour> {
    let Some(newest) = history.newest() else {
        return Vec::new();
    };
    let hour = history.grid().periods(HOUR_MINUTES);
    if history.len() < DAY_HOURS * hour {
        return Vec::new();
    }
    let first = (newest.div_euclid(hour) + 1) * hour;
    let level = level(history, newest, hour);
    let ahead = (0..i64::from(hours)).map(|n| first + n * hour);
    ahead
        .filter_map(|from| {
            let distance = (from - newest) as f64 / hour as f64;
            let shift = LEVEL_SHARE * level * (-distance / LEVEL_HOURS).exp();
            Some(OutlookHour {
                from,
                quantiles: quantiles(history, from, hour, newest)?.map(|log| (log + shift).exp()),
            })
        })
        .collect()
}

/// By how much the logarithm of the load of the last hours is above that of the same hours before.
fn level(history: &History, newest: Period, hour: i64) -> f64 {
    let span = |end: Period| -> Option<f64> {
        let logs = (end - LEVEL_OVER * hour + 1..=end).filter_map(|at| log_load(history, at));
        let (mut sum, mut count) = (0.0, 0.0);
        for log in logs {
            sum += log;
            count += 1.0;
        }
        (count > 0.0).then(|| sum / count)
    };
    let Some(now) = span(newest) else {
        return 0.0;
    };
    let (mut sum, mut weights) = (0.0, 0.0);
    for days in 1..=DAYS {
        let end = newest - days * DAY_HOURS * hour;
        if let Some(before) = span(end) {
            let weight = weight(newest, end, days, hour);
            sum += weight * before;
            weights += weight;
        }
    }
    if weights > 0.0 {
        now - sum / weights
    } else {
        0.0
    }
}

/// Quantiles of the logarithm of load in the hour at `from`, by the same hour of earlier days.
fn quantiles(history: &History, from: Period, hour: i64, newest: Period) -> Option<[f64; 3]> {
    let mut samples: Vec<(f64, f64)> = Vec::new();
    let mut looked_at = 0;
    for days in 1.. {
        let before = from - days * DAY_HOURS * hour;
        if looked_at == DAYS || Some(before + hour) <= history.oldest() {
            break;
        }
        // A day ahead, the newest such hour may not be over.
        if before + hour - 1 > newest {
            continue;
        }
        looked_at += 1;
        let weight = weight(from, before, days, hour);
        let logs = (before..before + hour).filter_map(|at| log_load(history, at));
        samples.extend(logs.map(|log| (log, weight)));
    }
    samples.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = samples.iter().map(|(_, weight)| weight).sum();
    (total > 0.0).then(|| OUTLOOK_LEVELS.map(|level| at_level(&samples, level * total)))
}

/// The first sample up to which the weights reach `weight`.
fn at_level(samples: &[(f64, f64)], weight: f64) -> f64 {
    let mut sum = 0.0;
    let mut reached = samples.iter().skip_while(|(_, own)| {
        sum += own;
        sum < weight
    });
    let last = samples.last();
    reached.next().or(last).map_or(0.0, |(log, _)| *log)
}

/// How much the day of `before` says of the day of `from`, which is `days` later.
fn weight(from: Period, before: Period, days: i64, hour: i64) -> f64 {
    // The epoch began on a Thursday.
    let weekday = |at: Period| (at.div_euclid(DAY_HOURS * hour) + 3).rem_euclid(7);
    let (a, b) = (weekday(from), weekday(before));
    let alike = if a == b {
        SAME_WEEKDAY
    } else if (a >= 5) == (b >= 5) {
        SAME_KIND
    } else {
        OTHER_KIND
    };
    alike * FORGETTING.powi(i32::try_from(days).unwrap_or(i32::MAX))
}

fn log_load(history: &History, at: Period) -> Option<f64> {
    history.at(at).map(|load| f64::from(load).max(FLOOR).ln())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Grid;
    use crate::history::LoadPoint;

    /// Load that is `of` the day and the hour, from a Thursday on.
    fn history(hours: i64, of: impl Fn(i64, i64) -> f64) -> History {
        let mut history = History::new(Grid::new(1, 5).unwrap());
        for period in 0..hours * 60 {
            history.push(LoadPoint {
                period,
                load: of(period / 1440, period / 60 % 24),
                saturated: false,
            });
        }
        history
    }

    #[test]
    fn the_same_hour_of_earlier_days_comes_again() {
        let busy_at_18 = |_, hour| if hour == 18 { 900.0 } else { 100.0 };
        let rows = outlook(&history(5 * 24, busy_at_18), 48);
        assert_eq!(rows.len(), 48);
        for (at, row) in (0..).zip(&rows) {
            let expected = if at % 24 == 18 { 900.0 } else { 100.0 };
            let [median, _, most] = row.quantiles;
            assert!(
                (median - expected).abs() < 1.0 && (most - expected).abs() < 1.0,
                "{at}: {row:?}"
            );
        }
    }

    #[test]
    fn a_weekend_is_like_the_weekend_before_it() {
        // Thursday is day 0, so Saturdays and Sundays are the days 2, 3, 9, 10, 16 and 17.
        let quiet = |day: i64| matches!(day % 7, 2 | 3);
        let rows = outlook(
            &history(16 * 24, |day, _| if quiet(day) { 100.0 } else { 800.0 }),
            24,
        );
        let median = rows[12].quantiles[0];
        assert!(median < 200.0, "a Saturday: {median}");
    }

    #[test]
    fn a_level_that_has_doubled_lifts_the_next_hours_more_than_the_next_day() {
        let doubled = |day, hour: i64| if day == 6 && hour >= 8 { 800.0 } else { 400.0 };
        let rows = outlook(&history(6 * 24 + 12, doubled), 48);
        let (soon, late) = (rows[0].quantiles[0], rows[47].quantiles[0]);
        assert!(
            soon > 600.0 && (400.0..500.0).contains(&late),
            "{soon}, {late}"
        );
    }

    #[test]
    fn gaps_and_a_short_history_are_no_numbers_out_of_thin_air() {
        assert!(outlook(&History::new(Grid::new(1, 5).unwrap()), 24).is_empty());
        assert!(outlook(&history(20, |_, _| 300.0), 24).is_empty());
        let mut gap = history(20, |_, _| 300.0);
        gap.push(LoadPoint {
            period: 100 * 60,
            load: 300.0,
            saturated: false,
        });
        let rows = outlook(&gap, 24);
        assert!(
            rows.iter()
                .all(|row| row.quantiles.iter().all(|q| q.is_finite()))
        );
        assert!(rows.len() < 24, "hours that were never seen are left out");
    }
}
