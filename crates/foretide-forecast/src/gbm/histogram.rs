//! Histograms of packed cells and the search for the best split in them.

use super::bins::{MISSING, WIDTH};

/// Cells of one feature: rows in the upper 16 bits, rows above the score in the lower.
pub(crate) type Cells = [u32; 128];

/// Rows and rows above the score, as counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) rows: u32,
    pub(crate) above: u32,
}

impl Sum {
    fn unpack(cell: u32) -> Self {
        Self {
            rows: cell >> 16,
            above: cell & 0xffff,
        }
    }

    /// Squared gradient over hessian: gradient `(1 − level)` for a row at or below the score,
    /// `−level` above it; hessian one.
    fn score(self, level: f64) -> f64 {
        let rows = f64::from(self.rows);
        let gradient = (1.0 - level) * rows - f64::from(self.above);
        gradient * gradient / rows
    }
}

/// Cells of the features that a tree may use, in the order of its list.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    pub(crate) cells: Vec<Cells>,
}

impl Histogram {
    pub(crate) fn new(features: usize) -> Self {
        Self {
            cells: vec![[0; 128]; features],
        }
    }

    /// Counts `rows`; `weight[row]` is a cell's increment.
    pub(crate) fn count(
        &mut self,
        rows: &[u32],
        bins: &[[u8; WIDTH]],
        weight: &[u32],
        features: &[u8],
    ) {
        self.cells.iter_mut().for_each(|c| *c = [0; 128]);
        for &row in rows {
            let line = &bins[row as usize];
            let weight = weight[row as usize];
            for (cells, &feature) in self.cells.iter_mut().zip(features) {
                let bin = line[usize::from(feature) & (WIDTH - 1)];
                cells[usize::from(bin) & 127] += weight;
            }
        }
    }

    /// Takes away what `other` counted. Cells never borrow: `other` counted a subset.
    pub(crate) fn subtract(&mut self, other: &Self) {
        for (cells, taken) in self.cells.iter_mut().zip(&other.cells) {
            for (cell, taken) in cells.iter_mut().zip(taken) {
                *cell -= taken;
            }
        }
    }

    pub(crate) fn total(&self) -> Sum {
        let packed = self
            .cells
            .first()
            .map_or(0, |cells| cells.iter().sum::<u32>());
        Sum::unpack(packed)
    }
}

/// A split: rows whose bin of the feature is at most `bin` go left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Split {
    pub(crate) gain: f64,
    pub(crate) feature: u8,
    pub(crate) bin: u8,
    pub(crate) missing_left: bool,
}

/// The split of the largest gain that leaves `min_rows` on both sides; the first of equals.
pub(crate) fn best_split(
    histogram: &Histogram,
    features: &[u8],
    level: f64,
    min_rows: u32,
) -> Option<Split> {
    let total = histogram.total();
    if total.rows < 2 * min_rows {
        return None;
    }
    let parent = total.score(level);
    let mut best: Option<Split> = None;
    for (cells, &feature) in histogram.cells.iter().zip(features) {
        let missing = cells[usize::from(MISSING)];
        for missing_left in [false, true] {
            if missing_left && missing == 0 {
                continue;
            }
            let mut packed = if missing_left { missing } else { 0 };
            for bin in 0..MISSING {
                packed += cells[usize::from(bin)];
                let left = Sum::unpack(packed);
                if left.rows < min_rows {
                    continue;
                }
                let right = Sum {
                    rows: total.rows - left.rows,
                    above: total.above - left.above,
                };
                if right.rows < min_rows {
                    break;
                }
                let gain = left.score(level) + right.score(level) - parent;
                if gain > best.map_or(1e-9, |b| b.gain) {
                    best = Some(Split {
                        gain,
                        feature,
                        bin,
                        missing_left,
                    });
                }
            }
        }
    }
    best
}
