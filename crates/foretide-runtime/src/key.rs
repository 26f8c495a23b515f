//! The name of a group within one process.

use std::fmt;
use std::sync::Arc;

/// The name of a group: the label of its account and its name in that account.
///
/// An account is one region with one identity; the configuration gives the label. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey {
    account: Arc<str>,
    name: Arc<str>,
}

impl GroupKey {
    /// The group `name` in the account with the label `account`.
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

    /// The group's name in that account, without a copy of the text.
    pub(crate) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }
}

impl fmt::Display for GroupKey {
    /// Writes `account/name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.name)
    }
}
