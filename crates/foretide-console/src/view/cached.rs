//! A row that was made, and its JSON.

use std::sync::{Arc, OnceLock};

use serde_json::value::RawValue;

use super::shape::GroupRow;

/// A row and what it was made of.
#[derive(Clone, Debug)]
pub(crate) struct Cached {
    pub(super) made_of: (u64, bool),
    pub(crate) row: Arc<GroupRow>,
    pub(super) json: Arc<OnceLock<Option<Box<RawValue>>>>,
}

impl Cached {
    /// The row as JSON, written when it is first asked for: a scrape asks for none. None never
    /// happens for a row's types, and leaves the row out.
    pub(crate) fn json(&self) -> Option<&RawValue> {
        let write = || serde_json::value::to_raw_value(&*self.row).ok();
        self.json.get_or_init(write).as_deref()
    }
}
