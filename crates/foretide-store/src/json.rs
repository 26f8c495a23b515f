//! Converts values of the domain to JSON text and back.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;

pub(crate) fn to_json<T: Serialize>(path: &Path, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt {
        path: path.to_owned(),
        what: format!("a value cannot be kept: {error}"),
    })
}

pub(crate) fn from_json<T: DeserializeOwned>(
    path: &Path,
    what: &str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt {
        path: path.to_owned(),
        what: format!("{what} cannot be understood: {error}"),
    })
}
