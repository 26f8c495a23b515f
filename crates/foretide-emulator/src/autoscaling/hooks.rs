//! Lifecycle hooks.

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use crate::error::ApiError;
use crate::group::Group;
use crate::hook::{Hook, LAUNCHING, TERMINATING};

/// Most lifecycle hooks of a group, as in EC2 Auto Scaling.
const HOOKS_MAX: usize = 50;
/// Shortest, longest and default heartbeat timeout, in seconds.
const HEARTBEAT_S: (u32, u32, u32) = (30, 7200, 3600);

/// Also an item of `LifecycleHookSpecificationList`, which does not name the group.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Put {
    #[serde(default)]
    auto_scaling_group_name: String,
    lifecycle_hook_name: String,
    #[serde(default)]
    lifecycle_transition: Option<String>,
    #[serde(default)]
    heartbeat_timeout: Option<u32>,
    #[serde(default)]
    default_result: Option<String>,
    #[serde(default)]
    notification_metadata: Option<String>,
    #[serde(default, rename = "NotificationTargetARN")]
    notification_target: Option<String>,
    #[serde(default, rename = "RoleARN")]
    role: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Describe {
    auto_scaling_group_name: String,
    #[serde(default)]
    lifecycle_hook_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Delete {
    auto_scaling_group_name: String,
    lifecycle_hook_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Complete {
    auto_scaling_group_name: String,
    lifecycle_hook_name: String,
    lifecycle_action_result: String,
    instance_id: String,
}

/// Adds a hook to `group`, or replaces the hook of the same name.
///
/// # Errors
/// A value is out of range, or there would be more than fifty.
pub(super) fn add(group: &mut Group, input: Put) -> Result<(), ApiError> {
    let there = group
        .hooks
        .iter()
        .position(|one| one.name == input.lifecycle_hook_name);
    let before = there.and_then(|place| group.hooks.get(place));
    let transition = input.lifecycle_transition;
    let transition = transition.or_else(|| before.map(|one| one.transition.clone()));
    let transition = transition.unwrap_or_default();
    let heartbeat_s = input.heartbeat_timeout.unwrap_or(HEARTBEAT_S.2);
    let result = input.default_result.unwrap_or_else(|| "ABANDON".into());
    let problem = if ![LAUNCHING, TERMINATING].contains(&transition.as_str()) {
        Some("LifecycleTransition is not autoscaling:EC2_INSTANCE_LAUNCHING or _TERMINATING")
    } else if !(HEARTBEAT_S.0..=HEARTBEAT_S.1).contains(&heartbeat_s) {
        Some("HeartbeatTimeout is not within 30 to 7200")
    } else if !matches!(result.as_str(), "CONTINUE" | "ABANDON") {
        Some("DefaultResult is not CONTINUE or ABANDON")
    } else if !(1..=255).contains(&input.lifecycle_hook_name.len()) {
        Some("LifecycleHookName has 1 to 255 characters")
    } else {
        None
    };
    if let Some(problem) = problem {
        return Err(ApiError::validation(problem));
    }
    let hook = Hook {
        shown: json!({
            "LifecycleHookName": input.lifecycle_hook_name,
            "AutoScalingGroupName": group.spec.name,
            "LifecycleTransition": transition,
            "HeartbeatTimeout": heartbeat_s,
            "GlobalTimeout": i64::from(heartbeat_s) * 100,
            "DefaultResult": result,
            "NotificationMetadata": input.notification_metadata,
            "NotificationTargetARN": input.notification_target,
            "RoleARN": input.role,
        }),
        name: input.lifecycle_hook_name,
        transition,
        heartbeat_s,
        continues: result == "CONTINUE",
    };
    if there.is_none() && group.hooks.len() >= HOOKS_MAX {
        return Err(ApiError::limit("the group has 50 lifecycle hooks"));
    }
    match there.and_then(|place| group.hooks.get_mut(place)) {
        Some(there) => *there = hook,
        None => group.hooks.push(hook),
    }
    group.apply_hooks();
    Ok(())
}

pub(super) fn put(call: &mut Call<'_>, input: Put) -> Result<Value, ApiError> {
    let name = input.auto_scaling_group_name.clone();
    add(call.changeable(&name)?, input)?;
    Ok(json!({}))
}

pub(super) fn describe(call: &mut Call<'_>, input: Describe) -> Result<Value, ApiError> {
    let names = &input.lifecycle_hook_names;
    let group = call.group(&input.auto_scaling_group_name)?;
    let all = group.hooks.iter();
    let wanted = all.filter(|one| names.is_empty() || names.contains(&one.name));
    let hooks: Vec<&Value> = wanted.map(|one| &one.shown).collect();
    Ok(json!({"LifecycleHooks": hooks}))
}

pub(super) fn delete(call: &mut Call<'_>, input: Delete) -> Result<Value, ApiError> {
    let group = call.changeable(&input.auto_scaling_group_name)?;
    let before = group.hooks.len();
    group
        .hooks
        .retain(|one| one.name != input.lifecycle_hook_name);
    if group.hooks.len() == before {
        return Err(missing(&input.lifecycle_hook_name));
    }
    group.apply_hooks();
    Ok(json!({}))
}

fn missing(name: &str) -> ApiError {
    let name: String = name.chars().take(255).collect();
    ApiError::validation(format!("No Lifecycle Hook found with name {name}"))
}

/// The actions of all hooks of an instance end together: the emulator shows one wait.
pub(super) fn complete(call: &mut Call<'_>, input: Complete) -> Result<Value, ApiError> {
    let group = call.changeable(&input.auto_scaling_group_name)?;
    let hook = &input.lifecycle_hook_name;
    if !group.hooks.iter().any(|one| one.name == *hook) {
        return Err(missing(hook));
    }
    let continues = match input.lifecycle_action_result.as_str() {
        "CONTINUE" => true,
        "ABANDON" => false,
        _ => {
            return Err(ApiError::validation(
                "LifecycleActionResult is not CONTINUE or ABANDON",
            ));
        }
    };
    let id = &input.instance_id;
    let all = group.instances();
    let waits = |one: &crate::roster::Instance| one.id == *id && one.state.ends_with(":Wait");
    let ordinal = group.roster.ordinal(&group.world, id);
    match ordinal.filter(|_| all.iter().any(waits)) {
        Some(ordinal) if group.world.end_wait(ordinal, continues) => Ok(json!({})),
        _ => Err(ApiError::validation(format!(
            "No active Lifecycle Action found with instance ID {}",
            id.chars().take(80).collect::<String>()
        ))),
    }
}
