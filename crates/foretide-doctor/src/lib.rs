//! Checks of groups and of this machine. Each finding has the command that fixes the problem.
//!
//! Facts are read from AWS, from this machine and from the store. Nothing is changed, except by the
//! check of the write permission. Findings are values; the caller prints them.

mod finding;
mod group;
mod health;
mod here;
mod metrics;
mod patient;
mod permissions;
mod predictor;
mod targets;
mod writers;

pub use finding::{Finding, Severity};
pub use health::recorded;
pub use here::{check as check_machine, fleet as check_fleet};
pub use patient::Patient;
