//! Why the journal could not store or read something.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A failure of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("{detail}")]
pub struct JournalError {
    /// The kind of failure. A person's next step depends on the kind.
    pub kind: JournalErrorKind,
    /// The file, the operation and the cause, for a person.
    pub detail: String,
}

/// Kinds of failure of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalErrorKind {
    /// The disk is full. The journal works again once there is room.
    Full,
    /// The journal does not answer, or answers too late.
    Unavailable,
    /// The stored data cannot be decoded.
    Corrupt,
}
