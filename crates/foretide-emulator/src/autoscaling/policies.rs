//! Scaling policies.
//!
//! A target tracking policy on the group's mean CPU acts, as far as the simulation can follow it. A
//! simple policy acts when it is executed. All others are stored and shown.

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, arn};
use crate::actors::{Acts, PolicySpec};
use crate::error::ApiError;
use crate::group::Group;
use crate::policy::Policy;
use crate::query::Page;

/// Most policies of a group, as in EC2 Auto Scaling.
const POLICIES_MAX: usize = 50;
const KINDS: [&str; 4] = [
    "SimpleScaling",
    "StepScaling",
    "TargetTrackingScaling",
    "PredictiveScaling",
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Describe {
    #[serde(default)]
    auto_scaling_group_name: Option<String>,
    #[serde(default)]
    policy_names: Vec<String>,
    #[serde(default)]
    policy_types: Vec<String>,
    #[serde(default)]
    max_records: Option<i64>,
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Put {
    auto_scaling_group_name: String,
    policy_name: String,
    #[serde(default)]
    policy_type: Option<String>,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    adjustment_type: Option<String>,
    #[serde(default)]
    min_adjustment_step: Option<i64>,
    #[serde(default)]
    min_adjustment_magnitude: Option<i64>,
    #[serde(default)]
    scaling_adjustment: Option<i64>,
    #[serde(default)]
    cooldown: Option<u32>,
    #[serde(default)]
    metric_aggregation_type: Option<String>,
    #[serde(default)]
    step_adjustments: Option<Value>,
    #[serde(default)]
    estimated_instance_warmup: Option<u32>,
    #[serde(default)]
    target_tracking_configuration: Option<Value>,
    #[serde(default)]
    predictive_scaling_configuration: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Delete {
    #[serde(default)]
    auto_scaling_group_name: Option<String>,
    policy_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Execute {
    #[serde(default)]
    auto_scaling_group_name: Option<String>,
    policy_name: String,
    #[serde(default)]
    honor_cooldown: bool,
}

pub(super) fn describe(call: &mut Call<'_>, input: Describe) -> Result<Value, ApiError> {
    let region = call.region;
    let (names, kinds) = (&input.policy_names, &input.policy_types);
    let mut all = Vec::new();
    for group in call.one_or_all(input.auto_scaling_group_name.as_deref())? {
        let policies = group.policies.iter().filter(|one| {
            let arn = arn_of(group, &one.spec, region);
            let named = names.is_empty() || names.contains(&one.spec.name) || names.contains(&arn);
            named && (kinds.is_empty() || kinds.contains(&one.spec.kind))
        });
        all.extend(policies.map(|one| show(group, one, region)));
    }
    let (policies, token) = Page::of(&(input.next_token, input.max_records), 50, 100)?.cut(all);
    Ok(json!({"ScalingPolicies": policies, "NextToken": token}))
}

fn arn_of(group: &Group, policy: &PolicySpec, region: &str) -> String {
    let rest = format!(
        "autoScalingGroupName/{}:policyName/{}",
        group.spec.name, policy.name
    );
    arn(region, "scalingPolicy", &rest)
}

fn show(group: &Group, policy: &Policy, region: &str) -> Value {
    let spec = &policy.spec;
    let mut shown = json!({
        "AutoScalingGroupName": group.spec.name,
        "PolicyName": spec.name,
        "PolicyARN": arn_of(group, spec, region),
        "PolicyType": spec.kind,
        "StepAdjustments": [],
        "Alarms": [],
        "Enabled": spec.enabled,
    });
    if let Value::Object(shown) = &mut shown {
        shown.extend(policy.shown.clone());
    }
    shown
}

pub(super) fn put(call: &mut Call<'_>, input: Put) -> Result<Value, ApiError> {
    let region = call.region;
    let policy = input.check()?;
    let group = call.changeable(&input.auto_scaling_group_name)?;
    let known = group
        .policies
        .iter()
        .any(|one| one.spec.name == policy.spec.name);
    if !known && group.policies.len() >= POLICIES_MAX {
        return Err(ApiError::limit("the group has 50 scaling policies"));
    }
    let arn = arn_of(group, &policy.spec, region);
    let place = group
        .policies
        .iter()
        .position(|one| one.spec.name == policy.spec.name);
    match place.and_then(|place| group.policies.get_mut(place)) {
        Some(there) => *there = policy,
        None => group.policies.push(policy),
    }
    Ok(json!({"PolicyARN": arn, "Alarms": []}))
}

impl Put {
    /// The policy, if its parameters fit together.
    fn check(&self) -> Result<Policy, ApiError> {
        let kind = self
            .policy_type
            .clone()
            .unwrap_or_else(|| "SimpleScaling".into());
        let tracking = self.target_tracking_configuration.as_ref();
        let adjusts = matches!(
            self.adjustment_type.as_deref(),
            Some("ChangeInCapacity" | "ExactCapacity" | "PercentChangeInCapacity")
        );
        let problem = match kind.as_str() {
            _ if !(1..=255).contains(&self.policy_name.len()) => {
                Some("PolicyName has 1 to 255 characters")
            }
            "SimpleScaling" if !adjusts || self.scaling_adjustment.is_none() => {
                Some("a simple scaling policy needs AdjustmentType and ScalingAdjustment")
            }
            "StepScaling" if !adjusts || self.step_adjustments.is_none() => {
                Some("a step scaling policy needs AdjustmentType and StepAdjustments")
            }
            "TargetTrackingScaling" if tracking.is_none() => {
                Some("a target tracking policy needs TargetTrackingConfiguration")
            }
            "PredictiveScaling" if self.predictive_scaling_configuration.is_none() => {
                Some("a predictive scaling policy needs PredictiveScalingConfiguration")
            }
            other if !KINDS.contains(&other) => Some("PolicyType is not known"),
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(ApiError::validation(problem));
        }
        let is_simple = kind == "SimpleScaling";
        let spec = PolicySpec {
            name: self.policy_name.clone(),
            enabled: self.enabled.unwrap_or(true),
            acts: tracking.map(acts).transpose()?.flatten(),
            kind,
        };
        let shown = json!({
            "AdjustmentType": self.adjustment_type,
            "MinAdjustmentStep": self.min_adjustment_step,
            "MinAdjustmentMagnitude": self.min_adjustment_magnitude,
            "ScalingAdjustment": self.scaling_adjustment,
            "Cooldown": self.cooldown.or(is_simple.then_some(300)),
            "MetricAggregationType": self.metric_aggregation_type,
            "StepAdjustments": self.step_adjustments.clone().unwrap_or_else(|| json!([])),
            "EstimatedInstanceWarmup": self.estimated_instance_warmup,
            "TargetTrackingConfiguration": self.target_tracking_configuration,
            "PredictiveScalingConfiguration": self.predictive_scaling_configuration,
        });
        Ok(Policy::new(
            spec,
            shown.as_object().cloned().unwrap_or_default(),
        ))
    }
}

/// What a target tracking policy does; none if it tracks another metric than the group's mean CPU.
fn acts(configuration: &Value) -> Result<Option<Acts>, ApiError> {
    let target = configuration["TargetValue"].as_str();
    let target = target.and_then(|text| text.parse::<f64>().ok());
    let target = target.filter(|target| target.is_finite() && *target > 0.0);
    let target =
        target.ok_or_else(|| ApiError::validation("TargetValue is not a positive number"))?;
    let predefined = &configuration["PredefinedMetricSpecification"]["PredefinedMetricType"];
    let is_cpu = *predefined == "ASGAverageCPUUtilization" && target <= 100.0;
    Ok(is_cpu.then_some(Acts { target }))
}

/// The group that has the policy: the named one, or the first with a policy of this name or ARN.
fn holder(
    call: &mut Call<'_>,
    group: Option<String>,
    policy: &str,
) -> Result<(String, String), ApiError> {
    let region = call.region;
    let missing = || {
        let policy: String = policy.chars().take(255).collect();
        ApiError::validation(format!("Policy not found: {policy}"))
    };
    if let Some(name) = &group {
        call.changeable(name)?;
    }
    let mut all = call.state.groups.values();
    let found = all.find_map(|one| {
        if group.as_ref().is_some_and(|name| *name != one.spec.name) {
            return None;
        }
        let mut policies = one.policies.iter();
        let is_it =
            |it: &&Policy| it.spec.name == policy || arn_of(one, &it.spec, region) == policy;
        let found = policies.find(is_it)?;
        Some((one.spec.name.clone(), found.spec.name.clone()))
    });
    found.ok_or_else(missing)
}

pub(super) fn delete(call: &mut Call<'_>, input: Delete) -> Result<Value, ApiError> {
    let (group, policy) = holder(call, input.auto_scaling_group_name, &input.policy_name)?;
    let group = call.changeable(&group)?;
    group.policies.retain(|one| one.spec.name != policy);
    Ok(json!({}))
}

pub(super) fn execute(call: &mut Call<'_>, input: Execute) -> Result<Value, ApiError> {
    let now = call.now;
    let (group, policy) = holder(call, input.auto_scaling_group_name, &input.policy_name)?;
    let group = call.changeable(&group)?;
    let found = group.policies.iter().find(|one| one.spec.name == policy);
    let Some(shown) = found
        .filter(|one| one.spec.kind == "SimpleScaling")
        .map(|one| &one.shown)
    else {
        let message = "the emulator executes policies of type SimpleScaling only";
        return Err(ApiError::validation(message));
    };
    let by = shown
        .get("ScalingAdjustment")
        .and_then(Value::as_i64)
        .unwrap_or(0);
    let desired = i64::from(group.desired());
    let wanted = match shown.get("AdjustmentType").and_then(Value::as_str) {
        Some("ExactCapacity") => by,
        Some("PercentChangeInCapacity") => {
            let exact = desired.saturating_mul(by);
            let whole = exact / 100;
            let whole = if whole == 0 { exact.signum() } else { whole };
            desired.saturating_add(whole)
        }
        _ => desired.saturating_add(by),
    };
    let bounds = group.bounds();
    let wanted = wanted.clamp(i64::from(bounds.min()), i64::from(bounds.max()));
    group.set_desired(wanted, input.honor_cooldown, now)?;
    Ok(json!({}))
}
