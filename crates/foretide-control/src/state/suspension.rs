//! What is remembered of a suspended process `AlarmNotification`.

use serde::{Deserialize, Serialize};

/// Whether scaling of the group is suspended, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ScalingSuspended {
    /// It is not.
    No,
    /// It is, and nothing is written.
    HandsOff,
    /// It was when a version that does not know this rule enforced the group, and is still. Writing
    /// goes on as before until a person says what is meant.
    AsBefore,
}
