//! How many values one point of a chart stands for.

/// Values that a point stands for, so that `values` become at most `points_max` points.
pub(crate) fn cells(values: usize, points_max: usize) -> usize {
    values.div_ceil(points_max.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::cells;

    #[test]
    fn few_values_are_shown_each_and_many_share_a_point() {
        assert_eq!(cells(0, 100), 1);
        assert_eq!(cells(100, 100), 1);
        assert_eq!(cells(101, 100), 2);
        assert_eq!(cells(1000, 0), 1000);
    }
}
