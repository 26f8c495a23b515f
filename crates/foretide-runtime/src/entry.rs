//! What is kept of a run: events for replay, the controller's records, and the runtime's own
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

/// Something that happened, to be kept.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The group; none where it concerns the whole process.
    pub group: Option<GroupKey>,
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// Kinds of entries.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The controller was told this. All events since a checkpoint replay to the same records.
    Event(Event),
    /// The controller asked to keep this.
    Record(Record),
    /// The runtime says this.
    Notice(Notice),
    /// From here a replay can start.
    Checkpoint(Arc<Checkpoint>),
}

/// A controller between two looks with no write outstanding, and the settings it works by.
///
/// The controller that goes on from here was made by [`Checkpoint::go_on`]: a replay that starts
/// here, or comes past here, does the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// What it knows.
    pub snapshot: Snapshot,
    /// The settings it works by.
    pub controller: Arc<ControllerConfig>,
    /// The group's settings as text, as whoever configured it wrote them; opaque here.
    pub settings: Arc<str>,
}

impl Checkpoint {
    /// The controller that goes on from here at `now`.
    pub fn go_on(&self, now: Timestamp) -> ControlLoop {
        let config = ControllerConfig::clone(&self.controller);
        ControlLoop::new(config, self.snapshot.clone(), now)
    }
}

/// What the runtime itself has to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "notice")]
pub enum Notice {
    /// The group is looked after from now on.
    Started {
        /// Whether a kept state was gone on with.
        resumed: bool,
    },
    /// What the forecast rests on was read: its own past, or that of the group before it.
    HistoryRead {
        /// Periods that it holds now.
        periods: usize,
        /// Days from the oldest to the newest.
        days: f64,
        /// Parts that were read.
        parts: u32,
        /// Those of them that hold the past of the group before.
        of_other: u32,
        /// What reading them cost, in USD.
        usd: f64,
    },
    /// History and model of the group before it were taken over.
    TookOver {
        /// Which group.
        from: String,
        /// Days of history.
        days: f64,
    },
    /// What was kept of the forecast cannot be used; its history is read anew.
    ForecastIgnored(JournalError),
    /// The group is no longer looked after.
    Stopped,
    /// The group's settings were replaced, its state kept.
    Reconfigured,
    /// A look took longer than it may.
    Overrun {
        /// How long it took.
        took: Duration,
        /// How long it may take.
        limit: Duration,
        /// The group's interval. Zero in stores of version 2, which did not keep it.
        #[serde(default)]
        interval: Duration,
    },
    /// A look began late by more than an interval: the process was starved or asleep.
    Late {
        /// By how much.
        by: Duration,
    },
    /// A write was sent although the state before it could not be made durable.
    UnsavedWrite,
    /// The group's task failed by a defect and is started again with the state kept last.
    Failed,
    /// The journal fails; what happens is held in memory.
    JournalFailed(JournalError),
    /// The journal works again, and has what was held.
    JournalRecovered {
        /// Since when it had failed.
        since: Timestamp,
        /// Entries that memory could not hold.
        lost: u64,
    },
    /// The configuration was taken anew.
    Reloaded(Reloaded),
    /// It was not, and the old one goes on.
    ReloadRefused {
        /// Why.
        why: String,
    },
    /// What reading the group has cost since the start.
    Billed(Costs),
    /// Notifications cannot be sent.
    NotifyFailed {
        /// Why; holds no address.
        why: String,
    },
    /// They can be again.
    NotifyRecovered {
        /// Messages that were given up meanwhile.
        unsent: u64,
    },
    /// How the group is read is not as it could be.
    Remark {
        /// What a person should know.
        what: String,
    },
}

/// What reading a group has cost since the start.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// Calls of the group's account.
    pub calls: u64,
    /// Metrics asked for this group.
    pub metrics_requested: u64,
    /// What they cost, US dollars.
    pub usd: f64,
    /// The same for a month at this pace, US dollars.
    pub usd_per_month: f64,
}

impl Notice {
    /// A look that took `took`, where it may take `limit` of the group's `interval`.
    pub(crate) const fn overrun(took: Duration, limit: Duration, interval: Duration) -> Self {
        Self::Overrun {
            took,
            limit,
            interval,
        }
    }

    /// Whether a person should look.
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

/// The original's words, where they are true: a cycle is over before the next one is due.
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
            "{} metrics asked of CloudWatch, {:.4} USD so far, {:.2} USD a month at this pace; \
             {} calls of the account",
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
