//! The metrics of a group as `CloudWatch` has them: of the whole group and of each instance.
//!
//! The group's CPU is aggregated over every instance that runs: those that warm up, drain or stand
//! by count as those that serve do. Network, disk and memory follow from the load that is served.

use foretide_domain::Timestamp;
use foretide_sim::{Instance, InstanceState, Period};

use crate::group::Group;
use crate::scenario::{Metric, Scripted};

/// Bytes a second that an instance receives at 100 % CPU; it sends as many.
pub(crate) const NETWORK_IN_BPS: f64 = 4.0e6;
const NETWORK_OUT_BPS: f64 = 8.0e6;
/// Mean bytes of a packet.
const PACKET_BYTES: f64 = 1000.0;
/// Bytes a second that an instance reads from its disk at 100 % CPU; it writes as many.
const DISK_READ_BPS: f64 = 1.0e6;
const DISK_WRITE_BPS: f64 = 2.0e6;

/// The samples of one metric in one native period, as `CloudWatch` stores them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StatSet {
    /// Start of the period.
    pub(crate) start: Timestamp,
    pub(crate) samples: f64,
    pub(crate) sum: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl StatSet {
    /// Adds the samples of `other`. The start stays.
    pub(crate) fn add(&mut self, other: &Self) {
        self.samples += other.samples;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

/// The value of one metric in one period.
#[derive(Clone, Copy, Debug)]
struct Value {
    /// Mean of the instances that report: a percentage, or bytes or packets of the period.
    mean: f64,
    low: f64,
    high: f64,
    /// Mean number of instances that report.
    instances: f64,
}

impl Value {
    const fn of_all(mean: f64, instances: f64) -> Self {
        Self {
            mean,
            low: mean,
            high: mean,
            instances,
        }
    }
}

impl Group {
    /// Samples that an instance adds to a period: five with basic monitoring, like instance types
    /// that sample every minute.
    fn samples_per_instance(&self) -> f64 {
        f64::from(self.spec.period_s) / 60.0
    }

    /// The visible periods of `metric` that start from `from` (included) to `to` (excluded),
    /// for the whole group or for one `instance`; none if the group does not publish the metric.
    pub(crate) fn series(
        &self,
        metric: Metric,
        instance: Option<&str>,
        (from, to): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Option<Vec<StatSet>> {
        if metric == Metric::Memory && !self.spec.memory {
            return None;
        }
        let one = match instance {
            None => None,
            Some(id) => {
                let ordinal = self.roster.ordinal(&self.world, id)?;
                let mut all = self.world.instances();
                Some(all.find(|one| one.ordinal == ordinal)?)
            }
        };
        let first_s = from.as_seconds() - self.origin.as_seconds();
        let all = self.world.published();
        let wanted = all.get(all.partition_point(|period| period.start_s < first_s)..);
        let points = wanted.unwrap_or_default().iter();
        Some(
            points
                .take_while(|period| self.at(period.start_s) < to)
                .filter_map(|period| self.point(metric, period, one.as_ref(), now))
                .collect(),
        )
    }

    fn point(
        &self,
        metric: Metric,
        period: &Period,
        one: Option<&Instance>,
        now: Timestamp,
    ) -> Option<StatSet> {
        let start = self.at(period.start_s);
        let script = self.script(metric, start);
        let end = start.as_seconds() + i64::from(self.spec.period_s);
        let seen_at =
            end + i64::from(self.spec.delay_s) + i64::from(script.map_or(0, |s| s.late_s));
        if script.is_some_and(|script| script.missing) || now.as_seconds() < seen_at {
            return None;
        }
        let simulated = match one {
            None => self.of_group(metric, period)?,
            Some(one) => self.of_one(metric, period, one)?,
        };
        let scripted = script.and_then(|script| script.value);
        let value = scripted.map_or(simulated, |value| Value::of_all(value, simulated.instances));
        let (divided_by, samples) = match metric {
            Metric::InService | Metric::Requests => (1.0, 1.0),
            Metric::Cpu | Metric::Memory => (1.0, value.instances * self.samples_per_instance()),
            // Bytes and packets of the period, spread evenly over its samples.
            _ => {
                let samples = self.samples_per_instance();
                (samples, value.instances * samples)
            }
        };
        let mean = value.mean / divided_by;
        Some(StatSet {
            start,
            samples,
            sum: mean * samples,
            min: value.low / divided_by,
            max: value.high / divided_by,
        })
    }

    /// The group's value: the group publishes one, or every instance that reports adds its own.
    fn of_group(&self, metric: Metric, period: &Period) -> Option<Value> {
        let reporting = period.reporting;
        match metric {
            Metric::InService => return Some(Value::of_all(period.instances, 1.0)),
            Metric::Requests => return Some(Value::of_all(period.demand, 1.0)),
            _ if reporting <= 0.0 => return None,
            Metric::Cpu => {
                let mean = period.cpu?;
                let (low, high) = period.cpu_range.unwrap_or((mean, mean));
                return Some(Value {
                    mean,
                    low,
                    high,
                    instances: reporting,
                });
            }
            _ => {}
        }
        let mean = self.at_load(metric, period.served / (self.spec.unit * reporting))?;
        let idle = self.at_load(metric, 0.0)?;
        let busy = self.at_load(metric, self.utilisation(period))?;
        let all_serve = reporting <= period.serving;
        Some(Value {
            mean,
            low: if all_serve { mean } else { idle },
            high: if all_serve { mean } else { busy },
            instances: reporting,
        })
    }

    /// The value of an instance that reported in the period.
    fn of_one(&self, metric: Metric, period: &Period, one: &Instance) -> Option<Value> {
        let own = self.world.instance_cpu(one.ordinal, period.start_s)?;
        if metric == Metric::Cpu {
            return Some(Value::of_all(own.cpu, own.share));
        }
        let end_s = period.start_s + i64::from(self.spec.period_s);
        let from_s = one.serves_from_s.unwrap_or(end_s).max(period.start_s);
        let until_s = one.leaving_s.unwrap_or(end_s).min(end_s);
        let mut serving = (until_s - from_s).max(0) as f64 / f64::from(self.spec.period_s);
        if matches!(one.state, InstanceState::Standby | InstanceState::Unrouted) {
            serving = 0.0;
        }
        let share = self.utilisation(period) * serving;
        Some(Value::of_all(self.at_load(metric, share)?, own.share))
    }

    /// Utilisation of the serving instances over the period, 0 to 1.
    fn utilisation(&self, period: &Period) -> f64 {
        if period.serving > 0.0 {
            period.served / (self.spec.unit * period.serving)
        } else {
            0.0
        }
    }

    /// The value of an instance that serves `share` of its unit: a percentage, or a number of bytes
    /// or packets in the period.
    fn at_load(&self, metric: Metric, share: f64) -> Option<f64> {
        let in_period = |per_second: f64| Some(share * per_second * f64::from(self.spec.period_s));
        match metric {
            Metric::Memory => Some(20.0 + 60.0 * share),
            Metric::NetworkIn => in_period(NETWORK_IN_BPS),
            Metric::NetworkOut => in_period(NETWORK_OUT_BPS),
            Metric::DiskRead => in_period(DISK_READ_BPS),
            Metric::DiskWrite => in_period(DISK_WRITE_BPS),
            Metric::PacketsIn => in_period(NETWORK_IN_BPS / PACKET_BYTES),
            Metric::PacketsOut => in_period(NETWORK_OUT_BPS / PACKET_BYTES),
            Metric::Cpu | Metric::InService | Metric::Requests => None,
        }
    }

    fn script(&self, metric: Metric, start: Timestamp) -> Option<&Scripted> {
        let at_s = start.as_seconds() - self.start.as_seconds();
        let applies = |script: &&Scripted| {
            script.metric.is_none_or(|one| one == metric)
                && (script.from_s..script.until_s).contains(&at_s)
        };
        self.spec.scripted.iter().rev().find(applies)
    }
}
