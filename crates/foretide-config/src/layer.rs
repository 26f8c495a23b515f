//! Layers of settings: a file, the environment, flags. Each setting is checked with its place, so
//! that messages can name the place. All errors are collected.

use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::key::{Key, PREFIX, upper};
use super::problem::{Place, Problem, Source};
use super::raw::RawConfig;
use super::schema::{Kind, Leaf, Node, Table, nearest};

/// One setting of a layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setting {
    /// Name of the setting.
    pub key: Key,
    /// Value of the setting; its type is checked.
    pub value: toml::Value,
    /// Place of the setting: line of a file, variable or flag.
    pub place: Place,
}

/// The settings of all layers, and their problems.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    /// The settings, the highest precedence last.
    pub settings: Vec<Setting>,
    /// The problems, in the order of their places.
    pub problems: Vec<Problem>,
}

impl Layers {
    /// Adds the settings of a file. Paths in it are relative to `folder`.
    pub(crate) fn add_file(&mut self, tree: &Table, source: &Rc<Source>, folder: &Path) {
        let place = |span: Range<usize>| Place::File {
            source: Rc::clone(source),
            span,
        };
        let parsed = DeTable::parse(&source.text).and_then(|spans| {
            let values: toml::Table = toml::from_str(&source.text)?;
            Ok((spans, values))
        });
        match parsed {
            Ok((spans, values)) => {
                let mut walk = Walk {
                    layers: self,
                    place: &place,
                    folder,
                };
                walk.table(tree, &Key::default(), spans.get_ref(), &values);
            }
            Err(error) => {
                let span = error.span().unwrap_or_default();
                let what = format!("not TOML: {}", error.message().replace('\n', ", "));
                self.problems.push(Problem::new(what, place(span)));
            }
        }
    }

    /// Adds the environment variables among `variables` that begin with `FORETIDE_`. Groups can be
    /// set there only if a file names them: a variable's name does not contain their exact
    /// spelling.
    pub(crate) fn add_variables(
        &mut self,
        tree: &Table,
        variables: impl Iterator<Item = (String, String)>,
    ) {
        let mut known = Vec::new();
        let names = |table: &Key| self.names_below(table);
        variables_of(tree, &Key::default(), &names, &mut known);
        let known: Vec<(String, Key, &Leaf)> = known;
        for (name, text) in variables {
            if !name.starts_with(PREFIX) || is_of_kubernetes(&name) || name == FILE_VARIABLE {
                continue;
            }
            let place = Place::Variable(name.clone());
            if let Some((_, key, leaf)) = known.iter().find(|(variable, ..)| *variable == name) {
                self.add_text(key, leaf, &text, place);
            } else {
                let names = known.iter().map(|(variable, ..)| variable.as_str());
                let hint = nearest(&name, names).map(|name| format!("did you mean {name}?"));
                let what = format!("unknown environment variable {name}");
                self.problems
                    .push(Problem::new(what, place).with_hint(hint));
            }
        }
    }

    /// Adds one setting from the text of the flag `flag`.
    pub(crate) fn add_flag(&mut self, tree: &Table, key: &str, text: &str, flag: &str) {
        let place = Place::Flag(flag.to_owned());
        let Some(key) = Key::parse(key) else {
            let what = format!("`{key}` is no name of a key");
            self.problems.push(Problem::new(what, place));
            return;
        };
        self.add_named(tree, &key, text, place);
    }

    /// Adds the setting `key` from its text.
    pub(crate) fn add_named(&mut self, tree: &Table, key: &Key, text: &str, place: Place) {
        let mut table = tree;
        let mut way = Key::default();
        for part in key.parts() {
            way = way.child(part);
            match table.get(part) {
                Some(Node::Table(below)) => table = below,
                Some(Node::Leaf(leaf)) if way == *key => {
                    return self.add_text(key, leaf, text, place);
                }
                _ => {
                    let problem = unknown_key(table, &way, part, place);
                    self.problems.push(problem);
                    return;
                }
            }
        }
        let what = format!("`{key}` is a table; name one of its keys");
        self.problems.push(Problem::new(what, place));
    }

    fn add_text(&mut self, key: &Key, leaf: &Leaf, text: &str, place: Place) {
        let value = match leaf.kind {
            Kind::Text => toml::Value::String(text.to_owned()),
            Kind::Integer => match text.trim().parse() {
                Ok(number) => toml::Value::Integer(number),
                Err(_) => return self.refuse_text(key, text, "a whole number", place),
            },
            Kind::Number => match text.trim().parse() {
                Ok(number) => toml::Value::Float(number),
                Err(_) => return self.refuse_text(key, text, "a number", place),
            },
            Kind::Boolean => match text.trim().parse() {
                Ok(answer) => toml::Value::Boolean(answer),
                Err(_) => return self.refuse_text(key, text, "true or false", place),
            },
            // Brackets and quotes would become part of the items.
            Kind::List if text.trim_start().starts_with('[') => {
                let hint = "items alone, parted by commas: a,b".to_owned();
                let what = format!("`{key}`: a list in brackets is for the file");
                let problem = Problem::new(what, place).with_hint(Some(hint));
                return self.problems.push(problem);
            }
            Kind::List => {
                let items = text
                    .split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty());
                toml::Value::Array(items.map(toml::Value::from).collect())
            }
        };
        self.add(key.clone(), leaf, value, place);
    }

    fn refuse_text(&mut self, key: &Key, text: &str, expected: &str, place: Place) {
        let what = format!("`{key}`: `{text}` is not {expected}");
        self.problems.push(Problem::new(what, place));
    }

    fn add(&mut self, key: Key, leaf: &Leaf, value: toml::Value, place: Place) {
        match read_alone(&key, &value) {
            Ok(()) => self.settings.push(Setting { key, value, place }),
            Err(why) => {
                let hint = value.as_str().and_then(|text| {
                    let allowed = leaf.allowed.iter().map(String::as_str);
                    nearest(text, allowed).map(|near| format!("did you mean \"{near}\"?"))
                });
                let what = if leaf.allowed.is_empty() || value.is_str() {
                    format!("`{key}`: {why}")
                } else {
                    let choices = leaf.allowed.iter().map(|choice| format!("\"{choice}\""));
                    let choices: Vec<String> = choices.collect();
                    format!("`{key}`: expected one of {}", choices.join(", "))
                };
                self.problems
                    .push(Problem::new(what, place).with_hint(hint));
            }
        }
    }

    /// The names that the user gave to tables below `table`.
    fn names_below(&self, table: &Key) -> Vec<String> {
        let name = |setting: &Setting| {
            let below = setting.key.parts().strip_prefix(table.parts())?;
            below.first().cloned()
        };
        let mut names: Vec<String> = self.settings.iter().filter_map(name).collect();
        names.dedup();
        names
    }
}

/// The variable that names the configuration file.
pub const FILE_VARIABLE: &str = "FORETIDE_CONFIG";

/// Whether Kubernetes sets this variable, in every pod, because of a service named `foretide`.
fn is_of_kubernetes(name: &str) -> bool {
    name.starts_with("FORETIDE_PORT") || name.starts_with("FORETIDE_SERVICE_")
}

/// Checks the type of a value. The error says why the value is refused.
fn read_alone(key: &Key, value: &toml::Value) -> Result<(), String> {
    let mut whole = value.clone();
    for part in key.parts().iter().rev() {
        whole = toml::Value::Table(toml::Table::from_iter([(part.clone(), whole)]));
    }
    match RawConfig::deserialize(whole) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.message().trim().replace('\n', ", ")),
    }
}

fn unknown_key(table: &Table, key: &Key, last: &str, place: Place) -> Problem {
    let what = format!("unknown key `{key}`");
    let hint = if let Some(near) = table.nearest(last) {
        format!("did you mean `{near}`?")
    } else {
        let known: Vec<&str> = table.keys.keys().map(String::as_str).collect();
        format!("known here: {}", known.join(", "))
    };
    Problem::new(what, place).with_hint(Some(hint))
}

/// Every variable that sets a key below `table`.
fn variables_of<'a>(
    table: &'a Table,
    way: &Key,
    names: &dyn Fn(&Key) -> Vec<String>,
    known: &mut Vec<(String, Key, &'a Leaf)>,
) {
    let named = table.keys.iter().map(|(key, node)| (key.clone(), node));
    let any = table.any.as_deref();
    let given = any.into_iter().flat_map(|node| {
        let names = names(way).into_iter();
        names.map(move |name| (name, node))
    });
    for (name, node) in named.chain(given) {
        let key = way.child(&name);
        match node {
            Node::Table(below) => variables_of(below, &key, names, known),
            Node::Leaf(leaf) => known.push((key.variable(), key, leaf)),
        }
    }
}

/// Walks the tables of a file and of the schema together.
struct Walk<'a> {
    layers: &'a mut Layers,
    place: &'a dyn Fn(Range<usize>) -> Place,
    folder: &'a Path,
}

impl Walk<'_> {
    fn table(&mut self, schema: &Table, way: &Key, spans: &DeTable<'_>, values: &toml::Table) {
        let mut entries: Vec<_> = spans.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, spanned) in entries {
            let key = way.child(name.get_ref());
            let Some(value) = values.get(name.get_ref().as_ref()) else {
                continue;
            };
            let place = (self.place)(name.span());
            match (schema.get(name.get_ref()), spanned.get_ref(), value) {
                (None, ..) => {
                    let problem = unknown_key(schema, &key, name.get_ref(), place);
                    self.layers.problems.push(problem);
                }
                (Some(Node::Table(below)), DeValue::Table(spans), toml::Value::Table(values)) => {
                    self.open(&key, &place);
                    self.table(below, &key, spans, values);
                }
                (Some(Node::Table(below)), DeValue::Array(spans), toml::Value::Array(values))
                    if below.any.is_some() && !way.parts().is_empty() =>
                {
                    self.list(below, &key, spans, values);
                }
                (Some(Node::Table(_)), ..) => {
                    let what = format!("`{key}` must be a table: [{key}]");
                    self.layers.problems.push(Problem::new(what, place));
                }
                (Some(Node::Leaf(leaf)), ..) => {
                    let place = (self.place)(spanned.span());
                    self.layers.add(key, leaf, self.rooted(leaf, value), place);
                }
            }
        }
    }

    /// Tables that each have their name as a key: `[[group.web.signal]]` with `name = "a"` is
    /// `[group.web.signal.a]`.
    fn list(
        &mut self,
        schema: &Table,
        way: &Key,
        spans: &[toml::Spanned<DeValue<'_>>],
        values: &[toml::Value],
    ) {
        let Some(Node::Table(below)) = schema.any.as_deref() else {
            return;
        };
        let mut seen = Vec::new();
        for (spanned, value) in spans.iter().zip(values) {
            let place = (self.place)(spanned.span());
            let (DeValue::Table(spans), toml::Value::Table(values)) = (spanned.get_ref(), value)
            else {
                let what = format!("`{way}` must be tables: [[{way}]]");
                self.layers.problems.push(Problem::new(what, place));
                continue;
            };
            let Some(name) = values.get("name").and_then(toml::Value::as_str) else {
                let what = format!("`{way}`: a table of it needs a name");
                let hint = Some("name = \"requests\"".to_owned());
                let problem = Problem::new(what, place).with_hint(hint);
                self.layers.problems.push(problem);
                continue;
            };
            let key = way.child(name);
            if seen.contains(&key) {
                let what = format!("`{key}` is there already: one table for each name");
                self.layers.problems.push(Problem::new(what, place));
                continue;
            }
            let (mut spans, mut values) = (spans.clone(), values.clone());
            spans.remove("name");
            values.remove("name");
            self.table(below, &key, &spans, &values);
            seen.push(key);
        }
    }

    /// Adds the table of a group or of a server. An empty table counts: a group inherits
    /// everything, and of a server it is said what is missing.
    fn open(&mut self, key: &Key, place: &Place) {
        if matches!(key.parts(), [table, _] if table == "group" || table == "prometheus") {
            self.layers.settings.push(Setting {
                key: key.clone(),
                value: toml::Value::Table(toml::Table::new()),
                place: place.clone(),
            });
        }
    }

    fn rooted(&self, leaf: &Leaf, value: &toml::Value) -> toml::Value {
        match (leaf.format.as_deref(), value.as_str()) {
            (Some("path"), Some(path)) => {
                toml::Value::String(self.folder.join(path).to_string_lossy().into_owned())
            }
            (Some("calendars"), None) => {
                let rooted = |line: &toml::Value| match line.as_str() {
                    Some(line) => toml::Value::String(foretide_calendar::rooted(line, self.folder)),
                    None => line.clone(),
                };
                let lines = value.as_array();
                let lines = lines.map(|lines| lines.iter().map(rooted).collect());
                lines.map_or_else(|| value.clone(), toml::Value::Array)
            }
            _ => value.clone(),
        }
    }
}

/// Merges the settings; later layers replace earlier ones.
pub(crate) fn merged(settings: &[Setting]) -> toml::Table {
    let mut whole = toml::Table::new();
    for setting in settings {
        put(&mut whole, setting.key.parts(), &setting.value);
    }
    whole
}

fn put(table: &mut toml::Table, parts: &[String], value: &toml::Value) {
    let empty = || toml::Value::Table(toml::Table::new());
    match parts {
        [] => {}
        [last] if value.is_table() => {
            table.entry(last.clone()).or_insert_with(empty);
        }
        [last] => {
            table.insert(last.clone(), value.clone());
        }
        [first, rest @ ..] => {
            let below = table.entry(first.clone()).or_insert_with(empty);
            if let toml::Value::Table(below) = below {
                put(below, rest, value);
            }
        }
    }
}

/// The problem of two groups with the same name in environment variables.
pub(crate) fn same_variable(a: &str, b: &str) -> bool {
    a != b && upper(a) == upper(b)
}
