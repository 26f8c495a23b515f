//! Why the store cannot be opened, written or read.

use std::path::PathBuf;

use foretide_runtime::{JournalError, JournalErrorKind};
use rusqlite::ErrorCode;
use thiserror::Error;

/// What went wrong, where.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another process writes to it.
    #[error("{} is in use by process {}", path.display(), holder.as_deref().unwrap_or("(unknown)"))]
    InUse {
        /// The store.
        path: PathBuf,
        /// The process's id, where it could be read.
        holder: Option<String>,
    },
    /// The file is something else.
    #[error("{} is not a store of Foretide: {what}; it is left as it is", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it seems to be.
        what: &'static str,
    },
    /// A newer version of Foretide made it.
    #[error("{} has schema version {found}, newer than {known}, the newest known", path.display())]
    Newer {
        /// The store.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// What is in it cannot be understood.
    #[error("{} is damaged: {what}; it is left as it is", path.display())]
    Corrupt {
        /// The store.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// No room is left.
    #[error("no room is left for {}", path.display())]
    Full {
        /// The store.
        path: PathBuf,
    },
    /// The file system refuses.
    #[error("cannot {what} {}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        #[source]
        error: std::io::Error,
    },
    /// `SQLite` refuses.
    #[error("cannot use {}", path.display())]
    Sqlite {
        /// The store.
        path: PathBuf,
        /// Why.
        #[source]
        error: rusqlite::Error,
    },
}

impl StoreError {
    /// The error of `SQLite` on the store at `path`.
    pub(crate) fn sqlite(path: &std::path::Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::NotADatabase) => Self::Foreign {
                path,
                what: "not an SQLite database",
            },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt {
                path,
                what: error.to_string(),
            },
            _ => Self::Sqlite { path, error },
        }
    }

    /// The kind, as the runtime tells it apart.
    pub fn kind(&self) -> JournalErrorKind {
        match self {
            Self::Full { .. } => JournalErrorKind::Full,
            Self::Io { error, .. } if error.kind() == std::io::ErrorKind::StorageFull => {
                JournalErrorKind::Full
            }
            Self::Foreign { .. } | Self::Newer { .. } | Self::Corrupt { .. } => {
                JournalErrorKind::Corrupt
            }
            Self::InUse { .. } | Self::Io { .. } | Self::Sqlite { .. } => {
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
