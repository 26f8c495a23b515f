//! The newest values of a quantity, addressed by period.

use crate::grid::Period;

/// A ring of a power of two of values; what has left it or never was is NaN.
#[derive(Clone, Debug)]
pub(crate) struct Ring {
    values: Vec<f32>,
    mask: i64,
    /// First period ever held and the one after the newest.
    first: Period,
    next: Period,
}

impl Ring {
    /// Holds at least `keep` values; the first one pushed is of period `first`.
    pub(crate) fn new(keep: usize, first: Period) -> Self {
        let size = keep.max(1).next_power_of_two();
        Self {
            values: vec![f32::NAN; size],
            mask: i64::try_from(size).unwrap_or(i64::MAX) - 1,
            first,
            next: first,
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "masked to the length of the ring"
    )]
    fn slot(&self, at: Period) -> usize {
        (at & self.mask) as usize
    }

    pub(crate) fn bytes(&self) -> usize {
        self.values.len() * size_of::<f32>()
    }

    pub(crate) fn push(&mut self, value: f32) {
        let slot = self.slot(self.next);
        self.values[slot] = value;
        self.next += 1;
    }

    /// Takes the newest value back.
    pub(crate) fn pop(&mut self) {
        self.next = (self.next - 1).max(self.first);
    }

    pub(crate) fn get(&self, at: Period) -> f32 {
        if at < self.first || at >= self.next || at < self.next - 1 - self.mask {
            return f32::NAN;
        }
        self.values[self.slot(at)]
    }

    /// Values of the `count` periods up to and with `last`, the newest first, as far as held.
    pub(crate) fn back_from(
        &self,
        last: Period,
        count: i64,
        stride: i64,
    ) -> impl Iterator<Item = f32> + '_ {
        (0..count)
            .map(move |k| self.get(last - k * stride))
            .filter(|v| !v.is_nan())
    }
}

/// Mean and maximum of values; NaN of none.
pub(crate) fn mean_max(values: impl Iterator<Item = f32>) -> (f32, f32) {
    let (mut sum, mut count, mut max) = (0.0_f32, 0.0_f32, f32::NAN);
    for value in values {
        sum += value;
        count += 1.0;
        max = max.max(value);
    }
    (if count > 0.0 { sum / count } else { f32::NAN }, max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_left_the_ring_is_not_known() {
        let mut ring = Ring::new(3, 10);
        (0..6_u8).for_each(|v| ring.push(f32::from(v)));
        assert!(ring.get(11).is_nan(), "left");
        assert!(ring.get(16).is_nan(), "not yet");
        assert!(ring.get(9).is_nan(), "never was");
        assert!((ring.get(12) - 2.0).abs() < f32::EPSILON);
        let (mean, max) = mean_max(ring.back_from(15, 9, 1));
        assert!((mean - 3.5).abs() < f32::EPSILON && (max - 5.0).abs() < f32::EPSILON);
    }
}
