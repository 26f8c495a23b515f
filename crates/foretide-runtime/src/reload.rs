//! The results of a start and of a reload: what changed, or why nothing did.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::fleet::FleetError;
use crate::journal_error::JournalError;
use crate::key::GroupKey;

/// Why the runtime does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The fleet is inconsistent.
    #[error("the groups cannot be looked after")]
    Fleet(#[source] FleetError),
    /// The journal cannot read a group's state. A start without the state could forget a cooldown.
    #[error("cannot read the state of group {group}")]
    State {
        /// The group.
        group: GroupKey,
        /// The journal's error.
        #[source]
        error: JournalError,
    },
}

/// Why the runtime refuses a new configuration. The old configuration stays in force.
#[derive(Debug, Error)]
pub enum ReloadError {
    /// The runtime could not start with the new fleet.
    #[error("the old configuration stays")]
    Refused(#[source] StartError),
    /// The previous reload removed the group, and the group still waits for the answer to a write.
    #[error("group {0} was dropped and is still finishing a write: try again in a moment")]
    StillStopping(GroupKey),
    /// The runtime is stopping.
    #[error("stopping")]
    Stopping,
}

/// The number of groups that a reload added, changed and removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// Groups that the old fleet did not have.
    pub added: usize,
    /// Groups whose settings or account are different from before.
    pub changed: usize,
    /// Groups that the new fleet does not have.
    pub removed: usize,
}

impl fmt::Display for Reloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            added,
            changed,
            removed,
        } = self;
        write!(f, "{added} added, {changed} changed, {removed} removed")
    }
}
