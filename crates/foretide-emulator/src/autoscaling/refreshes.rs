//! Instance refreshes.

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use crate::error::ApiError;
use crate::query::Page;
use crate::refresh::Refresh;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Start {
    auto_scaling_group_name: String,
    #[serde(default)]
    strategy: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Cancel {
    auto_scaling_group_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Describe {
    auto_scaling_group_name: String,
    #[serde(default)]
    instance_refresh_ids: Vec<String>,
    #[serde(default)]
    max_records: Option<i64>,
    #[serde(default)]
    next_token: Option<String>,
}

/// The refresh that a scenario shows as under way. It replaces nothing.
const SCRIPTED_ID: &str = "08b91cf7-8fa6-48af-b6a6-d227f40f1b9b";

pub(super) fn start(call: &mut Call<'_>, input: Start) -> Result<Value, ApiError> {
    let now = call.now;
    if input.strategy.is_some_and(|one| one != "Rolling") {
        let message = "the emulator implements the Strategy Rolling only";
        return Err(ApiError::validation(message));
    }
    let group = call.changeable(&input.auto_scaling_group_name)?;
    let under_way = group.refreshes.back().is_some_and(Refresh::is_under_way);
    if under_way || group.spec.refreshing {
        let message = "An Instance Refresh is already in progress and blocks the execution of this \
                       Instance Refresh.";
        return Err(ApiError::new(400, "InstanceRefreshInProgress", message));
    }
    Ok(json!({"InstanceRefreshId": group.start_refresh(now)}))
}

pub(super) fn cancel(call: &mut Call<'_>, input: Cancel) -> Result<Value, ApiError> {
    let group = call.changeable(&input.auto_scaling_group_name)?;
    if std::mem::take(&mut group.spec.refreshing) {
        return Ok(json!({"InstanceRefreshId": SCRIPTED_ID}));
    }
    let refresh = group.refreshes.back_mut().filter(|one| one.is_under_way());
    let Some(refresh) = refresh else {
        let message = "No in progress or pending Instance Refresh found for Auto Scaling group";
        return Err(ApiError::new(400, "ActiveInstanceRefreshNotFound", message));
    };
    refresh.status = "Cancelling";
    Ok(json!({"InstanceRefreshId": refresh.id}))
}

pub(super) fn describe(call: &mut Call<'_>, input: Describe) -> Result<Value, ApiError> {
    let group = call.group(&input.auto_scaling_group_name)?;
    let name = group.spec.name.clone();
    let scripted = group.spec.refreshing.then(|| {
        json!({
            "InstanceRefreshId": SCRIPTED_ID,
            "AutoScalingGroupName": name,
            "Status": "InProgress",
            "StartTime": group.created.to_string(),
            "PercentageComplete": 50,
            "InstancesToUpdate": 1,
        })
    });
    let others = group.refreshes.iter().rev().map(|one| {
        json!({
            "InstanceRefreshId": one.id,
            "AutoScalingGroupName": name,
            "Status": one.status,
            "StartTime": one.started.to_string(),
            "EndTime": one.ended.map(|at| at.to_string()),
            "PercentageComplete": one.percent(),
            "InstancesToUpdate": one.left(),
        })
    });
    let ids = &input.instance_refresh_ids;
    let all = scripted.into_iter().chain(others);
    let wanted = all.filter(|one| {
        ids.is_empty() || ids.iter().any(|id| one["InstanceRefreshId"] == id.as_str())
    });
    let page = Page::of(&(input.next_token, input.max_records), 50, 100)?;
    let (refreshes, token) = page.cut(wanted.collect());
    Ok(json!({"InstanceRefreshes": refreshes, "NextToken": token}))
}
