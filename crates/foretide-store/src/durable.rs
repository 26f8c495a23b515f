//! Checks that the open files are the files at the path.
//!
//! A file that was moved, removed or replaced while open keeps taking writes, and nobody finds them
//! again. `SQLite` does not notice this in WAL mode.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::error::StoreError;

/// The files of a store as they were when the store was opened, known by device and inode. An open
/// file keeps both. Checking them opens no file.
#[derive(Debug)]
pub(crate) struct Files(Vec<(PathBuf, Identity)>);

/// Device and inode of a file.
type Identity = (u64, u64);

impl Files {
    /// The files of the store at `path`, which `SQLite` has just opened and read.
    pub(crate) fn of(path: &Path) -> Result<Self, StoreError> {
        let mut files = Vec::new();
        for suffix in ["", "-wal", "-shm"] {
            let file = beside(path, suffix);
            match identity(&file)? {
                Some(identity) => files.push((file, identity)),
                // A file system without shared memory has another kind of journal.
                None if !suffix.is_empty() => {}
                None => return Err(moved(file)),
            }
        }
        Ok(Self(files))
    }

    /// Checks every file.
    ///
    /// # Errors
    /// [`StoreError::Moved`] if the file at a path is not the open file.
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
