//! What is to be looked after: accounts, their groups, and each group's settings.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use foretide_control::{ConfigError, ControllerConfig};
use thiserror::Error;

use crate::actuator::WritePermit;
use crate::cloud::Cloud;
use crate::key::GroupKey;
use crate::predictor::Predictor;

/// Accounts and groups, as a configuration describes them.
#[derive(Clone, Default)]
pub struct Fleet {
    /// How each account is reached, by its label.
    pub accounts: BTreeMap<String, Arc<dyn Cloud>>,
    /// The groups.
    pub groups: Vec<GroupSetup>,
}

/// One group and how it is looked after.
#[derive(Clone)]
pub struct GroupSetup {
    /// Its name.
    pub key: GroupKey,
    /// Settings of its controller.
    pub controller: ControllerConfig,
    /// What may be written beside what the mode says.
    pub permit: Arc<WritePermit>,
    /// The model.
    pub predictor: Arc<dyn Predictor>,
    /// The group of the same account whose place this one takes: its history is used where there
    /// is none of the group's own.
    pub history_from: Option<Arc<str>>,
    /// All of this as text, kept for replay; opaque here.
    pub settings: Arc<str>,
}

/// Why a fleet cannot be looked after.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FleetError {
    /// The same group twice.
    #[error("group {0} is named twice")]
    Twice(GroupKey),
    /// A group in an account that is not there.
    #[error("group {0} is in an account that is not configured")]
    NoAccount(GroupKey),
    /// A setting that makes no sense.
    #[error("settings of group {group}")]
    Settings {
        /// Whose.
        group: GroupKey,
        /// What.
        #[source]
        error: ConfigError,
    },
}

impl Fleet {
    /// Checks what the types leave open.
    pub fn validate(&self) -> Result<(), FleetError> {
        let mut seen = BTreeSet::new();
        for group in &self.groups {
            let key = || group.key.clone();
            if !seen.insert(&group.key) {
                return Err(FleetError::Twice(key()));
            }
            if !self.accounts.contains_key(group.key.account()) {
                return Err(FleetError::NoAccount(key()));
            }
            if let Err(error) = group.controller.validate() {
                return Err(FleetError::Settings {
                    group: key(),
                    error,
                });
            }
        }
        Ok(())
    }
}

impl GroupSetup {
    /// Whether nothing is different.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.key == other.key
            && self.controller == other.controller
            && self.permit == other.permit
            && self.history_from == other.history_from
            && self.settings == other.settings
            && Arc::ptr_eq(&self.predictor, &other.predictor)
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet")
            .field("accounts", &self.accounts.keys())
            .field("groups", &self.groups)
            .finish()
    }
}

impl fmt::Debug for GroupSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupSetup")
            .field("key", &self.key)
            .field("controller", &self.controller)
            .field("permit", &self.permit)
            .finish_non_exhaustive()
    }
}
