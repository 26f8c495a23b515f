//! The two roundings that the original's figures went through.

/// numpy's: `rint(x · 10ⁿ) / 10ⁿ`. Ties of the *product* go to even, so 0.15 becomes 0.2 (its
/// product is exactly 1.5) where rounding the stored value gives 0.1.
pub(crate) fn numpy_round(value: f64, digits: i32) -> f64 {
    let factor = 10f64.powi(digits);
    (value * factor).round_ties_even() / factor
}

/// Python's: the decimal number of so many digits that is nearest to the stored value.
pub(crate) fn python_round(value: f64, digits: i32) -> f64 {
    let digits = usize::try_from(digits).unwrap_or(0);
    // What `format!` writes of a number always parses.
    format!("{value:.digits$}").parse().unwrap_or(value)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the rules are about exact results")]
mod tests {
    use super::{numpy_round, python_round};

    #[test]
    fn numpy_rounds_ties_of_the_product_to_even() {
        assert_eq!(numpy_round(0.15, 1), 0.2);
        assert_eq!(numpy_round(0.25, 1), 0.2);
        assert_eq!(numpy_round(29.95, 1), 30.0);
        assert_eq!(numpy_round(2.675, 2), 2.68);
    }

    #[test]
    fn python_rounds_the_stored_value() {
        assert_eq!(python_round(0.15, 1), 0.1);
        assert_eq!(python_round(0.25, 1), 0.2);
        assert_eq!(python_round(29.95, 1), 29.9);
        assert_eq!(python_round(2.675, 2), 2.67);
    }
}
