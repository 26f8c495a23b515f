//! The entries of the journal: events for replay, the controller's records, and the runtime's
//! notices.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use foretide_control::{ControlLoop, ControllerConfig, Event, Snapshot};
use foretide_domain::{Record, Timestamp};
use serde::{Deserialize, Serialize};

use crate::journal_error::JournalError;
use crate::key::GroupKey;
use crate::reload::Reloaded;

/// One entry of log and journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The group; none if the entry concerns the whole process.
    pub group: Option<GroupKey>,
    /// Time of the entry.
    pub at: Timestamp,
    /// Content of the entry.
    pub what: What,
}

/// Contents of an entry.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// An event that the controller received. Replaying all events since a checkpoint gives the
    /// same records.
    Event(Event),
    /// A record that the controller asked to store.
    Record(Record),
    /// A notice of the runtime.
    Notice(Notice),
    /// A point from which a replay can start.
    Checkpoint(Arc<Checkpoint>),
}

/// The state of a controller between two cycles, with no write outstanding, and the controller's
/// settings.
///
/// The running controller was itself made by [`Checkpoint::go_on`]. A replay that starts at a
/// checkpoint, or passes a checkpoint, calls the same function.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The controller's state and forecast.
    pub snapshot: Snapshot,
    /// The controller's settings.
    pub controller: Arc<ControllerConfig>,
    /// The group's configuration as text. The runtime does not parse this text.
    pub settings: Arc<str>,
}

impl Checkpoint {
    /// The controller that continues from this checkpoint at `now`.
    pub fn go_on(&self, now: Timestamp) -> ControlLoop {
        let config = ControllerConfig::clone(&self.controller);
        ControlLoop::new(config, self.snapshot.clone(), now)
    }
}

/// Notices of the runtime itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "notice")]
pub enum Notice {
    /// The runtime begins to control the group.
    Started {
        /// Whether the group continues with a stored state.
        resumed: bool,
    },
    /// The forecast's history was read from the cloud: the group's own, or the history of its
    /// predecessor.
    HistoryRead {
        /// Periods in the history.
        periods: usize,
        /// Days from the oldest period to the newest.
        days: f64,
        /// Parts that were read.
        parts: u32,
        /// Parts that are history of the predecessor (`history_from`).
        of_other: u32,
        /// Cost of the readings, USD.
        usd: f64,
    },
    /// The group took over history and model of its predecessor.
    TookOver {
        /// Name of the predecessor.
        from: String,
        /// Days of history.
        days: f64,
    },
    /// The stored forecast cannot be used. The history is read from the cloud anew.
    ForecastIgnored(JournalError),
    /// The runtime no longer controls the group.
    Stopped,
    /// The group has new settings and keeps its state.
    Reconfigured,
    /// A cycle took longer than its limit.
    Overrun {
        /// Duration of the cycle.
        took: Duration,
        /// Longest duration that the settings allow.
        limit: Duration,
        /// The group's interval. Zero in stores of version 2, which did not store the interval.
        #[serde(default)]
        interval: Duration,
    },
    /// A cycle began late by more than an interval: the process was starved of CPU or suspended.
    Late {
        /// Delay of the cycle's start.
        by: Duration,
    },
    /// A write was sent although the journal could not store the state before the write.
    UnsavedWrite,
    /// The group's task panicked. The task restarts with the state that was stored last.
    Failed,
    /// The journal fails. New entries stay in memory.
    JournalFailed(JournalError),
    /// The journal works again and has stored the entries in memory.
    JournalRecovered {
        /// Start of the failure.
        since: Timestamp,
        /// Entries that did not fit into memory.
        lost: u64,
    },
    /// A new configuration is in force.
    Reloaded(Reloaded),
    /// A new configuration was refused. The old configuration stays in force.
    ReloadRefused {
        /// Cause of the refusal.
        why: String,
    },
    /// Cost of reading the group since the start of the process.
    Billed(Costs),
    /// Notifications cannot be sent.
    NotifyFailed {
        /// Cause of the failure, without the receiver's address.
        why: String,
    },
    /// Notifications can be sent again.
    NotifyRecovered {
        /// Messages that were dropped during the failure.
        unsent: u64,
    },
    /// The group could be read better than it is.
    Remark {
        /// A sentence for a person.
        what: String,
    },
}

/// Cost of reading a group since the start of the process.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// Calls of the group's account.
    pub calls: u64,
    /// Metrics requested for this group.
    pub metrics_requested: u64,
    /// Cost of the metrics requested, USD.
    pub usd: f64,
    /// Cost of a month at this rate, USD.
    pub usd_per_month: f64,
}

impl Notice {
    /// A cycle that took `took`, with the limit `limit` and the group's `interval`.
    pub(crate) const fn overrun(took: Duration, limit: Duration, interval: Duration) -> Self {
        Self::Overrun {
            took,
            limit,
            interval,
        }
    }

    /// Whether a person should read the notice.
    pub fn is_warning(&self) -> bool {
        !matches!(
            self,
            Self::Started { .. }
                | Self::HistoryRead { .. }
                | Self::TookOver { .. }
                | Self::Stopped
                | Self::Reconfigured
                | Self::JournalRecovered { lost: 0, .. }
                | Self::NotifyRecovered { unsent: 0 }
                | Self::Reloaded(_)
                | Self::Billed(_)
        )
    }
}

/// Writes the original's sentence if the cycle took longer than the interval. Otherwise says which
/// limit the cycle exceeded.
fn write_overrun(
    f: &mut fmt::Formatter<'_>,
    took: Duration,
    limit: Duration,
    interval: Duration,
) -> fmt::Result {
    let seconds = took.as_secs_f64();
    if took > interval && !interval.is_zero() {
        let interval = interval.as_secs_f64();
        return write!(
            f,
            "Collection took {seconds:.1}s, longer than interval {interval}s"
        );
    }
    let limit = limit.as_secs_f64();
    write!(
        f,
        "Collection took {seconds:.1}s, longer than the {limit}s that it may take of its interval"
    )
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { resumed: true } => f.write_str("started, with the state kept before"),
            Self::Started { resumed: false } => f.write_str("started"),
            Self::HistoryRead {
                periods,
                days,
                parts,
                of_other,
                usd,
            } => {
                write!(f, "history is there: {periods} periods over {days:.1} days")?;
                if *of_other > 0 {
                    write!(f, ", {of_other} of {parts} parts of the group before it")?;
                }
                write!(f, "; reading it cost {usd:.4} USD")
            }
            Self::TookOver { from, days } => {
                write!(
                    f,
                    "history and model of group {from} taken over: {days:.1} days"
                )
            }
            Self::ForecastIgnored(error) => write!(
                f,
                "what was kept of the forecast cannot be used, its history is read anew: {error}"
            ),
            Self::Stopped => f.write_str("stopped"),
            Self::Reconfigured => f.write_str("settings replaced, state kept"),
            Self::Overrun {
                took,
                limit,
                interval,
            } => write_overrun(f, *took, *limit, *interval),
            Self::Late { by } => write!(f, "the look began {:.1} s late", by.as_secs_f64()),
            Self::UnsavedWrite => f.write_str(
                "the write is sent although the state could not be saved: \
                 after a crash now, its cooldown would be lost",
            ),
            Self::Failed => f.write_str("the group's task failed by a defect and is restarted"),
            Self::JournalFailed(error) => {
                write!(
                    f,
                    "the journal fails, keeping in memory what happens: {error}"
                )
            }
            Self::JournalRecovered { since, lost: 0 } => {
                write!(f, "the journal works again; nothing is lost since {since}")
            }
            Self::JournalRecovered { since, lost } => {
                write!(
                    f,
                    "the journal works again; {lost} entries since {since} are lost"
                )
            }
            Self::Reloaded(changes) => write!(f, "configuration taken anew: {changes}"),
            Self::ReloadRefused { why } => {
                write!(f, "configuration not taken, the old one goes on: {why}")
            }
            Self::Billed(costs) => costs.fmt(f),
            Self::NotifyFailed { why } => write!(f, "notifications are not sent: {why}"),
            Self::NotifyRecovered { unsent: 0 } => f.write_str("notifications are sent again"),
            Self::NotifyRecovered { unsent } => {
                write!(f, "notifications are sent again; {unsent} were not")
            }
            Self::Remark { what } => f.write_str(what),
        }
    }
}

impl fmt::Display for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} metrics asked of CloudWatch, {:.4} USD so far, {:.2} USD a month at this pace \
             without single instances; {} calls of the account",
            self.metrics_requested, self.usd, self.usd_per_month, self.calls
        )
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(record) => record.fmt(f),
            Self::Notice(notice) => notice.fmt(f),
            Self::Checkpoint(_) => f.write_str("checkpoint"),
            Self::Event(event) => f.write_str(match event {
                Event::Woke => "woke",
                Event::GroupRead { .. } => "group read",
                Event::MetricsRead { .. } => "metrics read",
                Event::HistoryRead { .. } => "history read",
                Event::Fitted { .. } => "fitted",
                Event::Predicted { .. } => "predicted",
                Event::WriteSettled { .. } => "write settled",
                Event::Ordered { .. } => "ordered",
                Event::CallFailed { .. } => "call failed",
                Event::SnapshotAsked => "snapshot asked for",
                Event::Configured(_) => "settings replaced",
            }),
        }
    }
}
