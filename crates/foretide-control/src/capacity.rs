//! From a number to a count of instances.

/// The fewest whole instances that carry `instances`, as SIMULATION's laws round: a billionth is
/// not worth an instance. Negative and undefined values count as none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast to an integer saturates, and NaN becomes 0: both are the wanted answer"
)]
pub(crate) fn ceil_instances(instances: f64) -> u32 {
    (instances - 1e-9).ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_noise_costs_no_instance_and_nothing_overflows() {
        assert_eq!(ceil_instances(4.000_000_000_5), 4);
        assert_eq!(ceil_instances(4.000_01), 5);
        assert_eq!(ceil_instances(0.0), 0);
        assert_eq!(ceil_instances(f64::NAN), 0);
        assert_eq!(ceil_instances(f64::INFINITY), u32::MAX);
    }
}
