//! Warm pools. The emulator shows a pool that is full; launches are not faster.

use foretide_sim::InstanceState;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::describe::{instance, zones};
use crate::error::ApiError;
use crate::group::WarmPool;
use crate::query::Page;
use crate::roster::Instance;

/// Most instances of a pool that are shown.
const SHOWN_MAX: u32 = 1000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Put {
    auto_scaling_group_name: String,
    #[serde(default)]
    max_group_prepared_capacity: Option<i64>,
    #[serde(default)]
    min_size: Option<u32>,
    #[serde(default)]
    pool_state: Option<String>,
    #[serde(default)]
    instance_reuse_policy: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Delete {
    auto_scaling_group_name: String,
    #[serde(default)]
    _force_delete: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Describe {
    auto_scaling_group_name: String,
    #[serde(default)]
    max_records: Option<i64>,
    #[serde(default)]
    next_token: Option<String>,
}

pub(super) fn put(call: &mut Call<'_>, input: Put) -> Result<Value, ApiError> {
    let group = call.changeable(&input.auto_scaling_group_name)?;
    let state = input.pool_state.unwrap_or_else(|| "Stopped".into());
    if !matches!(state.as_str(), "Stopped" | "Running" | "Hibernated") {
        return Err(ApiError::validation(
            "PoolState is not Stopped, Running or Hibernated",
        ));
    }
    let prepared = match input.max_group_prepared_capacity {
        None | Some(-1) => Some(group.bounds().max()),
        Some(other) => u32::try_from(other).ok(),
    };
    let out = || ApiError::validation("MaxGroupPreparedCapacity is not -1 or above");
    let prepared = prepared.ok_or_else(out)?;
    let size = prepared.saturating_sub(group.desired());
    group.warm_pool = Some(WarmPool {
        size: size.max(input.min_size.unwrap_or(0)),
        shown: json!({
            "MaxGroupPreparedCapacity": input.max_group_prepared_capacity,
            "MinSize": input.min_size.unwrap_or(0),
            "PoolState": state,
            "InstanceReusePolicy": input.instance_reuse_policy,
        }),
    });
    Ok(json!({}))
}

/// The pool ends at once, with or without `ForceDelete`.
pub(super) fn delete(call: &mut Call<'_>, input: Delete) -> Result<Value, ApiError> {
    let group = call.changeable(&input.auto_scaling_group_name)?;
    if group.warm_pool.take().is_none() {
        return Err(ApiError::validation("No warm pool found for the group"));
    }
    Ok(json!({}))
}

pub(super) fn describe(call: &mut Call<'_>, input: Describe) -> Result<Value, ApiError> {
    let region = call.region;
    let group = call.group(&input.auto_scaling_group_name)?;
    let Some(pool) = &group.warm_pool else {
        return Ok(json!({"Instances": []}));
    };
    let zones = zones(group, region);
    let all = (0..pool.size.min(SHOWN_MAX)).map(|place| {
        let shown = Instance {
            id: group.roster.warm_id(place),
            state: "Warmed:Stopped",
            healthy: true,
            protected: false,
            in_service_s: None,
            life: InstanceState::Pending,
        };
        instance(group, &shown, place as usize, &zones)
    });
    let page = Page::of(&(input.next_token, input.max_records), 50, 50)?;
    let (instances, token) = page.cut(all.collect());
    Ok(json!({
        "WarmPoolConfiguration": pool.shown,
        "Instances": instances,
        "NextToken": token,
    }))
}
