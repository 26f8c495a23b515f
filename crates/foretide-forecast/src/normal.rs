//! The standard normal distribution.

/// The cumulative distribution, to 1.5e-7 (Abramowitz and Stegun 7.1.26) in the body and by the
/// same formula, relative to the density, in the tails.
pub(crate) fn cdf(z: f64) -> f64 {
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
    use super::*;

    #[test]
    fn known_values() {
        for (z, p) in [(0.0, 0.5), (1.2816, 0.9), (2.3263, 0.99), (-1.6449, 0.05)] {
            assert!((cdf(z) - p).abs() < 1e-5, "{z}");
        }
    }
}
