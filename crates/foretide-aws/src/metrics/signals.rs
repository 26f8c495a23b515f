//! The group's signals: one metric each, read in the same call as the group's own metrics.

use std::sync::Arc;
use std::time::Duration;

use foretide_domain::{SignalReading, SignalValue, Timestamp};

use super::fleet::Grid;
use super::{Key, LoadMetric, Monitoring, Query, Values};

/// A signal that `CloudWatch` measures. AWS bills one metric for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalMetric {
    /// The signal's name in the configuration.
    pub name: String,
    /// The metric.
    pub metric: LoadMetric,
    /// Whether the metric is the group's own: dimension `AutoScalingGroupName`, in place of
    /// dimensions of the metric.
    pub of_group: bool,
    /// Length of the metric's periods: a minute, or five where it is published every five minutes.
    pub period: Duration,
}

/// The queries for `signals` of `group`.
pub(super) fn signal_queries(group: &Arc<str>, signals: &[SignalMetric]) -> Vec<Query> {
    let query = |(place, signal): (u32, &SignalMetric)| Query {
        group: Arc::clone(group),
        key: Key::Signal(place),
        namespace: signal.metric.namespace.clone(),
        metric: signal.metric.metric.clone(),
        dimensions: if signal.of_group {
            vec![("AutoScalingGroupName".into(), group.to_string())]
        } else {
            signal.metric.dimensions.clone()
        },
        stat: signal.metric.stat.clone(),
    };
    (0..).zip(signals).map(query).collect()
}

/// What `values` say of `signals`: the closed periods within the span. `asked` is the length of the
/// periods of the query, `monitoring` that of EC2's own metrics.
pub(crate) fn signal_readings(
    values: &Values,
    signals: &[SignalMetric],
    asked: Duration,
    monitoring: Option<Monitoring>,
    (from, now): (Timestamp, Timestamp),
) -> Vec<SignalReading> {
    let reading = |(place, signal): (u32, &SignalMetric)| {
        let key = Key::Signal(place);
        let of_ec2 = signal.metric.namespace == "AWS/EC2";
        let published = match monitoring {
            Some(monitoring) if of_ec2 => monitoring.period(),
            _ => signal.period,
        };
        // A value stands for the periods of the query, or for the metric's own where those are
        // longer.
        let minutes = published.max(asked).as_secs_f64() / 60.0;
        let grid = Grid::new(published.max(asked), from, now);
        let stamps = values.get(&key).into_iter().flatten().map(|(at, _)| *at);
        let value = |at: i64| {
            let value = grid.within(values, key, &signal.metric.stat, at)?;
            let accumulates = signal.metric.stat.accumulates();
            Some(SignalValue {
                start: Timestamp::from_millis(at),
                period: grid.period(),
                value: if accumulates { value / minutes } else { value },
            })
        };
        SignalReading {
            name: signal.name.clone(),
            values: grid.starts(stamps).into_iter().filter_map(value).collect(),
            failure: None,
        }
    };
    (0..).zip(signals).map(reading).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::metrics::Stat;

    fn signal(namespace: &str, stat: Stat, period_s: u64) -> SignalMetric {
        SignalMetric {
            name: "requests".into(),
            metric: LoadMetric {
                namespace: namespace.into(),
                metric: "RequestCount".into(),
                dimensions: vec![("LoadBalancer".into(), "app/web/1".into())],
                stat,
            },
            of_group: false,
            period: Duration::from_secs(period_s),
        }
    }

    fn read(signal: &SignalMetric, asked_s: u64, monitoring: Monitoring) -> Vec<(i64, u64, f64)> {
        let series = BTreeMap::from([(0, 600.0), (300_000, 900.0)]);
        let values = Values::from([(Key::Signal(0), series)]);
        let asked = Duration::from_secs(asked_s);
        let span = (Timestamp::from_seconds(0), Timestamp::from_seconds(600));
        let signals = std::slice::from_ref(signal);
        let readings = signal_readings(&values, signals, asked, Some(monitoring), span);
        let of = |it: &SignalValue| (it.start.as_seconds(), it.period.as_secs(), it.value);
        readings[0].values.iter().map(of).collect()
    }

    #[test]
    fn sums_are_of_one_minute_whatever_the_period() {
        let sum = |namespace, period| signal(namespace, Stat::Sum, period);
        let elb = "AWS/ApplicationELB";
        let detailed = Monitoring::Detailed;
        assert_eq!(
            read(&sum(elb, 60), 60, detailed),
            [(0, 60, 600.0), (300, 60, 900.0)]
        );
        assert_eq!(
            read(&sum(elb, 300), 60, detailed),
            [(0, 300, 120.0), (300, 300, 180.0)]
        );
        assert_eq!(
            read(&sum(elb, 60), 300, detailed),
            [(0, 300, 120.0), (300, 300, 180.0)],
            "history is read in periods of five minutes"
        );
        // EC2 publishes as the monitoring says.
        let ec2 = sum("AWS/EC2", 60);
        assert_eq!(read(&ec2, 60, Monitoring::Basic)[0], (0, 300, 120.0));
        assert_eq!(read(&ec2, 60, detailed)[0], (0, 60, 600.0));
        // A mean is the same for every period.
        let mean = signal(elb, Stat::Average, 300);
        assert_eq!(read(&mean, 60, detailed)[0], (0, 300, 600.0));
    }

    #[test]
    fn a_signal_of_the_group_has_the_dimension_of_the_group() {
        let mut own = signal("CWAgent", Stat::Average, 60);
        own.of_group = true;
        let queries = signal_queries(&"web".into(), &[signal("A", Stat::Sum, 60), own]);
        let of = |place: usize| queries[place].dimensions[0].0.as_str();
        assert_eq!((of(0), of(1)), ("LoadBalancer", "AutoScalingGroupName"));
        assert_eq!(
            (queries[0].key, queries[1].key),
            (Key::Signal(0), Key::Signal(1))
        );
    }
}
