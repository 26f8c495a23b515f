//! Which crate may use which, and what no crate below the adapters may reach.
//!
//! The layers of ARCHITECTURE.md hold only while nobody adds the one convenient dependency that
//! bypasses them. This reads `cargo metadata` with every feature on and every platform included,
//! and refuses an arrow that is not in the table and a library where it may not be reachable.
//! Between crates only declared dependencies count. Within a crate the same is asked of the files:
//! no more than three of them import each other in a circle.

mod files;
mod forbidden;
mod graph;
mod rooms;

use std::error::Error;
use std::fs;
use std::path::Path;

use cargo_metadata::{CargoOpt, MetadataCommand};

use ignore::WalkBuilder;

use crate::files::Source;
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

/// The source files of the crate in `folder`, without those that only test.
fn sources(folder: &Path) -> Result<Vec<Source>, Box<dyn Error>> {
    let src = folder.join("src");
    let mut sources = Vec::new();
    for entry in WalkBuilder::new(&src).sort_by_file_path(Ord::cmp).build() {
        let entry = entry?;
        let path = entry.path().strip_prefix(&src)?.to_string_lossy();
        let path = path.replace('\\', "/");
        let is_test = path.ends_with("tests.rs") || path.contains("tests/");
        let is_rust = entry.path().extension().is_some_and(|it| it == "rs");
        if is_rust && !is_test {
            let text = fs::read_to_string(entry.path())?;
            sources.push(Source { path, text });
        }
    }
    Ok(sources)
}

#[test]
fn no_more_than_three_files_of_a_crate_import_each_other_in_a_circle() -> Result<(), Box<dyn Error>>
{
    let mut found = Vec::new();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for member in fs::read_dir(crates)? {
        let folder = member?.path();
        if folder.join("src").is_dir() {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let circles = files::circles(&files::imports(&sources(&folder)?)?);
            found.extend(circles.iter().map(|circle| format!("{name}: {circle}")));
        }
    }
    found.sort();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    Ok(())
}

/// A crate without imports would pass: the reading of the sources has to be seen to work.
#[test]
fn the_imports_read_from_the_runtime_hold_those_that_it_has() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../foretide-runtime");
    let imports = files::imports(&sources(&folder)?)?;
    assert!(imports["supervisor.rs"]["group.rs"].contains("GroupTask"));
    Ok(())
}
