//! Pace limits: how fast desired capacity may change, as the file writes them.

use std::borrow::Cow;
use std::fmt;

use foretide_control::{AtMost, PaceLimit, PaceLimits};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

use super::quantity::{Percentage, Span};
use super::set::set;

/// Settings of the pace of scale-out.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawScaleOut {
    /// Most instances added within `per`: a percentage of the capacity at the start of that time,
    /// rounded up, a number of instances, or a list of both: the larger one applies. At least 1
    /// instance is always allowed. `unlimited` switches the limit off.
    pub at_most: Option<Changes>,
    /// The time within which `at_most` holds, from `1m` to `24h`. It ends now: changes made
    /// longer ago do not count.
    pub per: Option<Span>,
}

/// Settings of the pace of scale-in.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawScaleIn {
    /// Most instances taken away within `per`, written as for `scale_out`.
    pub at_most: Option<Changes>,
    /// The time within which `at_most` holds, from `1m` to `24h`.
    pub per: Option<Span>,
    /// A scale-in goes at most to the highest capacity that was wanted within this time. `0s`
    /// switches it off; at most `1h`.
    pub stabilisation: Option<Span>,
}

/// A change of capacity: a percentage, a number of instances, both, or `unlimited`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Changes(AtMost);

impl RawScaleOut {
    pub(crate) fn apply(&self, pace: &mut PaceLimits) {
        limit(&mut pace.scale_out, self.at_most, self.per);
    }
}

impl RawScaleIn {
    pub(crate) fn apply(&self, pace: &mut PaceLimits) {
        limit(&mut pace.scale_in, self.at_most, self.per);
        set(&mut pace.stabilisation, self.stabilisation);
    }
}

fn limit(limit: &mut PaceLimit, at_most: Option<Changes>, per: Option<Span>) {
    set(&mut limit.at_most, at_most.map(|changes| changes.0));
    set(&mut limit.per, per);
}

/// The word that switches a limit off.
const UNLIMITED: &str = "unlimited";
/// Text after "expected" in error messages.
const EXPECTED: &str = "a percentage above 0 %, such as \"100 %\", a number of instances from 1, \
                        such as \"4\", a list of both, or \"unlimited\"";

impl Changes {
    /// Adds one change; the larger of its kind holds. Returns whether the text is one.
    fn add(&mut self, text: &str) -> bool {
        let text = text.trim();
        if let Ok(percentage) = text.parse::<Percentage>() {
            let percent = percentage.percent();
            let most = self.0.percent.unwrap_or_default().max(percent);
            self.0.percent = Some(most);
            return percent > 0.0;
        }
        let instances = text.parse().ok().filter(|it: &u32| *it > 0);
        self.0.instances = self.0.instances.max(instances);
        instances.is_some()
    }

    fn of<'a, E: de::Error>(texts: impl Iterator<Item = &'a str>) -> Result<Self, E> {
        let mut changes = Self::default();
        for text in texts {
            if !changes.add(text) {
                return Err(E::invalid_value(de::Unexpected::Str(text), &EXPECTED));
            }
        }
        if changes == Self::default() {
            return Err(E::invalid_length(0, &EXPECTED));
        }
        Ok(changes)
    }
}

impl<'de> Deserialize<'de> for Changes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrList;
        impl<'de> Visitor<'de> for TextOrList {
            type Value = Changes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            /// Variables, flags and tags write a list with commas.
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Changes, E> {
                if text.trim() == UNLIMITED {
                    return Ok(Changes(AtMost::UNLIMITED));
                }
                Changes::of(text.split(','))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Changes, A::Error> {
                let mut texts: Vec<String> = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Changes::of(texts.iter().map(String::as_str))
            }
        }
        deserializer.deserialize_any(TextOrList)
    }
}

impl JsonSchema for Changes {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "changes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "array"],
            "items": { "type": "string" },
            "minItems": 1,
            "format": "text or list of texts"
        })
    }
}
