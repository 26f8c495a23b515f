//! What a group is called within one process.

use std::fmt;
use std::sync::Arc;

/// Names a group: the account it is reached through, and its name there.
///
/// An account is a label of the configuration for one region with one identity. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey {
    account: Arc<str>,
    name: Arc<str>,
}

impl GroupKey {
    /// The group `name` reached through `account`.
    pub fn new(account: &str, name: &str) -> Self {
        Self {
            account: account.into(),
            name: name.into(),
        }
    }

    /// The account's label.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The group's name in that account.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name, shared.
    pub(crate) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }
}

impl fmt::Display for GroupKey {
    /// `account/name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.name)
    }
}
