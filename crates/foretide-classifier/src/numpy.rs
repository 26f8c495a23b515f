//! Rounding as numpy does it, which the seed's figures went through.

/// `rint(x · 10ⁿ) / 10ⁿ`: ties of the *product* go to even, so 0.15 becomes 0.2 (its product is
/// exactly 1.5) where decimal rounding of the stored value gives 0.1.
pub(crate) fn round(value: f64, digits: i32) -> f64 {
    let factor = 10f64.powi(digits);
    (value * factor).round_ties_even() / factor
}

#[cfg(test)]
mod tests {
    use super::round;

    #[test]
    #[expect(clippy::float_cmp, reason = "the rule is about exact results")]
    fn ties_of_the_product_go_to_even() {
        assert_eq!(round(0.15, 1), 0.2);
        assert_eq!(round(0.25, 1), 0.2);
        assert_eq!(round(29.95, 1), 30.0);
        assert_eq!(round(2.675, 2), 2.68);
    }
}
