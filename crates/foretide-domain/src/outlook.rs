//! The outlook: load of the hours to come, for people and warnings. No capacity is decided by it.

use serde::{Deserialize, Serialize};

use crate::{Percent, Timestamp, whole_instances};

/// Levels of the quantiles of an outlook.
pub const OUTLOOK_LEVELS: [f64; 3] = [0.5, 0.9, 0.99];

/// Load of the hours to come, as it was seen at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// Start of the newest period that was known.
    pub of: Timestamp,
    /// The hours, the nearest first. Hours of the day that were never observed are left out.
    pub hours: Vec<HourAhead>,
}

/// Load of one hour ahead.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HourAhead {
    /// Its start.
    pub from: Timestamp,
    /// Quantiles at [`OUTLOOK_LEVELS`] of the load of its periods, in instance-percent.
    pub loads: [f64; OUTLOOK_LEVELS.len()],
}

impl HourAhead {
    /// Instances that carry the load at `objective` percent CPU, at each of [`OUTLOOK_LEVELS`]. Not
    /// rounded up: what a chart draws.
    pub fn instances(&self, objective: Percent) -> [f64; OUTLOOK_LEVELS.len()] {
        self.loads.map(|load| load / objective.get())
    }

    /// The fewest whole instances that carry the load at the highest of [`OUTLOOK_LEVELS`].
    pub fn need(&self, objective: Percent) -> u32 {
        let [.., most] = self.instances(objective);
        whole_instances(most)
    }
}

impl Outlook {
    /// The hours that have not begun at `now`. An outlook is up to six hours old, so its first
    /// hours may be over.
    pub fn to_come(&self, now: Timestamp) -> impl DoubleEndedIterator<Item = &HourAhead> {
        self.hours.iter().filter(move |hour| hour.from > now)
    }

    /// The hour to come that probably needs most instances, the nearest of several: its start, and
    /// [`HourAhead::need`]. None where no hour is to come.
    pub fn most(&self, now: Timestamp, objective: Percent) -> Option<(Timestamp, u32)> {
        // Of equals `max_by_key` takes the last.
        let hours = self.to_come(now).rev();
        let needs = hours.map(|hour| (hour.from, hour.need(objective)));
        needs.max_by_key(|(_, need)| *need)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_seconds(3600 * hour)
    }

    fn outlook(loads: &[f64]) -> Outlook {
        let hours = (1..).zip(loads).map(|(hour, load)| HourAhead {
            from: at(hour),
            loads: [load / 2.0, load / 1.5, *load],
        });
        Outlook {
            of: at(0),
            hours: hours.collect(),
        }
    }

    #[test]
    fn the_nearest_of_the_hours_that_need_most_is_named_and_none_that_has_begun() {
        let objective = Percent::new(80.0).unwrap();
        let outlook = outlook(&[900.0, 500.0, 490.0, 300.0]);
        assert_eq!(outlook.most(at(0), objective), Some((at(1), 12)));
        // 500 and 490 instance-percent both need seven instances.
        assert_eq!(outlook.most(at(1), objective), Some((at(2), 7)));
        assert_eq!(outlook.most(at(2), objective), Some((at(3), 7)));
        assert_eq!(outlook.most(at(4), objective), None);
        assert_eq!(outlook.to_come(at(2)).count(), 2);
    }

    #[test]
    fn need_is_load_over_the_objective() {
        let hour = outlook(&[600.0]).hours[0];
        let [median, _, most] = hour.instances(Percent::new(75.0).unwrap());
        assert!((median - 4.0).abs() < 1e-9 && (most - 8.0).abs() < 1e-9);
    }
}
