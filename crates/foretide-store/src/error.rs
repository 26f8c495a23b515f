//! Why the store cannot be opened, written or read.

use std::path::PathBuf;

use foretide_runtime::{JournalError, JournalErrorKind};
use rusqlite::ErrorCode;
use thiserror::Error;

use crate::row::Damage;
use crate::table::VALUE_BYTES_MAX;

/// A failure of the store.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another process writes the store.
    #[error("{} is in use by process {}", path.display(), holder.as_deref().unwrap_or("(unknown)"))]
    InUse {
        /// The store.
        path: PathBuf,
        /// The process's id; none if the id could not be read.
        holder: Option<String>,
    },
    /// The file is no store of Foretide.
    #[error("{} is not a store of Foretide: {what}; it is left as it is", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// A guess what the file is.
        what: &'static str,
    },
    /// A newer version of Foretide made the store.
    #[error(
        "{} has schema version {found}, newer than {known}, the newest known{}",
        path.display(),
        copy_named(copy.as_deref())
    )]
    Newer {
        /// The store.
        path: PathBuf,
        /// The store's version.
        found: i64,
        /// The newest version that this program can read.
        known: i64,
        /// The copy of the store in the version `known`, made before the upgrade, if there is one.
        copy: Option<PathBuf>,
    },
    /// The store's content cannot be decoded.
    #[error("{} is damaged: {what}; it is left as it is", path.display())]
    Corrupt {
        /// The store.
        path: PathBuf,
        /// The problem found.
        what: String,
    },
    /// A row differs from the row written.
    #[error("{} is damaged: {row}: {what}", path.display())]
    Row {
        /// The store.
        path: PathBuf,
        /// Table and key: `TABLE where COLUMN = VALUE and …`.
        row: String,
        /// The column and its value with the range expected, or the problem of the checksum.
        what: String,
    },
    /// The files at the path are not the open files. Nobody would find data committed now.
    #[error(
        "{} is not the file that this process has open: it was {what} while in use; move the file \
         back, or start `foretide run` again",
        path.display()
    )]
    Moved {
        /// The file: the store, or a file beside the store with `-wal` or `-shm`.
        path: PathBuf,
        /// `moved or removed`, or `replaced`.
        what: &'static str,
    },
    /// The disk is full.
    #[error("no room is left for {}", path.display())]
    Full {
        /// The store.
        path: PathBuf,
    },
    /// The file system returned an error.
    #[error("cannot {what} {}", path.display())]
    Io {
        /// The operation that failed.
        what: &'static str,
        /// The file or folder of the operation.
        path: PathBuf,
        /// The system's error.
        #[source]
        error: std::io::Error,
    },
    /// `SQLite` returned an error.
    #[error("cannot use {}", path.display())]
    Sqlite {
        /// The store.
        path: PathBuf,
        /// `SQLite`'s error.
        #[source]
        error: rusqlite::Error,
    },
}

fn copy_named(copy: Option<&std::path::Path>) -> String {
    copy.map_or_else(String::new, |copy| {
        format!("; {} is a copy of the version known", copy.display())
    })
}

impl StoreError {
    /// The error for a damaged row of the store at `path`.
    pub(crate) fn row(path: &std::path::Path, Damage { row, what }: Damage) -> Self {
        Self::Row {
            path: path.to_owned(),
            row,
            what,
        }
    }

    /// The error for an error of `SQLite` on the store at `path`.
    pub(crate) fn sqlite(path: &std::path::Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::NotADatabase) => Self::Foreign {
                path,
                what: "not an SQLite database",
            },
            Some(ErrorCode::TooBig) => Self::Corrupt {
                path,
                what: format!("a value is longer than {VALUE_BYTES_MAX} bytes"),
            },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt {
                path,
                what: error.to_string(),
            },
            _ => Self::Sqlite { path, error },
        }
    }

    /// The kind of failure for the runtime.
    pub fn kind(&self) -> JournalErrorKind {
        match self {
            Self::Full { .. } => JournalErrorKind::Full,
            Self::Io { error, .. } if error.kind() == std::io::ErrorKind::StorageFull => {
                JournalErrorKind::Full
            }
            Self::Foreign { .. } | Self::Newer { .. } | Self::Corrupt { .. } | Self::Row { .. } => {
                JournalErrorKind::Corrupt
            }
            Self::InUse { .. } | Self::Io { .. } | Self::Sqlite { .. } | Self::Moved { .. } => {
                JournalErrorKind::Unavailable
            }
        }
    }
}

impl From<StoreError> for JournalError {
    fn from(error: StoreError) -> Self {
        use std::error::Error as _;
        let cause = error.source().map(|cause| format!(": {cause}"));
        Self {
            kind: error.kind(),
            detail: format!("{error}{}", cause.unwrap_or_default()),
        }
    }
}
