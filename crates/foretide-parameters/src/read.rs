//! Reads the version that counts.

use std::collections::BTreeMap;

use foretide_domain::CallFailure;
use thiserror::Error;

use crate::parts::{PartError, Parts};
use crate::place::Place;
use crate::store::Store;

/// Why a configuration was not read or pushed.
#[derive(Debug, Error)]
pub enum TransferError {
    /// A call failed.
    #[error("{place}: {failure}")]
    Call {
        /// The place.
        place: Place,
        /// The failure.
        failure: CallFailure,
    },
    /// Nothing was pushed there yet.
    #[error("{place} has no configuration yet")]
    Empty {
        /// The place.
        place: Place,
    },
    /// `current` names no version, or a version that is not there.
    #[error("{place}: `current` is {current:?}, and there is no such version")]
    Dangling {
        /// The place.
        place: Place,
        /// Value of `current`.
        current: String,
    },
    /// The parts are no configuration.
    #[error("{place}")]
    Parts {
        /// The place.
        place: Place,
        /// What is wrong.
        #[source]
        error: PartError,
    },
    /// Somebody else pushed at the same time.
    #[error("{place}: version {version} does not count, because a later push has ended before it")]
    Race {
        /// The place.
        place: Place,
        /// The version that was pushed.
        version: u32,
    },
}

/// A configuration as it was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// Its version.
    pub version: u32,
    /// Its parts.
    pub parts: Parts,
}

/// The version that counts; none if nothing was pushed yet.
///
/// # Errors
/// A call failed, or `current` is no number.
pub async fn current(store: &impl Store, place: &Place) -> Result<Option<u32>, TransferError> {
    let found = store.get(&place.current()).await;
    let found = found.map_err(|failure| call(place, failure))?;
    let number = |text: String| {
        let parsed = text.trim().parse();
        parsed.map_err(|_| TransferError::Dangling {
            place: place.clone(),
            current: text,
        })
    };
    found.map(number).transpose()
}

/// The configuration that counts.
///
/// # Errors
/// A call failed, there is no configuration, or it is not whole.
pub async fn read(store: &impl Store, place: &Place) -> Result<Set, TransferError> {
    let version = current(store, place).await?;
    let version = version.ok_or_else(|| TransferError::Empty {
        place: place.clone(),
    })?;
    let parts = parts_of(store, place, version).await?;
    if parts.0.is_empty() {
        return Err(TransferError::Dangling {
            place: place.clone(),
            current: version.to_string(),
        });
    }
    // What cannot be put together again is no configuration.
    let whole = parts.text();
    whole.map_err(|error| TransferError::Parts {
        place: place.clone(),
        error,
    })?;
    Ok(Set { version, parts })
}

/// The parts of a version, by their names below it.
pub(crate) async fn parts_of(
    store: &impl Store,
    place: &Place,
    version: u32,
) -> Result<Parts, TransferError> {
    let prefix = format!("{}/", place.version(version));
    let found = store.below(&place.version(version)).await;
    let found = found.map_err(|failure| call(place, failure))?;
    let parts = found.into_iter().filter_map(|(name, value)| {
        let name = name.strip_prefix(&prefix)?.to_owned();
        Some((name, value))
    });
    Ok(Parts(parts.collect::<BTreeMap<_, _>>()))
}

pub(crate) fn call(place: &Place, failure: CallFailure) -> TransferError {
    TransferError::Call {
        place: place.clone(),
        failure,
    }
}
