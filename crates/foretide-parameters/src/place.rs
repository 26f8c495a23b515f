//! Where a configuration stands in a parameter store.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Begins the name of a place on the command line.
const SCHEME: &str = "ssm:";
/// Longest prefix: Systems Manager allows 1,011 characters a name, and groups' names come on top.
const PREFIX_MAX: usize = 200;
/// Most levels of a prefix. Systems Manager allows 15 in a name; ours adds four.
const LEVELS_MAX: usize = 10;

/// A prefix of parameters, such as `/foretide/prod`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(String);

/// A text that names no place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` is no place in Systems Manager: expected ssm:/NAME/NAME, with letters, digits and _.-"
)]
pub struct WrongPlace(String);

impl Place {
    /// Whether `text` is meant as a place, right or wrong.
    #[must_use]
    pub fn is_meant_by(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// The parameter with the number of the version that counts.
    pub(crate) fn current(&self) -> String {
        format!("{}/current", self.0)
    }

    /// The parameter that says that a version's number is taken.
    pub(crate) fn claim(&self, version: u32) -> String {
        format!("{}/claims/{version}", self.0)
    }

    /// The prefix of a version.
    pub(crate) fn version(&self, version: u32) -> String {
        format!("{}/v/{version}", self.0)
    }
}

impl FromStr for Place {
    type Err = WrongPlace;

    fn from_str(text: &str) -> Result<Self, WrongPlace> {
        let wrong = || WrongPlace(text.to_owned());
        let path = text.strip_prefix(SCHEME).ok_or_else(wrong)?;
        let levels: Vec<&str> = path
            .strip_prefix('/')
            .ok_or_else(wrong)?
            .split('/')
            .collect();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let is_level = |level: &&str| !level.is_empty() && level.chars().all(allowed);
        // Systems Manager keeps names that begin so for AWS.
        let is_reserved = |first: &str| {
            let first = first.to_ascii_lowercase();
            first.starts_with("aws") || first.starts_with("ssm")
        };
        let right = path.len() <= PREFIX_MAX
            && levels.len() <= LEVELS_MAX
            && levels.iter().all(is_level)
            && !levels.first().is_some_and(|first| is_reserved(first));
        right.then(|| Self(path.to_owned())).ok_or_else(wrong)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.0)
    }
}
