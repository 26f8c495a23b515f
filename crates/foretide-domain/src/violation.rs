//! A plan that the audit refused, with the evidence.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Bounds, Mode};

/// The invariant that a plan would break, with what shows it. The numbers are those of the audit's
/// table.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "violation")]
pub enum Violation {
    /// 1: the plan leaves the bounds.
    OutsideBounds {
        /// Capacity planned.
        desired: u32,
        /// The group's bounds.
        bounds: Bounds,
    },
    /// 2: the plan was made on another reading.
    OtherReading {
        /// Desired capacity that it was made on.
        expected: u32,
        /// Desired capacity of the newest reading.
        desired: u32,
        /// Bounds of the newest reading.
        bounds: Bounds,
    },
    /// 3: the reading is too old.
    ReadingOld {
        /// Its age.
        age: Duration,
    },
    /// 4: the plan changes nothing.
    NoChange {
        /// Capacity planned.
        desired: u32,
    },
    /// 5: the answer to another write is outstanding.
    WriteInFlight,
    /// 6: the plan takes capacity away without fresh data.
    NoFreshData {
        /// Age of the newest datapoint; none where there is none.
        age: Option<Duration>,
    },
    /// 7: the plan takes capacity away while instances are pending.
    Pending {
        /// How many are.
        pending: u32,
    },
    /// 8: the plan takes capacity away during an instance refresh.
    Refreshing,
    /// 9: a suspended process keeps the plan from having an effect.
    Suspended {
        /// Whether capacity was to be raised.
        raises: bool,
    },
    /// 10: the mode does not allow the plan.
    Mode {
        /// The mode in force.
        mode: Mode,
    },
    /// 11: with the planned capacity, utilisation would be too high.
    TooHot {
        /// Utilisation to expect, percent; none where the load is not known.
        projected_percent: Option<f64>,
        /// Utilisation allowed, percent.
        ceiling_percent: f64,
    },
    /// 12: the plan raises desired capacity above what exists while launches fail.
    LaunchesFail {
        /// Instances in service and pending.
        existing: u32,
    },
    /// 13: the cooldown is not over.
    Cooldown {
        /// Time since the last change.
        since_change: Duration,
    },
    /// 14: the step is too large.
    Step {
        /// Instances that the plan moves by.
        moves: u32,
        /// Instances allowed.
        step: u32,
    },
    /// 15: an operator paused the group.
    Paused,
    /// 16: the plan moves further than the pace limit allows.
    Pace {
        /// Capacity planned.
        desired: u32,
        /// Desired capacity at the start of the window.
        reference: u32,
        /// Instances that desired capacity would have moved by within the window.
        moved: u32,
    },
    /// 17: the plan takes away capacity that was wanted within the stabilisation time.
    WantedLately {
        /// Capacity planned.
        desired: u32,
        /// Highest capacity wanted within that time.
        wanted: u32,
    },
    /// 18: the group's history is still being read.
    HistoryUnread,
    /// 19: the forecast has not used the group's history yet.
    HistoryUnused,
    /// 20: the plan takes capacity away while a signal that may scale in has no fresh value.
    SignalMissing {
        /// Place of the signal in the configuration, from 1 on.
        signal: u32,
    },
    /// 21: with the planned capacity, a signal's load would be too high.
    SignalTooHot {
        /// Place of the signal in the configuration, from 1 on.
        signal: u32,
        /// Load of each instance to expect, percent.
        projected_percent: f64,
        /// Load allowed, percent.
        ceiling_percent: f64,
    },
}

impl Violation {
    /// The invariant's number.
    pub const fn number(&self) -> u8 {
        match self {
            Self::OutsideBounds { .. } => 1,
            Self::OtherReading { .. } => 2,
            Self::ReadingOld { .. } => 3,
            Self::NoChange { .. } => 4,
            Self::WriteInFlight => 5,
            Self::NoFreshData { .. } => 6,
            Self::Pending { .. } => 7,
            Self::Refreshing => 8,
            Self::Suspended { .. } => 9,
            Self::Mode { .. } => 10,
            Self::TooHot { .. } => 11,
            Self::LaunchesFail { .. } => 12,
            Self::Cooldown { .. } => 13,
            Self::Step { .. } => 14,
            Self::Paused => 15,
            Self::Pace { .. } => 16,
            Self::WantedLately { .. } => 17,
            Self::HistoryUnread => 18,
            Self::HistoryUnused => 19,
            Self::SignalMissing { .. } => 20,
            Self::SignalTooHot { .. } => 21,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutsideBounds { desired, bounds } => {
                write!(f, "{desired} is outside the bounds {bounds}")
            }
            Self::OtherReading {
                expected,
                desired,
                bounds,
            } => write!(
                f,
                "it was made on desired capacity {expected}, the newest reading has {desired} in \
                 {bounds}"
            ),
            Self::ReadingOld { age } => write!(f, "the reading is {} s old", age.as_secs()),
            Self::NoChange { desired } => write!(f, "desired capacity is {desired} already"),
            Self::WriteInFlight => f.write_str("the answer to another write is outstanding"),
            Self::NoFreshData { age: Some(age) } => write!(
                f,
                "it takes capacity away by a datapoint that is {} s old",
                age.as_secs()
            ),
            Self::NoFreshData { age: None } => {
                f.write_str("it takes capacity away without a datapoint")
            }
            Self::Pending { pending } => {
                write!(f, "it takes capacity away while {pending} are pending")
            }
            Self::Refreshing => f.write_str("it takes capacity away during an instance refresh"),
            Self::Suspended { raises: true } => f.write_str("process Launch is suspended"),
            Self::Suspended { raises: false } => f.write_str("process Terminate is suspended"),
            Self::Mode { mode } => write!(f, "mode {mode} does not allow it"),
            Self::TooHot {
                projected_percent: Some(projected),
                ceiling_percent,
            } => write!(
                f,
                "utilisation would be {projected:.1} %, at most {ceiling_percent:.1} % are allowed"
            ),
            Self::TooHot {
                projected_percent: None,
                ..
            } => f.write_str("it takes capacity away without knowing the load"),
            Self::LaunchesFail { existing } => {
                write!(f, "launches fail and only {existing} instances exist")
            }
            Self::Cooldown { since_change } => {
                write!(f, "the last change was {} s ago", since_change.as_secs())
            }
            Self::Step { moves, step } => {
                write!(f, "it moves by {moves}, the largest step is {step}")
            }
            Self::Paused => f.write_str("an operator paused the group"),
            Self::Pace { .. } => pace(f, self),
            Self::HistoryUnread => f.write_str("the group's history is still being read"),
            Self::HistoryUnused => f.write_str("the forecast has not used the group's history yet"),
            Self::SignalMissing { .. } | Self::SignalTooHot { .. } => signal(f, self),
            Self::WantedLately { desired, wanted } => write!(
                f,
                "{desired} is below {wanted}, which was wanted within the stabilisation time"
            ),
        }
    }
}

/// What a plan breaks of a signal.
fn signal(f: &mut fmt::Formatter<'_>, violation: &Violation) -> fmt::Result {
    match violation {
        Violation::SignalMissing { signal } => write!(
            f,
            "it takes capacity away while signal {signal} has no fresh value"
        ),
        Violation::SignalTooHot {
            signal,
            projected_percent,
            ceiling_percent,
        } => write!(
            f,
            "the load of signal {signal} would be {projected_percent:.1} % of what the instances \
             carry, at most {ceiling_percent:.1} % are allowed"
        ),
        _ => Ok(()),
    }
}

fn pace(f: &mut fmt::Formatter<'_>, violation: &Violation) -> fmt::Result {
    let Violation::Pace {
        desired,
        reference,
        moved,
    } = violation
    else {
        return Ok(());
    };
    write!(
        f,
        "it moves from {reference} to {desired}, by {moved}, within the window of the pace limit"
    )
}
