//! Shared by the benchmarks of running fleets: a journal that stores nothing, and the resources of
//! the process.

use std::sync::Arc;

use foretide_control::{ForecastSnapshot, SavedState};
use foretide_runtime::{Batch, BoxFuture, GroupKey, Journal, JournalError};

/// Accepts every batch and stores nothing, so that the store costs nothing.
pub(crate) struct Forgets;

impl Journal for Forgets {
    fn commit(&self, _batch: Arc<Batch>) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async { Ok(()) })
    }

    fn load<'a>(
        &'a self,
        _group: &'a GroupKey,
    ) -> BoxFuture<'a, Result<Option<SavedState>, JournalError>> {
        Box::pin(async { Ok(None) })
    }

    fn load_forecast<'a>(
        &'a self,
        _group: &'a GroupKey,
    ) -> BoxFuture<'a, Result<Option<ForecastSnapshot>, JournalError>> {
        Box::pin(async { Ok(None) })
    }
}

/// Resident memory of this process in KiB, and its CPU time in hundredths of a second, from /proc.
pub(crate) fn used() -> (f64, f64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(f64::NAN);
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split(' ').collect();
    let ticks = |index: usize| {
        let field = fields.get(index).and_then(|field| field.parse().ok());
        field.unwrap_or(f64::NAN)
    };
    (resident, ticks(12) + ticks(13))
}
