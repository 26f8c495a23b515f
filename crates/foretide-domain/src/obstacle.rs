//! What speaks against writing to a group.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What speaks against writing to a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "obstacle")]
pub enum Obstacle {
    /// Another scaling policy sets desired capacity as well.
    Policy {
        /// Its name.
        name: String,
    },
    /// Instances count with weights other than 1, so that capacity is not a number of instances.
    Weights,
    /// An AWS service operates the group and refuses changes by anybody else.
    Operator {
        /// The service's principal.
        principal: String,
    },
    /// Not known yet whether there is one.
    Unknown,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy { name } => {
                write!(f, "scaling policy `{name}` is active on the group")
            }
            Self::Weights => f.write_str("instance weights of the group differ from 1"),
            Self::Operator { principal } => write!(
                f,
                "{principal} operates the group: AWS refuses changes by anybody else"
            ),
            Self::Unknown => {
                f.write_str("it is not known yet whether another policy is active on the group")
            }
        }
    }
}
