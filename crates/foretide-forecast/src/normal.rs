//! The standard normal distribution: the only place that knows its formulas and tables.

/// The quantile at 97.5 %: 95 of 100 values lie between it and its negative.
pub const QUANTILE_97_5: f64 = 1.959_963_984_540_054;

/// Quantiles at [`foretide_domain::FORECAST_LEVELS`], rounded to the four digits that the published
/// figures of the forecast were measured with.
pub(crate) const LEVEL_SCORES: [f64; 5] = [0.0, 1.2816, 1.8808, 2.3263, 2.6521];

/// The probability that a standard normal value is at most `z`. The error is at most 1.5e-7 in the
/// body (Abramowitz and Stegun 7.1.26). The tails use the same formula, so that their error is
/// relative to the density.
pub fn cdf(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let poly = t
        * (0.254_829_592
            + t * (-0.284_496_736
                + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let upper = 0.5 * poly * (-x * x).exp();
    if z >= 0.0 { 1.0 - upper } else { upper }
}

#[cfg(test)]
mod tests {
    use foretide_domain::FORECAST_LEVELS;

    use super::*;

    #[test]
    fn known_values() {
        for (z, p) in [(0.0, 0.5), (-1.6449, 0.05), (QUANTILE_97_5, 0.975)] {
            assert!((cdf(z) - p).abs() < 1e-5, "{z}");
        }
        for (z, p) in LEVEL_SCORES.into_iter().zip(FORECAST_LEVELS) {
            assert!((cdf(z) - p).abs() < 1e-5, "{z}");
        }
    }
}
