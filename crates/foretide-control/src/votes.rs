//! The streak: looks in a row at which the model's answer asked for scale-in, and the votes within
//! them. An answer votes once for its datapoint, however many looks see it.

use foretide_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Consecutive scale-in votes, and for how long they have stood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Votes {
    /// Looks in a row.
    streak: u32,
    /// Votes: distinct datapoints.
    datapoints: u32,
    /// The datapoint of the newest vote.
    newest: Option<Timestamp>,
}

impl Votes {
    /// Counts one look at the group: an answer that asks for less lengthens the streak and is a
    /// vote where it is of another datapoint than the vote before; anything else ends the streak.
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

    /// Looks in a row at which the answer asked for less.
    pub(crate) fn streak(&self) -> u32 {
        self.streak
    }

    /// Votes within them: one a datapoint.
    pub(crate) fn datapoints(&self) -> u32 {
        self.datapoints
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_votes_once_for_its_datapoint() {
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
