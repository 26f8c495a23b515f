//! The three encodings. All carry the same shapes; timestamps and errors are written differently.

use ciborium::Value;
use serde::Serialize;
use serde_json::Value as Json;

use crate::epoch::Epoch;
use crate::error::ApiError;
use crate::query;

const NAMESPACE: &str = "http://monitoring.amazonaws.com/doc/2010-08-01/";

/// Deepest nesting of a CBOR request. The deepest real request has six levels.
const NESTING_MAX: usize = 32;

/// An encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Smithy RPC v2 CBOR.
    Cbor,
    /// AWS JSON 1.0.
    Json,
    /// The Query protocol, which clients before 2025 speak.
    Query,
}

impl Wire {
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Cbor => "application/cbor",
            Self::Json => "application/x-amz-json-1.0",
            Self::Query => "text/xml",
        }
    }

    /// The input of a request.
    ///
    /// # Errors
    /// The body cannot be read.
    pub(crate) fn read(self, body: &[u8]) -> Result<Json, ApiError> {
        let unreadable = |why: String| {
            let message = format!("the request cannot be read: {why}");
            ApiError::new(400, "SerializationException", message)
        };
        match self {
            Self::Query => query::Form::parse(body).map(|form| form.input),
            Self::Json => {
                serde_json::from_slice(body).map_err(|error| unreadable(error.to_string()))
            }
            Self::Cbor => {
                let value = ciborium::de::from_reader_with_recursion_limit(body, NESTING_MAX)
                    .map_err(|_| unreadable("it is no CBOR".into()))?;
                plain(value).ok_or_else(|| unreadable("it holds what no call has".into()))
            }
        }
    }

    /// The answer of `operation` to request `number`.
    pub(super) fn render(
        self,
        operation: &str,
        answer: &impl Serialize,
        number: u64,
    ) -> Result<Vec<u8>, ApiError> {
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
            Self::Query => {
                let mut result = serde_json::to_value(answer).map_err(|_| failed)?;
                write_times(&mut result, false);
                Ok(query::answer(operation, NAMESPACE, &result, number).into_bytes())
            }
        }
    }

    pub(crate) fn error(self, error: &ApiError, number: u64) -> Vec<u8> {
        #[derive(Serialize)]
        struct Body<'e> {
            #[serde(rename = "__type")]
            kind: String,
            message: &'e str,
        }
        if self == Self::Query {
            return query::error(error, NAMESPACE, number).into_bytes();
        }
        let body = Body {
            kind: format!("com.amazonaws.cloudwatch#{}", error.code),
            message: &error.message,
        };
        self.render("", &body, number).unwrap_or_default()
    }
}

/// Writes the times of an answer as RFC 3339. In no answer of the service another member has their
/// names.
fn write_times(value: &mut Json, is_time: bool) {
    match value {
        Json::Number(_) if is_time => {
            if let Ok(Epoch(at)) = query::read(value) {
                *value = Json::String(at.to_string());
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| write_times(item, is_time)),
        Json::Object(entries) => {
            for (name, value) in entries {
                write_times(value, matches!(name.as_str(), "Timestamp" | "Timestamps"));
            }
        }
        _ => {}
    }
}

/// `value` as JSON, with tags removed; numbers that JSON does not have become texts. None if
/// `value` holds bytes or keys that are no text.
fn plain(value: Value) -> Option<Json> {
    Some(match value {
        Value::Integer(number) => Json::from(i64::try_from(number).ok()?),
        Value::Float(number) => serde_json::Number::from_f64(number)
            .map_or_else(|| Json::String(number.to_string()), Json::Number),
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

#[cfg(test)]
mod tests {
    use foretide_domain::Timestamp;
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Shape {
        timestamp: Epoch,
        name: String,
    }

    fn shape() -> Shape {
        Shape {
            timestamp: Epoch(Timestamp::from_millis(1_500)),
            name: "a".into(),
        }
    }

    #[test]
    fn a_timestamp_is_tagged_in_cbor_bare_in_json_and_text_in_xml() {
        let json = Wire::Json.render("Get", &shape(), 1).unwrap();
        assert_eq!(json, br#"{"Timestamp":1.5,"Name":"a"}"#);
        let cbor = Wire::Cbor.render("Get", &shape(), 1).unwrap();
        let Value::Map(entries) = ciborium::from_reader(cbor.as_slice()).unwrap() else {
            panic!("a shape is a map");
        };
        assert_eq!(entries[0].1, Value::Tag(1, Box::new(Value::Float(1.5))));
        for (wire, bytes) in [
            (Wire::Cbor, cbor.as_slice()),
            (Wire::Json, json.as_slice()),
            (Wire::Query, b"Timestamp=1970-01-01T00:00:01.5Z&Name=a"),
        ] {
            let input = wire.read(bytes).unwrap();
            assert_eq!(query::read::<Shape>(&input).unwrap(), shape());
        }
        let xml = String::from_utf8(Wire::Query.render("Get", &shape(), 1).unwrap()).unwrap();
        assert!(
            xml.contains("<Timestamp>1970-01-01T00:00:01.5Z</Timestamp>"),
            "{xml}"
        );
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert!(Wire::Cbor.read(&[0x81; 10_000]).is_err());
        assert!(Wire::Json.read(&[b'['; 10_000]).is_err());
    }

    proptest! {
        /// Reading is total: whatever arrives, an answer goes back.
        #[test]
        fn no_body_breaks_the_reader(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            for wire in [Wire::Cbor, Wire::Json, Wire::Query] {
                if let Ok(input) = wire.read(&body) {
                    drop(query::read::<Shape>(&input));
                }
            }
        }
    }
}
