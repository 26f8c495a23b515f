//! What a trace is like: span, gaps, seasonality, burstiness.

use super::{DAY_S, Trace};
use crate::backtest::quantile;

const WEEK_S: u32 = 7 * DAY_S;
/// Window of the largest rise: 5 minutes, about the time that a new instance needs.
const RISE_S: u32 = 300;

/// Facts about a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// Length in seconds.
    pub span_s: i64,
    /// Length of a cell in seconds.
    pub step_s: u32,
    /// Cells.
    pub cells: usize,
    /// Rows with a value, of distinct times.
    pub rows: usize,
    /// Number of gaps.
    pub gaps: usize,
    /// Cells without a row.
    pub missing_cells: usize,
    /// Length of the longest gap in seconds.
    pub longest_gap_s: i64,
    /// Smallest demand.
    pub min: f64,
    /// Mean demand.
    pub mean: f64,
    /// Largest demand.
    pub max: f64,
    /// How regular it is.
    pub seasonality: Seasonality,
    /// How bursty it is.
    pub burstiness: Burstiness,
}

/// Correlation of demand with itself; none where the trace is too short (less than one and a half
/// times the lag) or constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seasonality {
    /// A day before, -1 to 1.
    pub day: Option<f64>,
    /// A week before, -1 to 1.
    pub week: Option<f64>,
}

/// Sizes of bursts, each without unit; none where it would divide by 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burstiness {
    /// Standard deviation ÷ mean.
    pub variation: Option<f64>,
    /// 99th percentile ÷ median.
    pub p99_to_median: Option<f64>,
    /// Maximum ÷ mean.
    pub max_to_mean: Option<f64>,
    /// Largest rise between neighbouring 5-minute means (cells, where they are longer) ÷ mean.
    pub rise_to_mean: Option<f64>,
}

/// Facts about `trace`; empty cells count with the value that they hold.
pub fn describe(trace: &Trace) -> Description {
    let demand = trace.demand();
    let step_s = trace.step_s();
    let mut sorted = demand.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let mean = mean(demand);
    let max = sorted.last().copied().unwrap_or(0.0);
    let longest = trace.gaps().iter().map(|gap| gap.cells).max().unwrap_or(0);
    Description {
        span_s: trace.span_s(),
        step_s,
        cells: demand.len(),
        rows: trace.rows(),
        gaps: trace.gaps().len(),
        missing_cells: trace.missing_cells(),
        longest_gap_s: super::grid::cells_ms(longest, step_s) / 1000,
        min: sorted.first().copied().unwrap_or(0.0),
        mean,
        max,
        seasonality: Seasonality {
            day: autocorrelation(demand, DAY_S / step_s),
            week: autocorrelation(demand, WEEK_S / step_s),
        },
        burstiness: Burstiness {
            variation: ratio(deviation(demand, mean), mean),
            p99_to_median: ratio(quantile(&sorted, 0.99), quantile(&sorted, 0.5)),
            max_to_mean: ratio(max, mean),
            rise_to_mean: ratio(largest_rise(demand, (RISE_S / step_s).max(1)), mean),
        },
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn deviation(values: &[f64], mean: f64) -> f64 {
    let squares = values.iter().map(|value| (value - mean).powi(2));
    (squares.sum::<f64>() / values.len().max(1) as f64).sqrt()
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// Pearson's correlation of the values with those `lag` cells before.
fn autocorrelation(values: &[f64], lag: u32) -> Option<f64> {
    let lag = lag as usize;
    if lag == 0 || values.len() < lag + lag / 2 {
        return None;
    }
    let (before, after) = (values.get(..values.len() - lag)?, values.get(lag..)?);
    let (mean_before, mean_after) = (mean(before), mean(after));
    let products = before.iter().zip(after);
    let covariance = products
        .map(|(a, b)| (a - mean_before) * (b - mean_after))
        .sum::<f64>()
        / before.len() as f64;
    let scale = deviation(before, mean_before) * deviation(after, mean_after);
    ratio(covariance, scale)
}

fn largest_rise(values: &[f64], window: u32) -> f64 {
    let means: Vec<f64> = values.chunks(window as usize).map(mean).collect();
    let rises = means.windows(2).map(|pair| match pair {
        [before, after] => after - before,
        _ => 0.0,
    });
    rises.fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use foretide_domain::Timestamp;

    use super::*;

    fn described(step_s: u32, demand: Vec<f64>) -> Description {
        describe(&Trace::new("t", Timestamp::from_seconds(0), step_s, demand).unwrap())
    }

    #[test]
    fn a_daily_cycle_repeats_after_a_day_and_a_week() {
        let hours = (0..24 * 14).map(|hour| f64::from(hour % 24)).collect();
        let found = described(3600, hours);
        assert!((found.seasonality.day.unwrap() - 1.0).abs() < 1e-9);
        assert!((found.seasonality.week.unwrap() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn short_and_constant_traces_have_no_season() {
        assert_eq!(described(3600, vec![1.0, 2.0]).seasonality.day, None);
        let flat = described(3600, vec![5.0; 24 * 3]);
        assert_eq!(flat.seasonality.day, None);
        assert_eq!(flat.burstiness.variation, Some(0.0));
        assert_eq!(described(60, vec![0.0; 9]).burstiness.max_to_mean, None);
    }

    #[test]
    fn the_largest_rise_is_between_five_minute_means() {
        let mut minutes = vec![1.0; 10];
        minutes.extend([11.0; 5]);
        let rise = described(60, minutes).burstiness.rise_to_mean.unwrap();
        assert!((rise - 10.0 / (65.0 / 15.0)).abs() < 1e-12);
    }
}
