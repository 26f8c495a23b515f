//! What keeps groups from being scaled well, and how to mend it: checks that turn facts into
//! findings.
//!
//! Facts are read of AWS, of this machine and of the store, and nothing is changed, except where
//! the permission to write is to be proven. Findings are values; who asked prints them.

mod finding;
mod group;
mod health;
mod here;
mod metrics;
mod patient;
mod permissions;
mod predictor;
mod writers;

pub use finding::{Finding, Severity};
pub use health::recorded;
pub use here::{check as check_machine, fleet as check_fleet};
pub use patient::Patient;
