//! One regression tree over raw feature values.

use serde::{Deserialize, Serialize};

use crate::features::{FEATURES, FeatureRow};

/// An inner node. A child at or above zero is a node, below zero the leaf `!child`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Values at or below it go left.
    pub threshold: f32,
    /// Which feature.
    pub feature: u8,
    /// Whether a missing value goes left.
    pub missing_left: bool,
    /// Where to go at or below the threshold.
    pub left: i8,
    /// Where to go above it.
    pub right: i8,
}

/// A tree of at most 128 leaves; without nodes it is its only leaf.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// Inner nodes, the root first.
    pub nodes: Vec<Node>,
    /// Values of the leaves, learning rate included.
    pub leaves: Vec<f32>,
}

/// Where a walk through a tree stands: a node, or below zero the leaf that it has reached.
pub(crate) type At = i8;

impl Tree {
    /// The value of the leaf that `row` falls into; zero for a tree without leaves.
    pub fn value(&self, row: &FeatureRow) -> f32 {
        let mut at = self.root();
        for _ in 0..self.nodes.len() {
            at = self.step(at, row);
        }
        self.leaf(at)
    }

    pub(crate) fn root(&self) -> At {
        if self.nodes.is_empty() { !0 } else { 0 }
    }

    /// One step down; a leaf stays. Written without branches on the data, so that steps in several
    /// trees overlap.
    #[inline]
    pub(crate) fn step(&self, at: At, row: &FeatureRow) -> At {
        let index = usize::try_from(at).unwrap_or(0);
        let Some(node) = self.nodes.get(index) else {
            return at;
        };
        let value = row[usize::from(node.feature).min(FEATURES - 1)];
        let left = (value <= node.threshold) | (node.missing_left & value.is_nan());
        let child = if left { node.left } else { node.right };
        if at < 0 { at } else { child }
    }

    pub(crate) fn leaf(&self, at: At) -> f32 {
        let leaf = usize::try_from(!at).ok();
        leaf.and_then(|leaf| self.leaves.get(leaf))
            .copied()
            .unwrap_or(0.0)
    }
}
