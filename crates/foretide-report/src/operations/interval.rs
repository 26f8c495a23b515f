//! How sure a mean over days is: Student's t interval ("The probable error of a mean",
//! Biometrika 6, 1908). Days are taken for independent; within a day nothing is assumed.

use foretide_forecast::normal::QUANTILE_97_5 as Z;
use serde::Serialize;

/// A mean with the interval that holds it in 95 of 100 cases.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Interval {
    /// The mean.
    pub(super) mean: f64,
    /// Lower end.
    pub(super) low: f64,
    /// Upper end.
    pub(super) high: f64,
    /// Days that it rests on.
    pub(super) days: usize,
}

/// The quantiles of t at 97.5 % for 1 to 4 degrees of freedom: there the series is too coarse.
const FEW: [f64; 4] = [12.706, 4.303, 3.182, 2.776];

/// Quantile of t at 97.5 %: tabulated for few days, else Abramowitz and Stegun 26.7.5.
fn t_quantile(freedom: usize) -> f64 {
    if let Some(tabulated) = freedom.checked_sub(1).and_then(|index| FEW.get(index)) {
        return *tabulated;
    }
    let n = freedom as f64;
    let [first, second, third, fourth] = [
        (Z.powi(3) + Z) / 4.0,
        (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / 96.0,
        (3.0 * Z.powi(7) + 19.0 * Z.powi(5) + 17.0 * Z.powi(3) - 15.0 * Z) / 384.0,
        (79.0 * Z.powi(9) + 776.0 * Z.powi(7) + 1482.0 * Z.powi(5)
            - 1920.0 * Z.powi(3)
            - 945.0 * Z)
            / 92_160.0,
    ];
    Z + (first + (second + (third + fourth / n) / n) / n) / n
}

/// The interval of the mean of `days`; none of fewer than two, which show no spread.
pub(super) fn of(days: &[f64]) -> Option<Interval> {
    if days.len() < 2 {
        return None;
    }
    let count = days.len() as f64;
    let mean = days.iter().sum::<f64>() / count;
    let square = |value: &f64| (value - mean).powi(2);
    let variance = days.iter().map(square).sum::<f64>() / (count - 1.0);
    let half = t_quantile(days.len() - 1) * (variance / count).sqrt();
    Some(Interval {
        mean,
        low: mean - half,
        high: mean + half,
        days: days.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (freedom, quantile) in [
            (1, 12.706),
            (5, 2.571),
            (6, 2.447),
            (13, 2.160),
            (62, 1.999),
        ] {
            assert!((t_quantile(freedom) - quantile).abs() < 0.001, "{freedom}");
        }
    }

    #[test]
    fn an_interval_is_that_by_hand() {
        // Mean 4, standard deviation 2, three days: 4.303 · 2 / √3.
        let interval = of(&[2.0, 4.0, 6.0]).unwrap();
        assert!((interval.mean - 4.0).abs() < 1e-12);
        assert!((interval.high - 8.9687).abs() < 1e-3, "{interval:?}");
        assert!((interval.low + 0.9687).abs() < 1e-3, "{interval:?}");
        assert_eq!(of(&[1.0]), None);
    }
}
