//! The streak: consecutive votes for scale-in, and how many datapoints they span.

use foretide_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Consecutive scale-in votes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Votes {
    streak: u32,
    datapoints: u32,
    newest: Option<Timestamp>,
}

impl Votes {
    /// Counts one look at the group: a vote lengthens the streak, anything else ends it.
    pub(crate) fn count(&mut self, is_vote: bool, newest: Option<Timestamp>) {
        if !is_vote {
            self.reset();
            return;
        }
        self.streak = self.streak.saturating_add(1);
        if self.newest != newest {
            self.datapoints = self.datapoints.saturating_add(1);
            self.newest = newest;
        }
    }

    /// Starts anew.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Votes in a row.
    pub(crate) fn streak(&self) -> u32 {
        self.streak
    }

    /// Distinct datapoints that they were cast on.
    pub(crate) fn datapoints(&self) -> u32 {
        self.datapoints
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn votes_on_one_datapoint_span_one() {
        let mut votes = Votes::default();
        for minute in [0, 0, 0, 60, 60, 120] {
            votes.count(true, Some(Timestamp::from_seconds(minute)));
        }
        assert_eq!((votes.streak(), votes.datapoints()), (6, 3));
    }

    #[test]
    fn any_other_look_ends_the_streak() {
        let mut votes = Votes::default();
        votes.count(true, Some(Timestamp::from_seconds(0)));
        votes.count(false, Some(Timestamp::from_seconds(0)));
        assert_eq!(votes, Votes::default());
    }
}
