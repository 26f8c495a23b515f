//! What the pace limits rest on: this controller's own changes lately, and capacities wanted.

use std::time::Duration;

use foretide_domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::pace_limit::{STABILISATION_MAX, WINDOW_MAX};

/// Own changes that are remembered. A limit of 1 instance a minute makes 1,440 in a day; older ones
/// are then taken together, which forgets them a little later.
const OWN_MAX: usize = 96;
/// Wanted capacities that are remembered. Only those above all later ones are.
const WANTED_MAX: usize = 96;

/// Own changes and wanted capacities of the longest windows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RecentChanges {
    /// When desired capacity was changed, and by how many instances. Oldest first; what no limit
    /// holds for is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    own: Vec<(Timestamp, i64)>,
    /// A change that may or may not have been carried out: when it was asked for, the desired
    /// capacity asked for, and by how many instances that is more. None otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    perhaps: Option<(Timestamp, u32, i64)>,
    /// Capacities that were wanted, each higher than all later ones. Oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    wanted: Vec<(Timestamp, u32)>,
}

impl RecentChanges {
    /// Whether nothing is remembered.
    pub(super) fn is_empty(&self) -> bool {
        self.own.is_empty() && self.perhaps.is_none() && self.wanted.is_empty()
    }

    /// This controller's own changes, oldest first.
    pub(crate) fn own(&self) -> &[(Timestamp, i64)] {
        &self.own
    }

    /// Capacities that were wanted, oldest and highest first.
    pub(crate) fn wanted(&self) -> &[(Timestamp, u32)] {
        &self.wanted
    }

    /// This controller changed desired capacity by `change` instances.
    pub(crate) fn changed(&mut self, at: Timestamp, change: i64) {
        self.perhaps = None;
        self.own.retain(|(then, _)| at.since(*then) < WINDOW_MAX);
        if change == 0 {
            return;
        }
        if self.own.len() == OWN_MAX {
            let (_, oldest) = self.own.remove(0);
            if let Some((_, next)) = self.own.first_mut() {
                *next = next.saturating_add(oldest);
            }
        }
        self.own.push((at, change));
    }

    /// Desired capacity may have been changed to `desired`, by `change` instances.
    pub(super) fn perhaps_changed(&mut self, at: Timestamp, desired: u32, change: i64) {
        self.perhaps = Some((at, desired, change));
    }

    /// The group was read with this desired capacity: that shows whether the write whose answer was
    /// lost has been carried out.
    pub(super) fn read(&mut self, desired: u32) {
        match self.perhaps.take() {
            Some((at, asked, change)) if asked == desired => self.changed(at, change),
            _ => {}
        }
    }

    /// `wanted` is wanted now. Without a stabilisation nothing is remembered.
    pub(crate) fn want(&mut self, now: Timestamp, wanted: u32, stabilisation: Duration) {
        if stabilisation.is_zero() {
            self.wanted.clear();
            return;
        }
        self.wanted
            .retain(|(then, it)| now.since(*then) < STABILISATION_MAX && *it > wanted);
        if self.wanted.len() == WANTED_MAX {
            // The highest one stays until its time is over.
            self.wanted.remove(1);
        }
        self.wanted.push((now, wanted));
    }

    /// A clock that was ahead of time must not lengthen a window.
    pub(super) fn forget_the_future(&mut self, now: Timestamp) {
        for (at, _) in &mut self.own {
            *at = (*at).min(now);
        }
        for (at, _) in &mut self.wanted {
            *at = (*at).min(now);
        }
        self.perhaps = self
            .perhaps
            .map(|(at, desired, change)| (at.min(now), desired, change));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(minute: i64) -> Timestamp {
        Timestamp::from_seconds(60 * minute)
    }

    #[test]
    fn own_changes_are_forgotten_after_a_day_and_never_many() {
        let mut recent = RecentChanges::default();
        for minute in 0..1000 {
            recent.changed(at(minute), 1);
        }
        assert_eq!(recent.own().len(), OWN_MAX);
        let sum: i64 = recent.own().iter().map(|(_, change)| change).sum();
        assert_eq!(sum, 1000);
        recent.changed(at(3000), -2);
        assert_eq!(recent.own(), [(at(3000), -2)]);
        recent.changed(at(3001), 0);
        assert_eq!(recent.own().len(), 1, "what does not count is not kept");
    }

    #[test]
    fn a_write_without_answer_counts_where_the_next_reading_shows_it() {
        for (read, counted) in [(8, 1), (4, 0)] {
            let mut recent = RecentChanges::default();
            recent.perhaps_changed(at(0), 8, 4);
            recent.read(read);
            recent.read(8);
            assert_eq!(recent.own().len(), counted, "read {read}");
        }
    }

    #[test]
    fn of_wanted_capacities_those_above_all_later_ones_are_kept() {
        let hour = STABILISATION_MAX;
        let mut recent = RecentChanges::default();
        for (minute, wanted) in [(0, 9), (1, 5), (2, 7), (3, 6), (4, 6)] {
            recent.want(at(minute), wanted, hour);
        }
        assert_eq!(recent.wanted(), [(at(0), 9), (at(2), 7), (at(4), 6)]);
        recent.want(at(60), 3, hour);
        assert_eq!(recent.wanted(), [(at(2), 7), (at(4), 6), (at(60), 3)]);
        for wanted in (0..500).rev() {
            recent.want(at(61), 1000 + wanted, hour);
        }
        assert_eq!(recent.wanted().len(), WANTED_MAX);
        assert_eq!(recent.wanted()[0], (at(61), 1499), "the highest one stays");
        recent.want(at(62), 1, Duration::ZERO);
        assert!(recent.is_empty(), "off");
    }
}
