//! How many metrics of single instances were read: so many a minute and a month may be.
//!
//! What a reading may use at most counts as used before it is asked for, and the state is saved
//! with that. So a process that dies and starts again and again stays within the allowance.

use std::time::Duration;

use foretide_domain::{FailureKind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::InstanceAllowance;

const MINUTE: Duration = Duration::from_secs(60);
/// The month of AWS's price lists.
const MONTH: Duration = Duration::from_hours(730);

/// Metrics of single instances that count as read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InstanceReads {
    /// The present minute, counted from 1970, and the metrics in it.
    minute: (i64, u32),
    /// The same of the present month.
    month: (i64, u64),
    /// Of both, what the reading under way may use.
    granted: u32,
}

impl InstanceReads {
    /// How many metrics the reading that is asked for now may use.
    pub(super) fn grant(&mut self, allowance: InstanceAllowance, now: Timestamp) -> u32 {
        let (minute, month) = (number(MINUTE, now), number(MONTH, now));
        if self.minute.0 != minute {
            self.minute = (minute, 0);
        }
        if self.month.0 != month {
            self.month = (month, 0);
        }
        let in_minute = allowance.per_minute.saturating_sub(self.minute.1);
        let in_month = allowance.per_month.saturating_sub(self.month.1);
        let granted = in_minute.min(u32::try_from(in_month).unwrap_or(u32::MAX));
        self.minute.1 += granted;
        self.month.1 += u64::from(granted);
        self.granted = granted;
        granted
    }

    /// The reading was answered, and read so many.
    pub(crate) fn used(&mut self, metrics: u32) {
        let unused = self.granted.saturating_sub(metrics);
        self.minute.1 = self.minute.1.saturating_sub(unused);
        self.month.1 = self.month.1.saturating_sub(unused.into());
        self.granted = 0;
    }

    /// The reading failed. AWS bills no call that it refuses; all others it may have answered.
    pub(super) fn failed(&mut self, why: FailureKind) {
        match why {
            FailureKind::Throttled
            | FailureKind::Denied
            | FailureKind::NotFound
            | FailureKind::Rejected => self.used(0),
            FailureKind::TimedOut | FailureKind::Unavailable | FailureKind::Malformed => {
                self.used(self.granted);
            }
        }
    }

    /// Whether nothing was ever read.
    pub(super) fn is_unspent(&self) -> bool {
        *self == Self::default()
    }
}

/// The number of the span of this length that holds `now`, counted from 1970.
fn number(length: Duration, now: Timestamp) -> i64 {
    let length_s = i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
    now.as_seconds().div_euclid(length_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn allowance(per_month: u64) -> InstanceAllowance {
        InstanceAllowance {
            per_month,
            ..InstanceAllowance::default()
        }
    }

    #[test]
    fn a_minute_has_its_own_ceiling_and_what_was_not_used_is_given_back() {
        let (mut reads, allowance) = (InstanceReads::default(), allowance(50_000));
        assert_eq!(reads.grant(allowance, at(0)), 20);
        reads.used(15);
        assert_eq!(reads.grant(allowance, at(59)), 5);
        reads.used(0);
        assert_eq!(reads.grant(allowance, at(59)), 5);
        reads.used(5);
        assert_eq!(reads.grant(allowance, at(59)), 0);
        assert_eq!(reads.grant(allowance, at(60)), 20);
    }

    #[test]
    fn a_month_has_its_own_ceiling() {
        let (mut reads, allowance) = (InstanceReads::default(), allowance(50));
        let mut granted = |at_s| {
            let granted = reads.grant(allowance, at(at_s));
            reads.used(granted);
            granted
        };
        assert_eq!([0, 60, 120, 180].map(&mut granted), [20, 20, 10, 0]);
        assert_eq!(granted(730 * 3600), 20);
    }

    #[test]
    fn only_a_refused_reading_costs_nothing() {
        let after = |why| {
            let mut reads = InstanceReads::default();
            reads.grant(allowance(50), at(0));
            reads.failed(why);
            (reads.minute.1, reads.month.1) == (0, 0)
        };
        assert!(after(FailureKind::Throttled) && after(FailureKind::Denied));
        assert!(!after(FailureKind::TimedOut) && !after(FailureKind::Unavailable));
    }

    /// The process dies before the answer: what was granted stays spent.
    #[test]
    fn a_reading_whose_answer_is_lost_counts_as_read() {
        let mut reads = InstanceReads::default();
        let granted: Vec<u32> = (0..4)
            .map(|minute| reads.grant(allowance(50), at(minute * 60)))
            .collect();
        assert_eq!(granted, [20, 20, 10, 0]);
    }
}
