//! A configuration in a parameter store, such as Systems Manager's.
//!
//! Below a prefix such as `/foretide/prod` there are:
//! - `v/N/config` and `v/N/groups/NAME`: version N of the configuration, in parts;
//! - `claims/N`: number N is taken, by a push that has ended, goes on or died;
//! - `current`: the number of the version that counts.
//!
//! A parameter store has no transaction. A push therefore writes all parts of a new version, and
//! sets `current` last.
//!
//! Invariants: readers follow `current` alone, so a push that dies changes nothing; a version is
//! read whole or not at all; the version that counts is never changed or removed.

mod parts;
mod place;
mod push;
mod read;
mod store;

pub use parts::{Difference, PARAMETER_MAX, PartError, Parts, differences};
pub use place::{Place, WrongPlace};
pub use push::{Pushed, push};
pub use read::{Set, TransferError, current, read};
pub use store::{READS_SYSTEMS_MANAGER, Store};

#[cfg(test)]
mod tests;
