//! Carries the effects of many groups' controllers out, asynchronously.
//!
//! Every group is a task of its own that owns its controller, its timer and its calls; it waits for
//! nobody else. What groups share stands behind queues: reads of one account are gathered into
//! batches ([`Cloud`]), writes pass the actuator, and everything that happens goes to the journal writer,
//! which commits it to the [`Journal`].
//!
//! Invariants:
//! - a slow or failing group, account, model or store delays no other group's look: every call has
//!   a deadline, every queue between groups is left without waiting;
//! - the group is changed in one place, which enforces dry-run and mode once more;
//! - effects are carried out in order, and a `Save` that stands before a write is durable before
//!   the write is sent, unless the store fails, which is said and does not stop the loop;
//! - time comes from a [`Clock`] and from tokio's timer, so that tests run on paused time.
//!
//! It refuses to decide anything: that is `foretide-control`'s. It knows neither AWS nor a file.

mod account;
mod actuator;
mod answers;
mod awaited;
mod batch;
mod clock;
mod cloud;
mod entry;
mod fleet;
mod group;
mod history;
mod journal;
mod journal_error;
mod journal_writer;
mod key;
mod message;
mod order_handle;
mod outside;
mod predictor;
mod reload;
mod runtime;
mod settings;
mod status;
mod supervisor;

pub use actuator::WritePermit;
pub use answers::{Answers, Reply};
pub use clock::{AnchoredClock, Clock};
pub use cloud::{BatchLimits, Cloud, HistoryAsk, HistoryPart, MetricsAsk};
pub use entry::{Checkpoint, Costs, Entry, Notice, What};
pub use fleet::{Fleet, FleetError, GroupSetup};
pub use journal::{Batch, Journal, StateToKeep};
pub use journal_error::{JournalError, JournalErrorKind};
pub use key::GroupKey;
pub use message::OrderError;
pub use order_handle::OrderHandle;
pub use predictor::Predictor;
pub use reload::{ReloadError, Reloaded, StartError};
pub use runtime::Runtime;
pub use settings::RuntimeSettings;
pub use status::{GroupStatus, LastWrite};

/// A boxed future, as the traits of this crate answer it.
pub use futures_util::future::BoxFuture;
