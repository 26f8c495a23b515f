//! The style of the repository's files, where neither rustfmt nor clippy looks.
//!
//! Every check is a function from a text to its findings; this walks the tree, hands each file to
//! the checks of its kind and prints all findings at once. Files that git ignores are left out,
//! files not yet added are not. There is no list of exceptions: a limit holds for every file.

mod changelog;
mod manifest;
mod markdown;
mod rust;
mod text;

use std::error::Error;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

/// What a check found, and on which line, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl Finding {
    pub(crate) fn new(line: usize, what: impl Into<String>) -> Self {
        Self {
            line,
            what: what.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.line, self.what)
    }
}

/// A file of the repository that holds text.
struct Document {
    /// Relative to the root, with forward slashes.
    path: String,
    text: String,
}

fn root() -> Result<PathBuf, Box<dyn Error>> {
    Ok(fs::canonicalize(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."),
    )?)
}

/// Every text file that is, or could be, tracked.
fn documents(root: &Path) -> Result<Vec<Document>, Box<dyn Error>> {
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .parents(false)
        .git_global(false)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git" && entry.file_name() != "target")
        .sort_by_file_path(Ord::cmp)
        .build();
    let mut documents = Vec::new();
    for entry in walk {
        let entry = entry?;
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        // What is not UTF-8 is a picture or another binary: none of these checks applies.
        if let Ok(text) = String::from_utf8(fs::read(entry.path())?) {
            let path = entry
                .path()
                .strip_prefix(root)?
                .to_string_lossy()
                .replace('\\', "/");
            documents.push(Document { path, text });
        }
    }
    Ok(documents)
}

/// The findings of every check that applies to `document`.
fn findings(document: &Document, root: &Path) -> Vec<Finding> {
    let (path, text) = (document.path.as_str(), document.text.as_str());
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut found = text::machine_paths(text);
    match name.rsplit('.').next().unwrap_or(name) {
        "rs" => {
            found.extend(text::markers(text));
            found.extend(rust::findings(text, rust::is_test(path)));
        }
        "md" => {
            let folder = root
                .join(path)
                .parent()
                .map_or_else(|| root.to_owned(), Path::to_owned);
            found.extend(markdown::broken_links(text, |target| {
                folder.join(target).exists()
            }));
            found.extend(markdown::uneven_tables(text));
        }
        "toml" | "sh" | "py" => found.extend(text::markers(text)),
        _ => {}
    }
    match name {
        "Cargo.toml" if path != "Cargo.toml" => found.extend(manifest::findings(text)),
        "CHANGELOG.md" => found.extend(changelog::findings(text)),
        _ => {}
    }
    found
}

#[test]
fn every_file_keeps_the_style() -> Result<(), Box<dyn Error>> {
    let root = root()?;
    let mut report = Vec::new();
    for document in documents(&root)? {
        let found = findings(&document, &root);
        report.extend(
            found
                .iter()
                .map(|finding| format!("{}:{finding}", document.path)),
        );
    }
    assert!(report.is_empty(), "\n{}\n", report.join("\n"));
    Ok(())
}

/// A walk that finds nothing would pass every check: it has to be seen to find the files.
#[test]
fn the_walk_sees_sources_manifests_and_hidden_folders() -> Result<(), Box<dyn Error>> {
    let paths: Vec<String> = documents(&root()?)?
        .into_iter()
        .map(|found| found.path)
        .collect();
    for wanted in [
        "Cargo.toml",
        ".ci/run",
        "scripts/test",
        "crates/foretide-domain/src/lib.rs",
    ] {
        assert!(
            paths.iter().any(|path| path == wanted),
            "{wanted} is not in {paths:?}"
        );
    }
    assert!(!paths.iter().any(|path| path.starts_with("target/")));
    Ok(())
}

#[test]
fn a_file_is_handed_to_the_checks_of_its_kind() {
    let marker = concat!("x FIX", "ME x");
    for (path, text, findings_expected) in [
        ("crates/a/src/lib.rs", format!("//! A.\n// {marker}\n"), 1),
        ("crates/a/src/lib.rs", "fn no_docs() {}\n".to_owned(), 1),
        (
            "crates/a/Cargo.toml",
            "[package]\nname = \"a\"\n".to_owned(),
            2,
        ),
        ("Cargo.toml", "[workspace]\n".to_owned(), 0),
        ("docs/a.md", "[gone](no-such-file.md)\n".to_owned(), 1),
        ("CHANGELOG.md", "# History\n".to_owned(), 1),
        ("LICENSE", marker.to_owned(), 0),
    ] {
        let document = Document {
            path: path.to_owned(),
            text,
        };
        let found = findings(&document, Path::new("/nowhere"));
        assert_eq!(found.len(), findings_expected, "{path}: {found:?}");
    }
}
