//! Reads groups by `DescribeAutoScalingGroups`, many names a call.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_autoscaling::types::{AutoScalingGroup, Instance, LifecycleState};
use foretide_domain::{Bounds, CallFailure, FailureKind, LifecycleCounts, SuspendedProcesses};
use tokio::task::JoinSet;

use crate::clients::{AwsClients, Turn};
use crate::failure::{failure, is_of_what_was_asked};
use crate::traffic::TrafficSources;

const OPERATION: &str = "DescribeAutoScalingGroups";
/// Most names, and most records, of one call: the service's limit.
const NAMES_PER_CALL: usize = 100;
/// Most pages of one answer. A hundred names fit one page, so more pages are a fault of the
/// service.
const PAGES_MAX: usize = 10;

/// A group as `DescribeAutoScalingGroups` describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupReading {
    /// Smallest and largest desired capacity.
    pub bounds: Bounds,
    /// Desired capacity.
    pub desired: u32,
    /// The group's instances, without those of its warm pool.
    pub instances: Vec<InstanceReading>,
    /// Suspended processes.
    pub suspended: SuspendedProcesses,
    /// Whether the group has a warm pool.
    pub warm_pool: bool,
    /// Whether an instance counts for more or less than one unit of capacity. Capacity is not a
    /// number of instances then.
    pub weighted: bool,
    /// The AWS service that operates the group, if any: AWS refuses changes by others.
    pub operator: Option<String>,
    /// The group's default instance warm-up; none if it is not set.
    pub default_warm_up: Option<Duration>,
    /// Availability zones of the group.
    pub zones: usize,
    /// What sends requests to the group's instances.
    pub traffic: TrafficSources,
}

/// An instance as `DescribeAutoScalingGroups` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceReading {
    /// The instance's id.
    pub id: String,
    /// The instance's lifecycle state.
    pub lifecycle: Lifecycle,
    /// Whether Auto Scaling considers the instance healthy.
    pub healthy: bool,
    /// Whether the instance is protected from scale-in.
    pub protected: bool,
}

/// The meaning of an instance's lifecycle state for capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// The instance serves.
    InService,
    /// The instance is starting.
    Pending,
    /// The instance is set aside: it neither serves nor starts.
    Standby,
    /// The instance is stopping.
    Terminating,
}

impl GroupReading {
    /// Number of instances in each lifecycle state.
    pub fn counts(&self) -> LifecycleCounts {
        let mut counts = LifecycleCounts::default();
        for instance in &self.instances {
            let count = match instance.lifecycle {
                Lifecycle::InService => {
                    counts.protected += u32::from(instance.protected);
                    counts.unhealthy += u32::from(!instance.healthy);
                    &mut counts.in_service
                }
                Lifecycle::Pending => &mut counts.pending,
                Lifecycle::Standby => &mut counts.standby,
                Lifecycle::Terminating => &mut counts.terminating,
            };
            *count += 1;
        }
        counts
    }
}

impl AwsClients {
    /// Reads groups by name, with one result for each name. A name that AWS does not know gives
    /// [`FailureKind::NotFound`]. A name that AWS rejects does not fail the others.
    pub async fn read_groups(
        self: &Arc<Self>,
        names: &[Arc<str>],
    ) -> BTreeMap<Arc<str>, Result<GroupReading, CallFailure>> {
        let mut answers = BTreeMap::new();
        let mut calls = JoinSet::new();
        let mut waiting: VecDeque<Vec<Arc<str>>> = names
            .chunks(NAMES_PER_CALL)
            .map(<[Arc<str>]>::to_vec)
            .collect();
        loop {
            for names in waiting.drain(..) {
                let clients = Arc::clone(self);
                calls.spawn(async move { (clients.describe(&names).await, names) });
            }
            let Some(joined) = calls.join_next().await else {
                break;
            };
            let Ok((answer, mut names)) = joined else {
                continue;
            };
            match answer {
                Err(error) if is_of_what_was_asked(OPERATION, &error) && names.len() > 1 => {
                    waiting.push_back(names.split_off(names.len() / 2));
                    waiting.push_back(names);
                }
                answer => answers.extend(by_name(names, answer)),
            }
        }
        for name in names {
            if !answers.contains_key(name) {
                let lost = failure(
                    FailureKind::Unavailable,
                    format!("{OPERATION}: the call broke off"),
                );
                answers.insert(Arc::clone(name), Err(lost));
            }
        }
        answers
    }

    /// Reads one group.
    ///
    /// # Errors
    /// The call failed, or there is no group of this name.
    pub async fn read_group(&self, name: &str) -> Result<GroupReading, CallFailure> {
        let names = [name.into()];
        let answer = self.describe(&names).await?;
        let found = answer
            .iter()
            .find(|group| group.auto_scaling_group_name() == Some(name));
        found.map_or_else(|| Err(not_found(name)), |group| read(name, group))
    }

    async fn describe(&self, names: &[Arc<str>]) -> Result<Vec<AutoScalingGroup>, CallFailure> {
        let mut groups = Vec::new();
        let mut token = None;
        for _ in 0..PAGES_MAX {
            let request = self
                .autoscaling
                .describe_auto_scaling_groups()
                .set_auto_scaling_group_names(Some(names.iter().map(ToString::to_string).collect()))
                .max_records(100)
                .set_next_token(token);
            let answer = self.call(Turn::Cycle, OPERATION, request.send()).await?;
            groups.extend(answer.auto_scaling_groups.unwrap_or_default());
            token = answer.next_token;
            if token.is_none() {
                return Ok(groups);
            }
        }
        Err(failure(
            FailureKind::Malformed,
            format!(
                "{OPERATION}: more than {PAGES_MAX} pages for {} names",
                names.len()
            ),
        ))
    }
}

fn by_name(
    names: Vec<Arc<str>>,
    answer: Result<Vec<AutoScalingGroup>, CallFailure>,
) -> Vec<(Arc<str>, Result<GroupReading, CallFailure>)> {
    let answer = match answer {
        Ok(groups) => groups,
        Err(error) => {
            return names
                .into_iter()
                .map(|name| (name, Err(error.clone())))
                .collect();
        }
    };
    let found: BTreeMap<&str, &AutoScalingGroup> = answer
        .iter()
        .filter_map(|group| Some((group.auto_scaling_group_name()?, group)))
        .collect();
    let one = |name: Arc<str>| {
        let reading = match found.get(&*name) {
            Some(group) => read(&name, group),
            None => Err(not_found(&name)),
        };
        (name, reading)
    };
    names.into_iter().map(one).collect()
}

fn not_found(name: &str) -> CallFailure {
    failure(
        FailureKind::NotFound,
        format!("no Auto Scaling group `{name}` in this account and region"),
    )
}

/// Converts the SDK's `group`.
///
/// # Errors
/// A value that every group has is missing or out of range.
fn read(name: &str, group: &AutoScalingGroup) -> Result<GroupReading, CallFailure> {
    let malformed = |what: &str| {
        failure(
            FailureKind::Malformed,
            format!("{OPERATION}: group `{name}`: {what}"),
        )
    };
    let number = |value: Option<i32>, what: &str| {
        value
            .and_then(|value| u32::try_from(value).ok())
            .ok_or_else(|| malformed(&format!("{what} is missing or negative")))
    };
    let min = number(group.min_size(), "MinSize")?;
    let max = number(group.max_size(), "MaxSize")?;
    let bounds = Bounds::new(min, max).map_err(|error| malformed(&error.to_string()))?;
    let mut instances = Vec::with_capacity(group.instances().len());
    for instance in group.instances() {
        let id = instance.instance_id().filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| malformed("an instance has no id"))?;
        let state = instance.lifecycle_state();
        let state = state.ok_or_else(|| malformed("an instance has no lifecycle state"))?;
        if let Some(lifecycle) = lifecycle(state) {
            instances.push(InstanceReading {
                id: id.to_owned(),
                lifecycle,
                healthy: instance
                    .health_status()
                    .is_some_and(|s| s.eq_ignore_ascii_case("healthy")),
                protected: instance.protected_from_scale_in().unwrap_or(false),
            });
        }
    }
    Ok(GroupReading {
        bounds,
        desired: number(group.desired_capacity(), "DesiredCapacity")?,
        instances,
        suspended: suspended(group),
        warm_pool: group.warm_pool_configuration().is_some(),
        weighted: weighted(group),
        operator: group
            .operator()
            .and_then(|operator| operator.principal().map(str::to_owned)),
        // AWS answers -1 or nothing where it is not set.
        default_warm_up: group
            .default_instance_warmup()
            .and_then(|seconds| u64::try_from(seconds).ok())
            .map(Duration::from_secs),
        zones: group.availability_zones().len(),
        traffic: TrafficSources::of(group),
    })
}

/// The lifecycle state for capacity; none for an instance outside the group: terminated, detached,
/// or in the warm pool.
fn lifecycle(state: &LifecycleState) -> Option<Lifecycle> {
    let name = state.as_str();
    Some(match state {
        LifecycleState::InService => Lifecycle::InService,
        LifecycleState::Terminated | LifecycleState::Detached => return None,
        LifecycleState::Detaching => Lifecycle::Terminating,
        _ if name.starts_with("Warmed:") => return None,
        _ if name.starts_with("Pending") => Lifecycle::Pending,
        _ if name.starts_with("Terminating") => Lifecycle::Terminating,
        // Standby, replaced volumes, quarantine and states that AWS adds later: the instance exists
        // and does not serve.
        _ => Lifecycle::Standby,
    })
}

fn suspended(group: &AutoScalingGroup) -> SuspendedProcesses {
    let processes = group.suspended_processes().iter();
    SuspendedProcesses::of(processes.filter_map(|suspended| suspended.process_name()))
}

fn weighted(group: &AutoScalingGroup) -> bool {
    let by_instance = |instance: &Instance| differs(instance.weighted_capacity());
    let overrides = group
        .mixed_instances_policy()
        .and_then(|policy| policy.launch_template())
        .map(aws_sdk_autoscaling::types::LaunchTemplate::overrides)
        .unwrap_or_default();
    group.instances().iter().any(by_instance)
        || overrides.iter().any(|one| differs(one.weighted_capacity()))
}

fn differs(weight: Option<&str>) -> bool {
    weight.is_some_and(|weight| weight.trim() != "1")
}

#[cfg(test)]
mod tests {
    use aws_sdk_autoscaling::types::SuspendedProcess;

    use super::*;

    fn group() -> aws_sdk_autoscaling::types::builders::AutoScalingGroupBuilder {
        AutoScalingGroup::builder()
            .auto_scaling_group_name("web")
            .min_size(1)
            .max_size(5)
            .desired_capacity(2)
    }

    fn instance(state: &str) -> Instance {
        Instance::builder()
            .instance_id(format!("i-{}", state.len()))
            .lifecycle_state(state.into())
            .health_status("Healthy")
            .build()
    }

    #[test]
    fn every_lifecycle_state_counts_as_what_it_does() {
        let states = [
            "InService",
            "Pending",
            "Pending:Wait",
            "Pending:Proceed",
            "Standby",
            "EnteringStandby",
            "Terminating",
            "Terminating:Wait",
            "Detaching",
            "Terminated",
            "Detached",
            "Warmed:Stopped",
            "Warmed:Running",
            "SomethingNew",
        ];
        let group = group()
            .set_instances(Some(states.map(instance).to_vec()))
            .build();
        let counts = read("web", &group).unwrap().counts();
        let expected = LifecycleCounts {
            in_service: 1,
            warming_up: 0,
            protected: 0,
            unhealthy: 0,
            pending: 3,
            standby: 3,
            terminating: 3,
        };
        assert_eq!(counts, expected);
    }

    #[test]
    fn protected_and_unhealthy_instances_are_counted_among_those_in_service() {
        let protected = |state: &str| {
            let mut instance = instance(state);
            instance.protected_from_scale_in = Some(true);
            instance.health_status = Some("Unhealthy".into());
            instance
        };
        let instances = [
            protected("InService"),
            protected("Standby"),
            instance("InService"),
        ];
        let group = group().set_instances(Some(instances.to_vec())).build();
        let counts = read("web", &group).unwrap().counts();
        let found = (counts.in_service, counts.protected, counts.unhealthy);
        assert_eq!(found, (2, 1, 1));
    }

    #[test]
    fn an_answer_without_sense_is_malformed_and_says_where() {
        let inverted = group().min_size(9).build();
        let error = read("web", &inverted).unwrap_err();
        assert_eq!(error.kind, FailureKind::Malformed);
        assert!(
            error
                .detail
                .contains("minimum capacity 9 is above maximum capacity 5")
        );
        let negative = group().desired_capacity(-1).build();
        let error = read("web", &negative).unwrap_err();
        assert!(error.detail.contains("DesiredCapacity"), "{error}");
    }

    #[test]
    fn suspensions_and_weights_are_seen() {
        let launch = SuspendedProcess::builder().process_name("Launch").build();
        let heavy = Instance::builder()
            .instance_id("i-1")
            .lifecycle_state(LifecycleState::InService)
            .weighted_capacity("4")
            .build();
        let reading = read(
            "web",
            &group().suspended_processes(launch).instances(heavy).build(),
        );
        let reading = reading.unwrap();
        assert!(reading.suspended.launch && !reading.suspended.terminate && reading.weighted);
        assert!(!read("web", &group().build()).unwrap().weighted);
    }

    #[test]
    fn a_name_that_is_missing_in_the_answer_is_not_found() {
        let names = vec!["web".into(), "gone".into()];
        let answers = by_name(names, Ok(vec![group().build()]));
        assert!(answers[0].1.is_ok());
        assert_eq!(
            answers[1].1.as_ref().unwrap_err().kind,
            FailureKind::NotFound
        );
    }
}
