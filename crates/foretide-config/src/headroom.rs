//! Headroom, as the file writes it.

use std::borrow::Cow;
use std::fmt;

use foretide_domain::Headroom;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// The loss that a group outlasts: `1` instance, or a `zone of 3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spare(Headroom);

impl From<Spare> for Headroom {
    fn from(spare: Spare) -> Self {
        spare.0
    }
}

/// Text after "expected" in error messages.
const EXPECTED: &str = "a number of instances in quotes, such as \"1\", or one zone of at least 2, \
                        such as \"zone of 3\": a group of one zone cannot outlast its loss";

fn parse(text: &str) -> Option<Headroom> {
    if let Some(zones) = text.trim().strip_prefix("zone of ") {
        let zones = zones.trim().parse().ok();
        return zones.filter(|it| *it >= 2).map(Headroom::ZoneOf);
    }
    text.trim().parse().ok().map(Headroom::Instances)
}

impl<'de> Deserialize<'de> for Spare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Spare;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Spare, E> {
                let headroom = parse(text);
                headroom
                    .map(Spare)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

impl JsonSchema for Spare {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "headroom".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "headroom",
            "pattern": r"^\s*([0-9]+|zone of [0-9]+)\s*$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headroom_is_a_number_of_instances_or_a_zone_of_at_least_two() {
        assert_eq!(parse("0"), Some(Headroom::NONE));
        assert_eq!(parse(" 2 "), Some(Headroom::Instances(2)));
        assert_eq!(parse("zone of 3"), Some(Headroom::ZoneOf(3)));
        for text in [
            "",
            "-1",
            "1.5",
            "zone",
            "zone of 1",
            "zone of",
            "zone of many",
            "zones of 3",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
