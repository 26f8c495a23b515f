//! Runs the controllers of many groups, asynchronously.
//!
//! Each group has one task. The task owns the group's controller, timer and calls. No task waits
//! for another task. Groups share queues: a [`Cloud`] reads many groups of one account in one
//! batch, the actuator sends the writes, and the journal writer commits all entries to the
//! [`Journal`].
//!
//! Invariants:
//! - A slow or failing group, account, model or store delays no cycle of another group. Every call
//!   has a deadline. Sending to a queue between groups never waits.
//! - The actuator alone changes a group. The actuator checks dry-run and mode once more.
//! - Effects are carried out in order. The state of a `Save` before a write is durable before the
//!   write is sent. If the store fails, the runtime logs a notice and sends the write all the same.
//! - Time comes from a [`Clock`] and from tokio's timer, so tests run on paused time.
//!
//! The runtime decides nothing; `foretide-control` decides. The runtime knows neither AWS nor
//! files.

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
mod signal_source;
mod status;
mod supervisor;
mod with_sources;

pub use actuator::WritePermit;
pub use answers::{Answers, Reply};
pub use clock::{AnchoredClock, Clock};
pub use cloud::{BatchLimits, Cloud, HistoryAsk, HistoryPart, MetricsAnswer, MetricsAsk};
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
pub use signal_source::{SignalPart, SignalPeriod, SignalSource};
pub use status::{GroupStatus, LastWrite};
pub use with_sources::{SourceOf, WithSources};

/// A boxed future: the return type of the async methods of this crate's traits.
pub use futures_util::future::BoxFuture;
