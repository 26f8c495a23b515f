//! What is wrong with a configuration, and where it stands.

use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use thiserror::Error;

/// A configuration file as read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// Its name for people.
    pub(crate) name: String,
    /// Its text.
    pub(crate) text: String,
}

/// Where a setting was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
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
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// What, with the full name of the key.
    pub(crate) what: String,
    /// Where; none where no place is to blame.
    pub(crate) place: Option<Place>,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

impl Problem {
    pub(crate) fn new(what: impl Into<String>, place: Place) -> Self {
        Self {
            what: what.into(),
            place: Some(place),
            hint: None,
        }
    }

    pub(crate) fn with_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }
}

/// Everything that is wrong with a configuration, in order of place; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

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
        f.write_str(&self.what)?;
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
            Self::Flag(flag) => write!(f, "\n  --> flag {flag}"),
        }
    }
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
    fn a_place_at_the_end_of_the_text_is_shown() {
        let source = Rc::new(Source {
            name: "a.toml".into(),
            text: "mode = ".into(),
        });
        let place = Place::File { source, span: 7..7 };
        assert!(place.to_string().ends_with("\n1 | mode = \n  |        ^"));
    }
}
