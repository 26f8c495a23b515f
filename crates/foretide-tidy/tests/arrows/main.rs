//! Which crate may use which, and what no crate below the adapters may reach.
//!
//! The layers of ARCHITECTURE.md hold only while nobody adds the one convenient dependency that
//! bypasses them. This reads `cargo metadata` with every feature on and every platform included,
//! and refuses an arrow that is not in the table and a library where it may not be reachable.
//! It looks at declared dependencies only; what code does with them is clippy's business.

mod forbidden;
mod graph;
mod rooms;

use std::error::Error;

use cargo_metadata::{CargoOpt, MetadataCommand};

use crate::graph::Graph;

/// The dependency graph of this workspace as cargo resolves it.
fn workspace() -> Result<Graph, Box<dyn Error>> {
    let metadata = MetadataCommand::new()
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .features(CargoOpt::AllFeatures)
        .other_options(vec!["--locked".to_owned()])
        .exec()?;
    Graph::from_metadata(&metadata)
}

#[test]
fn crates_depend_along_the_arrows_only() -> Result<(), Box<dyn Error>> {
    let found = rooms::violations(&workspace()?, rooms::ARROWS, rooms::FOR_TESTS);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    Ok(())
}

#[test]
fn forbidden_libraries_are_out_of_reach() -> Result<(), Box<dyn Error>> {
    let found = forbidden::violations(&workspace()?, forbidden::RULES);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    Ok(())
}

/// An empty graph would pass every check: the reading itself has to be seen to work.
#[test]
fn the_graph_read_from_cargo_holds_the_workspace_and_its_libraries() -> Result<(), Box<dyn Error>> {
    let graph = workspace()?;
    assert!(graph.members.contains("foretide-domain"));
    assert!(
        graph
            .path("foretide-domain", |name| name == "serde")
            .is_some()
    );
    Ok(())
}
