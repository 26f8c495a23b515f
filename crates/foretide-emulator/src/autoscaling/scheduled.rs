//! Scheduled actions.

use foretide_domain::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, arn};
use crate::actors::ScheduledActionSpec;
use crate::cron;
use crate::epoch::Epoch;
use crate::error::ApiError;
use crate::group::Group;
use crate::query::Page;
use crate::scenario::MAX_CAPACITY;
use crate::schedule::Scheduled;

/// Most scheduled actions of a group, as in EC2 Auto Scaling.
const ACTIONS_MAX: usize = 125;
/// Most scheduled actions of one batch, as in EC2 Auto Scaling.
const BATCH_MAX: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Describe {
    #[serde(default)]
    auto_scaling_group_name: Option<String>,
    #[serde(default)]
    scheduled_action_names: Vec<String>,
    #[serde(default)]
    start_time: Option<Epoch>,
    #[serde(default)]
    end_time: Option<Epoch>,
    #[serde(default)]
    max_records: Option<i64>,
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Put {
    #[serde(default)]
    auto_scaling_group_name: String,
    scheduled_action_name: String,
    #[serde(default)]
    time: Option<Epoch>,
    #[serde(default)]
    start_time: Option<Epoch>,
    #[serde(default)]
    end_time: Option<Epoch>,
    #[serde(default)]
    recurrence: Option<String>,
    #[serde(default)]
    min_size: Option<u32>,
    #[serde(default)]
    max_size: Option<u32>,
    #[serde(default)]
    desired_capacity: Option<u32>,
    #[serde(default)]
    time_zone: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct BatchPut {
    auto_scaling_group_name: String,
    scheduled_update_group_actions: Vec<Put>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct BatchDelete {
    auto_scaling_group_name: String,
    scheduled_action_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Delete {
    auto_scaling_group_name: String,
    scheduled_action_name: String,
}

pub(super) fn describe(call: &mut Call<'_>, input: Describe) -> Result<Value, ApiError> {
    let region = call.region;
    let names = &input.scheduled_action_names;
    let mut all = Vec::new();
    for group in call.one_or_all(input.auto_scaling_group_name.as_deref())? {
        let actions = group.schedule.iter().filter(|one| {
            let named = names.is_empty() || names.contains(&one.spec.name);
            // As documented, names make the times count for nothing.
            let start = one.first(group.start);
            let after = input
                .start_time
                .is_none_or(|from| start.is_none_or(|at| at >= from.0));
            let before = input
                .end_time
                .is_none_or(|to| start.is_none_or(|at| at <= to.0));
            named && (!names.is_empty() || (after && before))
        });
        all.extend(actions.map(|one| show(group, one, region)));
    }
    let (actions, token) = Page::of(&(input.next_token, input.max_records), 50, 100)?.cut(all);
    Ok(json!({"ScheduledUpdateGroupActions": actions, "NextToken": token}))
}

fn show(group: &Group, one: &Scheduled, region: &str) -> Value {
    let (name, spec) = (&group.spec.name, &one.spec);
    let rest = format!(
        "autoScalingGroupName/{name}:scheduledActionName/{}",
        spec.name
    );
    let start = one.first(group.start).map(|at| at.to_string());
    json!({
        "AutoScalingGroupName": name,
        "ScheduledActionName": spec.name,
        "ScheduledActionARN": arn(region, "scheduledUpdateGroupAction", &rest),
        "Recurrence": (!spec.recurrence.is_empty()).then_some(&spec.recurrence),
        "StartTime": start,
        "Time": start,
        "EndTime": one.until.map(|at| at.to_string()),
        "MinSize": spec.min,
        "MaxSize": spec.max,
        "DesiredCapacity": spec.desired,
        "TimeZone": one.zone_name,
    })
}

pub(super) fn put(call: &mut Call<'_>, input: Put) -> Result<Value, ApiError> {
    let now = call.now;
    let name = input.auto_scaling_group_name.clone();
    add(call.changeable(&name)?, input, now).map(|()| json!({}))
}

/// `BatchPutScheduledUpdateGroupAction`. Each action succeeds or fails by itself.
pub(super) fn put_all(call: &mut Call<'_>, input: BatchPut) -> Result<Value, ApiError> {
    let now = call.now;
    let group = call.changeable(&input.auto_scaling_group_name)?;
    check_batch(input.scheduled_update_group_actions.len())?;
    let mut failed = Vec::new();
    for action in input.scheduled_update_group_actions {
        let name = action.scheduled_action_name.clone();
        if let Err(error) = add(group, action, now) {
            failed.push(failure(&name, &error));
        }
    }
    Ok(json!({"FailedScheduledUpdateGroupActions": failed}))
}

/// `BatchDeleteScheduledAction`. Each action succeeds or fails by itself.
pub(super) fn delete_all(call: &mut Call<'_>, input: BatchDelete) -> Result<Value, ApiError> {
    let group = call.changeable(&input.auto_scaling_group_name)?;
    check_batch(input.scheduled_action_names.len())?;
    let mut failed = Vec::new();
    for name in &input.scheduled_action_names {
        if let Err(error) = remove(group, name) {
            failed.push(failure(name, &error));
        }
    }
    Ok(json!({"FailedScheduledActions": failed}))
}

fn check_batch(actions: usize) -> Result<(), ApiError> {
    let out = || ApiError::validation("a batch has 1 to 50 scheduled actions");
    (1..=BATCH_MAX)
        .contains(&actions)
        .then_some(())
        .ok_or_else(out)
}

fn failure(name: &str, error: &ApiError) -> Value {
    json!({"ScheduledActionName": name, "ErrorCode": error.code, "ErrorMessage": error.message})
}

/// Adds an action to `group`, or replaces the action of the same name.
fn add(group: &mut Group, input: Put, now: Timestamp) -> Result<(), ApiError> {
    let recurrence = input.recurrence.unwrap_or_default();
    let from = input.start_time.or(input.time).map(|at| at.0);
    let until = input.end_time.map(|at| at.0);
    let sizes = [input.min_size, input.max_size, input.desired_capacity];
    let problem = if sizes.iter().all(Option::is_none) {
        Some("At least one of MinSize, MaxSize and DesiredCapacity is required")
    } else if sizes.iter().flatten().any(|size| *size > MAX_CAPACITY) {
        Some("the emulator runs 5000 instances of a group at most")
    } else if recurrence.is_empty() && from.is_none() {
        Some("Either StartTime or Recurrence is required")
    } else if !recurrence.is_empty() && !cron::is_valid(&recurrence) {
        Some(
            "the emulator implements a Recurrence of five fields of *, */n, numbers, ranges and \
             lists",
        )
    } else if recurrence.is_empty() && from.is_some_and(|from| from < now) {
        Some("Given start time is in the past")
    } else if until.is_some_and(|until| from.is_some_and(|from| until <= from)) {
        Some("EndTime is not after StartTime")
    } else {
        None
    };
    if let Some(problem) = problem {
        return Err(ApiError::validation(problem));
    }
    let once = recurrence.is_empty().then_some(from).flatten();
    let spec = ScheduledActionSpec {
        name: input.scheduled_action_name,
        at_s: once.map(|at| at.as_seconds() - group.start.as_seconds()),
        recurrence,
        min: input.min_size,
        max: input.max_size,
        desired: input.desired_capacity,
    };
    let unknown = || ApiError::validation("TimeZone is not the name of an IANA time zone");
    let action = Scheduled::new(spec, from, until, input.time_zone).ok_or_else(unknown)?;
    let place = group
        .schedule
        .iter()
        .position(|one| one.spec.name == action.spec.name);
    if place.is_none() && group.schedule.len() >= ACTIONS_MAX {
        return Err(ApiError::limit("the group has 125 scheduled actions"));
    }
    match place.and_then(|place| group.schedule.get_mut(place)) {
        Some(there) => *there = action,
        None => group.schedule.push(action),
    }
    Ok(())
}

pub(super) fn delete(call: &mut Call<'_>, input: Delete) -> Result<Value, ApiError> {
    let group = call.changeable(&input.auto_scaling_group_name)?;
    remove(group, &input.scheduled_action_name).map(|()| json!({}))
}

fn remove(group: &mut Group, name: &str) -> Result<(), ApiError> {
    let before = group.schedule.len();
    group.schedule.retain(|one| one.spec.name != name);
    if group.schedule.len() == before {
        return Err(ApiError::validation("Scheduled action name not found"));
    }
    Ok(())
}
