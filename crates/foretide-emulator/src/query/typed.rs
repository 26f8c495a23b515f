//! Reads the typed input of an operation from a value whose numbers and flags may be texts.
//!
//! A member that the operation does not know is an error that names the member: nothing of a
//! request is ever ignored. Input types therefore say `deny_unknown_fields`.

use std::fmt::{self, Display};

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

use crate::error::ApiError;

/// Reads an input.
///
/// # Errors
/// `ValidationError`: a member is unknown, missing or of another type.
pub(crate) fn read<T: DeserializeOwned>(input: &Value) -> Result<T, ApiError> {
    T::deserialize(Typed(input)).map_err(|problem| ApiError::validation(problem.0))
}

/// What is wrong with an input, in words.
#[derive(Debug)]
struct Problem(String);

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

impl de::Error for Problem {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self(ApiError::unknown_parameter(field).message)
    }

    fn missing_field(field: &'static str) -> Self {
        Self(format!(
            "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member \
             must not be null",
            lower_first(field)
        ))
    }
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

#[derive(Clone, Copy)]
struct Typed<'v>(&'v Value);

impl IntoDeserializer<'_, Problem> for Typed<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! from_text {
    ($($method:ident, $visit:ident, $what:literal;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
            let Value::String(text) = self.0 else {
                return self.deserialize_any(visitor);
            };
            let wrong = |_| Problem(format!("{:?} is not {}", shortened(text), $what));
            visitor.$visit(text.trim().to_ascii_lowercase().parse().map_err(wrong)?)
        })*
    };
}

impl<'de> Deserializer<'de> for Typed<'_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(*flag),
            Value::String(text) => visitor.visit_str(text),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(whole), _, _) => visitor.visit_u64(whole),
                (_, Some(whole), _) => visitor.visit_i64(whole),
                (_, _, Some(float)) => visitor.visit_f64(float),
                _ => Err(Problem("a number is out of range".into())),
            },
            Value::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.iter().map(Typed))),
            Value::Object(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| (key.as_str(), Typed(value)));
                visitor.visit_map(MapDeserializer::new(entries))
            }
        }
    }

    from_text! {
        deserialize_bool, visit_bool, "true or false";
        deserialize_u32, visit_u32, "a whole number";
        deserialize_u64, visit_u64, "a whole number";
        deserialize_i64, visit_i64, "a whole number";
        deserialize_f64, visit_f64, "a number";
    }

    /// An empty text is no value: this is how the protocol writes an empty list.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            Value::String(text) if text.is_empty() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::String(text) if text.is_empty() => {
                visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<Typed<'_>>()))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u128 f32 char str string bytes byte_buf unit unit_struct tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct Input {
        group_name: String,
        #[serde(default)]
        size: Option<u32>,
        #[serde(default)]
        force: bool,
        #[serde(default)]
        names: Vec<String>,
    }

    #[test]
    fn texts_and_typed_values_are_read_alike() {
        let texts = json!({"GroupName": "a", "Size": "3", "Force": "True", "Names": ["x"]});
        let typed = json!({"GroupName": "a", "Size": 3, "Force": true, "Names": ["x"]});
        assert_eq!(read::<Input>(&texts).unwrap(), read(&typed).unwrap());
        let empty = read::<Input>(&json!({"GroupName": "a", "Size": "", "Names": ""})).unwrap();
        assert_eq!((empty.size, empty.names.len()), (None, 0));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (input, words) in [
            (
                json!({"GroupName": "a", "Filters": []}),
                "the parameter Filters",
            ),
            (json!({"Size": "1"}), "Value null at 'groupName'"),
            (
                json!({"GroupName": "a", "Size": "-1"}),
                "\"-1\" is not a whole number",
            ),
            (
                json!({"GroupName": "a", "Force": "perhaps"}),
                "not true or false",
            ),
            (json!({"GroupName": ["a"]}), "string"),
        ] {
            let error = read::<Input>(&input).unwrap_err();
            assert!(error.message.contains(words), "{input}: {}", error.message);
            assert_eq!(error.code, "ValidationError");
        }
    }
}
