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
