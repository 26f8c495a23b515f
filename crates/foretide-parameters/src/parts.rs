//! A configuration as parts, each a parameter: one for the file without its groups, and one
//! for each group. A person may then change a group without the right to change the others.
//!
//! Comments are not kept: a parameter holds the settings alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use foretide_config::masked;
use thiserror::Error;

/// Name of the parameter with all that is of no group.
const REST: &str = "config";
/// Prefix of the parameters of groups.
const GROUP: &str = "groups/";
/// The setting whose value is a secret.
const WEBHOOK: &str = "notify.url";
/// Longest value of a standard parameter of Systems Manager, in bytes.
pub const PARAMETER_MAX: usize = 4096;

/// Why a configuration is no set of parameters, or parameters are no configuration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PartError {
    /// A text is not TOML.
    #[error("{name} is not TOML: {why}")]
    NotToml {
        /// Name of the parameter, or of the file.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// A text is longer than a parameter.
    #[error("{name} has {bytes} bytes, and a parameter holds {PARAMETER_MAX}")]
    TooLong {
        /// Name of the parameter.
        name: String,
        /// Its length.
        bytes: usize,
    },
    /// There is no parameter of the rest.
    #[error("there is no parameter `{REST}`")]
    NoRest,
    /// A name that is no group's.
    #[error("`{name}` is neither `{REST}` nor `{GROUP}NAME`")]
    Unknown {
        /// Name of the parameter.
        name: String,
    },
}

/// The texts of the parameters, by their names below the prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts(pub BTreeMap<String, String>);

/// A setting that differs between two configurations, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The setting's name.
    pub key: String,
    /// Its value in the first one; none if unset there.
    pub before: Option<String>,
    /// Its value in the second one.
    pub after: Option<String>,
}

impl Parts {
    /// The parameters of the configuration file `text`.
    ///
    /// # Errors
    /// The text is not TOML, or a part is longer than a parameter.
    pub fn of(text: &str) -> Result<Self, PartError> {
        let mut rest = table("the configuration", text)?;
        let mut parts = BTreeMap::new();
        if let Some(toml::Value::Table(groups)) = rest.remove("group") {
            for (name, group) in groups {
                let text = match group {
                    toml::Value::Table(group) => group.to_string(),
                    other => other.to_string(),
                };
                parts.insert(format!("{GROUP}{}", encoded(&name)), text);
            }
        }
        parts.insert(REST.to_owned(), rest.to_string());
        match parts.iter().find(|(_, text)| text.len() > PARAMETER_MAX) {
            Some((name, text)) => Err(PartError::TooLong {
                name: name.clone(),
                bytes: text.len(),
            }),
            None => Ok(Self(parts)),
        }
    }

    /// Whether a part holds the address of a webhook, which is a secret.
    pub fn has_webhook(&self) -> bool {
        let rest = self.0.get(REST).map(String::as_str);
        let set = differences("", rest.unwrap_or_default());
        set.is_ok_and(|set| set.iter().any(|it| it.key == WEBHOOK))
    }

    /// The configuration file of the parameters.
    ///
    /// # Errors
    /// A parameter is missing, unknown or not TOML.
    pub fn text(&self) -> Result<String, PartError> {
        let rest = self.0.get(REST).ok_or(PartError::NoRest)?;
        let mut whole = table(REST, rest)?;
        let mut groups = toml::Table::new();
        for (name, text) in self.0.iter().filter(|(name, _)| *name != REST) {
            let unknown = || PartError::Unknown { name: name.clone() };
            let group = name.strip_prefix(GROUP).and_then(decoded);
            let group = group.ok_or_else(unknown)?;
            groups.insert(group, toml::Value::Table(table(name, text)?));
        }
        if !groups.is_empty() {
            whole.insert("group".to_owned(), toml::Value::Table(groups));
        }
        Ok(whole.to_string())
    }
}

/// The settings that differ between two configuration files. The address of a webhook is not shown,
/// and of other addresses only scheme and host.
///
/// # Errors
/// A text is not TOML.
pub fn differences(before: &str, after: &str) -> Result<Vec<Difference>, PartError> {
    let flat = |name, text| -> Result<BTreeMap<String, String>, PartError> {
        let mut found = BTreeMap::new();
        flatten(
            &foretide_config::Key::default(),
            &table(name, text)?,
            &mut found,
        );
        Ok(found)
    };
    let (before, after) = (flat("the first", before)?, flat("the second", after)?);
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differs = keys
        .into_iter()
        .filter(|key| before.get(*key) != after.get(*key));
    let difference = |key: &String| {
        let shown = |value: Option<&String>| {
            let secret = key == WEBHOOK;
            let shown = |it: &String| {
                if secret {
                    "…".to_owned()
                } else {
                    masked(it).into_owned()
                }
            };
            value.map(shown)
        };
        Difference {
            key: key.clone(),
            before: shown(before.get(key)),
            after: shown(after.get(key)),
        }
    };
    Ok(differs.map(difference).collect())
}

fn flatten(way: &foretide_config::Key, table: &toml::Table, found: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        let key = way.child(name);
        match value {
            toml::Value::Table(below) if !below.is_empty() => flatten(&key, below, found),
            toml::Value::Table(_) => {
                found.insert(key.to_string(), "{}".to_owned());
            }
            value => {
                found.insert(key.to_string(), value.to_string());
            }
        }
    }
}

fn table(name: &str, text: &str) -> Result<toml::Table, PartError> {
    text.parse()
        .map_err(|error: toml::de::Error| PartError::NotToml {
            name: name.to_owned(),
            why: error.message().replace('\n', ", "),
        })
}

/// A group's name in the letters of a parameter's name: `_` is doubled, any other byte becomes `_`
/// and two hexadecimal digits.
fn encoded(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        match byte {
            b'_' => text.push_str("__"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => text.push(char::from(byte)),
            other => {
                // Writing to a string does not fail.
                write!(text, "_{other:02X}").ok();
            }
        }
    }
    text
}

/// The name of an encoded one; none if it is none.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = match (first, after) {
            (b'_', [b'_', after @ ..]) => {
                bytes.push(b'_');
                after
            }
            (b'_', [high, low, after @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).ok()?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                after
            }
            (b'_', _) => return None,
            (other, after) => {
                bytes.push(*other);
                after
            }
        };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "model = \"m.json\"\n[defaults]\nmode = \"observe\"\n[group.web]\nmode = \
                        \"enforce\"\n[group.\"a/b c_d\"]\n[group.\"a/b c_d\".forecast]\nbudget = \
                        \"1%\"\n";

    #[test]
    fn a_file_comes_back_as_it_was_sent_whatever_the_names_of_its_groups() {
        let parameters = Parts::of(FILE).unwrap();
        let names: Vec<&str> = parameters.0.keys().map(String::as_str).collect();
        assert_eq!(names, ["config", "groups/a_2Fb_20c__d", "groups/web"]);
        let back = parameters.text().unwrap();
        assert_eq!(differences(FILE, &back), Ok(Vec::new()));
        for name in ["", "_", "__", "ä", "日本", "a_2F"] {
            assert_eq!(decoded(&encoded(name)).as_deref(), Some(name));
        }
        for wrong in ["_", "a_2", "_zz", "_FF"] {
            assert_eq!(decoded(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_too_long_missing_or_unknown_is_named() {
        let long = format!("[group.web]\nasg = \"{}\"\n", "x".repeat(PARAMETER_MAX));
        let error = Parts::of(&long).unwrap_err();
        assert!(error.to_string().starts_with("groups/web has 4"), "{error}");
        assert!(Parts::of("mode =").is_err());
        let mut parameters = Parts::of(FILE).unwrap();
        parameters.0.insert("notes".to_owned(), String::new());
        let error = parameters.text().unwrap_err();
        assert!(
            error.to_string().starts_with("`notes` is neither"),
            "{error}"
        );
        assert_eq!(Parts::default().text(), Err(PartError::NoRest));
    }

    #[test]
    fn differences_are_by_setting_and_show_no_secret() {
        let after = FILE.replace("\"enforce\"", "\"observe\"")
            + "[notify]\nurl = \"https://a.example/secret\"\n[group.new]\n";
        let found = differences(FILE, &after).unwrap();
        let keys: Vec<&str> = found.iter().map(|it| it.key.as_str()).collect();
        assert_eq!(keys, ["group.new", "group.web.mode", "notify.url"]);
        assert_eq!(found[1].before.as_deref(), Some("\"enforce\""));
        assert!(!format!("{found:?}").contains("secret"));
        assert!(Parts::of(&after).unwrap().has_webhook());
        assert!(!Parts::of(FILE).unwrap().has_webhook());

        let other = "[defaults]\npredictor = \"https://u:pw@b.example/key?token=1\"\n";
        let found = differences("", other).unwrap();
        assert_eq!(found[0].after.as_deref(), Some("\"https://…/…\""));
    }
}
