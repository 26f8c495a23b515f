//! Groups: described, created, updated, deleted; desired capacity and suspended processes.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::filters::Filter;
use super::hooks;
use super::tags::{self, TagInput};
use super::{describe as show, filters};
use crate::error::ApiError;
use crate::group::{Group, PROCESSES};
use crate::query::Page;
use crate::scenario::{GroupSpec, MAX_CAPACITY, MAX_GROUPS};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Describe {
    #[serde(default)]
    auto_scaling_group_names: Vec<String>,
    #[serde(default)]
    filters: Vec<Filter>,
    #[serde(default)]
    include_instances: Option<bool>,
    #[serde(default)]
    max_records: Option<i64>,
    #[serde(default)]
    next_token: Option<String>,
}

/// What `CreateAutoScalingGroup` and `UpdateAutoScalingGroup` take.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Settings {
    auto_scaling_group_name: String,
    #[serde(default)]
    min_size: Option<u32>,
    #[serde(default)]
    max_size: Option<u32>,
    #[serde(default)]
    desired_capacity: Option<u32>,
    #[serde(default)]
    default_cooldown: Option<u32>,
    #[serde(default)]
    default_instance_warmup: Option<i64>,
    #[serde(default)]
    new_instances_protected_from_scale_in: Option<bool>,
    #[serde(default)]
    termination_policies: Vec<String>,
    #[serde(default)]
    desired_capacity_type: Option<String>,
    // What follows is shown as it was sent.
    #[serde(default)]
    launch_configuration_name: Option<Value>,
    #[serde(default)]
    launch_template: Option<Value>,
    #[serde(default)]
    mixed_instances_policy: Option<Value>,
    #[serde(default)]
    availability_zones: Option<Value>,
    #[serde(default, rename = "VPCZoneIdentifier")]
    subnets: Option<Value>,
    #[serde(default)]
    health_check_type: Option<Value>,
    #[serde(default)]
    health_check_grace_period: Option<Value>,
    #[serde(default)]
    placement_group: Option<Value>,
    #[serde(default)]
    capacity_rebalance: Option<Value>,
    #[serde(default)]
    load_balancer_names: Option<Value>,
    #[serde(default, rename = "TargetGroupARNs")]
    target_groups: Option<Value>,
    #[serde(default, rename = "ServiceLinkedRoleARN")]
    service_linked_role: Option<Value>,
    #[serde(default)]
    context: Option<Value>,
    // What follows is of `CreateAutoScalingGroup` alone.
    #[serde(default)]
    tags: Option<Vec<TagInput>>,
    #[serde(default)]
    lifecycle_hook_specification_list: Option<Vec<hooks::Put>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Delete {
    auto_scaling_group_name: String,
    #[serde(default)]
    force_delete: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct SetDesired {
    auto_scaling_group_name: String,
    desired_capacity: i64,
    #[serde(default)]
    honor_cooldown: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Processes {
    auto_scaling_group_name: String,
    #[serde(default)]
    scaling_processes: Vec<String>,
}

pub(super) fn describe(call: &mut Call<'_>, input: Describe) -> Result<Value, ApiError> {
    let wanted = &input.auto_scaling_group_names;
    let mut names = Vec::new();
    for (name, group) in &call.state.groups {
        let mut matches = wanted.is_empty() || wanted.contains(name);
        for filter in &input.filters {
            let filter: &filters::Filter = filter;
            matches &= filter.matches_group(group.tags.iter())?;
        }
        if matches {
            names.push(name.clone());
        }
    }
    let (names, token) = Page::of(&(input.next_token, input.max_records), 50, 100)?.cut(names);
    let include = input.include_instances.unwrap_or(true);
    let region = call.region;
    let mut groups = Vec::with_capacity(names.len());
    for name in names {
        groups.push(show::group(call.group(&name)?, region, include));
    }
    Ok(json!({"AutoScalingGroups": groups, "NextToken": token}))
}

pub(super) fn create(call: &mut Call<'_>, mut input: Settings) -> Result<Value, ApiError> {
    let name = input.auto_scaling_group_name.clone();
    input.check_launch(call, true)?;
    let (Some(min), Some(max)) = (input.min_size, input.max_size) else {
        return Err(ApiError::validation("MinSize and MaxSize are required"));
    };
    if call.state.groups.contains_key(&name) {
        let message = "AutoScalingGroup by this name already exists - A group with the name \
                       already exists";
        return Err(ApiError::new(400, "AlreadyExists", message));
    }
    if call.state.groups.len() >= MAX_GROUPS {
        return Err(ApiError::limit("the emulator runs 10000 groups at most"));
    }
    let desired = input.desired_capacity.unwrap_or(min);
    check_sizes(min, max, desired)?;
    let spec = GroupSpec {
        name: name.clone(),
        desired: 0,
        min: 0,
        max,
        count: 1,
        history_s: 0,
        ..call.state.created.clone()
    };
    let single = crate::Scenario::of(spec).check();
    let specs = single.map_err(|error| ApiError::validation(error.to_string()))?;
    let Some(spec) = specs.into_iter().next() else {
        return Err(ApiError::validation("the group cannot be emulated"));
    };
    let (tags, hooks) = (
        input.tags.take(),
        input.lifecycle_hook_specification_list.take(),
    );
    let mut group = Group::created(spec, call.now);
    group
        .shown
        .insert("TerminationPolicies".into(), json!(["Default"]));
    input.desired_capacity = Some(desired);
    input.apply(&mut group, call)?;
    tags::add(&mut group, tags.unwrap_or_default())?;
    for hook in hooks.unwrap_or_default() {
        hooks::add(&mut group, hook)?;
    }
    call.state.groups.insert(name, group);
    Ok(json!({}))
}

pub(super) fn update(call: &mut Call<'_>, input: Settings) -> Result<Value, ApiError> {
    let name = input.auto_scaling_group_name.clone();
    if !call.state.groups.contains_key(&name) {
        return Err(ApiError::validation(
            "AutoScalingGroup name not found - null",
        ));
    }
    for (given, parameter) in [
        (input.tags.is_some(), "Tags"),
        (
            input.lifecycle_hook_specification_list.is_some(),
            "LifecycleHookSpecificationList",
        ),
    ] {
        if given {
            return Err(ApiError::unknown_parameter(parameter));
        }
    }
    call.changeable(&name)?;
    input.check_launch(call, false)?;
    // Taken out, since the launch configurations are beside the groups.
    let Some(mut group) = call.state.groups.remove(&name) else {
        return Ok(json!({}));
    };
    let done = input.apply(&mut group, call);
    call.state.groups.insert(name, group);
    done.map(|()| json!({}))
}

fn check_sizes(min: u32, max: u32, desired: u32) -> Result<(), ApiError> {
    let message = if max > MAX_CAPACITY {
        "the emulator runs 5000 instances of a group at most"
    } else if min > max {
        "Max bound, must be greater than or equal to min bound"
    } else if desired < min {
        "Desired capacity must be greater than or equal to the minimum size"
    } else if desired > max {
        "Desired capacity must be less than or equal to the maximum size"
    } else {
        return Ok(());
    };
    Err(ApiError::validation(message))
}

impl Settings {
    /// Checks what the group launches from: exactly one source for a new group, at most one else.
    fn check_launch(&self, call: &Call<'_>, is_new: bool) -> Result<(), ApiError> {
        let sources = [
            &self.launch_configuration_name,
            &self.launch_template,
            &self.mixed_instances_policy,
        ];
        let count = sources.iter().filter(|source| source.is_some()).count();
        if count > 1 || (is_new && count == 0) {
            return Err(ApiError::validation(
                "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, \
                 InstanceId or MixedInstancesPolicy parameter.",
            ));
        }
        if let Some(template) = &self.launch_template {
            let has = |key: &str| template.get(key).is_some();
            if has("LaunchTemplateId") == has("LaunchTemplateName") {
                return Err(ApiError::validation(
                    "Valid requests must contain either launchTemplateId or LaunchTemplateName",
                ));
            }
        }
        let configuration = self.launch_configuration_name.as_ref();
        if let Some(name) = configuration.and_then(Value::as_str)
            && !call.state.launch_configurations.contains_key(name)
        {
            return Err(ApiError::validation(
                "Launch configuration name not found - A launch configuration with the name: \
                 does not exist",
            ));
        }
        let obeyed = |one: &String| matches!(one.as_str(), "Default" | "OldestInstance");
        if !self.termination_policies.iter().all(obeyed) {
            let message = "the emulator implements the TerminationPolicies Default and \
                           OldestInstance only";
            return Err(ApiError::validation(message));
        }
        if self
            .desired_capacity_type
            .as_ref()
            .is_some_and(|kind| kind != "units")
        {
            let message = "the emulator implements the DesiredCapacityType units only";
            return Err(ApiError::validation(message));
        }
        if self
            .default_instance_warmup
            .is_some_and(|s| !(-1..=3600).contains(&s))
        {
            let message = "DefaultInstanceWarmup is not within -1 to 3600";
            return Err(ApiError::validation(message));
        }
        if self.default_cooldown.is_some_and(|s| s > 86_400) {
            return Err(ApiError::validation("DefaultCooldown is more than a day"));
        }
        Ok(())
    }

    /// Applies the settings that are given. Desired capacity moves into new bounds.
    fn apply(self, group: &mut Group, call: &Call<'_>) -> Result<(), ApiError> {
        let bounds = group.bounds();
        let min = self.min_size.unwrap_or(bounds.min());
        let max = self.max_size.unwrap_or(bounds.max());
        let present = group.desired().max(min).min(max);
        let desired = self.desired_capacity.unwrap_or(present);
        check_sizes(min, max, desired)?;
        if let Some(mixed) = &self.mixed_instances_policy
            && let Some(weight) = common_weight(mixed)?
        {
            group.set_weight(weight);
        }
        group.resize((min, max), desired, call.now);
        if let Some(cooldown) = self.default_cooldown {
            group.spec.cooldown_s = cooldown;
        }
        if let Some(warmup) = self.default_instance_warmup {
            group.spec.default_instance_warmup = u32::try_from(warmup).ok();
        }
        if let Some(protected) = self.new_instances_protected_from_scale_in {
            group.world.protect_new(protected);
        }
        let sources = [
            "LaunchConfigurationName",
            "LaunchTemplate",
            "MixedInstancesPolicy",
        ];
        let shown = self.shown();
        if sources.iter().any(|key| shown.contains_key(*key)) {
            for key in sources {
                group.shown.remove(key);
            }
        }
        if shown.contains_key("VPCZoneIdentifier") {
            group.shown.remove("AvailabilityZones");
        }
        let configuration = shown.get("LaunchConfigurationName").and_then(Value::as_str);
        let configuration =
            configuration.and_then(|name| call.state.launch_configurations.get(name));
        let kind = configuration.and_then(|shown| shown.get("InstanceType")?.as_str());
        if let Some(kind) = kind {
            kind.clone_into(&mut group.instance_type);
        }
        group.shown.extend(shown);
        Ok(())
    }

    /// The settings that are shown as they were sent.
    fn shown(self) -> Map<String, Value> {
        let policies = self.termination_policies;
        let policies = (!policies.is_empty()).then(|| json!(policies));
        let all = [
            ("LaunchConfigurationName", self.launch_configuration_name),
            ("LaunchTemplate", self.launch_template),
            ("MixedInstancesPolicy", self.mixed_instances_policy),
            ("AvailabilityZones", self.availability_zones),
            ("VPCZoneIdentifier", self.subnets),
            ("HealthCheckType", self.health_check_type),
            ("HealthCheckGracePeriod", self.health_check_grace_period),
            ("PlacementGroup", self.placement_group),
            ("CapacityRebalance", self.capacity_rebalance),
            ("LoadBalancerNames", self.load_balancer_names),
            ("TargetGroupARNs", self.target_groups),
            ("ServiceLinkedRoleARN", self.service_linked_role),
            ("Context", self.context),
            (
                "DesiredCapacityType",
                self.desired_capacity_type.map(Value::String),
            ),
            ("TerminationPolicies", policies),
        ];
        let given = all.into_iter();
        given
            .filter_map(|(key, value)| Some((key.to_owned(), value?)))
            .collect()
    }
}

/// The weight that all overrides of a mixed instances policy have.
///
/// # Errors
/// The overrides have different weights: the instances of an emulated group are equal.
fn common_weight(mixed: &Value) -> Result<Option<u32>, ApiError> {
    let overrides = mixed["LaunchTemplate"]["Overrides"].as_array();
    let weights = overrides.into_iter().flatten().map(|one| {
        let weight = one["WeightedCapacity"].as_str();
        weight.map(|text| text.parse::<u32>().ok().filter(|w| (1..=999).contains(w)))
    });
    let mut common = None;
    for (place, weight) in weights.enumerate() {
        let weight = match weight {
            None => None,
            Some(Some(weight)) => Some(weight),
            Some(None) => {
                return Err(ApiError::validation(
                    "WeightedCapacity is not within 1 to 999",
                ));
            }
        };
        if place > 0 && weight != common {
            let message = "the emulator implements equal WeightedCapacity of all Overrides only";
            return Err(ApiError::validation(message));
        }
        common = weight;
    }
    Ok(common)
}

pub(super) fn delete(call: &mut Call<'_>, input: Delete) -> Result<Value, ApiError> {
    let name = input.auto_scaling_group_name;
    let group = call.changeable(&name)?;
    let there = group.instances();
    if !input.force_delete && (group.desired() > 0 || !there.is_empty()) {
        let leaving = there.iter().all(|one| one.state.starts_with("Terminating"));
        return Err(if group.desired() == 0 && leaving {
            let message = "You cannot delete an AutoScalingGroup while there are scaling \
                           activities in progress for that group.";
            ApiError::new(400, "ScalingActivityInProgress", message)
        } else {
            let message = "You cannot delete an AutoScalingGroup while there are instances or \
                           pending Spot instance request(s) still in the group.";
            ApiError::new(400, "ResourceInUse", message)
        });
    }
    call.state.remove(&name);
    Ok(json!({}))
}

pub(super) fn set_desired(call: &mut Call<'_>, input: SetDesired) -> Result<Value, ApiError> {
    let now = call.now;
    let group = call.changeable(&input.auto_scaling_group_name)?;
    group.set_desired(input.desired_capacity, input.honor_cooldown, now)?;
    Ok(json!({}))
}

pub(super) fn suspend(call: &mut Call<'_>, input: Processes) -> Result<Value, ApiError> {
    let names = checked(&input.scaling_processes)?;
    let group = call.changeable(&input.auto_scaling_group_name)?;
    for name in names {
        if !group.spec.suspended.iter().any(|one| one == name) {
            group.spec.suspended.push(name.to_owned());
        }
    }
    group.apply_suspensions();
    Ok(json!({}))
}

pub(super) fn resume(call: &mut Call<'_>, input: Processes) -> Result<Value, ApiError> {
    let names = checked(&input.scaling_processes)?;
    let group = call.changeable(&input.auto_scaling_group_name)?;
    group
        .spec
        .suspended
        .retain(|one| !names.contains(&one.as_str()));
    group.apply_suspensions();
    Ok(json!({}))
}

/// The processes that a call names, or all processes if it names none.
fn checked(names: &[String]) -> Result<Vec<&str>, ApiError> {
    if names.is_empty() {
        return Ok(PROCESSES.into());
    }
    let known = |name: &String| PROCESSES.iter().find(|one| *one == name).copied();
    let unknown = |name: &String| {
        let name: String = name.chars().take(80).collect();
        ApiError::validation(format!("'{name}' is not a valid scaling process"))
    };
    let all = names
        .iter()
        .map(|name| known(name).ok_or_else(|| unknown(name)));
    all.collect()
}
