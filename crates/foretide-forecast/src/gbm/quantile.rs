//! The empirical quantile of a sample.

/// The `level` quantile of `values`, linear between order statistics counted from the top, as
/// `LightGBM` renews its leaves: rank `(1 − level) · n` from the largest, which itself counts where
/// the rank is below one. `values` is reordered; nothing of an empty sample.
pub fn empirical_quantile(values: &mut [f32], level: f64) -> Option<f32> {
    let last = values.len().checked_sub(1)?;
    let rank = (1.0 - level) * values.len() as f64;
    let whole = rank.floor();
    let from_top = whole_number(whole);
    if from_top < 1 {
        return values.iter().copied().reduce(f32::max);
    }
    if from_top > last {
        return values.iter().copied().reduce(f32::min);
    }
    let at = last - (from_top - 1);
    let (below, upper, _) = values.select_nth_unstable_by(at, f32::total_cmp);
    let lower = below.iter().copied().reduce(f32::max).unwrap_or(*upper);
    let bias = rank - whole;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a value between two f32 values"
    )]
    let value = (f64::from(*upper) - (f64::from(*upper) - f64::from(lower)) * bias) as f32;
    Some(value)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a floor between zero and a length"
)]
fn whole_number(value: f64) -> usize {
    value as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_count_from_the_top_and_interpolate() {
        let mut v: Vec<f32> = (1..=200_u8).rev().map(f32::from).collect();
        assert_eq!(empirical_quantile(&mut v, 0.996), Some(200.0));
        assert_eq!(empirical_quantile(&mut v, 0.99), Some(199.0));
        assert_eq!(empirical_quantile(&mut v, 0.5), Some(101.0));
        assert_eq!(empirical_quantile(&mut v, 0.0), Some(1.0));
        let mut odd = [1.0, 2.0, 4.0];
        assert_eq!(empirical_quantile(&mut odd, 0.5), Some(3.0));
        assert_eq!(empirical_quantile(&mut [], 0.5), None);
    }
}
