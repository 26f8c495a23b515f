//! The two encodings. Both carry the same shapes; timestamps and errors are written differently.

use ciborium::Value;
use ciborium::tag::Required;
use foretide_domain::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::ApiError;

/// Deepest nesting of a CBOR request. The deepest real request has six levels.
const NESTING_MAX: usize = 32;

/// An encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Smithy RPC v2 CBOR.
    Cbor,
    /// AWS JSON 1.0.
    Json,
}

impl Wire {
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Cbor => "application/cbor",
            Self::Json => "application/x-amz-json-1.0",
        }
    }

    pub(super) fn read<T: DeserializeOwned>(self, body: &[u8]) -> Result<T, ApiError> {
        let unreadable = |why: String| {
            ApiError::new(
                400,
                "SerializationException",
                format!("the request cannot be read: {why}"),
            )
        };
        match self {
            Self::Json => {
                serde_json::from_slice(body).map_err(|error| unreadable(error.to_string()))
            }
            Self::Cbor => {
                let value = ciborium::de::from_reader_with_recursion_limit(body, NESTING_MAX)
                    .map_err(|_| unreadable("it is no CBOR".into()))?;
                let value =
                    plain(value).ok_or_else(|| unreadable("it holds what no call has".into()))?;
                serde_json::from_value(value).map_err(|error| unreadable(error.to_string()))
            }
        }
    }

    pub(super) fn render(self, answer: &impl Serialize) -> Result<Vec<u8>, ApiError> {
        let failed = ApiError::new(500, "InternalFailure", "the answer could not be rendered");
        match self {
            Self::Json => serde_json::to_vec(answer).map_err(|_| failed),
            Self::Cbor => {
                let mut bytes = Vec::new();
                match ciborium::into_writer(answer, &mut bytes) {
                    Ok(()) => Ok(bytes),
                    Err(_) => Err(failed),
                }
            }
        }
    }

    pub(crate) fn error(self, error: &ApiError) -> Vec<u8> {
        #[derive(Serialize)]
        struct Body<'e> {
            #[serde(rename = "__type")]
            kind: String,
            message: &'e str,
        }
        let body = Body {
            kind: format!("com.amazonaws.cloudwatch#{}", error.code),
            message: &error.message,
        };
        self.render(&body).unwrap_or_default()
    }
}

/// `value` as JSON, with tags removed. None if `value` holds bytes, keys that are no text, or
/// numbers that JSON does not have.
fn plain(value: Value) -> Option<serde_json::Value> {
    use serde_json::Value as Json;
    Some(match value {
        Value::Integer(number) => Json::from(i64::try_from(number).ok()?),
        Value::Float(number) => Json::from(serde_json::Number::from_f64(number)?),
        Value::Text(text) => Json::from(text),
        Value::Bool(flag) => Json::from(flag),
        Value::Null => Json::Null,
        Value::Tag(_, inner) => plain(*inner)?,
        Value::Array(items) => items
            .into_iter()
            .map(plain)
            .collect::<Option<Vec<Json>>>()?
            .into(),
        Value::Map(entries) => {
            let entry = |(key, value): (Value, Value)| Some((key.into_text().ok()?, plain(value)?));
            Json::Object(entries.into_iter().map(entry).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// A timestamp on the wire: seconds since 1970, in CBOR under tag 1.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Epoch(pub(super) Timestamp);

impl Serialize for Epoch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let seconds = self.0.as_millis() as f64 / 1000.0;
        if serializer.is_human_readable() {
            seconds.serialize(serializer)
        } else {
            Required::<f64, 1>(seconds).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let seconds = f64::deserialize(deserializer)?;
        // No calendar covers longer times, and arithmetic could overflow.
        if !(seconds.is_finite() && seconds.abs() < 1e11) {
            return Err(D::Error::custom("a timestamp is out of range"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked against the range above"
        )]
        let millis = (seconds * 1000.0).round() as i64;
        Ok(Self(Timestamp::from_millis(millis)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Shape {
        at: Epoch,
        name: String,
    }

    #[test]
    fn a_timestamp_is_tagged_in_cbor_and_bare_in_json() {
        let shape = Shape {
            at: Epoch(Timestamp::from_millis(1_500)),
            name: "a".into(),
        };
        assert_eq!(
            Wire::Json.render(&shape).unwrap(),
            br#"{"at":1.5,"name":"a"}"#
        );
        let cbor = Wire::Cbor.render(&shape).unwrap();
        let Value::Map(entries) = ciborium::from_reader(cbor.as_slice()).unwrap() else {
            panic!("a shape is a map");
        };
        assert_eq!(entries[0].1, Value::Tag(1, Box::new(Value::Float(1.5))));
        for (wire, bytes) in [
            (Wire::Cbor, cbor),
            (Wire::Json, Wire::Json.render(&shape).unwrap()),
        ] {
            assert_eq!(wire.read::<Shape>(&bytes).unwrap(), shape);
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        let bytes = [0x81; 10_000];
        assert!(Wire::Cbor.read::<Shape>(&bytes).is_err());
    }

    proptest! {
        /// Reading is total: whatever arrives, an answer goes back.
        #[test]
        fn no_body_breaks_the_reader(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            for wire in [Wire::Cbor, Wire::Json] {
                if let Err(error) = wire.read::<Shape>(&body) {
                    prop_assert_eq!(error.code, "SerializationException");
                }
            }
        }
    }
}
