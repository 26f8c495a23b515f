//! Features cut into at most 127 bins of about equal size, rows packed into one cache line each.

use crate::features::{FEATURES, FeatureRow};

/// Bytes of a binned row: one cache line.
pub(crate) const WIDTH: usize = 64;
/// The bin of values that are not known. Known values use the bins below it.
pub(crate) const MISSING: u8 = 127;
/// A histogram cell counts rows in 16 bits.
pub(crate) const MAX_ROWS: usize = 65_535;

const _: () = assert!(FEATURES <= WIDTH, "a binned row is one cache line");

/// Training rows as bins, with the upper bound of every bin.
#[derive(Debug)]
pub(crate) struct BinnedMatrix {
    rows: Vec<[u8; WIDTH]>,
    /// Per feature: `bounds[k]` separates bin `k` (values at or below it) from bin `k + 1`.
    bounds: Vec<Vec<f32>>,
}

impl BinnedMatrix {
    /// Bins `rows`; NaN is missing.
    pub(crate) fn new(rows: &[FeatureRow]) -> Self {
        let mut binned = vec![[0_u8; WIDTH]; rows.len()];
        let mut column = Vec::with_capacity(rows.len());
        let bounds = (0..FEATURES)
            .map(|feature| {
                column.clear();
                column.extend(rows.iter().map(|r| r[feature]).filter(|v| !v.is_nan()));
                let bounds = upper_bounds(&mut column);
                for (out, row) in binned.iter_mut().zip(rows) {
                    out[feature] = bin_of(&bounds, row[feature]);
                }
                bounds
            })
            .collect();
        Self {
            rows: binned,
            bounds,
        }
    }

    pub(crate) fn rows(&self) -> &[[u8; WIDTH]] {
        &self.rows
    }

    /// The threshold of a split after `bin`: values at or below it go left.
    pub(crate) fn threshold(&self, feature: usize, bin: usize) -> f32 {
        self.bounds[feature].get(bin).copied().unwrap_or(f32::MAX)
    }

    /// Whether a feature takes more than one known value.
    pub(crate) fn splits(&self, feature: usize) -> bool {
        !self.bounds[feature].is_empty()
    }
}

fn bin_of(bounds: &[f32], value: f32) -> u8 {
    if value.is_nan() {
        return MISSING;
    }
    u8::try_from(bounds.partition_point(|b| *b < value)).unwrap_or(MISSING - 1)
}

/// Cuts sorted values into at most 127 bins of about equal count; equal values share a bin.
fn upper_bounds(values: &mut [f32]) -> Vec<f32> {
    values.sort_unstable_by(f32::total_cmp);
    let mut bounds = Vec::new();
    let mut at = 0;
    while at < values.len() {
        let bins_left = usize::from(MISSING) - bounds.len();
        if bins_left == 1 {
            break;
        }
        let share = (values.len() - at).div_ceil(bins_left);
        let last = values[(at + share - 1).min(values.len() - 1)];
        let next = at + values[at..].partition_point(|v| *v <= last);
        if next >= values.len() {
            break;
        }
        bounds.push(between(last, values[next]));
        at = next;
    }
    bounds
}

/// A threshold in `[low, high)`, the middle where the type can tell it from `high`.
fn between(low: f32, high: f32) -> f32 {
    let middle = low + (high - low) * 0.5;
    if middle < high { middle } else { low }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_get_a_bin_each_and_many_share_about_equally() {
        let mut few = vec![3.0, 1.0, 1.0, 2.0];
        assert_eq!(upper_bounds(&mut few), [1.5, 2.5]);
        let mut many: Vec<f32> = (0..10_000_u16).map(f32::from).collect();
        let bounds = upper_bounds(&mut many);
        assert_eq!(bounds.len(), 126);
        assert!(bounds.windows(2).all(|w| w[1] - w[0] < 82.0));
    }

    #[test]
    fn the_threshold_splits_raw_values_as_the_bins_do() {
        let mut rows = vec![[0.0; FEATURES]; 999];
        for (k, row) in rows.iter_mut().enumerate() {
            row[3] = ((k * 7919) % 613) as f32 * 0.37;
        }
        rows[5][3] = f32::NAN;
        let matrix = BinnedMatrix::new(&rows);
        for (bins, raw) in matrix.rows().iter().zip(&rows) {
            for bin in 0..126 {
                let left = usize::from(bins[3]) <= bin;
                assert_eq!(left, raw[3] <= matrix.threshold(3, bin), "{raw:?}");
            }
        }
        assert_eq!(matrix.rows()[5][3], MISSING);
        assert!(matrix.splits(3) && !matrix.splits(4));
    }
}
