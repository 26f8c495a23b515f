//! The dependency graph, reduced to what the checks ask of it.
//!
//! A node is a workspace member by its name, or a library as `name@version`, so that two versions
//! of one library stay two nodes. Knows nothing of what is allowed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::error::Error;

use cargo_metadata::{DependencyKind, Metadata, PackageId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Build,
    Dev,
}

#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    pub(crate) members: BTreeSet<String>,
    pub(crate) edges: Vec<Edge>,
}

impl Graph {
    pub(crate) fn from_metadata(metadata: &Metadata) -> Result<Self, Box<dyn Error>> {
        let member_ids: BTreeSet<&PackageId> = metadata.workspace_members.iter().collect();
        let mut members = BTreeSet::new();
        let mut names = BTreeMap::new();
        for package in &metadata.packages {
            let name = if member_ids.contains(&package.id) {
                members.insert(package.name.to_string());
                package.name.to_string()
            } else {
                format!("{}@{}", package.name, package.version)
            };
            names.insert(&package.id, name);
        }
        let resolve = metadata
            .resolve
            .as_ref()
            .ok_or("cargo metadata resolved nothing")?;
        let mut edges = Vec::new();
        for node in &resolve.nodes {
            for dependency in &node.deps {
                for info in &dependency.dep_kinds {
                    let from = names
                        .get(&node.id)
                        .ok_or("a node without a package")?
                        .clone();
                    let to = names
                        .get(&dependency.pkg)
                        .ok_or("an edge to no package")?
                        .clone();
                    edges.push(Edge {
                        from,
                        to,
                        kind: kind(info.kind)?,
                    });
                }
            }
        }
        Ok(Self { members, edges })
    }

    pub(crate) fn has(&self, from: &str, to: &str, kind: Kind) -> bool {
        self.edges
            .iter()
            .any(|edge| edge.from == from && edge.to == to && edge.kind == kind)
    }

    /// The shortest path from `start` to a library whose bare name `wanted` accepts, over what is
    /// built into the product: dependencies of tests are left out.
    pub(crate) fn path(&self, start: &str, wanted: impl Fn(&str) -> bool) -> Option<Vec<&str>> {
        let start = self.members.get(start)?.as_str();
        let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut open = VecDeque::from([start]);
        while let Some(here) = open.pop_front() {
            if wanted(bare(here)) {
                let mut path = vec![here];
                let mut at = here;
                while let Some(&before) = came_from.get(at) {
                    path.push(before);
                    at = before;
                }
                path.reverse();
                return Some(path);
            }
            for edge in self.edges.iter().filter(|edge| edge.from == here) {
                let next = edge.to.as_str();
                if edge.kind != Kind::Dev && next != start && !came_from.contains_key(next) {
                    came_from.insert(next, here);
                    open.push_back(next);
                }
            }
        }
        None
    }
}

/// The name of a node without its version.
fn bare(node: &str) -> &str {
    node.split('@').next().unwrap_or(node)
}

fn kind(kind: DependencyKind) -> Result<Kind, String> {
    match kind {
        DependencyKind::Normal => Ok(Kind::Normal),
        DependencyKind::Build => Ok(Kind::Build),
        DependencyKind::Development => Ok(Kind::Dev),
        other => Err(format!("a dependency of an unknown kind: {other:?}")),
    }
}

/// A graph planted by a test: every node without a version is a member.
#[cfg(test)]
pub(crate) fn planted(edges: &[(&str, &str, Kind)]) -> Graph {
    let nodes = edges.iter().flat_map(|(from, to, _)| [*from, *to]);
    Graph {
        members: nodes
            .filter(|node| !node.contains('@'))
            .map(str::to_owned)
            .collect(),
        edges: edges
            .iter()
            .map(|&(from, to, kind)| Edge {
                from: from.to_owned(),
                to: to.to_owned(),
                kind,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_the_shortest_and_leaves_test_dependencies_out() {
        let graph = planted(&[
            ("a", "long@1.0.0", Kind::Normal),
            ("long@1.0.0", "way@1.0.0", Kind::Normal),
            ("way@1.0.0", "goal@2.0.0", Kind::Normal),
            ("a", "short@1.0.0", Kind::Build),
            ("short@1.0.0", "goal@2.0.0", Kind::Normal),
            ("b", "goal@2.0.0", Kind::Dev),
        ]);
        let found = graph.path("a", |name| name == "goal");
        assert_eq!(found, Some(vec!["a", "short@1.0.0", "goal@2.0.0"]));
        assert_eq!(graph.path("b", |name| name == "goal"), None);
    }

    #[test]
    fn a_cycle_of_dependencies_ends_the_search() {
        let graph = planted(&[("a", "b", Kind::Normal), ("b", "a", Kind::Normal)]);
        assert_eq!(graph.path("a", |name| name == "goal"), None);
    }
}
