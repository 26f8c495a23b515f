//! The process itself: its store and what it has asked of AWS.

use foretide_domain::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// Whether what happens is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum StoreHealth {
    /// Nothing is kept, by intent.
    #[default]
    None,
    /// It takes what it is given.
    Writable,
    /// It fails; what happens is held in memory.
    Failing {
        /// Since when, in milliseconds since 1970.
        since_ms: i64,
        /// Why, for a person.
        why: String,
    },
}

/// Calls of one operation of AWS in one account since the start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calls {
    /// Label of the account.
    pub account: String,
    /// Name of the operation.
    pub operation: String,
    /// All of them.
    pub total: u64,
    /// Those that failed, where that is counted.
    pub errors: Option<u64>,
    /// Those that were refused for now, where that is counted.
    pub throttled: Option<u64>,
}

/// What is known of the process.
#[derive(Clone, Debug, Default)]
pub(crate) struct System {
    pub(crate) started: Option<Timestamp>,
    pub(crate) store: StoreHealth,
    pub(crate) calls: Vec<Calls>,
    /// What the calls of a month cost at the present pace, in USD.
    pub(crate) bill_usd_per_month: Option<f64>,
    /// Notifications by what became of them; empty where none are sent.
    pub(crate) notifications: Vec<(&'static str, u64)>,
    /// Entries that came too fast to be shown.
    pub(crate) missed: u64,
}
