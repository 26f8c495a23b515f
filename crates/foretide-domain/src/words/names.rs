//! Names of policies, guard rails and degrees of trust.

use std::fmt;

use crate::{Guard, PolicyKind, Staleness};

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Classifier => "classifier",
            Self::TargetTracking => "target-tracking",
            Self::Forecast => "forecast",
        })
    }
}

impl fmt::Display for Staleness {
    /// What is made of data as old as this.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fresh => "fully",
            Self::Widened => "with widened quantiles: the next period is late",
            Self::ScaleOutOnly => "with widened quantiles, and not for scale-in",
            Self::Alarm => "no: it is stale or missing",
        })
    }
}

impl fmt::Display for Guard {
    /// The guard rail's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bounds => "bounds",
            Self::Suspended => "suspended processes",
            Self::Freshness => "freshness",
            Self::Coverage => "reporting share",
            Self::UpperUtilisation => "upper utilisation",
            Self::InstanceRefresh => "instance refresh",
            Self::PendingLaunches => "pending launches",
            Self::EarlyDeaths => "early deaths",
            Self::LoadDropped => "sudden drop of load",
            Self::SignalMissing => "missing signal",
            Self::ProjectedUtilisation => "projected utilisation",
            Self::HistoryUnread => "history not read yet",
            Self::HistoryUnused => "history not used yet",
            Self::Confidence => "confidence",
            Self::Streak => "streak",
            Self::Cooldown => "cooldown",
            Self::Stabilisation => "scale-in stabilisation",
            Self::ScaleOutPace => "scale-out pace limit",
            Self::ScaleInPace => "scale-in pace limit",
            Self::Breaker => "breaker",
            Self::CannotWrite => "cannot write",
            Self::WriteInFlight => "write in flight",
            Self::WriteBackoff => "write back-off",
            Self::HandsOff => "hands off",
            Self::Paused => "pause",
            Self::Mode => "mode",
            Self::Audit => "audit",
        })
    }
}
