//! Leaf-wise growth of one tree: always the leaf with the largest gain is split next.

use super::bins::{BinnedMatrix, MISSING, WIDTH};
use super::histogram::{Histogram, Split, best_split};
use super::tree::{Node, Tree};

/// What a tree may look like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) leaves: usize,
    pub(crate) min_rows: u32,
}

/// A leaf under construction: a range of the row order and its histogram.
#[derive(Debug)]
struct Leaf {
    start: usize,
    end: usize,
    histogram: Histogram,
    best: Option<Split>,
    /// The node above it and whether it is that node's left child.
    parent: Option<(usize, bool)>,
}

/// Buffers that outlive a tree.
#[derive(Debug)]
pub(crate) struct Grower {
    order: Vec<u32>,
    scratch: Vec<u32>,
    pool: Vec<Histogram>,
}

/// A grown tree whose leaves have no value yet, with the rows of each leaf.
#[derive(Debug)]
pub(crate) struct Grown<'a> {
    pub(crate) nodes: Vec<Node>,
    pub(crate) leaves: Vec<&'a [u32]>,
}

impl Grown<'_> {
    pub(crate) fn into_tree(self, values: Vec<f32>) -> Tree {
        Tree {
            nodes: self.nodes,
            leaves: values,
        }
    }
}

impl Grower {
    pub(crate) fn new() -> Self {
        Self {
            order: Vec::new(),
            scratch: Vec::new(),
            pool: Vec::new(),
        }
    }

    /// Grows a tree of pinball loss at `level` over `features`; `weight[row]` is `1 << 16`, plus
    /// one where the row's target lies above its score.
    pub(crate) fn grow(
        &mut self,
        matrix: &BinnedMatrix,
        weight: &[u32],
        features: &[u8],
        level: f64,
        shape: Shape,
    ) -> Grown<'_> {
        self.order.clear();
        self.order
            .extend((0..matrix.rows().len()).filter_map(|r| u32::try_from(r).ok()));
        let mut nodes = Vec::with_capacity(shape.leaves);
        let mut leaves = vec![self.root(matrix, weight, features, level, shape)];
        while leaves.len() < shape.leaves {
            let Some(at) = most_gain(&leaves) else { break };
            let leaf = leaves.swap_remove(at);
            let Some(split) = leaf.best else { break };
            let middle = self.partition(&leaf, split, matrix.rows());
            nodes.push(Node {
                threshold: matrix.threshold(split.feature.into(), split.bin.into()),
                feature: split.feature,
                missing_left: split.missing_left,
                left: 0,
                right: 0,
            });
            let node = nodes.len() - 1;
            link(&mut nodes, leaf.parent, signed(node));
            let (left, right) = self.children(leaf, middle, node, matrix, weight, features);
            for mut child in [left, right] {
                if leaves.len() + 1 < shape.leaves {
                    child.best = best_split(&child.histogram, features, level, shape.min_rows);
                }
                leaves.push(child);
            }
        }
        self.finish(nodes, leaves)
    }

    fn root(
        &mut self,
        matrix: &BinnedMatrix,
        weight: &[u32],
        features: &[u8],
        level: f64,
        shape: Shape,
    ) -> Leaf {
        let mut histogram = self.take_histogram(features.len());
        histogram.count(&self.order, matrix.rows(), weight, features);
        Leaf {
            start: 0,
            end: self.order.len(),
            best: best_split(&histogram, features, level, shape.min_rows),
            histogram,
            parent: None,
        }
    }

    /// The two halves of `leaf`; only the smaller is counted, the larger is the difference.
    fn children(
        &mut self,
        leaf: Leaf,
        middle: usize,
        node: usize,
        matrix: &BinnedMatrix,
        weight: &[u32],
        features: &[u8],
    ) -> (Leaf, Leaf) {
        let left_is_small = middle - leaf.start <= leaf.end - middle;
        let small = if left_is_small {
            leaf.start..middle
        } else {
            middle..leaf.end
        };
        let mut counted = self.take_histogram(features.len());
        counted.count(&self.order[small], matrix.rows(), weight, features);
        let mut rest = leaf.histogram;
        rest.subtract(&counted);
        let (left_histogram, right_histogram) = if left_is_small {
            (counted, rest)
        } else {
            (rest, counted)
        };
        let child = |start, end, histogram, is_left| Leaf {
            start,
            end,
            histogram,
            best: None,
            parent: Some((node, is_left)),
        };
        (
            child(leaf.start, middle, left_histogram, true),
            child(middle, leaf.end, right_histogram, false),
        )
    }

    /// Orders a leaf's rows: those that go left first, both sides keeping their order.
    fn partition(&mut self, leaf: &Leaf, split: Split, bins: &[[u8; WIDTH]]) -> usize {
        let feature = usize::from(split.feature);
        self.scratch.clear();
        let rows = &mut self.order[leaf.start..leaf.end];
        let mut kept = 0;
        for at in 0..rows.len() {
            let row = rows[at];
            let bin = bins[row as usize][feature];
            let left = bin <= split.bin || (split.missing_left && bin == MISSING);
            if left {
                rows[kept] = row;
                kept += 1;
            } else {
                self.scratch.push(row);
            }
        }
        rows[kept..].copy_from_slice(&self.scratch);
        leaf.start + kept
    }

    fn finish(&mut self, mut nodes: Vec<Node>, leaves: Vec<Leaf>) -> Grown<'_> {
        let mut ranges = Vec::with_capacity(leaves.len());
        for (index, leaf) in leaves.into_iter().enumerate() {
            link(&mut nodes, leaf.parent, !signed(index));
            ranges.push(leaf.start..leaf.end);
            self.pool.push(leaf.histogram);
        }
        let order = &self.order;
        Grown {
            nodes,
            leaves: ranges.into_iter().map(|r| &order[r]).collect(),
        }
    }

    fn take_histogram(&mut self, features: usize) -> Histogram {
        match self.pool.pop() {
            Some(h) if h.cells.len() == features => h,
            _ => Histogram::new(features),
        }
    }
}

fn most_gain(leaves: &[Leaf]) -> Option<usize> {
    let mut found: Option<(usize, f64)> = None;
    for (at, leaf) in leaves.iter().enumerate() {
        if let Some(split) = leaf.best
            && found.is_none_or(|(_, gain)| split.gain > gain)
        {
            found = Some((at, split.gain));
        }
    }
    found.map(|(at, _)| at)
}

fn link(nodes: &mut [Node], parent: Option<(usize, bool)>, child: i8) {
    if let Some((node, is_left)) = parent
        && let Some(node) = nodes.get_mut(node)
    {
        if is_left {
            node.left = child;
        } else {
            node.right = child;
        }
    }
}

/// An index as a child reference; a shape allows at most 128 leaves.
fn signed(index: usize) -> i8 {
    i8::try_from(index).unwrap_or(i8::MAX)
}
