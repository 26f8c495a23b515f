//! Recurrence rules (RFC 5545, section 3.3.10) as a function from a window to local times.
//!
//! The library that expands rules is behind the feature `rules`, so that a first build is quick.

#[cfg(not(feature = "rules"))]
mod absent;
#[cfg(feature = "rules")]
mod followed;

use thiserror::Error;

#[cfg(not(feature = "rules"))]
pub use absent::Recurrence;
#[cfg(feature = "rules")]
pub use followed::Recurrence;

/// Most occurrences of one rule in one window: a daily rule over ten years.
pub const BEGINS_MAX: usize = 4_000;
/// Most occurrences of one rule from its start to the end of a window: an hourly one of five years.
pub const STEPS_MAX: usize = 50_000;
/// Most times of day that a rule lists: every hour.
const TIMES_MAX: usize = 24;

/// A rule that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RuleError {
    /// This build follows no rules.
    #[error(
        "this build of foretide follows no recurrence rules: cargo install --path \
         crates/foretide --features calendars builds one that does"
    )]
    NotBuilt,
    /// Not a rule.
    #[error("no recurrence rule (RFC 5545): {0}")]
    NoRule(String),
    /// It recurs by the minute or second.
    #[error("`FREQ={0}` recurs too often: HOURLY is the most")]
    TooOften(&'static str),
    /// It lists too many times of day.
    #[error("it begins more than {TIMES_MAX} times a day")]
    TooManyTimes,
    /// It starts too early or late.
    #[error("it starts before 1970 or after 2100")]
    OutOfYears,
    /// It occurs too often in the window.
    #[error("it begins more than {BEGINS_MAX} times in the window")]
    TooManyBegins,
    /// It began too often before the end of the window.
    #[error("it begins more than {STEPS_MAX} times after its start: give it a later start")]
    TooManySteps,
}
