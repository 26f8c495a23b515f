//! A forecast's history and model as bytes: a mark, a hash, and the snapshot in CBOR.
//!
//! The hash covers the snapshot, so a reader detects damage. The reader of a damaged snapshot gets
//! an error and must continue without the snapshot.

use std::path::Path;

use foretide_control::ForecastSnapshot;
use sha2::{Digest as _, Sha256};

use crate::error::StoreError;

/// First bytes of every snapshot. The last byte is the version of the format.
const MARK: &[u8; 4] = b"FTS\x01";
const HASH_BYTES: usize = 32;

/// A snapshot ready to be stored.
pub(crate) struct Sealed {
    /// SHA-256 of the content.
    pub(crate) hash: Vec<u8>,
    /// Mark, hash and content.
    pub(crate) bytes: Vec<u8>,
}

pub(crate) fn seal(path: &Path, forecast: &ForecastSnapshot) -> Result<Sealed, StoreError> {
    let mut content = Vec::new();
    ciborium::into_writer(forecast, &mut content).map_err(|error| StoreError::Corrupt {
        path: path.to_owned(),
        what: format!("a forecast cannot be kept: {error}"),
    })?;
    let hash = Sha256::digest(&content).to_vec();
    let bytes = [MARK.as_slice(), &hash, &content].concat();
    Ok(Sealed { hash, bytes })
}

/// Decodes the snapshot in `bytes`. Error messages call the snapshot `what`.
pub(crate) fn open(path: &Path, what: &str, bytes: &[u8]) -> Result<ForecastSnapshot, StoreError> {
    let damaged = |why: String| StoreError::Corrupt {
        path: path.to_owned(),
        what: format!("{what} {why}"),
    };
    let sealed = bytes.strip_prefix(MARK.as_slice());
    let (hash, content) = sealed
        .and_then(|rest| rest.split_at_checked(HASH_BYTES))
        .ok_or_else(|| damaged("is no snapshot of this version".to_owned()))?;
    if Sha256::digest(content).as_slice() != hash {
        return Err(damaged("differs from its hash".to_owned()));
    }
    ciborium::from_reader(content)
        .map_err(|error| damaged(format!("cannot be understood: {error}")))
}
