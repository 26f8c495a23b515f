//! What is wrong with a configuration, and where it stands.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use thiserror::Error;

/// A configuration file as read.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name for people.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Where a setting was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file.
    File {
        /// The file.
        source: Rc<Source>,
        /// Bytes of its text.
        span: Range<usize>,
    },
    /// In an environment variable.
    Variable(String),
    /// In a flag.
    Flag(String),
    /// In a tag of an Auto Scaling group.
    Tag {
        /// Key of the tag.
        key: String,
        /// Name of the group.
        group: String,
    },
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What, with the full name of the key.
    pub what: String,
    /// Where; none where no place is to blame.
    pub place: Option<Place>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    pub fn new(what: impl Into<String>, place: Place) -> Self {
        Self {
            what: what.into(),
            place: Some(place),
            hint: None,
        }
    }

    pub fn with_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }
}

/// Everything that is wrong with a configuration, in order of place; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.what))?;
        if let Some(place) = &self.place {
            place.fmt(f)?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n  {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { source, span } => snippet(f, source, span),
            Self::Variable(name) => write!(f, "\n  --> environment variable {name}"),
            Self::Flag(flag) => write!(f, "\n  --> flag {}", masked(flag)),
            Self::Tag { key, group } => {
                write!(f, "\n  --> tag {} of group {}", masked(key), masked(group))
            }
        }
    }
}

/// `text` without what may be secret in a URL: what follows its host, and a name before that.
/// Messages show lines as they stand, and the key of a secret may be the one that is misspelt.
pub fn masked(text: &str) -> Cow<'_, str> {
    const SCHEME_END: &str = "://";
    if !text.contains(SCHEME_END) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(SCHEME_END) {
        let (scheme, url) = rest.split_at(at + SCHEME_END.len());
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`');
        let (url, after) = url.split_at(url.find(ends).unwrap_or(url.len()));
        let (host, path) = url.split_at(url.find(['/', '?', '#']).unwrap_or(url.len()));
        shown.push_str(scheme);
        shown.push_str(if host.contains('@') { "…" } else { host });
        shown.push_str(if path.is_empty() { "" } else { "/…" });
        rest = after;
    }
    shown.push_str(rest);
    shown.into()
}

/// The line that the span begins on, with the span marked.
fn snippet(f: &mut fmt::Formatter<'_>, source: &Source, span: &Range<usize>) -> fmt::Result {
    let text = source.text.as_str();
    let before = text.get(..span.start).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let number = before.matches('\n').count() + 1;
    let line = text.get(line_start..).unwrap_or_default();
    let line = line.lines().next().unwrap_or_default();
    let indent = before.get(line_start..).unwrap_or_default().chars().count();
    let marked = text.get(span.clone()).unwrap_or_default();
    let marked = marked.lines().next().unwrap_or_default().chars().count();
    let line = masked(line);
    let gutter = " ".repeat(number.to_string().len());
    write!(
        f,
        "\n{gutter} --> {}:{number}:{}\n{gutter} |\n{number} | {line}\n{gutter} | {}{}",
        source.name,
        indent + 1,
        " ".repeat(indent),
        "^".repeat(marked.max(1))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_shows_its_line_and_marks_the_place() {
        let source = Rc::new(Source {
            name: "a.toml".into(),
            text: "# ä\n[serve]\n  listn = 5\n".into(),
        });
        let start = source.text.find("listn").unwrap();
        let place = Place::File {
            source,
            span: start..start + 5,
        };
        let problem = Problem::new("unknown key `serve.listn`", place)
            .with_hint(Some("did you mean `listen`?".into()));
        assert_eq!(
            problem.to_string(),
            "unknown key `serve.listn`\n  --> a.toml:3:3\n  |\n3 |   listn = 5\n  |   ^^^^^\n  \
             did you mean `listen`?"
        );
    }

    #[test]
    fn of_an_address_only_the_host_is_shown() {
        for (text, shown) in [
            ("listen = 5", "listen = 5"),
            (
                "x = \"https://a.example\" # y",
                "x = \"https://a.example\" # y",
            ),
            (
                "x = \"https://a.example/s3\"",
                "x = \"https://a.example/…\"",
            ),
            (
                "x = 'https://a.example?s3', y",
                "x = 'https://a.example/…', y",
            ),
            ("https://me:s3@a.example/b c", "https://…/… c"),
            ("http://a/s3 http://b/s3", "http://a/… http://b/…"),
            ("https://", "https://"),
        ] {
            assert_eq!(masked(text), shown);
            assert!(!masked(text).contains("s3"));
        }
    }

    #[test]
    fn a_place_at_the_end_of_the_text_is_shown() {
        let source = Rc::new(Source {
            name: "a.toml".into(),
            text: "mode = ".into(),
        });
        let place = Place::File { source, span: 7..7 };
        assert!(place.to_string().ends_with("\n1 | mode = \n  |        ^"));
    }
}
