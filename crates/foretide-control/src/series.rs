//! The newest datapoints of a group: sorted by time, each period once, bounded.

use std::collections::VecDeque;

use foretide_domain::{Datapoint, Timestamp};
use serde::{Deserialize, Serialize};

/// What a datapoint was to the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// A period not seen before.
    New,
    /// A period seen before, with another value: CloudWatch values settle late.
    Revised,
    /// Nothing new: seen before, too old, or without any value.
    Nothing,
}

/// The newest datapoints, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Series {
    points: VecDeque<Datapoint>,
    capacity: usize,
}

impl Series {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            points: VecDeque::with_capacity(capacity),
            capacity: capacity.max(1),
        }
    }

    /// Takes a datapoint in, wherever in time it belongs.
    pub(crate) fn insert(&mut self, point: Datapoint) -> Arrival {
        if point.cpu.is_none() && point.demand.is_none() {
            return Arrival::Nothing;
        }
        let at = self
            .points
            .partition_point(|known| known.start < point.start);
        if let Some(known) = self
            .points
            .get_mut(at)
            .filter(|known| known.start == point.start)
        {
            if *known == point {
                return Arrival::Nothing;
            }
            *known = point;
            return Arrival::Revised;
        }
        let full = self.points.len() == self.capacity;
        if full && at == 0 {
            return Arrival::Nothing;
        }
        self.points.insert(at, point);
        if full {
            self.points.pop_front();
        }
        Arrival::New
    }

    /// The same points in a series of `other`'s size.
    pub(crate) fn resized_as(mut self, other: &Self) -> Self {
        self.capacity = other.capacity;
        while self.points.len() > self.capacity {
            self.points.pop_front();
        }
        self
    }

    /// Start of the newest period known.
    pub(crate) fn newest_start(&self) -> Option<Timestamp> {
        self.points.back().map(|point| point.start)
    }

    /// All datapoints, the oldest first.
    pub(crate) fn points(&self) -> impl Iterator<Item = &Datapoint> {
        self.points.iter()
    }

    /// The newest datapoint of any kind.
    pub(crate) fn newest(&self) -> Option<&Datapoint> {
        self.points.back()
    }

    /// The newest datapoint that shows load: CPU, or demand with the instances that it fell on. A
    /// load metric may go on where CPU has ended, and then says nothing of how well it is served.
    pub(crate) fn newest_load(&self) -> Option<&Datapoint> {
        let shows = |point: &&Datapoint| point.cpu.is_some() || point.instances > 0.0;
        self.points.iter().rev().find(shows)
    }

    /// Datapoints with a CPU value, newest first.
    pub(crate) fn newest_with_cpu(&self) -> impl Iterator<Item = (&Datapoint, f64)> {
        self.points
            .iter()
            .rev()
            .filter_map(|point| point.cpu.map(|cpu| (point, cpu.get())))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use foretide_domain::Percent;
    use proptest::prelude::*;

    use super::*;

    fn point(minute: i64, cpu: f64) -> Datapoint {
        Datapoint {
            start: Timestamp::from_seconds(minute * 60),
            period: Duration::from_secs(60),
            cpu: Percent::new(cpu),
            instances: 2.0,
            network_in: None,
            network_out: None,
            memory: None,
            demand: None,
            unaccounted: None,
        }
    }

    #[test]
    fn a_repeat_is_nothing_and_another_value_is_a_revision() {
        let mut series = Series::new(4);
        assert_eq!(series.insert(point(1, 40.0)), Arrival::New);
        assert_eq!(series.insert(point(1, 40.0)), Arrival::Nothing);
        assert_eq!(series.insert(point(1, 45.0)), Arrival::Revised);
        assert_eq!(
            series
                .newest_with_cpu()
                .map(|(_, cpu)| cpu)
                .collect::<Vec<_>>(),
            [45.0]
        );
    }

    #[test]
    fn a_period_without_a_value_is_missing_not_zero() {
        let mut series = Series::new(4);
        assert_eq!(
            series.insert(Datapoint {
                cpu: None,
                ..point(1, 0.0)
            }),
            Arrival::Nothing
        );
        assert_eq!(series.newest_start(), None);
    }

    #[test]
    fn demand_without_an_instance_shows_no_load() {
        let mut series = Series::new(4);
        series.insert(point(1, 40.0));
        let alone = Datapoint {
            cpu: None,
            instances: 0.0,
            demand: Some(900.0),
            ..point(2, 0.0)
        };
        assert_eq!(series.insert(alone), Arrival::New);
        assert_eq!(series.newest_load(), Some(&point(1, 40.0)));
        let with_instances = Datapoint {
            instances: 2.0,
            ..alone
        };
        series.insert(with_instances);
        assert_eq!(series.newest_load(), Some(&with_instances));
    }

    proptest! {
        #[test]
        fn order_of_arrival_does_not_matter(minutes in prop::collection::vec(0_i64..40, 0..80)) {
            let mut arrived = Series::new(8);
            for &minute in &minutes {
                arrived.insert(point(minute, 1.0));
            }
            let mut sorted = minutes;
            sorted.sort_unstable();
            sorted.dedup();
            sorted.reverse();
            sorted.truncate(8);
            let kept: Vec<i64> =
                arrived.newest_with_cpu().map(|(p, _)| p.start.as_seconds() / 60).collect();
            prop_assert_eq!(kept, sorted);
        }
    }
}
