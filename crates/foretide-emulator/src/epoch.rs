//! A time on the wire.

use ciborium::tag::Required;
use foretide_domain::Timestamp;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A time on the wire: seconds since 1970, in CBOR under tag 1. Texts in RFC 3339 are read as well,
/// since the Query protocol sends them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Epoch(pub(crate) Timestamp);

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
        deserializer.deserialize_any(EpochVisitor)
    }
}

struct EpochVisitor;

impl Visitor<'_> for EpochVisitor {
    type Value = Epoch;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a timestamp")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Epoch, E> {
        self.visit_f64(seconds as f64)
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Epoch, E> {
        self.visit_f64(seconds as f64)
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Epoch, E> {
        // No calendar covers longer times, and arithmetic could overflow.
        if !(seconds.is_finite() && seconds.abs() < 1e11) {
            return Err(E::custom("a timestamp is out of range"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked against the range above"
        )]
        let millis = (seconds * 1000.0).round() as i64;
        Ok(Epoch(Timestamp::from_millis(millis)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Epoch, E> {
        if let Ok(seconds) = text.parse::<f64>() {
            return self.visit_f64(seconds);
        }
        let at = text.parse().or_else(|_| format!("{text}Z").parse());
        at.map(Epoch)
            .map_err(|_| E::custom("a timestamp is not in ISO 8601"))
    }
}
