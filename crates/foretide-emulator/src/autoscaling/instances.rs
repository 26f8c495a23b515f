//! Operations on instances that the caller names.

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::{activities, describe as show};
use crate::error::ApiError;
use crate::group::Group;
use crate::query::Page;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Describe {
    #[serde(default)]
    instance_ids: Vec<String>,
    #[serde(default)]
    max_records: Option<i64>,
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Terminate {
    instance_id: String,
    should_decrement_desired_capacity: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Enter {
    auto_scaling_group_name: String,
    instance_ids: Vec<String>,
    should_decrement_desired_capacity: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Exit {
    auto_scaling_group_name: String,
    instance_ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Protect {
    auto_scaling_group_name: String,
    instance_ids: Vec<String>,
    protected_from_scale_in: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct SetHealth {
    instance_id: String,
    health_status: String,
    #[serde(default)]
    should_respect_grace_period: Option<bool>,
}

pub(super) fn describe(call: &mut Call<'_>, input: Describe) -> Result<Value, ApiError> {
    let region = call.region;
    let mut all = Vec::new();
    for group in call.one_or_all(None)? {
        for mut one in show::instances(group, region) {
            let wanted = &input.instance_ids;
            let is_wanted = wanted.is_empty() || wanted.iter().any(|id| one["InstanceId"] == **id);
            if !is_wanted {
                continue;
            }
            one["AutoScalingGroupName"] = json!(group.spec.name);
            // This operation, and no other, writes the health in capitals.
            one["HealthStatus"] = json!(one["HealthStatus"].as_str().map(str::to_uppercase));
            all.push(one);
        }
    }
    let (instances, token) = Page::of(&(input.next_token, input.max_records), 50, 50)?.cut(all);
    Ok(json!({"AutoScalingInstances": instances, "NextToken": token}))
}

/// The ordinal of the instance `id` of `group`.
fn ordinal(group: &Group, id: &str) -> Result<u64, ApiError> {
    let is_shown = group.instances().iter().any(|one| one.id == id);
    let found = group.roster.ordinal(&group.world, id);
    found.filter(|_| is_shown).ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> ApiError {
    let id: String = id.chars().take(80).collect();
    ApiError::validation(format!(
        "Instance Id not found - No managed instance found for instance ID: {id}"
    ))
}

/// The activities of `group` after the `before` first.
fn begun(group: &Group, before: u64, region: &str) -> Vec<Value> {
    let all = group.roster.activities();
    let new = all.take_while(|one| one.number > before);
    let mut new: Vec<Value> = new
        .map(|one| activities::show(group, one, region))
        .collect();
    new.reverse();
    new
}

pub(super) fn terminate(call: &mut Call<'_>, input: Terminate) -> Result<Value, ApiError> {
    let (region, now) = (call.region, call.now);
    let id = &input.instance_id;
    let name = call.group_of(id).ok_or_else(|| unknown(id))?;
    let group = call.changeable(&name)?;
    let ordinal = ordinal(group, id)?;
    let less = input.should_decrement_desired_capacity;
    if less && !group.world.move_desired(-1) {
        let min = group.bounds().min();
        return Err(ApiError::validation(format!(
            "Currently, desiredSize equals minSize ({min}). Terminating instance without \
             replacement will violate group's min size constraint. Either set \
             shouldDecrementDesiredCapacity flag to false or lower group's min size."
        )));
    }
    let before = group.roster.begun();
    if !group.world.terminate(ordinal) {
        if less {
            group.world.move_desired(1);
        }
        return Err(unknown(id));
    }
    group.roster.follow(&mut group.world, now);
    if less {
        group.roster.forget_loss();
    }
    let activity = begun(group, before, region).into_iter().next();
    Ok(json!({"Activity": activity}))
}

pub(super) fn enter_standby(call: &mut Call<'_>, input: Enter) -> Result<Value, ApiError> {
    let follows = input.should_decrement_desired_capacity;
    let name = &input.auto_scaling_group_name;
    stand(call, name, &input.instance_ids, true, follows)
}

pub(super) fn exit_standby(call: &mut Call<'_>, input: Exit) -> Result<Value, ApiError> {
    let name = &input.auto_scaling_group_name;
    stand(call, name, &input.instance_ids, false, true)
}

/// Moves the instances `ids` into standby (`into`) or out of it. `follows`: desired capacity falls
/// or rises by their number.
fn stand(
    call: &mut Call<'_>,
    name: &str,
    ids: &[String],
    into: bool,
    follows: bool,
) -> Result<Value, ApiError> {
    let (region, now) = (call.region, call.now);
    let (state, verb, way) = if into {
        ("InService", "place into", "to")
    } else {
        ("Standby", "move out of", "out of")
    };
    let group = call.changeable(name)?;
    let ordinals = ordinals(group, ids)?;
    let count = i64::try_from(ordinals.len()).unwrap_or(i64::MAX);
    check_state(group, ids, state)?;
    if follows && !group.world.move_desired(if into { -count } else { count }) {
        let bounds = group.bounds();
        return Err(ApiError::validation(format!(
            "AutoScalingGroup {name} has min-size={}, max-size={}, and desired-size={}. To {verb} \
             standby {count} instance, please update the AutoScalingGroup sizes appropriately.",
            bounds.min(),
            bounds.max(),
            group.desired()
        )));
    }
    let before = group.roster.begun();
    for (ordinal, id) in ordinals.into_iter().zip(ids) {
        group.world.stand(ordinal, into);
        let why = format!(
            "At {now} instance {id} was moved {way} standby in response to a user request."
        );
        group.note(&format!("Moving EC2 instance {way} Standby: {id}"), why);
    }
    Ok(json!({"Activities": begun(group, before, region)}))
}

fn ordinals(group: &Group, ids: &[String]) -> Result<Vec<u64>, ApiError> {
    let mut known: Vec<&String> = ids.iter().collect();
    known.sort_unstable();
    known.dedup();
    if ids.is_empty() || known.len() < ids.len() {
        return Err(ApiError::validation(
            "InstanceIds is empty, or names an instance twice",
        ));
    }
    ids.iter().map(|id| ordinal(group, id)).collect()
}

fn check_state(group: &Group, ids: &[String], wanted: &str) -> Result<(), ApiError> {
    let all = group.instances();
    let mut others = all
        .iter()
        .filter(|one| ids.contains(&one.id) && one.state != wanted);
    match others.next() {
        None => Ok(()),
        Some(one) => Err(ApiError::validation(format!(
            "The instance {} is not in {wanted}.",
            one.id
        ))),
    }
}

pub(super) fn protect(call: &mut Call<'_>, input: Protect) -> Result<Value, ApiError> {
    let group = call.changeable(&input.auto_scaling_group_name)?;
    let ordinals = ordinals(group, &input.instance_ids)?;
    let settled = |one: &crate::roster::Instance| matches!(one.state, "InService" | "Standby");
    let all = group.instances();
    let mut named = all
        .iter()
        .filter(|one| input.instance_ids.contains(&one.id));
    if let Some(one) = named.find(|one| !settled(one)) {
        return Err(ApiError::validation(format!(
            "The instance {} is not in InService or EnteringStandby or Standby.",
            one.id
        )));
    }
    for ordinal in ordinals {
        group
            .world
            .protect_one(ordinal, input.protected_from_scale_in);
    }
    Ok(json!({}))
}

pub(super) fn set_health(call: &mut Call<'_>, input: SetHealth) -> Result<Value, ApiError> {
    let id = &input.instance_id;
    let healthy = match input.health_status.as_str() {
        "Healthy" => true,
        "Unhealthy" => false,
        _ => {
            return Err(ApiError::validation(
                "Valid values are Healthy and Unhealthy",
            ));
        }
    };
    let name = call.group_of(id).ok_or_else(|| unknown(id))?;
    let now = call.now;
    let group = call.changeable(&name)?;
    let ordinal = ordinal(group, id)?;
    let respects = input.should_respect_grace_period.unwrap_or(true);
    if respects && !healthy && group.is_in_grace(ordinal, now) {
        return Ok(json!({}));
    }
    if !group.world.set_health(ordinal, healthy) {
        return Err(ApiError::validation(format!(
            "The instance {id} is not in service."
        )));
    }
    Ok(json!({}))
}
