//! Quantities of a configuration file: a number with its unit, in quotes.
//!
//! A bare number is refused: 5 could mean seconds or minutes, 0.8 a ratio or a percentage.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use foretide_domain::{Headroom, Percent};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// A length of time: `180s`, `5m`, `1h30m`, `250ms`, `2d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

/// A share of a whole, in percent: `80%`. May be above 100.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Percentage(f64);

/// The loss that a group outlasts: of `1` instance, or of a `zone of 3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spare(pub(crate) Headroom);

/// The price of an instance-hour: `0.096 USD/h`.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    amount: f64,
    currency: String,
}

/// The cost of a minute in violation for each missing instance: `0.02 USD/min`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MinutePrice {
    amount: f64,
    currency: String,
}

impl MinutePrice {
    /// This cost in instance-minutes at the price `instance`. None if the currencies differ or the
    /// price is 0.
    pub(crate) fn over(&self, instance: &Price) -> Option<f64> {
        let same = self.currency == instance.currency && instance.amount > 0.0;
        same.then(|| self.amount * 60.0 / instance.amount)
    }
}

impl Percentage {
    /// The value in percent.
    pub const fn percent(self) -> f64 {
        self.0
    }

    /// The value as a ratio: 0.8 for 80%.
    pub const fn ratio(self) -> f64 {
        self.0 / 100.0
    }
}

impl Price {
    /// The price of an instance-hour, in the price's currency.
    pub const fn per_hour(&self) -> f64 {
        self.amount
    }

    /// The currency.
    pub fn currency(&self) -> &str {
        &self.currency
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/h", self.amount, self.currency)
    }
}

/// Error of parsing a quantity: says what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoQuantity(&'static str);

impl fmt::Display for NoQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for NoQuantity {}

/// Splits `text` before the first character that belongs to no number.
fn split_number(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    text.split_at(end)
}

fn milliseconds_of(unit: &str) -> Option<f64> {
    Some(match unit {
        "ms" => 1.0,
        "s" => 1e3,
        "m" | "min" => 60e3,
        "h" => 3600e3,
        "d" => 86_400e3,
        _ => return None,
    })
}

impl FromStr for Span {
    type Err = NoQuantity;

    fn from_str(text: &str) -> Result<Self, NoQuantity> {
        let expected = NoQuantity(Self::EXPECTED);
        let mut total = Duration::ZERO;
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(expected);
        }
        while !rest.is_empty() {
            let (number, tail) = split_number(rest);
            let end = tail
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(end);
            let number: f64 = number.parse().map_err(|_| expected)?;
            let milliseconds = number * milliseconds_of(unit).ok_or(expected)?;
            let part = Duration::try_from_secs_f64((milliseconds).round() / 1000.0);
            total = total
                .checked_add(part.map_err(|_| expected)?)
                .ok_or(expected)?;
            rest = tail.trim_start();
        }
        Ok(Self(total))
    }
}

impl FromStr for Percentage {
    type Err = NoQuantity;

    fn from_str(text: &str) -> Result<Self, NoQuantity> {
        let expected = NoQuantity(Self::EXPECTED);
        let (number, unit) = split_number(text.trim());
        let number: f64 = number.parse().map_err(|_| expected)?;
        (unit.trim() == "%" && number.is_finite())
            .then_some(Self(number))
            .ok_or(expected)
    }
}

/// A number with a currency, per `unit`.
fn split_price(text: &str, unit: &str) -> Option<(f64, String)> {
    let (number, rest) = split_number(text.trim());
    let amount: f64 = number.parse().ok()?;
    let currency = rest.trim().strip_suffix(unit)?.trim_end();
    let is_code = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
    (is_code && amount.is_finite()).then(|| (amount, currency.into()))
}

impl FromStr for Spare {
    type Err = NoQuantity;

    fn from_str(text: &str) -> Result<Self, NoQuantity> {
        let text = text.trim();
        let headroom = match text.strip_prefix("zone of ") {
            Some(zones) => {
                let zones = zones.trim().parse().ok();
                zones.filter(|zones| *zones >= 2).map(Headroom::ZoneOf)
            }
            None => text.parse().ok().map(Headroom::Instances),
        };
        headroom.map(Self).ok_or(NoQuantity(Self::EXPECTED))
    }
}

impl FromStr for Price {
    type Err = NoQuantity;

    fn from_str(text: &str) -> Result<Self, NoQuantity> {
        let (amount, currency) = split_price(text, "/h").ok_or(NoQuantity(Self::EXPECTED))?;
        Ok(Self { amount, currency })
    }
}

impl FromStr for MinutePrice {
    type Err = NoQuantity;

    fn from_str(text: &str) -> Result<Self, NoQuantity> {
        let (amount, currency) = split_price(text, "/min").ok_or(NoQuantity(Self::EXPECTED))?;
        Ok(Self { amount, currency })
    }
}

/// Deserialises `$quantity` from a string. The error for a bare number says that the unit is
/// missing.
macro_rules! written_as_text {
    ($quantity:ident, $name:literal, $pattern:literal, $expected:literal) => {
        impl $quantity {
            /// Text after "expected" in error messages.
            const EXPECTED: &'static str = $expected;
        }

        impl<'de> Deserialize<'de> for $quantity {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $quantity;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$quantity, E> {
                        text.parse()
                            .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
                    }
                }
                deserializer.deserialize_any(Text)
            }
        }

        impl JsonSchema for $quantity {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $name, "pattern": $pattern })
            }
        }
    };
}

written_as_text!(
    Span,
    "duration",
    r"^\s*([0-9.]+(ms|s|min|m|h|d)\s*)+$",
    "a duration with its unit, such as \"180s\", \"5m\" or \"1h30m\""
);
written_as_text!(
    Percentage,
    "percentage",
    r"^\s*[0-9.]+\s*%\s*$",
    "a percentage with its sign, such as \"80%\""
);
written_as_text!(
    Spare,
    "headroom",
    r"^\s*([0-9]+|zone of [0-9]+)\s*$",
    "a number of instances in quotes, such as \"1\", or one zone of at least 2, such as \"zone of \
     3\": a group of one zone cannot outlast its loss"
);

written_as_text!(
    Price,
    "price",
    r"^\s*[0-9.]+\s*[A-Z]{3}\s*/h\s*$",
    "a price of an instance-hour with its currency, such as \"0.096 USD/h\""
);

written_as_text!(
    MinutePrice,
    "price",
    r"^\s*[0-9.]+\s*[A-Z]{3}\s*/min\s*$",
    "a price of a minute with its currency, such as \"0.02 USD/min\""
);

impl From<Span> for Duration {
    fn from(span: Span) -> Self {
        span.0
    }
}

impl From<Spare> for Headroom {
    fn from(spare: Spare) -> Self {
        spare.0
    }
}

/// Sets a ratio from a percentage.
impl From<Percentage> for f64 {
    fn from(percentage: Percentage) -> Self {
        percentage.ratio()
    }
}

impl From<Percentage> for Percent {
    fn from(percentage: Percentage) -> Self {
        // Read without a sign, so never negative.
        Self::new(percentage.percent()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_add_up_their_parts() {
        for (text, seconds) in [
            ("180s", 180.0_f64),
            ("5m", 300.0),
            ("5 min", 0.0),
            ("1h30m", 5400.0),
            (" 1d 2h ", 93_600.0),
            ("250ms", 0.25),
            ("1.5h", 5400.0),
        ] {
            let span = text.parse::<Span>().map(|span| span.0.as_secs_f64());
            if seconds == 0.0 {
                assert!(span.is_err(), "{text}");
            } else {
                assert_eq!(span.map(f64::to_bits), Ok(seconds.to_bits()), "{text}");
            }
        }
    }

    #[test]
    fn headroom_is_a_number_of_instances_or_a_zone_of_several() {
        let spare = |text: &str| text.parse::<Spare>().map(|spare| spare.0);
        assert_eq!(spare("0"), Ok(Headroom::NONE));
        assert_eq!(spare(" 2 "), Ok(Headroom::Instances(2)));
        assert_eq!(spare("zone of 3"), Ok(Headroom::ZoneOf(3)));
    }

    #[test]
    fn quantities_without_unit_or_number_are_refused() {
        for text in [
            "180",
            "s",
            "",
            "5 parsecs",
            "-5s",
            "1..2s",
            "1e400d",
            "NaNs",
            "9e9d",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
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
            assert!(text.parse::<Spare>().is_err(), "{text}");
        }
        for text in ["80", "%", "-1%", "80%%", "inf%"] {
            assert!(text.parse::<Percentage>().is_err(), "{text}");
        }
        for text in [
            "0.096",
            "0.096 USD",
            "USD/h",
            "0.1 dollars/h",
            "0.1 usd/h",
            "-1 USD/h",
        ] {
            assert!(text.parse::<Price>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_percentage_is_the_ratio_that_its_digits_say() {
        let share: Percentage = "80%".parse().unwrap();
        assert_eq!(share.ratio().to_bits(), 0.8_f64.to_bits());
        assert_eq!(share.percent().to_bits(), 80.0_f64.to_bits());
    }

    #[test]
    fn a_price_is_written_as_it_is_read() {
        let price: Price = "0.096 USD/h".parse().unwrap();
        assert_eq!(price.to_string(), "0.096 USD/h");
    }

    #[test]
    fn a_minute_short_is_worth_so_many_instance_minutes() {
        let over = |short: &str, instance: &str| {
            let short: MinutePrice = short.parse().unwrap();
            short.over(&instance.parse().unwrap())
        };
        let ratio = over("0.16 USD/min", "0.096 USD/h").unwrap();
        assert!((ratio - 100.0).abs() < 1e-9, "{ratio}");
        assert_eq!(over("0.16 USD/min", "0.096 EUR/h"), None);
        assert_eq!(over("0.16 USD/min", "0 USD/h"), None);
        assert!("0.16 USD/h".parse::<MinutePrice>().is_err());
    }

    #[test]
    fn a_bare_number_is_answered_with_the_unit_it_lacks() {
        #[derive(Debug, serde::Deserialize)]
        struct Holder {
            #[expect(dead_code, reason = "only the error is looked at")]
            span: Span,
        }
        let error = toml::from_str::<Holder>("span = 300").unwrap_err();
        assert_eq!(
            error.message(),
            "invalid type: integer `300`, expected a duration with its unit, such as \"180s\", \
             \"5m\" or \"1h30m\""
        );
    }
}
