//! The catalogue of metrics: from namespace, name and dimensions to a group's series, and back.

use std::collections::BTreeMap;

use foretide_domain::Timestamp;

use super::shapes::{Dimension, Metric as WireMetric};
use crate::custom::Name;
use crate::emulator::State;
use crate::group::Group;
use crate::scenario::Metric;
use crate::series::StatSet;

const GROUP: &str = "AutoScalingGroupName";
const INSTANCE: &str = "InstanceId";
const BALANCER: &str = "LoadBalancer";

/// Every metric: namespace, name, unit.
const METRICS: [(Metric, &str, &str, &str); 10] = [
    (Metric::Cpu, "AWS/EC2", "CPUUtilization", "Percent"),
    (Metric::NetworkIn, "AWS/EC2", "NetworkIn", "Bytes"),
    (Metric::NetworkOut, "AWS/EC2", "NetworkOut", "Bytes"),
    (Metric::DiskRead, "AWS/EC2", "DiskReadBytes", "Bytes"),
    (Metric::DiskWrite, "AWS/EC2", "DiskWriteBytes", "Bytes"),
    (Metric::PacketsIn, "AWS/EC2", "NetworkPacketsIn", "Count"),
    (Metric::PacketsOut, "AWS/EC2", "NetworkPacketsOut", "Count"),
    (Metric::Memory, "CWAgent", "mem_used_percent", "Percent"),
    (
        Metric::InService,
        "AWS/AutoScaling",
        "GroupInServiceInstances",
        "None",
    ),
    (
        Metric::Requests,
        "AWS/ApplicationELB",
        "RequestCount",
        "Count",
    ),
];

/// A metric that the emulator knows.
#[derive(Clone, Copy, Debug)]
struct Found {
    metric: Metric,
    unit: &'static str,
}

/// The metric `name` in `namespace`; none if the emulator does not know it.
fn find(namespace: &str, name: &str) -> Option<Found> {
    let found = METRICS
        .iter()
        .find(|entry| (entry.1, entry.2) == (namespace, name));
    found.map(|&(metric, _, _, unit)| Found { metric, unit })
}

/// The visible periods of a metric with exactly these dimensions, by unit: those of one `unit` only
/// if one is given. Empty if nothing is published under them, as in `CloudWatch`.
pub(super) fn series(
    state: &mut State,
    metric: &WireMetric,
    unit: Option<&str>,
    span: (Timestamp, Timestamp),
    now: Timestamp,
) -> BTreeMap<String, Vec<StatSet>> {
    let simulated = simulated(state, metric, span, now);
    if simulated.is_empty() {
        return state.custom.series(&name_of(metric), unit, span);
    }
    let own = find(&metric.namespace, &metric.metric_name).map_or("None", |found| found.unit);
    let all = unit.is_none_or(|unit| unit == own).then_some(simulated);
    all.into_iter().map(|sets| (own.to_owned(), sets)).collect()
}

fn name_of(metric: &WireMetric) -> Name {
    let dimensions = metric.dimensions.iter();
    let mut dimensions: Vec<_> = dimensions
        .map(|one| (one.name.clone(), one.value.clone()))
        .collect();
    dimensions.sort();
    Name {
        namespace: metric.namespace.clone(),
        metric: metric.metric_name.clone(),
        dimensions,
    }
}

/// The periods that the simulation publishes under this metric.
fn simulated(
    state: &mut State,
    metric: &WireMetric,
    span: (Timestamp, Timestamp),
    now: Timestamp,
) -> Vec<StatSet> {
    let (Some(found), [dimension]) = (
        find(&metric.namespace, &metric.metric_name),
        metric.dimensions.as_slice(),
    ) else {
        return Vec::new();
    };
    let found_in = |group: Option<&mut Group>, id: Option<&str>| {
        group
            .and_then(|group| group.series(found.metric, id, span, now))
            .unwrap_or_default()
    };
    match (dimension.name.as_str(), found.metric) {
        (BALANCER, Metric::Requests) => {
            let name = group_of_balancer(&dimension.value).unwrap_or_default();
            found_in(state.group(name, now), None)
        }
        (_, Metric::Requests) => Vec::new(),
        (GROUP, _) => found_in(state.group(&dimension.value, now), None),
        (INSTANCE, metric) if is_ec2(metric) => {
            let name = group_of_instance(state, &dimension.value, now);
            let group = name.and_then(|name| state.group(&name, now));
            found_in(group, Some(&dimension.value))
        }
        _ => Vec::new(),
    }
}

/// All metrics of all groups, sorted by group, then custom metrics: those alone with a point since
/// `since` if a time is given. A group publishes all the time.
pub(super) fn list(state: &mut State, since: Option<Timestamp>, now: Timestamp) -> Vec<WireMetric> {
    let mut all = Vec::new();
    for group in state.groups.values_mut() {
        group.advance(now);
        let name = &group.spec.name;
        for (metric, namespace, metric_name, _) in METRICS {
            let mut add = |dimension: &str, value: String| {
                all.push(WireMetric {
                    namespace: namespace.into(),
                    metric_name: metric_name.into(),
                    dimensions: vec![Dimension {
                        name: dimension.into(),
                        value,
                    }],
                });
            };
            match metric {
                Metric::Memory if !group.spec.memory => {}
                Metric::Requests => add(BALANCER, balancer(name)),
                _ => add(GROUP, name.clone()),
            }
            if is_ec2(metric) {
                let ids = group.known_ids().into_iter();
                ids.for_each(|id| add(INSTANCE, id));
            }
        }
    }
    let custom = state.custom.names(since).map(|name| WireMetric {
        namespace: name.namespace.clone(),
        metric_name: name.metric.clone(),
        dimensions: name
            .dimensions
            .iter()
            .map(|(name, value)| Dimension {
                name: name.clone(),
                value: value.clone(),
            })
            .collect(),
    });
    all.extend(custom);
    all
}

fn is_ec2(metric: Metric) -> bool {
    !matches!(
        metric,
        Metric::Memory | Metric::InService | Metric::Requests
    )
}

fn balancer(group: &str) -> String {
    format!("app/{group}/0000000000000001")
}

fn group_of_balancer(balancer: &str) -> Option<&str> {
    balancer
        .strip_prefix("app/")?
        .strip_suffix("/0000000000000001")
}

fn group_of_instance(state: &mut State, id: &str, now: Timestamp) -> Option<String> {
    let has_it = |group: &mut Group| {
        group.advance(now);
        group.knows(id)
    };
    let found = state
        .groups
        .iter_mut()
        .find_map(|(name, group)| has_it(group).then_some(name));
    found.cloned()
}
