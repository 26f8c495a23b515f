//! A finding: severity, what was found, why it matters, and the command that fixes it.

use foretide_terminal::shell::Command;
use serde::Serialize;

/// Severity, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// No problem.
    Fine,
    /// Not checked, or for information.
    Note,
    /// Foretide works, and the finding needs attention.
    Warning,
    /// The finding prevents Foretide from working.
    Fault,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[must_use]
pub struct Finding {
    /// What was checked.
    pub check: &'static str,
    /// Severity.
    pub severity: Severity,
    /// What was found.
    pub what: String,
    /// Why the finding matters; none if there is no problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The command, or the key, that fixes the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// Another way to fix the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_fix: Option<String>,
}

impl Finding {
    /// A finding without a problem.
    pub fn fine(check: &'static str, what: impl Into<String>) -> Self {
        Self {
            check,
            severity: Severity::Fine,
            what: what.into(),
            why: None,
            fix: None,
            other_fix: None,
        }
    }

    /// A finding for information.
    pub fn note(check: &'static str, what: impl Into<String>, why: &str) -> Self {
        Self::fine(check, what).because(Severity::Note, why)
    }

    /// A finding that needs attention.
    pub fn warning(check: &'static str, what: impl Into<String>, why: &str) -> Self {
        Self::fine(check, what).because(Severity::Warning, why)
    }

    /// A finding that prevents Foretide from working.
    pub fn fault(check: &'static str, what: impl Into<String>, why: &str) -> Self {
        Self::fine(check, what).because(Severity::Fault, why)
    }

    fn because(mut self, severity: Severity, why: &str) -> Self {
        self.severity = severity;
        self.why = Some(why.to_owned());
        self
    }

    /// Adds the fix: a key, or a command without values from outside.
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// Adds the command that fixes the problem.
    pub fn run(self, command: &Command) -> Self {
        self.fix(command.to_string())
    }

    /// Adds another way to fix the problem.
    pub fn other_fix(mut self, other: impl Into<String>) -> Self {
        self.other_fix = Some(other.into());
        self
    }
}
