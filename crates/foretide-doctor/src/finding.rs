//! What was found: how bad, what, why it matters, and the command that mends it.

use foretide_terminal::shell::Command;
use serde::Serialize;

/// How bad, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// As it should be.
    Fine,
    /// Not proven, not checked, or worth knowing.
    Note,
    /// It works, and not as well as it could.
    Warning,
    /// It keeps Foretide from its work.
    Fault,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[must_use]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was found.
    pub what: String,
    /// Why it matters; none where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The command, or the key, that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
    /// Another way to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub or: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn fine(check: &'static str, what: impl Into<String>) -> Self {
        Self {
            check,
            severity: Severity::Fine,
            what: what.into(),
            why: None,
            mend: None,
            or: None,
        }
    }

    /// Something to know.
    pub fn note(check: &'static str, what: impl Into<String>, why: &str) -> Self {
        Self::fine(check, what).because(Severity::Note, why)
    }

    /// Something that wants attention.
    pub fn warning(check: &'static str, what: impl Into<String>, why: &str) -> Self {
        Self::fine(check, what).because(Severity::Warning, why)
    }

    /// Something that keeps Foretide from its work.
    pub fn fault(check: &'static str, what: impl Into<String>, why: &str) -> Self {
        Self::fine(check, what).because(Severity::Fault, why)
    }

    fn because(mut self, severity: Severity, why: &str) -> Self {
        self.severity = severity;
        self.why = Some(why.to_owned());
        self
    }

    /// Adds what mends it: a key, or a command without values from outside.
    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    /// Adds the command that mends it.
    pub fn run(self, command: &Command) -> Self {
        self.mend(command.to_string())
    }

    /// Adds another way to mend it.
    pub fn or(mut self, other: impl Into<String>) -> Self {
        self.or = Some(other.into());
        self
    }
}
