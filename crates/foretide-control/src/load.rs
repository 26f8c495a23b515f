//! What load a datapoint shows: of CPU, or of the group's own load metric.
//!
//! Load is counted in instance-percent, capacity used at 100 % per instance. CPU ends at 100 % and
//! hides what was not served; a metric such as requests does not. It is brought to the same unit by
//! the demand that one instance serves at 100 %, which is given or learned.

use foretide_domain::{Datapoint, LoadSource, SATURATED_CPU, Timestamp};
use serde::{Deserialize, Serialize};

/// A relation of demand to CPU is learned between these: below, an instance's own work dominates;
/// above, demand is not all served.
const LEARN_FROM_CPU: f64 = 10.0;
const LEARN_TO_CPU: f64 = 95.0;
/// Periods before what was learned is used, and over which it forgets: a new release may serve
/// more.
const ENOUGH: f64 = 60.0;
const REMEMBERED: f64 = 1440.0;

/// The group's own load metric, as `Datapoint::demand` brings it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LoadMetric {
    /// Demand that one instance serves at 100 % CPU, in the metric's unit; learned where none is
    /// given.
    pub per_instance: Option<f64>,
}

/// Load of one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measured {
    /// Per instance, in percent of what it serves; above 100 where demand exceeds it.
    pub(crate) utilisation: f64,
    /// Of the group, in instance-percent.
    pub(crate) load: f64,
    /// Whether demand may have been more than this.
    pub(crate) saturated: bool,
    /// What it was measured by.
    pub(crate) source: LoadSource,
}

/// The load that `point` shows, by its demand where `per_instance` is known, else by CPU.
pub(crate) fn measured(point: &Datapoint, per_instance: Option<f64>) -> Option<Measured> {
    if let Some((demand, per_instance)) = point.demand.zip(per_instance)
        && point.instances > 0.0
    {
        let load = 100.0 * demand / per_instance;
        return Some(Measured {
            utilisation: load / point.instances,
            load,
            saturated: false,
            source: LoadSource::Metric,
        });
    }
    let cpu = point.cpu?.get();
    if point.unaccounted.is_some_and(|it| it.hides_saturation()) {
        return Some(Measured {
            utilisation: 100.0,
            load: 100.0 * point.instances,
            saturated: true,
            source: LoadSource::Cpu,
        });
    }
    Some(Measured {
        utilisation: cpu,
        load: point.load()?.get(),
        saturated: cpu >= SATURATED_CPU,
        source: LoadSource::Cpu,
    })
}

/// Demand per instance at 100 % CPU as this group has shown it: least squares of demand on the
/// capacity used, through the origin, forgetting over a day of one-minute periods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct PerInstance {
    demand_used: f64,
    used_used: f64,
    periods: f64,
    /// History is read again after a restart and must not count twice.
    through: Option<Timestamp>,
}

impl PerInstance {
    /// Learns from a period.
    pub(crate) fn observe(&mut self, point: &Datapoint) {
        let Some((cpu, demand)) = point.cpu.zip(point.demand) else {
            return;
        };
        let cpu = cpu.get();
        let tells = (LEARN_FROM_CPU..=LEARN_TO_CPU).contains(&cpu);
        if !(tells && demand.is_finite() && demand > 0.0 && point.instances > 0.0) {
            return;
        }
        if self.through.is_some_and(|through| point.start <= through) {
            return;
        }
        self.through = Some(point.start);
        let used = cpu / 100.0 * point.instances;
        let keep = 1.0 - 1.0 / REMEMBERED;
        self.demand_used = self.demand_used * keep + demand * used;
        self.used_used = self.used_used * keep + used * used;
        self.periods += 1.0;
    }

    /// What was learned, once enough was seen.
    pub(crate) fn known(&self) -> Option<f64> {
        (self.periods >= ENOUGH).then(|| self.demand_used / self.used_used)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use foretide_domain::{Percent, Unaccounted};

    use super::*;

    fn point(minute: i32, cpu: f64, demand: Option<f64>) -> Datapoint {
        Datapoint {
            start: Timestamp::from_seconds(60 * i64::from(minute)),
            period: Duration::from_secs(60),
            cpu: Percent::new(cpu),
            instances: 4.0,
            network_in: None,
            network_out: None,
            memory: None,
            demand,
            unaccounted: None,
        }
    }

    #[test]
    fn demand_beyond_what_is_served_is_seen_by_the_metric_alone() {
        let saturated = point(0, 100.0, Some(6000.0));
        let by_cpu = measured(&saturated, None).unwrap();
        assert!(by_cpu.saturated && (by_cpu.load - 400.0).abs() < 1e-9);
        let by_demand = measured(&saturated, Some(1000.0)).unwrap();
        assert!(!by_demand.saturated && (by_demand.load - 600.0).abs() < 1e-9);
        assert!((by_demand.utilisation - 150.0).abs() < 1e-9);
        // Where the metric is missing CPU is taken, and the source says so.
        let missing = measured(&point(0, 100.0, None), Some(1000.0)).unwrap();
        assert_eq!(missing.source, LoadSource::Cpu);
    }

    #[test]
    fn idle_instances_in_the_mean_do_not_hide_that_the_others_are_saturated() {
        let mut diluted = point(0, 25.0, None);
        diluted.unaccounted = Some(Unaccounted {
            reporting: 16.0,
            peak: Percent::new(100.0),
            idle: true,
        });
        let by_peak = measured(&diluted, None).unwrap();
        assert!(by_peak.saturated && (by_peak.load - 400.0).abs() < 1e-9);
        // An instance that boots may be the busy one.
        if let Some(others) = &mut diluted.unaccounted {
            others.idle = false;
        }
        let by_mean = measured(&diluted, None).unwrap();
        assert!(!by_mean.saturated && (by_mean.load - 100.0).abs() < 1e-9);
    }

    #[test]
    fn what_an_instance_serves_is_learned_from_unsaturated_periods() {
        let mut learned = PerInstance::default();
        for minute in 0_i32..200 {
            let cpu = 20.0 + f64::from(minute % 60);
            for _ in 0..2 {
                learned.observe(&point(4 * minute, cpu, Some(cpu * 40.0)));
            }
            learned.observe(&point(4 * minute + 1, 100.0, Some(1e9)));
            learned.observe(&point(4 * minute + 2, 1.0, Some(1e9)));
            assert_eq!(learned.known().is_some(), minute >= 59);
        }
        assert!((learned.known().unwrap() - 1000.0).abs() < 1e-6);
    }
}
