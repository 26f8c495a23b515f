//! Input of the Query protocol: a flat form whose keys are paths.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::ApiError;

/// Most parameters of one request. The largest real request is a thousand metrics, each with a few
/// members and dimensions.
const PARAMETERS_MAX: usize = 20_000;
/// Most levels of a path. The deepest real path has ten.
const LEVELS_MAX: usize = 24;
/// Longest path of a parameter, in bytes.
const PATH_MAX: usize = 512;

/// One request.
#[derive(Debug, Default)]
pub(crate) struct Form {
    /// The operation.
    pub(crate) action: String,
    /// The version of the service's interface, which tells the service.
    pub(crate) version: String,
    /// All other parameters, as an object.
    pub(crate) input: Value,
}

#[derive(Debug)]
enum Node {
    Text(String),
    Map(BTreeMap<String, Node>),
    List(BTreeMap<u32, Node>),
}

impl Form {
    /// Reads a form.
    ///
    /// # Errors
    /// There are too many parameters, or a path is malformed.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = Self::default();
        let mut root = BTreeMap::new();
        for (place, (key, value)) in form_urlencoded::parse(body).enumerate() {
            if place == PARAMETERS_MAX {
                return Err(ApiError::validation("too many parameters"));
            }
            match key.as_ref() {
                "Action" => form.action = value.into_owned(),
                "Version" => form.version = value.into_owned(),
                path => insert(&mut root, path, value.into_owned())?,
            }
        }
        form.input = Node::Map(root).into_value();
        Ok(form)
    }
}

/// Inserts `text` below `root`.
fn insert(root: &mut BTreeMap<String, Node>, path: &str, text: String) -> Result<(), ApiError> {
    let segments: Vec<&str> = path.split('.').collect();
    let proper = |one: &&str| !one.is_empty() && one.bytes().all(|b| b.is_ascii_alphanumeric());
    let malformed = || {
        let shown: String = path.chars().take(80).filter(|c| !c.is_control()).collect();
        ApiError::new(
            400,
            "MalformedInput",
            format!("the parameter {shown:?} is malformed"),
        )
    };
    if path.len() > PATH_MAX || segments.len() > LEVELS_MAX || !segments.iter().all(proper) {
        return Err(malformed());
    }
    let Some((first, mut rest)) = segments.split_first() else {
        return Err(malformed());
    };
    let empty = || Node::Map(BTreeMap::new());
    if rest.is_empty() {
        return match root.insert((*first).to_owned(), Node::Text(text)) {
            None => Ok(()),
            Some(_) => Err(malformed()),
        };
    }
    let mut node = root.entry((*first).to_owned()).or_insert_with(empty);
    loop {
        let (next, left) = match rest {
            [] => break,
            ["member", number, left @ ..] => {
                if matches!(node, Node::Map(map) if map.is_empty()) {
                    *node = Node::List(BTreeMap::new());
                }
                let (Node::List(list), Ok(number)) = (node, number.parse()) else {
                    return Err(malformed());
                };
                (list.entry(number).or_insert_with(empty), left)
            }
            [name, left @ ..] => {
                let Node::Map(map) = node else {
                    return Err(malformed());
                };
                (map.entry((*name).to_owned()).or_insert_with(empty), left)
            }
        };
        (node, rest) = (next, left);
    }
    if !matches!(node, Node::Map(map) if map.is_empty()) {
        return Err(malformed());
    }
    *node = Node::Text(text);
    Ok(())
}

impl Node {
    fn into_value(self) -> Value {
        match self {
            Self::Text(text) => Value::String(text),
            Self::List(list) => list.into_values().map(Self::into_value).collect(),
            Self::Map(map) => {
                let entries = map.into_iter().map(|(key, node)| (key, node.into_value()));
                Value::Object(entries.collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_become_nested_values_in_the_order_of_their_numbers() {
        let form = Form::parse(
            b"Action=A&Version=1&Names.member.2=b+c&Names.member.1=a\
              &Tags.member.1.Key=k&Tags.member.1.Value=&Limit=1",
        )
        .unwrap();
        assert_eq!((form.action.as_str(), form.version.as_str()), ("A", "1"));
        assert_eq!(
            form.input,
            json!({"Names": ["a", "b c"], "Tags": [{"Key": "k", "Value": ""}], "Limit": "1"})
        );
    }

    #[test]
    fn malformed_paths_and_floods_are_refused() {
        for bad in [
            "a..b=1",
            "<x>=1",
            "a=1&a=2",
            "a=1&a.b=2",
            "a.member.x=1",
            "=1",
        ] {
            assert!(Form::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Form::parse(&b"a=1&".repeat(PARAMETERS_MAX + 1)).is_err());
        assert!(Form::parse("a.".repeat(LEVELS_MAX).as_bytes()).is_err());
        assert!(Form::parse(b"a.b=1&a.c=2").is_ok(), "control");
    }

    proptest! {
        /// Reading is total: whatever arrives, an answer goes back.
        #[test]
        fn no_body_breaks_the_reader(body in "[a-c.&=member1-3]{0,80}") {
            drop(Form::parse(body.as_bytes()));
        }
    }
}
