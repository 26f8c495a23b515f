//! All groups together.

use foretide_domain::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::board::{StoreHealth, System};

use super::VERSION;

/// The process and its clock, sent with every answer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct FleetView {
    pub(crate) version: u32,
    /// The groups' time, in which all others are.
    pub(crate) now_ms: i64,
    pub(crate) started_ms: Option<i64>,
    pub(crate) store: StoreHealth,
    /// What a month's calls of AWS cost at the present pace.
    pub(crate) bill_usd_per_month: Option<f64>,
    /// Entries that came too fast to be shown.
    pub(crate) entries_missed: u64,
    /// Whether orders are taken.
    pub(crate) controls: bool,
}

/// The process as of `now`.
pub(crate) fn fleet(system: System, now: Timestamp, controls: bool) -> FleetView {
    FleetView {
        version: VERSION,
        now_ms: now.as_millis(),
        started_ms: system.started.map(Timestamp::as_millis),
        store: system.store,
        bill_usd_per_month: system.bill_usd_per_month,
        entries_missed: system.missed,
        controls,
    }
}
