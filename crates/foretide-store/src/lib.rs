//! The journal of a run in one `SQLite` file: events for replay, decisions with their explanations,
//! results of writes, alarms, and the state of each controller.
//!
//! [`Store`] writes; one process at a time may write. [`Reader`] reads, in the same process or
//! another one, whether or not the store is being written. [`Recorder`] is a store that also writes
//! the original's two files: a log for people, and metrics as JSON Lines ([`Renderings`]). These
//! files are rendered from committed entries and never read back.
//!
//! Invariants:
//! - A batch is in the store whole or not at all, even if the process is killed.
//! - A file that is no store of Foretide, is damaged, or comes from a newer version is refused and
//!   not changed.
//! - In a process that has the store open, only `SQLite` opens or closes the store's files. Closing
//!   any descriptor of a file drops every POSIX lock of the process on the file, and with the locks
//!   the protection of the write-ahead log against other programs.
//! - Committed data is in the files at the path. A row that differs from the row written is an
//!   error, never a value.
//! - The store does not grow without bound ([`Retention`]).
//!
//! The store knows no policy: it stores entries as they are, and [`replay()`] passes stored events
//! to a controller.

mod durable;
mod error;
mod json;
mod lines;
mod lock;
mod metrics_data;
mod open;
mod query;
mod read;
mod recorder;
mod renderings;
mod replay;
mod retention;
mod rotate;
mod row;
mod schema;
mod snapshot;
mod store;
mod table;
mod upgrade;
mod write;

pub use error::StoreError;
pub use lines::{Level, LogLine, Narrator};
pub use read::{Latest, Loads, Reader, Step};
pub use recorder::Recorder;
pub use renderings::{LogFormat, RenderingOptions, Renderings};
pub use replay::replay;
pub use retention::Retention;
pub use rotate::RotateError;
pub use store::Store;
pub use upgrade::Upgrade;
