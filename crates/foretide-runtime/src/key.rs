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

    /// The one of `keys` that a person means by `name`: its name in the account, or `account/name`;
    /// or the group whose name in the account is `table`, where the configuration has a table
    /// `name` for a group of another name.
    ///
    /// # Errors
    /// The groups that it may mean; none where there is none.
    pub fn named<'k>(
        keys: &'k [Self],
        name: &str,
        table: Option<&str>,
    ) -> Result<&'k Self, Vec<&'k Self>> {
        let means = |key: &&Self| {
            key.name() == name || table == Some(key.name()) || key.to_string() == name
        };
        let found: Vec<&Self> = keys.iter().filter(means).collect();
        match found.as_slice() {
            [only] => Ok(only),
            _ => Err(found),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_found_by_its_name_its_whole_name_and_its_table() {
        let of = |name| GroupKey::new("eu", name);
        let mut keys = vec![of("web-asg"), of("api"), GroupKey::new("us", "api")];
        let named = |keys: &[GroupKey], name, table| {
            let found = GroupKey::named(keys, name, table);
            let list = |several: Vec<&GroupKey>| several.iter().map(ToString::to_string).collect();
            found.map(ToString::to_string).map_err(list)
        };
        let web = || Ok("eu/web-asg".to_owned());
        assert_eq!(named(&keys, "web-asg", None), web());
        assert_eq!(named(&keys, "eu/web-asg", None), web());
        assert_eq!(named(&keys, "web", Some("web-asg")), web());
        assert_eq!(named(&keys, "web", None), Err(Vec::<String>::new()));
        assert_eq!(
            named(&keys, "us/api", Some("api-asg")),
            Ok("us/api".to_owned())
        );
        let both = Err(vec!["eu/api".to_owned(), "us/api".to_owned()]);
        assert_eq!(named(&keys, "api", None), both);
        keys.push(of("web"));
        let either = Err(vec!["eu/web-asg".to_owned(), "eu/web".to_owned()]);
        assert_eq!(named(&keys, "web", Some("web-asg")), either);
    }
}
