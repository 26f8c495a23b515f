//! The journal of a run in one `SQLite` file: events for replay, decisions with their explanations,
//! what became of writes, alarms, and each controller's state.
//!
//! [`Store`] writes; one process at a time may. [`Reader`] reads, from this or another process,
//! while it is written or not. [`Recorder`] is a store that also renders what it has committed the
//! way the seed did: a log for people and JSON Lines of metrics ([`Renderings`]). Renderings are
//! made from committed entries only and are never read back: the store is the one truth.
//!
//! Invariants:
//! - a batch is in the store whole or not at all, at whatever moment the process is killed;
//! - a file that is not a store of Foretide, that is damaged or that a newer version made is
//!   refused and left as it is;
//! - the store does not grow without end ([`Retention`]).
//!
//! It refuses to know what a policy is: it keeps what it is given.

mod error;
mod json;
mod lines;
mod lock;
mod metrics_data;
mod open;
mod read;
mod recorder;
mod renderings;
mod retention;
mod rotate;
mod schema;
mod snapshot;
mod store;
mod write;

pub use error::StoreError;
pub use lines::{Level, LogLine, Narrator};
pub use read::{Latest, Reader, Said, Step};
pub use recorder::Recorder;
pub use renderings::{LogFormat, RenderingOptions, Renderings};
pub use retention::Retention;
pub use rotate::RotateError;
pub use store::Store;
