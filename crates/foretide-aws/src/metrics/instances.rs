//! Reading metrics by instance, as the original does: seven metrics of each instance, mean and
//! maximum.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foretide_domain::{Datapoint, InstanceCpu, Percent, Timestamp};

use crate::duty::Duty;

use super::fleet::{Grid, load_query, memory_query, stamps};
use super::instance_metric::{InstanceMetric, InstanceStat};
use super::signals::signal_queries;
use super::{Key, MetricOptions, Query, Sampling, Stat, Values};

/// One metric combined over the instances as the original combines it: the newest closed period of
/// each. The original rounds to two decimal places; this type does not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InstanceAggregate {
    /// The metric.
    pub metric: InstanceMetric,
    /// Mean of the instances' averages.
    pub value: f64,
    /// Largest of the instances' maxima.
    pub max_value: f64,
    /// Smallest of the instances' averages.
    pub min_value: f64,
    /// Instances that reported.
    pub instance_count: usize,
}

/// The queries for the instances `ids` of `group`. AWS bills seven metrics for each instance.
pub(crate) fn instance_queries(group: &str, ids: &[String], options: &MetricOptions) -> Vec<Query> {
    let name: Arc<str> = group.into();
    let mut queries = Vec::new();
    for (place, id) in (0_u32..).zip(ids) {
        for metric in InstanceMetric::ALL {
            for &stat in metric.stats() {
                queries.push(Query {
                    group: Arc::clone(&name),
                    key: Key::Instance(place, metric, stat),
                    namespace: "AWS/EC2".into(),
                    metric: metric.cloudwatch_name().into(),
                    dimensions: vec![("InstanceId".into(), id.clone())],
                    stat: match stat {
                        InstanceStat::Average => Stat::Average,
                        InstanceStat::Maximum => Stat::Maximum,
                        InstanceStat::Sum => Stat::Sum,
                    },
                });
            }
        }
    }
    queries.extend(memory_query(&name, options));
    queries.extend(load_query(&name, options));
    queries.extend(signal_queries(&name, &options.signals));
    queries
}

/// Whether the instance at an index of the list of ids served from one time to another.
pub(crate) type Served<'a> = dyn Fn(u32, Timestamp, Timestamp) -> bool + 'a;

/// The closed periods of `values`, and the original's combination of the newest ones.
///
/// CPU is the mean over the instances that reported in the period and served throughout. Network is
/// their sum.
pub(crate) fn instance_datapoints(
    values: &Values,
    options: &MetricOptions,
    sampling: &mut Sampling,
    served: &Served<'_>,
    (from, now): (Timestamp, Timestamp),
) -> (Vec<Datapoint>, Vec<InstanceAggregate>) {
    sampling.learn_spacing(&cpu_stamps(values));
    let Some(monitoring) = sampling.monitoring() else {
        return (Vec::new(), Vec::new());
    };
    let grid = Grid::new(monitoring.period(), from, now);
    let at_start = |metric, stat, at| {
        let start = Timestamp::from_millis(at);
        let serves = |place| served(place, start, start.plus(grid.period()));
        let of = |(key, series): (&Key, &BTreeMap<i64, f64>)| match *key {
            Key::Instance(place, m, s) if m == metric && s == stat && serves(place) => {
                series.get(&at).copied()
            }
            _ => None,
        };
        values.iter().filter_map(of).collect::<Vec<f64>>()
    };
    let row = |at: i64| {
        let cpu = at_start(InstanceMetric::Cpu, InstanceStat::Average, at);
        let network = |metric| {
            let bytes = at_start(metric, InstanceStat::Sum, at);
            grid.rate((!bytes.is_empty()).then(|| bytes.iter().sum()))
        };
        Datapoint {
            start: Timestamp::from_millis(at),
            period: grid.period(),
            cpu: Stat::Average
                .combine(cpu.iter().copied())
                .and_then(Percent::new),
            instances: cpu.len() as f64,
            network_in: network(InstanceMetric::NetworkIn),
            network_out: network(InstanceMetric::NetworkOut),
            memory: grid.memory(values, at),
            demand: grid.demand(values, options.load.as_ref(), at),
            unaccounted: None,
        }
    };
    let starts = grid.starts(stamps(values));
    let aggregates = InstanceMetric::ALL
        .into_iter()
        .filter_map(|metric| aggregate(values, metric, &starts))
        .collect();
    (starts.iter().copied().map(row).collect(), aggregates)
}

/// Learns from `points`, the periods of the serving instances: an instance of `own` whose CPU is
/// like theirs serves.
pub(crate) fn learn_warm_ups(
    values: &Values,
    points: &[Datapoint],
    own: &[String],
    duty: &mut Duty,
) {
    for point in points {
        for (place, id) in (0_u32..).zip(own) {
            let series = values.get(&Key::OwnCpu(place));
            let cpu = series.and_then(|series| series.get(&point.start.as_millis()));
            if let (Some(&cpu), Some(mean)) = (cpu, point.cpu) {
                let cpu = InstanceCpu {
                    mean: cpu,
                    reported: 1.0,
                };
                duty.learn(id, &cpu, mean.get(), point.start);
            }
        }
    }
}

fn cpu_stamps(values: &Values) -> Vec<i64> {
    let is_cpu = |key: &Key| {
        matches!(
            key,
            Key::Instance(_, InstanceMetric::Cpu, InstanceStat::Average)
        )
    };
    let stamps: BTreeSet<i64> = values
        .iter()
        .filter(|(key, _)| is_cpu(key))
        .flat_map(|(_, series)| series.keys().copied())
        .collect();
    stamps.into_iter().collect()
}

fn aggregate(
    values: &Values,
    metric: InstanceMetric,
    starts: &BTreeSet<i64>,
) -> Option<InstanceAggregate> {
    let newest = |stat| {
        values.iter().filter_map(move |(key, series)| match key {
            Key::Instance(_, m, s) if *m == metric && *s == stat => series
                .iter()
                .rev()
                .find(|(at, _)| starts.contains(at))
                .map(|(_, value)| *value),
            _ => None,
        })
    };
    let averages: Vec<f64> = newest(InstanceStat::Average).collect();
    Some(InstanceAggregate {
        metric,
        value: Stat::Average.combine(averages.iter().copied())?,
        max_value: Stat::Maximum.combine(newest(InstanceStat::Maximum))?,
        min_value: Stat::Minimum.combine(averages.iter().copied())?,
        instance_count: averages.len(),
    })
}

#[cfg(test)]
mod tests {
    use foretide_domain::BytesPerSecond;

    use super::*;
    use crate::metrics::Monitoring;

    #[test]
    fn seven_metrics_of_each_instance_are_asked() {
        let queries = instance_queries(
            "web",
            &["i-1".into(), "i-2".into()],
            &MetricOptions::default(),
        );
        let metrics: BTreeSet<_> = queries
            .iter()
            .map(|query| (&query.metric, &query.dimensions))
            .collect();
        assert_eq!(metrics.len(), 14);
    }

    #[test]
    fn the_mean_of_the_newest_averages_is_the_seeds_combination() {
        let key = |place, metric, stat| Key::Instance(place, metric, stat);
        let cpu = InstanceMetric::Cpu;
        let values: Values = [
            (
                key(0, cpu, InstanceStat::Average),
                [(0, 10.0), (60_000, 20.0)].into(),
            ),
            (
                key(0, cpu, InstanceStat::Maximum),
                [(0, 11.0), (60_000, 25.0)].into(),
            ),
            (key(1, cpu, InstanceStat::Average), [(0, 60.0)].into()),
            (key(1, cpu, InstanceStat::Maximum), [(0, 90.0)].into()),
            (
                key(0, InstanceMetric::NetworkIn, InstanceStat::Sum),
                [(0, 600.0)].into(),
            ),
            (
                key(1, InstanceMetric::NetworkIn, InstanceStat::Sum),
                [(0, 1200.0)].into(),
            ),
        ]
        .into();
        let mut sampling = Sampling::new(Some(Monitoring::Detailed));
        let options = MetricOptions::default();
        let span = (Timestamp::from_seconds(0), Timestamp::from_seconds(120));
        let (points, aggregates) =
            instance_datapoints(&values, &options, &mut sampling, &|_, _, _| true, span);
        assert_eq!(points.len(), 2);
        assert_eq!(points[0].cpu, Percent::new(35.0));
        assert_eq!(points[0].network_in, BytesPerSecond::new(30.0));
        assert!((points[1].instances - 1.0).abs() < 1e-12);
        let expected = InstanceAggregate {
            metric: cpu,
            value: 40.0,
            max_value: 90.0,
            min_value: 20.0,
            instance_count: 2,
        };
        assert_eq!(aggregates, [expected]);
        // The second one did not serve yet.
        let first = |place, _, _| place == 0;
        let (points, _) = instance_datapoints(&values, &options, &mut sampling, &first, span);
        assert_eq!(points[0].cpu, Percent::new(10.0));
    }
}
