//! `DescribeScalingActivities`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, arn};
use crate::error::ApiError;
use crate::group::Group;
use crate::query::Page;
use crate::roster::Activity;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Describe {
    #[serde(default)]
    activity_ids: Vec<String>,
    #[serde(default)]
    auto_scaling_group_name: Option<String>,
    #[serde(default)]
    include_deleted_groups: bool,
    #[serde(default)]
    max_records: Option<i64>,
    #[serde(default)]
    next_token: Option<String>,
}

pub(super) fn describe(call: &mut Call<'_>, input: Describe) -> Result<Value, ApiError> {
    let region = call.region;
    let name = input.auto_scaling_group_name.as_deref();
    let mut all = Vec::new();
    let mut deleted = 0;
    if input.include_deleted_groups {
        let gone = call.state.deleted.iter();
        for group in gone.filter(|group| name.is_none_or(|name| name == group.spec.name)) {
            deleted += 1;
            all.extend(
                group
                    .roster
                    .activities()
                    .map(|one| show(group, one, region)),
            );
        }
    }
    // A deleted group is found by its name as well.
    let living = match call.one_or_all(name) {
        Err(_) if deleted > 0 => Vec::new(),
        other => other?,
    };
    for group in living {
        all.extend(
            group
                .roster
                .activities()
                .map(|one| show(group, one, region)),
        );
    }
    if !input.activity_ids.is_empty() {
        all.retain(|one: &Value| {
            let mut ids = input.activity_ids.iter();
            ids.any(|id| one["ActivityId"] == id.as_str())
        });
    }
    all.sort_by(|a, b| b["StartTime"].as_str().cmp(&a["StartTime"].as_str()));
    let page = Page::of(&(input.next_token, input.max_records), 100, 100)?;
    let (activities, token) = page.cut(all);
    Ok(json!({"Activities": activities, "NextToken": token}))
}

/// One activity, as AWS shows it.
pub(super) fn show(group: &Group, activity: &Activity, region: &str) -> Value {
    let name = &group.spec.name;
    let resource = format!("autoScalingGroupName/{name}");
    let (deleted, started) = (group.deleted, group.at(activity.started_s));
    json!({
        "ActivityId": group.roster.activity_id(activity.number),
        "AutoScalingGroupName": name,
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": started.to_string(),
        "EndTime": activity.ended_s.map(|at| group.at(at).to_string()),
        "StatusCode": activity.status,
        "StatusMessage": activity.message,
        "Progress": if activity.ended_s.is_some() { 100 } else { 30 },
        "Details": format!("{{\"Availability Zone\":\"{region}a\"}}"),
        "AutoScalingGroupState": deleted.then_some("Deleted"),
        "AutoScalingGroupARN": arn(region, "autoScalingGroup", &resource),
    })
}
