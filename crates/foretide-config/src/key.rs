//! Names of settings: `group.web.classifier.streak`, and the same as an environment variable.

use std::fmt;

/// Prefix of every environment variable of Foretide.
pub(crate) const PREFIX: &str = "FORETIDE_";

/// Path of a setting: names of tables, then the name of the setting.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(Vec<String>);

impl Key {
    /// The setting `name` below this table.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        let mut parts = self.0.clone();
        parts.push(name.into());
        Self(parts)
    }

    /// Names from the outermost table to the setting.
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// The environment variable that sets this key.
    pub fn variable(&self) -> String {
        let parts: Vec<String> = self.0.iter().map(|part| upper(part)).collect();
        format!("{PREFIX}{}", parts.join("__"))
    }

    /// Parses a dotted name; a part in double quotes may contain dots.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = vec![String::new()];
        let mut quoted = false;
        for c in text.chars() {
            match c {
                '"' => quoted = !quoted,
                '.' if !quoted => parts.push(String::new()),
                _ => parts.last_mut()?.push(c),
            }
        }
        let whole = !quoted && parts.iter().all(|part| !part.is_empty());
        whole.then_some(Self(parts))
    }
}

/// A name in the form that environment variables use.
pub(crate) fn upper(name: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    name.chars()
        .map(|c| allowed(c).to_ascii_uppercase())
        .collect()
}

impl<const N: usize> From<[&str; N]> for Key {
    fn from(parts: [&str; N]) -> Self {
        Self(parts.iter().map(ToString::to_string).collect())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, part) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(".")?;
            }
            let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            if !part.is_empty() && part.chars().all(bare) {
                f.write_str(part)?;
            } else {
                write!(f, "{part:?}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_prints_as_it_is_written() {
        for text in ["model", "group.web.mode", "group.\"a b.c\".mode"] {
            assert_eq!(Key::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "a..b", "a.", "group.\"web.mode"] {
            assert_eq!(Key::parse(text), None, "{text}");
        }
    }

    #[test]
    fn tables_are_parted_by_two_underscores() {
        let key = Key::from(["group", "web-1", "on_missing"]);
        assert_eq!(key.variable(), "FORETIDE_GROUP__WEB_1__ON_MISSING");
    }
}
