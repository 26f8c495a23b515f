//! The schema of the configuration, derived from the types that read it: as JSON schema for
//! editors, and as a tree of keys for messages, variables and the reference.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

use super::raw::RawConfig;

/// A table or a setting.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// A table of named keys, or of keys that the user names.
    Table(Table),
    /// A setting.
    Leaf(Leaf),
}

/// What a table may hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// What it is for.
    pub description: String,
    /// The keys it knows.
    pub keys: BTreeMap<String, Node>,
    /// What stands below a key that the user names.
    pub any: Option<Box<Node>>,
}

/// A setting.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    /// What it is for.
    pub description: String,
    /// How it is written.
    pub kind: Kind,
    /// The values it may have, where they are few.
    pub allowed: Vec<String>,
    /// Name of its format: `duration`, `percentage`, `price`, `path`.
    pub format: Option<String>,
}

/// How a setting is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In quotes.
    Text,
    /// As a whole number.
    Integer,
    /// As a number, whole or not.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Several texts.
    List,
}

impl Table {
    /// What stands below `key`.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.keys.get(key).or(self.any.as_deref())
    }

    /// The known key most like `key`, if any is like it.
    pub(crate) fn nearest(&self, key: &str) -> Option<&str> {
        nearest(key, self.keys.keys().map(String::as_str))
    }
}

/// The candidate most like `text`, where one is so like it that it may have been meant.
pub(crate) fn nearest<'a>(
    text: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    // 0.7 tells `cooldwn` from `cooldown` and keeps `xyz` from being taken for anything.
    const LIKE: f64 = 0.7;
    candidates
        .map(|candidate| (strsim::jaro_winkler(text, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= LIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// TOML has no null: a key that may be left out is left out.
#[derive(Clone, Debug)]
struct WithoutNull;

impl Transform for WithoutNull {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else {
            return;
        };
        if let Some(Value::Array(kinds)) = object.get_mut("type") {
            kinds.retain(|kind| kind != "null");
            if let [only] = kinds.as_slice() {
                let only = only.clone();
                object.insert("type".into(), only);
            }
        }
        if let Some(Value::Array(values)) = object.get_mut("enum") {
            values.retain(|value| !value.is_null());
        }
        if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
            choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
            if let [Value::Object(only)] = choices.as_slice() {
                let only = only.clone();
                object.remove("anyOf");
                for (key, value) in only {
                    object.entry(key).or_insert(value);
                }
            }
        }
    }
}

/// The JSON schema, with `defaults` (the default file, read) noted at the keys that have one.
pub(crate) fn json(defaults: &toml::Table) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.transforms.push(Box::new(WithoutNull));
    let schema = RawConfig::json_schema(&mut settings.clone().into_generator());
    let mut schema = transformed(schema);
    let title = Value::from("Configuration of Foretide");
    if let Some(object) = schema.as_object_mut() {
        object.insert(
            "$schema".into(),
            "https://json-schema.org/draft/2020-12/schema".into(),
        );
        object.insert("title".into(), title);
        note_defaults(object, defaults);
    }
    schema
}

fn transformed(mut schema: Schema) -> Value {
    WithoutNull.transform(&mut schema);
    schema.to_value()
}

fn note_defaults(schema: &mut Map<String, Value>, defaults: &toml::Table) {
    // `default: {}` of a nested table says nothing that the keys do not say better.
    schema.remove("default");
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    for (key, property) in properties {
        let Value::Object(property) = property else {
            continue;
        };
        match defaults.get(key) {
            Some(toml::Value::Table(table)) => note_defaults(property, table),
            Some(value) => {
                let value = serde_json::to_value(value).unwrap_or_default();
                property.insert("default".into(), value);
            }
            None => note_defaults(property, &toml::Table::new()),
        }
        if let Some(Value::Object(any)) = property.get_mut("additionalProperties") {
            note_defaults(any, &toml::Table::new());
        }
    }
}

/// The tree of keys.
pub(crate) fn tree() -> Table {
    match node(&json(&toml::Table::new())) {
        Node::Table(table) => table,
        Node::Leaf(_) => Table::default(),
    }
}

fn node(schema: &Value) -> Node {
    let text = |key: &str| schema.get(key).and_then(Value::as_str).map(str::to_owned);
    let description = text("description").unwrap_or_default();
    let kind = match text("type").as_deref() {
        Some("object") => return Node::Table(table(schema, description)),
        Some("integer") => Kind::Integer,
        Some("number") => Kind::Number,
        Some("boolean") => Kind::Boolean,
        Some("array") => Kind::List,
        _ => Kind::Text,
    };
    let allowed = schema.get("enum").and_then(Value::as_array);
    let allowed = allowed.into_iter().flatten().filter_map(Value::as_str);
    Node::Leaf(Leaf {
        description,
        kind,
        allowed: allowed.map(str::to_owned).collect(),
        format: text("format"),
    })
}

fn table(schema: &Value, description: String) -> Table {
    let properties = schema.get("properties").and_then(Value::as_object);
    let keys = properties.into_iter().flatten();
    let any = schema.get("additionalProperties");
    Table {
        description,
        keys: keys
            .map(|(key, below)| (key.clone(), node(below)))
            .collect(),
        any: any
            .filter(|any| any.is_object())
            .map(|any| Box::new(node(any))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_knows_tables_kinds_and_choices() {
        let tree = tree();
        let Some(Node::Table(group)) = tree.get("group") else {
            panic!("{tree:?}");
        };
        let Some(Node::Table(web)) = group.get("web") else {
            panic!("{group:?}");
        };
        let Some(Node::Leaf(mode)) = web.get("mode") else {
            panic!("{web:?}");
        };
        assert_eq!(mode.allowed, ["observe", "scale-out-only", "enforce"]);
        assert!(mode.description.starts_with("What Foretide may do"));
        let Some(Node::Table(classifier)) = web.get("classifier") else {
            panic!("{web:?}");
        };
        assert!(matches!(classifier.get("streak"), Some(Node::Leaf(leaf))
            if leaf.kind == Kind::Integer));
        assert!(
            matches!(classifier.get("cooldown_in"), Some(Node::Leaf(leaf))
            if leaf.format.as_deref() == Some("duration"))
        );
    }

    #[test]
    fn every_key_says_what_it_is_for() {
        fn check(key: &str, node: &Node) {
            let described = match node {
                Node::Leaf(leaf) => !leaf.description.is_empty(),
                Node::Table(table) => {
                    table.keys.iter().for_each(|(key, node)| check(key, node));
                    !table.description.is_empty()
                }
            };
            assert!(described, "{key} has no description");
        }
        check("the whole", &Node::Table(tree()));
    }

    #[test]
    fn nothing_is_suggested_for_what_is_like_nothing() {
        let tree = tree();
        assert_eq!(tree.nearest("defalts"), Some("defaults"));
        assert_eq!(tree.nearest("xyz"), None);
    }

    #[test]
    fn the_schema_has_no_null() {
        let text = json(&toml::Table::new()).to_string();
        assert!(!text.contains("null"), "{text}");
    }
}
