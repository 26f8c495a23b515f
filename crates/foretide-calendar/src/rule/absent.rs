//! Rules in a build without the library that expands them: none is followed, and it is said.

use foretide_domain::CivilZone;
use jiff::civil::DateTime;

use super::RuleError;
use crate::window::Window;

/// A rule with its start. In this build there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Recurrence {}

impl Recurrence {
    /// Refuses the rule.
    ///
    /// # Errors
    /// Always: this build follows no rules.
    pub fn new(_start: DateTime, _text: &str) -> Result<Self, RuleError> {
        Err(RuleError::NotBuilt)
    }

    /// What the clock of a zone shows when the rule begins.
    ///
    /// # Errors
    /// Never: there is no rule to ask.
    pub fn begins(&self, _: &CivilZone, _: Window) -> Result<Vec<DateTime>, RuleError> {
        match *self {}
    }
}
