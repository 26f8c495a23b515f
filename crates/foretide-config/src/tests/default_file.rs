//! The default file: every key with its default, and examples of those without.

use super::load;
use crate::{Config, DEFAULT_FILE, schema};

#[test]
fn the_default_file_says_what_is_built_in() {
    assert_eq!(load(DEFAULT_FILE, &[], &[]), Ok(Config::default()));
    assert_eq!(load("", &[], &[]), Ok(Config::default()));
}

/// A key without default stands in the file as a comment, which nothing else would check.
#[test]
fn the_default_file_names_every_key_and_its_examples_are_valid() {
    let uncommented = uncommented();
    // Prices and a budget exclude each other.
    let prices = uncommented.replace("\nbudget = \"0.5%\"\n", "\n");
    // So do an address and the file that holds it.
    let prices = prices.replace("\nurl_file = \"webhook-url\"\n", "\n");
    // So do the ways to say what an instance carries.
    let measures = [
        "target =",
        "acceptable_latency =",
        "message_time =",
        "server =",
        "query =",
    ];
    let kept = |line: &&str| !measures.iter().any(|key| line.starts_with(key));
    let prices = prices.lines().filter(kept).collect::<Vec<_>>().join("\n");
    let config = load(&prices, &[], &[]).unwrap();
    assert_eq!(config.groups.len(), 2);
    assert_eq!(config.prometheus.len(), 2);
    assert!(config.demo.price.is_some() && config.model.is_some());
    let table: toml::Table = toml::from_str(&uncommented).unwrap();
    let tree = schema::tree();
    for name in [
        "defaults", "aws", "run", "page", "metrics", "notify", "serve", "demo",
    ] {
        let Some(schema::Node::Table(schema)) = tree.get(name) else {
            panic!("{name}");
        };
        assert_keys(name, schema, table[name].as_table().unwrap());
    }
}

/// The default file with its examples.
pub(super) fn uncommented() -> String {
    let is_table = |text: &str| {
        ["[group", "[prometheus", "[["]
            .iter()
            .any(|it| text.starts_with(it))
    };
    let lines = DEFAULT_FILE.lines();
    let lines = lines.map(|line| match line.strip_prefix("# ") {
        Some(rest) if rest.contains(" = ") || is_table(rest) => rest,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[track_caller]
pub(super) fn assert_keys(way: &str, schema: &schema::Table, table: &toml::Table) {
    for (key, node) in &schema.keys {
        let value = table.get(key);
        assert!(value.is_some(), "{way}.{key} is not in the default file");
        if let (schema::Node::Table(named), Some(toml::Value::Array(tables))) = (node, value) {
            let Some(schema::Node::Table(below)) = named.any.as_deref() else {
                panic!("{way}.{key}");
            };
            let first = tables.first().and_then(toml::Value::as_table);
            assert_keys(&format!("{way}.{key}"), below, first.unwrap());
            continue;
        }
        if let (schema::Node::Table(below), Some(toml::Value::Table(table))) = (node, value) {
            assert_keys(&format!("{way}.{key}"), below, table);
        }
    }
}
