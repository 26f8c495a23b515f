//! Pushes a configuration as a new version.

use crate::parts::Parts;
use crate::place::Place;
use crate::read::{TransferError, call, current, parts_of};
use crate::store::Store;

/// Versions that are kept, the newest included.
const KEPT: u32 = 10;
/// Versions beyond those that each push looks for: a push that died has left one out.
const SWEPT: u32 = 5;
/// Most numbers tried: each is taken by a push that died, or by one at the same time.
const TRIES: u32 = 50;

/// A push that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The new version.
    pub version: u32,
    /// Why old versions are still there; none if they were removed.
    pub not_removed: Option<String>,
}

/// Writes `parts` as a new version, and lets it count. `secret` parts are encrypted.
///
/// A version's number is claimed by a parameter that must not exist before: of two pushes at once,
/// each has a version of its own, and the one that ends last counts.
///
/// # Errors
/// A call failed, or a push with a higher number has ended meanwhile. What counted before then
/// still counts, unless the call that sets `current` has failed: then either may.
pub async fn push(
    store: &impl Store,
    place: &Place,
    parts: &Parts,
    secret: bool,
) -> Result<Pushed, TransferError> {
    let version = claim(store, place).await?;
    let prefix = place.version(version);
    for (name, text) in &parts.0 {
        let put = store.put(&format!("{prefix}/{name}"), text, secret).await;
        put.map_err(|failure| call(place, failure))?;
    }
    // Readers see no version of which a part is missing.
    let written = parts_of(store, place, version).await?;
    let newest = current(store, place).await?.unwrap_or(0);
    if written != *parts || newest >= version {
        return Err(TransferError::Race {
            place: place.clone(),
            version,
        });
    }
    let put = store
        .put(&place.current(), &version.to_string(), false)
        .await;
    put.map_err(|failure| call(place, failure))?;
    let removed = remove_old(store, place, version).await;
    Ok(Pushed {
        version,
        not_removed: removed.err().map(|error| error.to_string()),
    })
}

/// The number of a version that no other push has.
async fn claim(store: &impl Store, place: &Place) -> Result<u32, TransferError> {
    let newest = current(store, place).await?.unwrap_or(0);
    let last = newest.saturating_add(TRIES);
    for version in newest.saturating_add(1)..=last {
        let made = store.create(&place.claim(version), "claimed").await;
        if made.map_err(|failure| call(place, failure))? {
            return Ok(version);
        }
    }
    Err(TransferError::Race {
        place: place.clone(),
        version: last,
    })
}

/// Removes the versions that are no longer kept, with their claims.
async fn remove_old(store: &impl Store, place: &Place, newest: u32) -> Result<(), TransferError> {
    let first = newest.saturating_sub(KEPT + SWEPT).max(1);
    for old in first..=newest.saturating_sub(KEPT) {
        let parts = parts_of(store, place, old).await?;
        let prefix = place.version(old);
        let mut names: Vec<String> = parts
            .0
            .keys()
            .map(|name| format!("{prefix}/{name}"))
            .collect();
        names.push(place.claim(old));
        let removed = store.remove(&names).await;
        removed.map_err(|failure| call(place, failure))?;
    }
    Ok(())
}
