//! The journal of a run in one `SQLite` file: events for replay, decisions with their explanations,
//! what became of writes, alarms, and each controller's state.
//!
//! [`Store`] writes; one process at a time may. [`Reader`] reads, from this or another process,
//! while it is written or not. [`Recorder`] is a store that also renders what it has committed the
//! way the original did: a log for people and JSON Lines of metrics ([`Renderings`]). Renderings
//! are made from committed entries only and are never read back: the store is the one truth.
//!
//! Invariants:
//! - a batch is in the store whole or not at all, at whatever moment the process is killed;
//! - a file that is not a store of Foretide, that is damaged or that a newer version made is
//!   refused and left as it is;
//! - nothing but `SQLite` opens or closes the store's files in a process that has it open: closing
//!   any descriptor of a file drops every POSIX lock of the process on it, and with them what keeps
//!   other programs from removing the write-ahead log;
//! - what is committed is in the files at the path, and a row that is not as it was written is an
//!   error, never a value;
//! - the store does not grow without end ([`Retention`]).
//!
//! It refuses to know what a policy is: it keeps what it is given, and [`replay()`] tells a
//! controller what was kept.

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
pub use read::{Latest, Reader, Said, Step};
pub use recorder::Recorder;
pub use renderings::{LogFormat, RenderingOptions, Renderings};
pub use replay::replay;
pub use retention::Retention;
pub use rotate::RotateError;
pub use store::Store;
pub use upgrade::Upgrade;
