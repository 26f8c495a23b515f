//! Reading metrics by group: the `AutoScalingGroupName` dimension.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use foretide_domain::{
    BytesPerSecond, Datapoint, GroupCpu, InTransition, InstanceCpu, Percent, ServingCpu, Timestamp,
    serving_cpu,
};

use crate::duty::{Duty, Placed};

use super::signals::signal_queries;
use super::{Key, LoadMetric, MetricOptions, Query, Sampling, Stat, Values};

const DIMENSION: &str = "AutoScalingGroupName";

/// The queries for one group: mean and sample count of CPU, sum of network, and the metrics of the
/// options. AWS bills three metrics, and one for each option.
pub(crate) fn group_queries(group: &str, options: &MetricOptions) -> Vec<Query> {
    let name: Arc<str> = group.into();
    let mut queries = cpu_queries(&name);
    for (key, metric) in [
        (Key::NetworkIn, "NetworkIn"),
        (Key::NetworkOut, "NetworkOut"),
    ] {
        queries.push(by_group(&name, key, metric, Stat::Sum));
    }
    queries.extend(memory_query(&name, options));
    queries.extend(load_query(&name, options));
    queries.extend(signal_queries(&name, &options.signals));
    queries
}

/// The query for the group's largest CPU: a statistic of a metric that is asked for anyway.
pub(crate) fn peak_query(group: &str) -> Query {
    by_group(&group.into(), Key::CpuPeak, "CPUUtilization", Stat::Maximum)
}

/// The queries for the CPU of the single instances `ids` of `group`. AWS bills one metric for each
/// instance.
pub(crate) fn own_cpu_queries(group: &str, ids: &[String]) -> Vec<Query> {
    let name: Arc<str> = group.into();
    let mut queries = Vec::with_capacity(2 * ids.len());
    for (place, id) in (0_u32..).zip(ids) {
        for (key, stat) in [
            (Key::OwnCpu(place), Stat::Average),
            (Key::OwnSamples(place), Stat::SampleCount),
        ] {
            queries.push(Query {
                dimensions: vec![("InstanceId".into(), id.clone())],
                ..by_group(&name, key, "CPUUtilization", stat)
            });
        }
    }
    queries
}

/// The queries for a group's history: load and number of instances. AWS bills one metric, and one
/// for a load metric and for each signal.
pub(crate) fn history_queries(group: &str, options: &MetricOptions) -> Vec<Query> {
    let name: Arc<str> = group.into();
    let mut queries = cpu_queries(&name);
    queries.extend(load_query(&name, options));
    queries.extend(signal_queries(&name, &options.signals));
    queries
}

fn cpu_queries(group: &Arc<str>) -> Vec<Query> {
    let cpu = |key, stat| by_group(group, key, "CPUUtilization", stat);
    vec![
        cpu(Key::Cpu, Stat::Average),
        cpu(Key::CpuSamples, Stat::SampleCount),
    ]
}

fn by_group(group: &Arc<str>, key: Key, metric: &str, stat: Stat) -> Query {
    Query {
        group: Arc::clone(group),
        key,
        namespace: "AWS/EC2".into(),
        metric: metric.into(),
        dimensions: vec![(DIMENSION.into(), group.to_string())],
        stat,
    }
}

/// The query for memory as the agent aggregates it on the group, if the options ask for memory.
pub(super) fn memory_query(group: &Arc<str>, options: &MetricOptions) -> Option<Query> {
    options.memory.then(|| Query {
        namespace: "CWAgent".into(),
        ..by_group(group, Key::Memory, "mem_used_percent", Stat::Average)
    })
}

/// The query for the load metric, if there is one.
pub(super) fn load_query(group: &Arc<str>, options: &MetricOptions) -> Option<Query> {
    options.load.as_ref().map(|load| Query {
        group: Arc::clone(group),
        key: Key::Demand,
        namespace: load.namespace.clone(),
        metric: load.metric.clone(),
        dimensions: load.dimensions.clone(),
        stat: load.stat.clone(),
    })
}

/// The facts of the group that a reading of its metrics needs.
#[derive(Debug)]
pub(crate) struct Fleet<'a> {
    /// Instances in service; none before the group was read.
    pub(crate) in_service: Option<u32>,
    pub(crate) steady_since: Option<Timestamp>,
    /// When each instance served. Learns from the instances' CPU.
    pub(crate) duty: &'a mut Duty,
    /// The instances whose own CPU was read, in the order of [`own_cpu_queries`].
    pub(crate) own: &'a [String],
}

/// The closed periods of `values` within the span. None while basic and detailed monitoring are not
/// told apart, because rates would be wrong by a factor of five. While the number of samples that
/// an instance adds is unknown, returns only the periods without instances, or no period if the
/// group was not read yet; a later cycle reads the others again.
pub(crate) fn group_datapoints(
    values: &Values,
    options: &MetricOptions,
    sampling: &mut Sampling,
    mut fleet: Fleet<'_>,
    (from, now): (Timestamp, Timestamp),
) -> Vec<Datapoint> {
    let stamps = |key| values.get(&key).into_iter().flatten();
    sampling.learn_spacing(&stamps(Key::Cpu).map(|(at, _)| *at).collect::<Vec<_>>());
    let counts: Vec<(i64, f64)> = stamps(Key::CpuSamples)
        .map(|(&at, &count)| (at, count))
        .collect();
    let in_service = fleet.in_service.unwrap_or(0);
    let per_instance = sampling.per_instance(&counts, in_service, fleet.steady_since);
    let Some(monitoring) = sampling.monitoring() else {
        return Vec::new();
    };
    let grid = Grid::new(monitoring.period(), from, now);
    let mut cpu = |at| fleet.serving(values, at, grid.period(), per_instance);
    let mut points = rows(values, options, &grid, &mut cpu);
    if sampling.known().is_none() {
        match fleet.in_service {
            None if !counts.is_empty() => points.clear(),
            // No instance serves any more, so the number of samples cannot be learnt. Only periods
            // without instances have a certain load.
            _ => points.retain(|point| point.instances <= 0.0),
        }
    }
    points
}

/// The periods of `values` in the given span, each `period` long. None while `sampling` does not
/// know the group's monitoring.
pub(crate) fn history_datapoints(
    values: &Values,
    options: &MetricOptions,
    sampling: Sampling,
    period: Duration,
    (from, to): (Timestamp, Timestamp),
) -> Vec<Datapoint> {
    let (Some(monitoring), Some(samples)) = (sampling.monitoring(), sampling.known()) else {
        return Vec::new();
    };
    let asked = period;
    let period = period.max(monitoring.period());
    let published = period.as_secs_f64() / monitoring.period().as_secs_f64();
    let per_instance = samples * published;
    let grid = Grid::new(period, from, to).of_values_over(asked);
    let mut cpu = |at| match group_cpu(values, at, per_instance) {
        Some(group) => serving_cpu(group, None, &[]),
        None => no_cpu(values, at, per_instance),
    };
    rows(values, options, &grid, &mut cpu)
}

fn value(values: &Values, key: Key, at: i64) -> Option<f64> {
    values.get(&key)?.get(&at).copied()
}

/// CPU of the period at `at` over all instances that reported; an instance adds `per_instance`
/// samples. None without a mean.
fn group_cpu(values: &Values, at: i64, per_instance: f64) -> Option<GroupCpu> {
    let samples = value(values, Key::CpuSamples, at);
    Some(GroupCpu {
        mean: value(values, Key::Cpu, at)?,
        peak: value(values, Key::CpuPeak, at),
        reporting: samples.map_or(0.0, |count| count.max(0.0) / per_instance),
    })
}

fn no_cpu(values: &Values, at: i64, per_instance: f64) -> ServingCpu {
    let samples = value(values, Key::CpuSamples, at);
    ServingCpu {
        cpu: None,
        instances: samples.map_or(0.0, |count| count.max(0.0) / per_instance),
        unaccounted: None,
    }
}

impl Fleet<'_> {
    /// CPU of the serving instances in the period at `at`.
    fn serving(
        &mut self,
        values: &Values,
        at: i64,
        period: Duration,
        per_instance: f64,
    ) -> ServingCpu {
        let Some(group) = group_cpu(values, at, per_instance) else {
            return no_cpu(values, at, per_instance);
        };
        let start = Timestamp::from_millis(at);
        let end = start.plus(period);
        let placed = self.duty.in_transition(start, end);
        let own: Vec<Option<InstanceCpu>> = placed
            .iter()
            .map(|one| self.own_cpu(values, one, at, per_instance))
            .collect();
        let transitions: Vec<InTransition> = placed
            .iter()
            .zip(&own)
            .map(|(one, cpu)| one.with(*cpu))
            .collect();
        let serving = serving_cpu(group, self.duty.on_duty(start, end), &transitions);
        if let Some(mean) = serving.cpu.filter(|_| serving.unaccounted.is_none()) {
            for (one, cpu) in placed.iter().zip(own) {
                if let Some(cpu) = cpu {
                    self.duty.learn(&one.id, &cpu, mean.get(), start);
                }
            }
        }
        serving
    }

    /// The instance's own CPU in the period at `at`; none if it was not asked for. An instance that
    /// has no value in the period did not report.
    fn own_cpu(
        &self,
        values: &Values,
        one: &Placed,
        at: i64,
        per_instance: f64,
    ) -> Option<InstanceCpu> {
        let place = self.own.iter().position(|id| *id == one.id)?;
        let place = u32::try_from(place).ok()?;
        let samples = value(values, Key::OwnSamples(place), at).unwrap_or(0.0);
        Some(InstanceCpu {
            mean: value(values, Key::OwnCpu(place), at).unwrap_or(0.0),
            reported: samples.max(0.0) / per_instance,
        })
    }
}

/// One datapoint for each period of `grid` in which any series has a value. `cpu` gives the CPU of
/// the period that starts at a time in milliseconds.
fn rows(
    values: &Values,
    options: &MetricOptions,
    grid: &Grid,
    cpu: &mut dyn FnMut(i64) -> ServingCpu,
) -> Vec<Datapoint> {
    let of = |key, at: i64| value(values, key, at);
    let row = |at: i64| {
        let serving = cpu(at);
        Datapoint {
            start: Timestamp::from_millis(at),
            period: grid.period(),
            cpu: serving.cpu,
            instances: serving.instances,
            network_in: grid.rate(of(Key::NetworkIn, at)),
            network_out: grid.rate(of(Key::NetworkOut, at)),
            memory: grid.memory(values, at),
            demand: grid.demand(values, options.load.as_ref(), at),
            unaccounted: serving.unaccounted,
        }
    };
    grid.starts(stamps(values)).into_iter().map(row).collect()
}

/// The times of all values but those of signals, and of single instances in transition: what is
/// alone in reporting makes no period of the group.
pub(super) fn stamps(values: &Values) -> impl Iterator<Item = i64> {
    let of_group = |key: &Key| !matches!(key, Key::OwnCpu(_) | Key::OwnSamples(_) | Key::Signal(_));
    let series = values.iter().filter(move |(key, _)| of_group(key));
    series.flat_map(|(_, series)| series.keys()).copied()
}

/// The grid of periods for datapoints, and the span wanted, in milliseconds since 1970.
pub(super) struct Grid {
    period: i64,
    from: i64,
    now: i64,
    /// Length of the periods of the query, in minutes.
    minutes: f64,
}

impl Grid {
    pub(super) fn new(period: Duration, from: Timestamp, now: Timestamp) -> Self {
        Self {
            period: i64::try_from(period.as_millis()).unwrap_or(i64::MAX).max(1),
            from: from.as_millis(),
            now: now.as_millis(),
            minutes: 1.0,
        }
    }

    /// The same grid, for values in periods of `asked`.
    fn of_values_over(self, asked: Duration) -> Self {
        Self {
            minutes: asked.as_secs_f64().max(60.0) / 60.0,
            ..self
        }
    }

    pub(super) fn period(&self) -> Duration {
        Duration::from_millis(self.period.unsigned_abs())
    }

    /// The starts of the closed periods that hold any of `stamps` and lie in the span.
    pub(super) fn starts(&self, stamps: impl Iterator<Item = i64>) -> BTreeSet<i64> {
        let on_grid = |at: i64| at - at.rem_euclid(self.period);
        let wanted = |at: &i64| *at >= self.from && at.saturating_add(self.period) <= self.now;
        stamps.map(on_grid).filter(wanted).collect()
    }

    /// Bytes of one period as bytes a second.
    pub(super) fn rate(&self, bytes: Option<f64>) -> Option<BytesPerSecond> {
        BytesPerSecond::new(bytes? * 1000.0 / self.period as f64)
    }

    pub(super) fn memory(&self, values: &Values, at: i64) -> Option<Percent> {
        self.within(values, Key::Memory, &Stat::Average, at)
            .and_then(Percent::new)
    }

    pub(super) fn demand(
        &self,
        values: &Values,
        load: Option<&LoadMetric>,
        at: i64,
    ) -> Option<f64> {
        let stat = &load?.stat;
        let demand = self.within(values, Key::Demand, stat, at)?;
        let demand = if stat.accumulates() {
            demand / self.minutes
        } else {
            demand
        };
        (demand >= 0.0).then_some(demand)
    }

    /// The values of `key` in the period at `at`, combined into one.
    pub(super) fn within(&self, values: &Values, key: Key, stat: &Stat, at: i64) -> Option<f64> {
        let series = values.get(&key)?;
        let minutes = series.range(at..at.saturating_add(self.period));
        stat.combine(minutes.map(|(_, value)| *value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Monitoring;

    fn values(series: &[(Key, &[(i64, f64)])]) -> Values {
        let in_ms = |points: &[(i64, f64)]| points.iter().map(|p| (p.0 * 1000, p.1)).collect();
        series
            .iter()
            .map(|(key, points)| (*key, in_ms(points)))
            .collect()
    }

    fn read(values: &Values, options: &MetricOptions, now: i64) -> Vec<Datapoint> {
        let fleet = Fleet {
            in_service: Some(2),
            steady_since: Some(Timestamp::from_seconds(0)),
            duty: &mut Duty::default(),
            own: &[],
        };
        let span = (Timestamp::from_seconds(0), Timestamp::from_seconds(now));
        let mut sampling = Sampling::new(options.monitoring);
        group_datapoints(values, options, &mut sampling, fleet, span)
    }

    const CPU: (Key, &[(i64, f64)]) = (Key::Cpu, &[(0, 40.0), (60, 50.0), (120, 60.0)]);
    const SAMPLES: (Key, &[(i64, f64)]) = (Key::CpuSamples, &[(0, 2.0), (60, 2.0), (120, 1.0)]);

    #[test]
    fn only_closed_periods_are_told() {
        let options = MetricOptions::default();
        let points = read(&values(&[CPU, SAMPLES]), &options, 179);
        assert_eq!(points.len(), 2);
        assert_eq!(read(&values(&[CPU, SAMPLES]), &options, 180).len(), 3);
    }

    #[test]
    fn network_is_bytes_a_second_of_the_fleet_and_gaps_stay_gaps() {
        let network = (Key::NetworkIn, &[(60, 6000.0)][..]);
        let points = read(
            &values(&[CPU, SAMPLES, network]),
            &MetricOptions::default(),
            600,
        );
        assert_eq!(points[0].network_in, None);
        assert_eq!(points[1].network_in, BytesPerSecond::new(100.0));
        assert_eq!(points[2].load().map(foretide_domain::Load::get), Some(60.0));
        assert!(
            points
                .iter()
                .all(|point| point.memory.is_none() && point.network_out.is_none())
        );
    }

    #[test]
    fn basic_monitoring_divides_by_its_own_period_and_joins_minutes() {
        let options = MetricOptions {
            memory: true,
            monitoring: Some(Monitoring::Basic),
            ..MetricOptions::default()
        };
        let values = values(&[
            (Key::Cpu, &[(0, 40.0), (300, 40.0), (600, 40.0)]),
            (Key::CpuSamples, &[(0, 10.0), (300, 10.0), (600, 10.0)]),
            (Key::NetworkOut, &[(300, 3000.0)]),
            (Key::Memory, &[(300, 10.0), (360, 20.0), (600, 99.0)]),
        ]);
        let points = read(&values, &options, 900);
        assert_eq!(points.len(), 3);
        assert!((points[1].instances - 2.0).abs() < 1e-12);
        assert_eq!(points[1].network_out, BytesPerSecond::new(10.0));
        assert_eq!(points[1].memory, Percent::new(15.0));
    }

    #[test]
    fn nothing_is_told_while_the_period_is_unknown() {
        let lone = values(&[(Key::Cpu, &[(0, 40.0)]), (Key::CpuSamples, &[(0, 2.0)])]);
        assert!(read(&lone, &MetricOptions::default(), 600).is_empty());
    }

    fn load(stat: Stat) -> MetricOptions {
        MetricOptions {
            load: Some(LoadMetric {
                namespace: "AWS/ApplicationELB".into(),
                metric: "RequestCount".into(),
                dimensions: Vec::new(),
                stat,
            }),
            monitoring: Some(Monitoring::Basic),
            ..MetricOptions::default()
        }
    }

    #[test]
    fn a_sum_is_told_over_one_minute_whatever_the_period() {
        let minutes = [(0, 100.0), (60, 200.0), (180, 300.0), (240, 200.0)];
        let values = values(&[(Key::Demand, &minutes)]);
        for (stat, expected) in [
            (Stat::Sum, 200.0),
            (Stat::SampleCount, 200.0),
            (Stat::Average, 200.0),
            (Stat::Maximum, 300.0),
        ] {
            let points = read(&values, &load(stat), 300);
            assert_eq!(points[0].demand, Some(expected));
        }
    }

    #[test]
    fn a_sum_of_the_past_is_told_over_one_minute() {
        let history = |period_s: u64, asked: &[(i64, f64)], stat| {
            let values = values(&[(Key::Demand, asked)]);
            let mut sampling = Sampling::new(Some(Monitoring::Basic));
            sampling.per_instance(&[(0, 5.0)], 1, None);
            let span = (Timestamp::from_seconds(0), Timestamp::from_seconds(3600));
            let period = Duration::from_secs(period_s);
            history_datapoints(&values, &load(stat), sampling, period, span)[0].demand
        };
        assert_eq!(history(300, &[(0, 1000.0)], Stat::Sum), Some(200.0));
        assert_eq!(history(3600, &[(0, 12_000.0)], Stat::Sum), Some(200.0));
        assert_eq!(
            history(60, &[(0, 150.0), (60, 250.0)], Stat::Sum),
            Some(200.0)
        );
        assert_eq!(history(300, &[(0, 1000.0)], Stat::Maximum), Some(1000.0));
    }

    #[test]
    fn samples_say_nothing_of_instances_before_the_group_is_known() {
        let values = values(&[
            (Key::Cpu, &[(0, 40.0), (300, 40.0), (600, 40.0)]),
            (Key::CpuSamples, &[(0, 10.0), (300, 10.0), (600, 10.0)]),
            (Key::Demand, &[(900, 7.0)]),
        ]);
        let options = load(Stat::Sum);
        let mut sampling = Sampling::new(options.monitoring);
        let mut told = |in_service| {
            let fleet = Fleet {
                in_service,
                steady_since: None,
                duty: &mut Duty::default(),
                own: &[],
            };
            let span = (Timestamp::from_seconds(0), Timestamp::from_seconds(1200));
            group_datapoints(&values, &options, &mut sampling, fleet, span)
        };
        assert_eq!(told(None), [], "the next look has them");
        assert_eq!(told(Some(0)).len(), 1, "the one without an instance");
        let points = told(Some(2));
        assert_eq!(points.len(), 4);
        assert!((points[0].instances - 2.0).abs() < 1e-12);
    }

    #[test]
    fn demand_is_told_where_nothing_serves() {
        let options = MetricOptions {
            load: Some(LoadMetric {
                namespace: "AWS/SQS".into(),
                metric: "Depth".into(),
                dimensions: Vec::new(),
                stat: Stat::Maximum,
            }),
            monitoring: Some(Monitoring::Detailed),
            ..MetricOptions::default()
        };
        let points = read(&values(&[(Key::Demand, &[(60, 7.0)])]), &options, 600);
        assert_eq!(points.len(), 1);
        assert_eq!((points[0].cpu, points[0].demand), (None, Some(7.0)));
        assert!(points[0].instances.abs() < 1e-12);
    }
}
