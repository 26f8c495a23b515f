//! What goes over the socket.

use foretide_domain::{Order, Timestamp};
use serde::{Deserialize, Serialize};

/// Longest request or answer in bytes. An order has a few words.
pub(crate) const LINE_MAX: u64 = 8 * 1024;

/// An order for a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The group: its name, or `account/name`.
    pub group: String,
    /// The order.
    pub order: Order,
    /// The name of the person, as the client gives it, and why.
    pub by: String,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The order is in force.
    Taken {
        /// The group, as `account/name`.
        group: String,
        /// Start of the first cycle that follows the order.
        next_cycle: Timestamp,
    },
    /// The order is not in force.
    Refused {
        /// Why.
        why: String,
    },
}

/// Who gives an order, as [`Request::by`] has it: the name, where one is known, and why. Other
/// texts say "ordered by" before it.
pub fn person(name: Option<String>, why: Option<&str>) -> String {
    let name = name.filter(|name| !name.trim().is_empty());
    let name = name.unwrap_or_else(|| "somebody who gave no name".to_owned());
    match why {
        Some(why) => format!("{name}: {why}"),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In a container nobody has `$USER`: a person called "unknown" would be looked for.
    #[test]
    fn an_order_without_a_name_says_that_none_was_given() {
        let anna = || Some("anna".to_owned());
        assert_eq!(person(anna(), None), "anna");
        assert_eq!(person(anna(), Some("deploy")), "anna: deploy");
        for nobody in [None, Some(" ".to_owned())] {
            let said = "somebody who gave no name: deploy";
            assert_eq!(person(nobody, Some("deploy")), said);
        }
    }
}
