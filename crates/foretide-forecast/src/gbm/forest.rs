//! Boosting: trees for one quantile level, fitted one on the residuals of the others.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use super::bins::BinnedMatrix;
use super::grow::{Grower, Shape};
use super::quantile::empirical_quantile;
use super::tree::Tree;
use crate::features::{FEATURES, FeatureRow};

/// How a forest is grown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GrowParams {
    /// Trees per level. More gains less than 0.4 % of cost at three times the time.
    pub trees: usize,
    /// Leaves per tree, at most 128.
    pub leaves: usize,
    /// Share of a leaf's quantile that the tree adds.
    pub learning_rate: f32,
    /// Rows that every leaf must hold.
    pub min_rows: u32,
    /// Features that a tree may use, drawn anew for each.
    pub features: usize,
}

impl Default for GrowParams {
    fn default() -> Self {
        Self {
            trees: 80,
            leaves: 16,
            learning_rate: 0.08,
            min_rows: 200,
            features: FEATURES.div_ceil(2),
        }
    }
}

/// Trees for one quantile level.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Forest {
    /// The quantile of all targets, where boosting starts.
    pub start: f32,
    /// The trees.
    pub trees: Vec<Tree>,
}

impl Forest {
    /// Fits the `level` quantile of `targets`, one per row of `matrix`.
    pub(crate) fn fit(
        matrix: &BinnedMatrix,
        targets: &[f32],
        level: f64,
        params: &GrowParams,
        seed: u64,
    ) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut sample = targets.to_vec();
        let start = empirical_quantile(&mut sample, level).unwrap_or(0.0);
        let mut score = vec![start; targets.len()];
        let mut weight = vec![0_u32; targets.len()];
        let mut grower = Grower::new();
        let shape = Shape {
            leaves: params.leaves.min(128),
            min_rows: params.min_rows.max(1),
        };
        let usable: Vec<u8> = (0_u8..=255)
            .take(FEATURES)
            .filter(|f| matrix.splits(usize::from(*f)))
            .collect();
        let mut trees = Vec::with_capacity(params.trees);
        for _ in 0..params.trees {
            for ((w, y), s) in weight.iter_mut().zip(targets).zip(&score) {
                *w = (1 << 16) | u32::from(y > s);
            }
            let features = draw(&usable, params.features, &mut rng);
            let grown = grower.grow(matrix, &weight, &features, level, shape);
            let mut values = Vec::with_capacity(grown.leaves.len());
            for rows in &grown.leaves {
                sample.clear();
                sample.extend(
                    rows.iter()
                        .map(|&r| targets[r as usize] - score[r as usize]),
                );
                let quantile = empirical_quantile(&mut sample, level).unwrap_or(0.0);
                let value = quantile * params.learning_rate;
                rows.iter().for_each(|&r| score[r as usize] += value);
                values.push(value);
            }
            trees.push(grown.into_tree(values));
        }
        Self { start, trees }
    }
}

/// The quantiles of several forests at `row`. The trees of one round are walked side by side: a
/// walk waits for memory at every step, five of them wait at once.
pub(crate) fn values<const N: usize>(forests: &[Forest; N], row: &FeatureRow) -> [f32; N] {
    let none = Tree::default();
    let rounds = forests.iter().map(|f| f.trees.len()).max().unwrap_or(0);
    let mut values = forests.each_ref().map(|f| f.start);
    for round in 0..rounds {
        let trees = forests
            .each_ref()
            .map(|f| f.trees.get(round).unwrap_or(&none));
        let mut at = trees.map(Tree::root);
        // A tree has at most 127 nodes, so a walk that never ends is a damaged tree's.
        for _ in 0..i8::MAX {
            if at.iter().all(|a| *a < 0) {
                break;
            }
            for (at, tree) in at.iter_mut().zip(&trees) {
                *at = tree.step(*at, row);
            }
        }
        for ((value, tree), at) in values.iter_mut().zip(&trees).zip(at) {
            *value += tree.leaf(at);
        }
    }
    values
}

/// `count` of `usable` without repetition, ascending.
fn draw(usable: &[u8], count: usize, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut left = usable.to_vec();
    let mut drawn = Vec::with_capacity(count);
    while drawn.len() < count && !left.is_empty() {
        let at = rng.next_u32() as usize % left.len();
        drawn.push(left.swap_remove(at));
    }
    drawn.sort_unstable();
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows whose target is 0..1 below a half of the first feature, 2..3 above it, 5..6 where
    /// it is missing; every other feature is noise.
    fn sample() -> (Vec<FeatureRow>, Vec<f32>) {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut uniform = || (rng.next_u32() >> 8) as f32 / 16_777_216.0;
        let mut rows = Vec::new();
        let mut targets = Vec::new();
        for k in 0..6_000 {
            let mut row = [0.0; FEATURES];
            row.iter_mut().take(6).for_each(|v| *v = uniform());
            let level = if k % 5 == 0 {
                row[0] = f32::NAN;
                5.0
            } else if row[0] > 0.5 {
                2.0
            } else {
                0.0
            };
            targets.push(level + uniform());
            rows.push(row);
        }
        (rows, targets)
    }

    #[test]
    fn a_forest_finds_the_conditional_quantile_and_the_missing_values() {
        let (rows, targets) = sample();
        let matrix = BinnedMatrix::new(&rows);
        let params = GrowParams {
            features: 4,
            trees: 200,
            ..GrowParams::default()
        };
        for level in [0.5, 0.9] {
            let forest = Forest::fit(&matrix, &targets, level, &params, 3);
            let group = |row: &FeatureRow| match row[0] {
                x if x.is_nan() => 2,
                x => usize::from(x > 0.5),
            };
            for (which, base) in [0.0, 2.0, 5.0].into_iter().enumerate() {
                let members = rows.iter().filter(|row| group(row) == which);
                let found: Vec<f64> = members
                    .map(|row| f64::from(values(std::array::from_ref(&forest), row)[0]))
                    .collect();
                let mean = found.iter().sum::<f64>() / found.len() as f64;
                assert!(
                    (mean - base - level).abs() < 0.08,
                    "{which} {level}: {mean}"
                );
            }
        }
    }

    #[test]
    fn walking_trees_side_by_side_answers_as_one_after_the_other() {
        let (rows, targets) = sample();
        let matrix = BinnedMatrix::new(&rows);
        let forests = [(0.5, 80), (0.97, 11)].map(|(level, trees)| {
            let params = GrowParams {
                trees,
                ..GrowParams::default()
            };
            Forest::fit(&matrix, &targets, level, &params, 1)
        });
        for row in rows.iter().take(300) {
            let single = forests.each_ref().map(|f| {
                f.trees
                    .iter()
                    .fold(f.start, |sum, tree| sum + tree.value(row))
            });
            assert_eq!(
                values(&forests, row).map(f32::to_bits),
                single.map(f32::to_bits)
            );
        }
    }

    #[test]
    fn every_leaf_holds_the_rows_asked_for() {
        let (rows, targets) = sample();
        let matrix = BinnedMatrix::new(&rows);
        let params = GrowParams {
            trees: 5,
            min_rows: 700,
            ..GrowParams::default()
        };
        let forest = Forest::fit(&matrix, &targets, 0.9, &params, 1);
        for tree in &forest.trees {
            assert!(tree.leaves.len() > 1 && tree.leaves.len() <= 6_000 / 700);
            let mut held = vec![0; tree.leaves.len()];
            for row in &rows {
                let value = tree.value(row);
                let leaf = tree
                    .leaves
                    .iter()
                    .position(|l| l.to_bits() == value.to_bits());
                held[leaf.unwrap()] += 1;
            }
            let distinct = tree.leaves.iter().map(|l| l.to_bits());
            if distinct.collect::<std::collections::HashSet<_>>().len() == held.len() {
                assert!(held.iter().all(|h| *h >= 700), "{held:?}");
            }
        }
    }
}
