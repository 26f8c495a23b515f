//! Rows made once for all who ask: a row is made anew when its group has changed, or when time
//! alone has made it worse.

use std::sync::Arc;

use foretide_domain::Timestamp;

use crate::board::Track;

use super::cached::Cached;
use super::row::row;

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
