//! One regression tree over raw feature values.

use serde::{Deserialize, Serialize};

use crate::features::FeatureRow;

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

impl Tree {
    /// The value of the leaf that `row` falls into; zero for a tree without leaves.
    pub fn value(&self, row: &FeatureRow) -> f32 {
        let mut at: i8 = if self.nodes.is_empty() { !0 } else { 0 };
        // Every step goes to a later node, so the number of nodes bounds the walk.
        for _ in 0..=self.nodes.len() {
            let Ok(index) = usize::try_from(at) else {
                break;
            };
            let Some(node) = self.nodes.get(index) else {
                break;
            };
            let value = row.get(usize::from(node.feature)).copied();
            let value = value.unwrap_or(f32::NAN);
            let left = value <= node.threshold || (node.missing_left && value.is_nan());
            at = if left { node.left } else { node.right };
        }
        usize::try_from(!at)
            .ok()
            .and_then(|leaf| self.leaves.get(leaf))
            .copied()
            .unwrap_or(0.0)
    }
}
