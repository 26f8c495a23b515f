//! The model file: one JSON object that holds data only.
//!
//! ```json
//! {"format": "foretide-classifier", "schema_version": 1, "sha256": "…", "payload": {
//!   "classes": ["scale_out", "scale_in", "hold"], "schema": {…}, "training": {…},
//!   "xgboost": {…}}}
//! ```
//!
//! The hash is over `format`, a line feed, the version, a line feed, and the bytes of `payload`
//! exactly as they stand in the file: no canonical form to agree on, and a reformatted file counts
//! as changed. `xgboost` is what `Booster.load_model` reads in Python.

use foretide_domain::Class;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::error::ModelError;
use crate::facts::TrainingFacts;
use crate::schema::SchemaDocument;

/// Says that a file is one of ours.
const FORMAT: &str = "foretide-classifier";
/// Version of the file format, of the nine features and of the three classes together.
pub(crate) const SCHEMA_VERSION: u32 = 1;
/// A model of 1000 rounds at depth 6 has about 60 MB.
pub const MAX_BYTES: usize = 128 << 20;

#[derive(Serialize)]
struct Written<'a> {
    format: &'static str,
    schema_version: u32,
    sha256: &'a str,
    payload: &'a RawValue,
}

/// The outer object as found; anything may be missing.
#[derive(Deserialize)]
struct Found<'a> {
    format: Option<String>,
    schema_version: Option<u64>,
    sha256: Option<String>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    #[serde(borrow)]
    learner: Option<&'a RawValue>,
}

/// The hashed content.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Payload<'a> {
    classes: Vec<String>,
    pub(crate) schema: SchemaDocument,
    pub(crate) training: TrainingFacts,
    #[serde(borrow)]
    pub(crate) xgboost: &'a RawValue,
}

/// A payload whose hash is right, with that hash.
pub(crate) struct Opened<'a> {
    pub(crate) payload: Payload<'a>,
    pub(crate) hash: String,
}

/// Writes a model file.
pub(crate) fn write(
    schema: &SchemaDocument,
    training: &TrainingFacts,
    xgboost: &RawValue,
) -> Result<Vec<u8>, ModelError> {
    let payload = Payload {
        classes: class_names(),
        schema: schema.clone(),
        training: training.clone(),
        xgboost,
    };
    let payload = serde_json::value::to_raw_value(&payload).map_err(ModelError::Payload)?;
    let hash = hash(SCHEMA_VERSION, payload.get());
    let file = Written {
        format: FORMAT,
        schema_version: SCHEMA_VERSION,
        sha256: &hash,
        payload: &payload,
    };
    let mut bytes = serde_json::to_vec(&file).map_err(ModelError::Payload)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads a model file as far as its payload.
pub(crate) fn open(bytes: &[u8]) -> Result<Opened<'_>, ModelError> {
    refuse_too_large(bytes)?;
    let found: Found<'_> =
        serde_json::from_slice(bytes).map_err(|error| not_a_model(error, bytes.len()))?;
    let foreign = |found: String| ModelError::Foreign { found };
    match found.format.as_deref() {
        Some(FORMAT) => {}
        Some(other) => {
            let other: String = other.chars().take(64).collect();
            return Err(foreign(format!(
                "its format is `{other}`, expected `{FORMAT}`"
            )));
        }
        None if found.learner.is_some() => {
            let bare = "a bare XGBoost model, which has to be imported with its schema";
            return Err(foreign(bare.to_owned()));
        }
        None => return Err(foreign(format!("it has no `format`, expected `{FORMAT}`"))),
    }
    match found.schema_version {
        Some(version) if version == u64::from(SCHEMA_VERSION) => {}
        Some(found) => {
            return Err(ModelError::Version {
                found,
                supported: SCHEMA_VERSION,
            });
        }
        None => return Err(foreign("it has no `schema_version`".to_owned())),
    }
    let (Some(stated), Some(payload)) = (found.sha256, found.payload) else {
        return Err(foreign("it has no `sha256` or no `payload`".to_owned()));
    };
    let computed = hash(SCHEMA_VERSION, payload.get());
    if stated != computed {
        let stated = stated.chars().take(64).collect();
        return Err(ModelError::Tampered { stated, computed });
    }
    let payload: Payload<'_> = serde_json::from_str(payload.get()).map_err(ModelError::Payload)?;
    if payload.classes != class_names() {
        let found: String = payload.classes.join(", ").chars().take(64).collect();
        return Err(ModelError::Classes { found });
    }
    Ok(Opened {
        payload,
        hash: computed,
    })
}

pub(crate) fn refuse_too_large(bytes: &[u8]) -> Result<(), ModelError> {
    if bytes.len() > MAX_BYTES {
        return Err(ModelError::TooLarge {
            bytes: bytes.len(),
            limit: MAX_BYTES,
        });
    }
    Ok(())
}

fn not_a_model(error: serde_json::Error, bytes: usize) -> ModelError {
    match error.classify() {
        Category::Eof if bytes > 0 => ModelError::Truncated { bytes },
        Category::Data => ModelError::Foreign {
            found: error.to_string(),
        },
        Category::Eof | Category::Syntax | Category::Io => ModelError::NotJson(error),
    }
}

fn class_names() -> Vec<String> {
    Class::ALL
        .iter()
        .map(|class| class.action().to_owned())
        .collect()
}

fn hash(version: u32, payload: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(format!("{FORMAT}\n{version}\n"));
    hasher.update(payload);
    let digest = hasher.finalize();
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}
