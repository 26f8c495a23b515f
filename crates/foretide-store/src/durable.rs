//! Whether the files that are written are those at the path.
//!
//! A file that is moved, removed or replaced while it is open goes on taking what is written to it,
//! and nobody finds it again. `SQLite` does not notice in WAL mode.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::error::StoreError;

/// The files of a store as they were when it was opened. They are known by device and inode, which
/// an open file keeps for as long as it is open; looking at them opens nothing.
#[derive(Debug)]
pub(crate) struct Files(Vec<(PathBuf, Identity)>);

/// Device and inode.
type Identity = (u64, u64);

impl Files {
    /// The files of the store at `path`, which has just been opened and read by `SQLite`.
    pub(crate) fn of(path: &Path) -> Result<Self, StoreError> {
        let mut files = Vec::new();
        for suffix in ["", "-wal", "-shm"] {
            let file = beside(path, suffix);
            match identity(&file)? {
                Some(identity) => files.push((file, identity)),
                // A file system without shared memory keeps a journal of another kind.
                None if !suffix.is_empty() => {}
                None => return Err(moved(file)),
            }
        }
        Ok(Self(files))
    }

    /// An error where a file at its path is not the one that is open.
    pub(crate) fn in_place(&self) -> Result<(), StoreError> {
        for (file, opened) in &self.0 {
            match identity(file)? {
                Some(found) if found == *opened => {}
                Some(_) => {
                    return Err(StoreError::Moved {
                        path: file.clone(),
                        what: "replaced",
                    });
                }
                None => return Err(moved(file.clone())),
            }
        }
        Ok(())
    }
}

fn moved(path: PathBuf) -> StoreError {
    StoreError::Moved {
        path,
        what: "moved or removed",
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn identity(path: &Path) -> Result<Option<Identity>, StoreError> {
    match std::fs::metadata(path) {
        Ok(found) => Ok(Some((found.dev(), found.ino()))),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(StoreError::Io {
            what: "look at",
            path: path.to_owned(),
            error,
        }),
    }
}
