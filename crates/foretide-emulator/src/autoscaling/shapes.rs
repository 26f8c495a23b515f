//! The XML elements of Auto Scaling's answers, with AWS's names.

#![expect(
    clippy::struct_field_names,
    reason = "fields are named as AWS names the elements"
)]

use serde::Serialize;

use crate::actors::{PolicySpec, ScheduledActionSpec};
use crate::group::Group;
use crate::roster;

const ACCOUNT: &str = "arn:aws:autoscaling:us-east-1:000000000000";
const ZONES: [&str; 3] = ["us-east-1a", "us-east-1b", "us-east-1c"];
const TEMPLATE: &str = "foretide-emulated";

/// A list whose items are elements named `member`.
#[derive(Debug, Serialize)]
pub(super) struct List<T> {
    pub(super) member: Vec<T>,
}

#[derive(Debug, Serialize)]
pub(super) struct ErrorResponse<'e> {
    #[serde(rename = "@xmlns")]
    pub(super) xmlns: &'static str,
    #[serde(rename = "Error")]
    pub(super) error: ErrorBody<'e>,
    #[serde(rename = "RequestId")]
    pub(super) request_id: String,
}

#[derive(Debug, Serialize)]
pub(super) struct ErrorBody<'e> {
    #[serde(rename = "Type")]
    pub(super) kind: &'static str,
    #[serde(rename = "Code")]
    pub(super) code: &'static str,
    #[serde(rename = "Message")]
    pub(super) message: &'e str,
}

macro_rules! page {
    ($name:ident, $field:ident: $item:ty, $element:literal) => {
        /// One page of a list.
        #[derive(Debug, Serialize)]
        pub(super) struct $name {
            #[serde(rename = $element)]
            pub(super) $field: List<$item>,
            #[serde(rename = "NextToken", skip_serializing_if = "Option::is_none")]
            pub(super) next_token: Option<String>,
        }
    };
}

page!(Groups, groups: AutoScalingGroup, "AutoScalingGroups");
page!(Activities, activities: Activity, "Activities");
page!(Policies, policies: ScalingPolicy, "ScalingPolicies");
page!(Scheduled, actions: ScheduledAction, "ScheduledUpdateGroupActions");
page!(Refreshes, refreshes: InstanceRefresh, "InstanceRefreshes");

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AutoScalingGroup {
    auto_scaling_group_name: String,
    #[serde(rename = "AutoScalingGroupARN")]
    arn: String,
    launch_template: LaunchTemplate,
    min_size: u32,
    max_size: u32,
    desired_capacity: u32,
    default_cooldown: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_instance_warmup: Option<u32>,
    availability_zones: List<&'static str>,
    load_balancer_names: List<&'static str>,
    #[serde(rename = "TargetGroupARNs")]
    target_groups: List<&'static str>,
    health_check_type: &'static str,
    health_check_grace_period: u32,
    instances: List<Instance>,
    created_time: String,
    suspended_processes: List<SuspendedProcess>,
    #[serde(rename = "VPCZoneIdentifier")]
    subnets: &'static str,
    enabled_metrics: List<&'static str>,
    tags: List<Tag>,
    termination_policies: List<&'static str>,
    new_instances_protected_from_scale_in: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    warm_pool_configuration: Option<WarmPoolConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warm_pool_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<Operator>,
}

impl AutoScalingGroup {
    pub(super) fn of(group: &Group) -> Self {
        let spec = &group.spec;
        let instances = group.instances();
        let instances = instances.iter().enumerate();
        let suspended = |name: &String| SuspendedProcess {
            process_name: name.clone(),
            suspension_reason: format!("User suspended at {}", group.origin()),
        };
        Self {
            arn: arn("autoScalingGroup", &spec.name),
            auto_scaling_group_name: spec.name.clone(),
            launch_template: LaunchTemplate::default(),
            min_size: group.bounds().min(),
            max_size: group.bounds().max(),
            desired_capacity: group.desired(),
            default_cooldown: spec.cooldown_s,
            default_instance_warmup: spec.default_instance_warmup,
            availability_zones: List {
                member: ZONES.into(),
            },
            load_balancer_names: List { member: Vec::new() },
            target_groups: List { member: Vec::new() },
            health_check_type: "EC2",
            health_check_grace_period: 0,
            instances: List {
                member: instances
                    .map(|(place, one)| Instance::of(one, place, spec.weight))
                    .collect(),
            },
            created_time: group.origin().to_string(),
            suspended_processes: List {
                member: spec.suspended.iter().map(suspended).collect(),
            },
            subnets: "subnet-00000000000000001,subnet-00000000000000002",
            enabled_metrics: List { member: Vec::new() },
            tags: List {
                member: spec
                    .tags
                    .iter()
                    .map(|tag| Tag::of(&spec.name, tag))
                    .collect(),
            },
            termination_policies: List {
                member: vec!["OldestInstance"],
            },
            new_instances_protected_from_scale_in: group.world.life().protected,
            warm_pool_configuration: spec.warm_pool.map(|_| WarmPoolConfiguration::default()),
            warm_pool_size: spec.warm_pool,
            operator: spec
                .operator
                .clone()
                .map(|principal| Operator { principal }),
        }
    }
}

/// A tag of a group, which its instances get as well.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    resource_id: String,
    resource_type: &'static str,
    key: String,
    value: String,
    propagate_at_launch: bool,
}

impl Tag {
    fn of(group: &str, (key, value): (&String, &String)) -> Self {
        Self {
            resource_id: group.into(),
            resource_type: "auto-scaling-group",
            key: key.clone(),
            value: value.clone(),
            propagate_at_launch: true,
        }
    }
}

/// The AWS service that alone may change a group.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Operator {
    principal: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct LaunchTemplate {
    launch_template_id: &'static str,
    launch_template_name: &'static str,
    version: &'static str,
}

impl Default for LaunchTemplate {
    fn default() -> Self {
        Self {
            launch_template_id: "lt-00000000000000001",
            launch_template_name: TEMPLATE,
            version: "1",
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Instance {
    instance_id: String,
    instance_type: &'static str,
    availability_zone: &'static str,
    lifecycle_state: &'static str,
    health_status: &'static str,
    launch_template: LaunchTemplate,
    protected_from_scale_in: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    weighted_capacity: Option<u32>,
}

impl Instance {
    fn of(instance: &roster::Instance, place: usize, weight: Option<u32>) -> Self {
        Self {
            health_status: if instance.healthy {
                "Healthy"
            } else {
                "Unhealthy"
            },
            protected_from_scale_in: instance.protected,
            ..Self::new(instance.id.clone(), place, instance.state, weight)
        }
    }

    /// An instance of a warm pool.
    pub(super) fn warm(group: &str, place: u32) -> Self {
        let hash = group.bytes().fold(u64::from(place), |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(u64::from(byte))
        });
        Self::new(
            format!("i-1{hash:016x}"),
            place as usize,
            "Warmed:Stopped",
            None,
        )
    }

    fn new(id: String, place: usize, state: &'static str, weight: Option<u32>) -> Self {
        Self {
            instance_id: id,
            instance_type: "t3.small",
            availability_zone: ZONES.get(place % ZONES.len()).copied().unwrap_or_default(),
            lifecycle_state: state,
            health_status: "Healthy",
            launch_template: LaunchTemplate::default(),
            protected_from_scale_in: false,
            weighted_capacity: weight,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SuspendedProcess {
    process_name: String,
    suspension_reason: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Activity {
    activity_id: String,
    auto_scaling_group_name: String,
    description: String,
    cause: String,
    pub(super) start_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<String>,
    status_code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<&'static str>,
    progress: u32,
    details: &'static str,
    #[serde(rename = "AutoScalingGroupARN")]
    arn: String,
}

impl Activity {
    pub(super) fn of(group: &Group, activity: &roster::Activity) -> Self {
        Self {
            activity_id: group.roster.activity_id(activity.number),
            auto_scaling_group_name: group.spec.name.clone(),
            description: activity.description.clone(),
            cause: activity.cause.clone(),
            start_time: group.at(activity.started_s).to_string(),
            end_time: activity.ended_s.map(|at| group.at(at).to_string()),
            status_code: activity.status,
            status_message: activity.message,
            progress: if activity.ended_s.is_some() { 100 } else { 30 },
            details: "{\"Availability Zone\":\"us-east-1a\"}",
            arn: arn("autoScalingGroup", &group.spec.name),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ScalingPolicy {
    auto_scaling_group_name: String,
    policy_name: String,
    #[serde(rename = "PolicyARN")]
    arn: String,
    policy_type: String,
    step_adjustments: List<&'static str>,
    alarms: List<&'static str>,
    enabled: bool,
}

impl ScalingPolicy {
    pub(super) fn of(group: &str, policy: &PolicySpec) -> Self {
        Self {
            auto_scaling_group_name: group.into(),
            arn: arn(
                "scalingPolicy",
                &format!("{group}:policyName/{}", policy.name),
            ),
            policy_name: policy.name.clone(),
            policy_type: policy.kind.clone(),
            step_adjustments: List { member: Vec::new() },
            alarms: List { member: Vec::new() },
            enabled: policy.enabled,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ScheduledAction {
    auto_scaling_group_name: String,
    scheduled_action_name: String,
    #[serde(rename = "ScheduledActionARN")]
    arn: String,
    recurrence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    desired_capacity: Option<u32>,
}

impl ScheduledAction {
    pub(super) fn of(group: &str, action: &ScheduledActionSpec) -> Self {
        Self {
            auto_scaling_group_name: group.into(),
            arn: arn(
                "scheduledUpdateGroupAction",
                &format!("{group}:{}", action.name),
            ),
            scheduled_action_name: action.name.clone(),
            recurrence: action.recurrence.clone(),
            min_size: action.min,
            max_size: action.max,
            desired_capacity: action.desired,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct InstanceRefresh {
    instance_refresh_id: &'static str,
    auto_scaling_group_name: String,
    status: &'static str,
    start_time: String,
    percentage_complete: u32,
    instances_to_update: u32,
}

impl InstanceRefresh {
    pub(super) fn of(group: &Group) -> Self {
        Self {
            instance_refresh_id: "08b91cf7-8fa6-48af-b6a6-d227f40f1b9b",
            auto_scaling_group_name: group.spec.name.clone(),
            status: "InProgress",
            start_time: group.origin().to_string(),
            percentage_complete: 50,
            instances_to_update: 1,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WarmPoolConfiguration {
    min_size: u32,
    pool_state: &'static str,
}

impl Default for WarmPoolConfiguration {
    fn default() -> Self {
        Self {
            min_size: 0,
            pool_state: "Stopped",
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct WarmPool {
    #[serde(
        rename = "WarmPoolConfiguration",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) configuration: Option<WarmPoolConfiguration>,
    #[serde(rename = "Instances")]
    pub(super) instances: List<Instance>,
    #[serde(rename = "NextToken", skip_serializing_if = "Option::is_none")]
    pub(super) next_token: Option<String>,
}

fn arn(kind: &str, name: &str) -> String {
    format!("{ACCOUNT}:{kind}:00000000-0000-4000-8000-000000000000:autoScalingGroupName/{name}")
}
