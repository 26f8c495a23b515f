//! Launch configurations: stored for groups that name one. The emulator takes the instance type
//! from them and shows the rest.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::Call;
use crate::error::ApiError;
use crate::query::Page;

/// Most launch configurations, as in EC2 Auto Scaling.
const CONFIGURATIONS_MAX: usize = 200;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Name {
    launch_configuration_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Describe {
    #[serde(default)]
    launch_configuration_names: Vec<String>,
    #[serde(default)]
    max_records: Option<i64>,
    #[serde(default)]
    next_token: Option<String>,
}

/// Parameters that are stored and shown.
const SHOWN: [&str; 17] = [
    "AssociatePublicIpAddress",
    "BlockDeviceMappings",
    "ClassicLinkVPCId",
    "ClassicLinkVPCSecurityGroups",
    "EbsOptimized",
    "IamInstanceProfile",
    "ImageId",
    "InstanceMonitoring",
    "InstanceType",
    "KernelId",
    "KeyName",
    "MetadataOptions",
    "PlacementTenancy",
    "RamdiskId",
    "SecurityGroups",
    "SpotPrice",
    "UserData",
];

pub(super) fn create(call: &mut Call<'_>, mut sent: Map<String, Value>) -> Result<Value, ApiError> {
    let name = sent.remove("LaunchConfigurationName");
    let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
    if !(1..=255).contains(&name.len()) {
        let message = "LaunchConfigurationName has 1 to 255 characters";
        return Err(ApiError::validation(message));
    }
    if let Some(other) = sent.keys().find(|key| !SHOWN.contains(&key.as_str())) {
        return Err(ApiError::unknown_parameter(other));
    }
    if ["ImageId", "InstanceType"]
        .iter()
        .any(|key| !sent.contains_key(*key))
    {
        return Err(ApiError::validation(
            "Valid requests must contain either the InstanceID parameter or both the ImageId and \
             InstanceType parameters.",
        ));
    }
    let all = &call.state.launch_configurations;
    if all.contains_key(name) {
        let message = format!(
            "Launch Configuration by this name already exists - A launch configuration \
                     already exists with the name {name}"
        );
        return Err(ApiError::new(400, "AlreadyExists", message));
    }
    if all.len() == CONFIGURATIONS_MAX {
        return Err(ApiError::limit("there are 200 launch configurations"));
    }
    let fixed = json!({
        "LaunchConfigurationName": name,
        "LaunchConfigurationARN":
            call.arn("launchConfiguration", &format!("launchConfigurationName/{name}")),
        "CreatedTime": call.now.to_string(),
        "InstanceMonitoring": {"Enabled": true},
        "EbsOptimized": false, "KernelId": "", "RamdiskId": "",
        "BlockDeviceMappings": [], "SecurityGroups": [], "ClassicLinkVPCSecurityGroups": [],
    });
    let mut shown = fixed.as_object().cloned().unwrap_or_default();
    shown.extend(sent);
    call.state
        .launch_configurations
        .insert(name.to_owned(), shown);
    Ok(json!({}))
}

pub(super) fn delete(call: &mut Call<'_>, input: Name) -> Result<Value, ApiError> {
    let name = &input.launch_configuration_name;
    let uses = |shown: &Map<String, Value>| {
        shown.get("LaunchConfigurationName").and_then(Value::as_str) == Some(name)
    };
    if call.state.groups.values().any(|group| uses(&group.shown)) {
        let message = format!(
            "Cannot delete launch configuration {name} because it is attached to \
                               an AutoScalingGroup"
        );
        return Err(ApiError::new(400, "ResourceInUse", message));
    }
    if call.state.launch_configurations.remove(name).is_none() {
        let message = format!(
            "Launch configuration name not found - Launch configuration {name} \
                               not found"
        );
        return Err(ApiError::validation(message));
    }
    Ok(json!({}))
}

pub(super) fn describe(call: &mut Call<'_>, input: Describe) -> Result<Value, ApiError> {
    let names = &input.launch_configuration_names;
    let all = call.state.launch_configurations.iter();
    let found = all
        .filter(|(name, _)| names.is_empty() || names.contains(name))
        .map(|(_, shown)| shown.clone())
        .collect();
    let page = Page::of(&(input.next_token, input.max_records), 50, 100)?;
    let (found, token): (Vec<_>, _) = page.cut(found);
    Ok(json!({"LaunchConfigurations": found, "NextToken": token}))
}
