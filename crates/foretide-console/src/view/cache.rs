//! Rows made once for all who ask: a row is made anew when its group has changed, or when time
//! alone has made it worse.

use std::sync::{Arc, OnceLock};

use foretide_domain::Timestamp;
use serde_json::value::RawValue;

use crate::board::Track;

use super::row::{GroupRow, row};

/// A row and what it was made of.
#[derive(Clone, Debug)]
pub(crate) struct Cached {
    made_of: (u64, bool),
    pub(crate) row: Arc<GroupRow>,
    json: Arc<OnceLock<Option<Box<RawValue>>>>,
}

impl Cached {
    /// The row as JSON, written when it is first asked for: a scrape asks for none. None never
    /// happens for a row's types, and leaves the row out.
    pub(crate) fn json(&self) -> Option<&RawValue> {
        let write = || serde_json::value::to_raw_value(&*self.row).ok();
        self.json.get_or_init(write).as_deref()
    }
}

/// The row as of `now`.
pub(crate) fn cached(track: &mut Track, now: Timestamp) -> Cached {
    let made_of = (track.version, track.is_stalled(now));
    if let Some(known) = &track.cached
        && known.made_of == made_of
    {
        return known.clone();
    }
    let made = Cached {
        made_of,
        row: Arc::new(row(track, now)),
        json: Arc::default(),
    };
    track.cached = Some(made.clone());
    made
}
