//! How AWS shows a group and its instances.

use serde_json::{Map, Value, json};

use super::call::arn;
use super::tags;
use crate::group::Group;
use crate::roster::Instance;
use crate::targets;

/// Name of the launch template of groups that name none.
const TEMPLATE: &str = "foretide-emulated";

/// The zones of `group`: those that a client named, else one for each of its subnets, else three.
pub(super) fn zones(group: &Group, region: &str) -> Vec<String> {
    if let Some(Value::Array(zones)) = group.shown.get("AvailabilityZones")
        && !zones.is_empty()
    {
        let texts = zones.iter().filter_map(Value::as_str);
        return texts.map(str::to_owned).collect();
    }
    let subnets = group.shown.get("VPCZoneIdentifier").and_then(Value::as_str);
    let count = subnets.map_or(3, |list| list.split(',').count().clamp(1, 3));
    let letters = ["a", "b", "c"].into_iter().take(count);
    letters.map(|letter| format!("{region}{letter}")).collect()
}

/// What `group` launches from: template, configuration or mixed instances.
fn launches_from(group: &Group) -> Map<String, Value> {
    let keys = [
        "LaunchTemplate",
        "LaunchConfigurationName",
        "MixedInstancesPolicy",
    ];
    let named = keys.iter().filter_map(|key| {
        let value = group.shown.get(*key)?;
        Some(((*key).to_owned(), value.clone()))
    });
    let mut named: Map<String, Value> = named.collect();
    if named.is_empty() {
        let template = json!({
            "LaunchTemplateId": "lt-00000000000000001", "LaunchTemplateName": TEMPLATE,
            "Version": "1",
        });
        named.insert("LaunchTemplate".into(), template);
    }
    named
}

/// One instance, the one at `place` of its group.
pub(super) fn instance(group: &Group, one: &Instance, place: usize, zones: &[String]) -> Value {
    let zone = zones.get(place % zones.len().max(1));
    let mut shown = json!({
        "InstanceId": one.id,
        "InstanceType": group.instance_type,
        "AvailabilityZone": zone,
        "LifecycleState": one.state,
        "HealthStatus": if one.healthy { "Healthy" } else { "Unhealthy" },
        "ProtectedFromScaleIn": one.protected,
        "WeightedCapacity": group.spec.weight.map(|weight| weight.to_string()),
    });
    if let Value::Object(shown) = &mut shown {
        let mut from = launches_from(group);
        if let Some(mixed) = from.remove("MixedInstancesPolicy") {
            let specification = &mixed["LaunchTemplate"]["LaunchTemplateSpecification"];
            from.insert("LaunchTemplate".into(), specification.clone());
        }
        shown.extend(from);
    }
    shown
}

/// All instances of `group`.
pub(super) fn instances(group: &Group, region: &str) -> Vec<Value> {
    let zones = zones(group, region);
    let all = group.instances();
    let all = all.iter().enumerate();
    all.map(|(place, one)| instance(group, one, place, &zones))
        .collect()
}

/// What sends requests to the instances of `group`.
fn traffic_sources(group: &Group, region: &str) -> Vec<Value> {
    let spec = &group.spec;
    let source = |identifier: &str, kind: &str| json!({"Identifier": identifier, "Type": kind});
    let target_groups = spec.target_groups.iter();
    let target_groups = target_groups.map(|one| source(&targets::arn(region, &one.name), "elbv2"));
    let classic = spec.classic_load_balancers.iter();
    let lattice = spec.lattice_target_groups.iter();
    target_groups
        .chain(classic.map(|name| source(name, "elb")))
        .chain(lattice.map(|arn| source(arn, "vpc-lattice")))
        .collect()
}

/// `group`, with its instances if `include` says so.
pub(super) fn group(group: &Group, region: &str, include: bool) -> Value {
    let spec = &group.spec;
    let name = &spec.name;
    let bounds = group.bounds();
    let suspended = spec.suspended.iter().map(|process| {
        json!({
            "ProcessName": process,
            "SuspensionReason": format!("User suspended at {}", group.created),
        })
    });
    let suspended: Vec<Value> = suspended.collect();
    let tags = group.tags.iter().map(|tag| tags::show(name, tag));
    let tags: Vec<Value> = tags.collect();
    let operator = spec.operator.as_ref();
    let target_groups = spec.target_groups.iter();
    let target_groups = target_groups.map(|one| targets::arn(region, &one.name));
    let target_groups: Vec<String> = target_groups.collect();
    let mut shown = json!({
        "AutoScalingGroupName": name,
        "AutoScalingGroupARN":
            arn(region, "autoScalingGroup", &format!("autoScalingGroupName/{name}")),
        "MinSize": bounds.min(),
        "MaxSize": bounds.max(),
        "DesiredCapacity": group.desired(),
        "DefaultCooldown": spec.cooldown_s,
        "DefaultInstanceWarmup": spec.default_instance_warmup,
        "AvailabilityZones": zones(group, region),
        "LoadBalancerNames": spec.classic_load_balancers,
        "TargetGroupARNs": target_groups,
        "TrafficSources": traffic_sources(group, region),
        "HealthCheckType": "EC2",
        "HealthCheckGracePeriod": 0,
        "Instances": if include { instances(group, region) } else { Vec::new() },
        "CreatedTime": group.created.to_string(),
        "SuspendedProcesses": suspended,
        "VPCZoneIdentifier": "subnet-00000000000000001,subnet-00000000000000002",
        "EnabledMetrics": [],
        "Tags": tags,
        "TerminationPolicies": ["OldestInstance"],
        "NewInstancesProtectedFromScaleIn": group.world.life().protected,
        "WarmPoolConfiguration": group.warm_pool.as_ref().map(|pool| &pool.shown),
        "WarmPoolSize": group.warm_pool.as_ref().map(|pool| pool.size),
        "Operator": operator.map(|principal| json!({"Principal": principal})),
    });
    if let Value::Object(shown) = &mut shown {
        shown.extend(launches_from(group));
        for (key, value) in &group.shown {
            if key != "AvailabilityZones" {
                shown.insert(key.clone(), value.clone());
            }
        }
    }
    shown
}
