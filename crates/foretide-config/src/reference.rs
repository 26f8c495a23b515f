//! The reference of all keys as Markdown, made from the schema and the default file.

use super::default_table;
use super::key::Key;
use super::schema::{self, Kind, Leaf, Node, Table};

/// The table whose tables are groups.
const GROUP: &str = "group";

const HEAD: &str = "\
# Configuration

<!-- Made by `foretide config reference`; a test compares. -->

A setting comes from the first of these that has it: a flag (`--set KEY=VALUE`, or its own), an
environment variable, the configuration file (`--config FILE`, else `$FORETIDE_CONFIG`, else
`./foretide.toml`), the default. Durations (`\"180s\"`, `\"5m\"`, `\"1h30m\"`), percentages (`\"80%\"`)
and prices (`\"0.096 USD/h\"`) are written with their unit, in quotes. A list is written in a file as
`[\"a\", \"b\"]`, in a variable and behind `--set` as `a,b`, parted at commas. Paths in a file are
relative to that file. An unknown key is an error.

`foretide config default` prints a commented file with every default, `foretide config schema` a
JSON schema for editors, and `foretide config check [FILE]` says what is wrong with a file.
";

/// The reference of all keys as Markdown.
pub fn reference() -> String {
    let tree = schema::tree();
    let mut text = String::from(HEAD);
    section(&mut text, &tree, &Key::default(), &default_table());
    text
}

fn section(text: &mut String, table: &Table, way: &Key, defaults: &toml::Table) {
    // The keys of a group are listed once, with those that it inherits.
    let named = match table.any.as_deref() {
        Some(Node::Table(named)) if way.parts() != [GROUP] => Some(named),
        _ => None,
    };
    let leaves: Vec<(&String, &Leaf)> = named
        .unwrap_or(table)
        .keys
        .iter()
        .filter_map(|(key, node)| match node {
            Node::Leaf(leaf) => Some((key, leaf)),
            Node::Table(_) => None,
        })
        .collect();
    if !leaves.is_empty() || table.any.is_some() {
        heading(text, table, way);
    }
    // A named table has the keys below its name. Those of a group are those of `[defaults]`.
    let below = match table.any.as_deref() {
        Some(Node::Table(below)) if way.parts().len() > 1 => Some(below),
        _ => None,
    };
    let of_named = below.into_iter().flat_map(|below| &below.keys);
    let of_named = of_named.filter_map(|(key, node)| match node {
        Node::Leaf(leaf) => Some((key, leaf)),
        Node::Table(_) => None,
    });
    let leaves: Vec<(&String, &Leaf)> = leaves.into_iter().chain(of_named).collect();
    if !leaves.is_empty() {
        add(
            text,
            format_args!("| key | written as | default | what for |\n"),
        );
        add(text, format_args!("|---|---|---|---|\n"));
    }
    for (key, leaf) in leaves {
        let default = match defaults.get(key) {
            Some(value) => format!("`{value}`"),
            None => "none".into(),
        };
        let written = written(leaf);
        // A cell ends at a bar, even at one within backquotes.
        let what = one_line(&leaf.description).replace('|', r"\|");
        add(
            text,
            format_args!("| `{key}` | {written} | {default} | {what} |\n"),
        );
    }
    let empty = toml::Table::new();
    for (key, node) in &table.keys {
        if let Node::Table(below) = node {
            let defaults = defaults.get(key).and_then(toml::Value::as_table);
            section(text, below, &way.child(key), defaults.unwrap_or(&empty));
        }
    }
}

fn heading(text: &mut String, table: &Table, way: &Key) {
    let description = one_line(&table.description);
    if table.any.is_some() && way.parts().len() > 1 {
        let variable = way.variable();
        add(
            text,
            format_args!(
                "\n## `[[{way}]]`\n\n{description} Each table has a `name`; `[{way}.NAME]` is the \
                 same. Variables: `{variable}__NAME__KEY`.\n\n"
            ),
        );
    } else if table.any.is_some() {
        add(text, format_args!("\n## `[{way}.NAME]`\n\n{description}\n"));
        let (keys, tables, end) = if way.parts() == [GROUP] {
            ("The keys are those of `[defaults]`. ", "groups", "\n")
        } else {
            ("", "tables", "\n\n")
        };
        add(
            text,
            format_args!(
                "{keys}Variables: `{}__NAME__KEY`, for {tables} that the file names, with every \
                 character of the name that is no letter or digit as `_`.{end}",
                way.variable()
            ),
        );
    } else if way.parts().is_empty() {
        add(
            text,
            format_args!("\n## Top level\n\nVariables: `FORETIDE_KEY`.\n\n"),
        );
    } else {
        let variable = way.variable();
        add(
            text,
            format_args!("\n## `[{way}]`\n\n{description} Variables: `{variable}__KEY`.\n\n"),
        );
    }
}

fn written(leaf: &Leaf) -> String {
    if !leaf.allowed.is_empty() {
        let choices = leaf.allowed.iter().map(|choice| format!("`\"{choice}\"`"));
        return choices.collect::<Vec<_>>().join(", ");
    }
    match (leaf.kind, leaf.format.as_deref()) {
        (Kind::Text, Some(format)) => format.into(),
        (Kind::Text, None) => "text".into(),
        (Kind::Integer, _) => "whole number".into(),
        (Kind::Number, _) => "number".into(),
        (Kind::Boolean, _) => "`true`, `false`".into(),
        (Kind::List, _) => "list of texts".into(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn add(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.push_str(&what.to_string());
}
