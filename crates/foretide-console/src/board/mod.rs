//! The board: what the page, the API and the metrics show, folded from what happens.
//!
//! Whoever runs groups tells the board of every record and reading, and the board keeps the last
//! hours of each group, no more than [`Limits`] allow. Telling takes microseconds and never waits
//! for a reader longer than one takes to copy what it shows.
//!
//! It refuses to invent: what was not told is missing and shows as missing.

mod groups;
mod marks;
mod past;
mod slots;
mod sums;
mod system;
mod track;

pub use groups::{Board, Clock};
pub use marks::{Mark, MarkKind};
pub use system::{Calls, StoreHealth};
pub use track::{GroupFacts, Limits, Looked, Price};

pub(crate) use foretide_http::lock;
pub(crate) use slots::{SLOT, Slot};
pub(crate) use sums::instances_for;
pub(crate) use system::System;
pub(crate) use track::{GUARDS, Tally, Track};
