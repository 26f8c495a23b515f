//! A group's price list as people read it: what violation shares would have cost in the newest week
//! of its own history, and what the group itself did.

use serde::{Deserialize, Serialize};

use crate::{Hours, Timestamp};

/// What violation shares would have cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriceTable {
    /// End of the newest period that is priced; none where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Time that is priced, minutes: seven days at most.
    pub minutes: f64,
    /// Target of target tracking, percent, as it is configured.
    pub target: f64,
    /// What target tracking at that target did in this time.
    pub tracking: Priced,
    /// One for each violation share, ascending.
    pub rows: Vec<PricedShare>,
}

/// What capacity cost, and the violations that it left.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Priced {
    /// Mean number of instances.
    pub instances: f64,
    /// Share of the time in violation, 0 to 1.
    pub violation_share: f64,
}

/// What one violation share would have cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PricedShare {
    /// The violation share, 0 to 1.
    pub violation_share: f64,
    /// Mean number of instances; none if no price buys the share.
    pub instances: Option<f64>,
}

impl PriceTable {
    /// Instance-hours of so many instances, on average, over the time that is priced.
    pub fn instance_hours(&self, instances: f64) -> f64 {
        instances * self.minutes / 60.0
    }

    /// So many instances over those of target tracking; none where target tracking ran none.
    pub fn over_tracking(&self, instances: f64) -> Option<f64> {
        let tracking = self.tracking.instances;
        (tracking > 0.0).then(|| instances / tracking)
    }
}

/// What a group did in a span, in the figures of a price list: today's point on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spent {
    /// Instance-hours.
    pub instance_hours: f64,
    /// The same over those of target tracking at the configured target, on the same load; none
    /// where target tracking ran none.
    pub over_tracking: Option<f64>,
    /// Mean number of instances, and share of the time in violation.
    pub priced: Priced,
}

impl Spent {
    /// What the count of `hours` says; none below a day of data, as for every share of it.
    pub fn of(hours: &Hours) -> Option<Self> {
        let instance_hours = hours.used()?;
        let tracking = hours.of_baseline(&hours.at(None))?;
        Some(Self {
            instance_hours,
            over_tracking: (tracking > 0.0).then(|| instance_hours / tracking),
            priced: Priced {
                instances: instance_hours * 3600.0 / hours.known_s as f64,
                violation_share: hours.violation_share()?,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_spent_is_that_of_the_count_and_against_the_configured_target() {
        let hours = Hours {
            known_s: 172_800,
            used_instance_s: 4 * 172_800,
            baseline_instance_s: 5 * 172_800,
            violation_s: 1728,
            ..Hours::default()
        };
        let spent = Spent::of(&hours).unwrap();
        assert!((spent.instance_hours - 192.0).abs() < 1e-9);
        assert!((spent.over_tracking.unwrap() - 0.8).abs() < 1e-9);
        assert!((spent.priced.instances - 4.0).abs() < 1e-9);
        assert_eq!(Some(spent.priced.violation_share), hours.violation_share());
    }

    #[test]
    fn below_a_day_of_data_there_is_no_point() {
        let hours = Hours {
            known_s: 86_399,
            used_instance_s: 86_399,
            ..Hours::default()
        };
        assert_eq!(Spent::of(&hours), None);
    }
}
