//! XGBoost's JSON model format, as far as a three-class `multi:softprob` model of plain trees needs
//! it (<https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html>).
//!
//! Everything that evaluation relies on is checked here, once. Refuses other boosters and
//! objectives, categorical splits and vector leaves. Which way a missing value goes is not read:
//! Foretide has none.

use serde::Deserialize;

use crate::error::TreesError;
use crate::forest::{Forest, LEAF, Node};

/// Margins beyond this are no probabilities any more and sums of them could overflow.
const MAX_MARGIN: f32 = 1e6;

#[derive(Deserialize)]
struct Document {
    learner: Learner,
}

#[derive(Deserialize)]
struct Learner {
    #[serde(default)]
    feature_names: Vec<String>,
    gradient_booster: GradientBooster,
    #[serde(rename = "learner_model_param")]
    param: LearnerParam,
    objective: Objective,
}

#[derive(Deserialize)]
struct LearnerParam {
    base_score: String,
    num_class: String,
    num_feature: String,
}

#[derive(Deserialize)]
struct Objective {
    name: String,
}

#[derive(Deserialize)]
struct GradientBooster {
    name: String,
    model: Option<TreesDocument>,
}

#[derive(Deserialize)]
struct TreesDocument {
    trees: Vec<Tree>,
    tree_info: Vec<u32>,
}

#[derive(Deserialize)]
struct Tree {
    left_children: Vec<i64>,
    right_children: Vec<i64>,
    split_indices: Vec<u32>,
    split_conditions: Vec<f32>,
    #[serde(default)]
    split_type: Vec<u8>,
    #[serde(rename = "tree_param")]
    param: Option<TreeParam>,
}

#[derive(Deserialize)]
struct TreeParam {
    size_leaf_vector: Option<String>,
}

/// The trees of a model over `columns`, ready to evaluate.
pub(crate) fn parse(json: &[u8], columns: &[String]) -> Result<Forest, TreesError> {
    let Document { learner } = serde_json::from_slice(json).map_err(TreesError::Document)?;
    expect("the booster", &learner.gradient_booster.name, "gbtree")?;
    expect("the objective", &learner.objective.name, "multi:softprob")?;
    expect("the number of classes", &learner.param.num_class, "3")?;
    let width = columns.len().to_string();
    expect("the number of columns", &learner.param.num_feature, &width)?;
    check_names(&learner.feature_names, columns)?;
    let base = base_score(&learner.param.base_score)?;
    let trees = learner
        .gradient_booster
        .model
        .ok_or_else(|| shape("there are no trees"))?;
    compile(&trees, columns.len(), base)
}

fn expect(what: &'static str, found: &str, expected: &str) -> Result<(), TreesError> {
    if found == expected {
        return Ok(());
    }
    let found = found.chars().take(64).collect();
    Err(TreesError::Kind {
        what,
        found,
        expected: expected.to_owned(),
    })
}

fn shape(what: impl Into<String>) -> TreesError {
    TreesError::Shape { what: what.into() }
}

/// Names are optional in the format; where they are given they must be the schema's.
fn check_names(found: &[String], expected: &[String]) -> Result<(), TreesError> {
    if found.is_empty() {
        return Ok(());
    }
    if found.len() != expected.len() {
        let (found, expected) = (found.len(), expected.len());
        return Err(shape(format!(
            "{found} column names for {expected} columns"
        )));
    }
    match found
        .iter()
        .zip(expected)
        .position(|(found, expected)| found != expected)
    {
        None => Ok(()),
        Some(index) => Err(TreesError::Column {
            index,
            found: found[index].chars().take(64).collect(),
            expected: expected[index].clone(),
        }),
    }
}

/// One number for all classes (XGBoost up to 3.0), or `[a,b,c]` (since 3.1).
fn base_score(text: &str) -> Result<[f32; 3], TreesError> {
    let error = || TreesError::Number {
        what: "base_score",
        found: text.chars().take(64).collect(),
        expected: "one finite number or three",
    };
    let inner = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let scores = inner
        .split(',')
        .map(|score| {
            score
                .trim()
                .parse::<f32>()
                .ok()
                .filter(|score| score.abs() <= MAX_MARGIN)
        })
        .collect::<Option<Vec<_>>>()
        .ok_or_else(error)?;
    match scores[..] {
        [all] => Ok([all; 3]),
        [a, b, c] => Ok([a, b, c]),
        _ => Err(error()),
    }
}

fn compile(document: &TreesDocument, columns: usize, base: [f32; 3]) -> Result<Forest, TreesError> {
    let TreesDocument { trees, tree_info } = document;
    if trees.is_empty() {
        return Err(shape("there are no trees"));
    }
    if trees.len() != tree_info.len() {
        return Err(shape(format!(
            "{} trees with {} classes",
            trees.len(),
            tree_info.len()
        )));
    }
    let mut forest = Forest {
        nodes: Vec::new(),
        roots: Vec::with_capacity(trees.len()),
        base,
    };
    let mut largest = base.map(f32::abs);
    for (index, (tree, &class)) in trees.iter().zip(tree_info).enumerate() {
        let class = u8::try_from(class).ok().filter(|&class| class < 3);
        let class = class.ok_or_else(|| shape(format!("tree {index} is of no known class")))?;
        let root = u32::try_from(forest.nodes.len()).map_err(|_| shape("too many nodes"))?;
        forest.roots.push((root, class));
        let leaf = append(&mut forest.nodes, tree, index, columns)?;
        largest[usize::from(class)] += leaf;
    }
    if largest.iter().all(|&sum| sum <= MAX_MARGIN) {
        Ok(forest)
    } else {
        Err(shape(format!(
            "the leaves of a class can sum to more than {MAX_MARGIN}"
        )))
    }
}

/// Appends a tree in preorder and returns the absolute value of its largest leaf.
fn append(
    nodes: &mut Vec<Node>,
    tree: &Tree,
    tree_index: usize,
    columns: usize,
) -> Result<f32, TreesError> {
    let fault = |node: usize, problem| TreesError::Node {
        tree: tree_index,
        node,
        problem,
    };
    let count = check_lists(tree, tree_index)?;
    let mut seen = vec![false; count];
    let mut largest = 0.0_f32;
    // Nodes still to be placed, each with the placed parent whose right child it is.
    let mut pending = vec![(0_usize, None)];
    while let Some((source, parent)) = pending.pop() {
        match seen.get_mut(source) {
            None => return Err(fault(source, "a child is beyond the last node")),
            Some(true) => return Err(fault(source, "the node has two parents")),
            Some(first) => *first = true,
        }
        let here = u32::try_from(nodes.len()).map_err(|_| shape("too many nodes"))?;
        if let Some(parent) = parent {
            let parent: &mut Node = &mut nodes[parent];
            parent.right = here;
        }
        let value = tree.split_conditions[source];
        if !value.is_finite() {
            return Err(fault(source, "the value is not finite"));
        }
        let children = (tree.left_children[source], tree.right_children[source]);
        if children == (-1, -1) {
            largest = largest.max(value.abs());
            nodes.push(Node {
                column: LEAF,
                value,
                right: here,
            });
            continue;
        }
        let (Ok(left), Ok(right)) = (usize::try_from(children.0), usize::try_from(children.1))
        else {
            return Err(fault(source, "one child is missing"));
        };
        let column = u16::try_from(tree.split_indices[source]).ok();
        let column = column.filter(|&column| usize::from(column) < columns);
        let column = column.ok_or_else(|| fault(source, "the split is on no column"))?;
        pending.push((right, Some(nodes.len())));
        pending.push((left, None));
        nodes.push(Node {
            column,
            value,
            right: here,
        });
    }
    Ok(largest)
}

fn check_lists(tree: &Tree, tree_index: usize) -> Result<usize, TreesError> {
    let count = tree.left_children.len();
    let lengths = [
        tree.right_children.len(),
        tree.split_indices.len(),
        tree.split_conditions.len(),
    ];
    if count == 0 || lengths.iter().any(|&length| length != count) {
        return Err(shape(format!(
            "the lists of tree {tree_index} are empty or differ in length"
        )));
    }
    if let Some(node) = tree.split_type.iter().position(|&kind| kind != 0) {
        let problem = "categorical splits are not supported";
        return Err(TreesError::Node {
            tree: tree_index,
            node,
            problem,
        });
    }
    let leaf_width = tree
        .param
        .as_ref()
        .and_then(|param| param.size_leaf_vector.as_deref());
    match leaf_width {
        None | Some("0" | "1") => Ok(count),
        Some(_) => Err(shape(format!("tree {tree_index} has vector leaves"))),
    }
}
