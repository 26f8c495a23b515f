//! Evaluation of boosted trees, behind a trait so that what fits and what evaluates them can be
//! replaced apart.

use std::fmt;

/// The three-class trees of a model.
pub(crate) trait Trees: fmt::Debug + Send + Sync {
    /// The margin of each class for one row of columns, before the soft-max.
    fn margins(&self, row: &[f32]) -> [f32; 3];
}

/// Marks a leaf in [`Node::column`]; no schema has that many columns.
pub(crate) const LEAF: u16 = u16::MAX;

/// A split or a leaf. The left child of a split follows it, so every step goes to a higher index
/// and every walk ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// Column that is compared, or [`LEAF`].
    pub(crate) column: u16,
    /// Threshold of a split (below goes left), or value of a leaf.
    pub(crate) value: f32,
    /// Index of the right child.
    pub(crate) right: u32,
}

/// Trees laid out in preorder in one vector.
///
/// Invariant, kept by the only constructor (`xgboost::parse`): columns are within the schema's,
/// right children are within the vector and behind their parents, and the sum of the largest
/// leaves is finite.
#[derive(Debug)]
pub(crate) struct Forest {
    pub(crate) nodes: Vec<Node>,
    /// Root and class of every tree, in boosting order: sums in f32 depend on it.
    pub(crate) roots: Vec<(u32, u8)>,
    pub(crate) base: [f32; 3],
}

impl Trees for Forest {
    fn margins(&self, row: &[f32]) -> [f32; 3] {
        let mut margins = self.base;
        for &(root, class) in &self.roots {
            margins[usize::from(class)] += self.leaf(root, row);
        }
        margins
    }
}

impl Forest {
    fn leaf(&self, root: u32, row: &[f32]) -> f32 {
        let mut index = root as usize;
        loop {
            let node = &self.nodes[index];
            if node.column == LEAF {
                return node.value;
            }
            let below = row[usize::from(node.column)] < node.value;
            index = if below {
                index + 1
            } else {
                node.right as usize
            };
        }
    }
}
