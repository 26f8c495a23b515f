//! The fleet to control: accounts, groups, and the settings of each group.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use foretide_control::{ConfigError, ControllerConfig};
use thiserror::Error;

use crate::actuator::WritePermit;
use crate::cloud::Cloud;
use crate::key::GroupKey;
use crate::predictor::Predictor;

/// The accounts and groups of a configuration.
#[derive(Clone, Default)]
pub struct Fleet {
    /// The connection to each account, by the account's label.
    pub accounts: BTreeMap<String, Arc<dyn Cloud>>,
    /// The groups.
    pub groups: Vec<GroupSetup>,
}

/// One group and its settings.
#[derive(Clone)]
pub struct GroupSetup {
    /// The group's name.
    pub key: GroupKey,
    /// Settings of the group's controller.
    pub controller: ControllerConfig,
    /// The configuration's limits on writes, beside the mode.
    pub permit: Arc<WritePermit>,
    /// The model that the group's controller asks.
    pub predictor: Arc<dyn Predictor>,
    /// The group's predecessor in the same account: its history is used where the group has none of
    /// its own.
    pub history_from: Option<Arc<str>>,
    /// The group's configuration as text, stored for replay. The runtime does not parse this text.
    pub settings: Arc<str>,
}

/// Why the runtime cannot control a fleet.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FleetError {
    /// Two groups have the same name.
    #[error("group {0} is named twice")]
    Twice(GroupKey),
    /// The group's account is not in the fleet.
    #[error("group {0} is in an account that is not configured")]
    NoAccount(GroupKey),
    /// A setting of the group is invalid.
    #[error("settings of group {group}")]
    Settings {
        /// The group.
        group: GroupKey,
        /// The invalid setting.
        #[source]
        error: ConfigError,
    },
}

impl Fleet {
    /// Checks names, accounts and settings.
    ///
    /// # Errors
    /// The first problem.
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
    /// Whether all settings of `other` are equal to these.
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
