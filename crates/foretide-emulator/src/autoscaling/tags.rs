//! Tags of groups.

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::filters::Filter;
use crate::error::ApiError;
use crate::group::{Group, Tag};
use crate::query::Page;

/// Most tags of a group, as in EC2 Auto Scaling.
const TAGS_MAX: usize = 50;
const RESOURCE: &str = "auto-scaling-group";

/// A tag as a client sends it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct TagInput {
    #[serde(default)]
    resource_id: Option<String>,
    #[serde(default)]
    resource_type: Option<String>,
    key: String,
    #[serde(default)]
    value: Option<String>,
    #[serde(default)]
    propagate_at_launch: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Tags {
    tags: Vec<TagInput>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Describe {
    #[serde(default)]
    filters: Vec<Filter>,
    #[serde(default)]
    max_records: Option<i64>,
    #[serde(default)]
    next_token: Option<String>,
}

/// One tag, as AWS shows it.
pub(super) fn show(group: &str, (key, tag): (&String, &Tag)) -> Value {
    json!({
        "ResourceId": group, "ResourceType": RESOURCE, "Key": key, "Value": tag.value,
        "PropagateAtLaunch": tag.propagate,
    })
}

/// Adds `tags` to `group`.
///
/// # Errors
/// A tag is malformed, or there would be more than fifty.
pub(super) fn add(group: &mut Group, tags: Vec<TagInput>) -> Result<(), ApiError> {
    let mut all = group.tags.clone();
    for tag in tags {
        let value = tag.value.unwrap_or_default();
        let proper = (1..=128).contains(&tag.key.chars().count()) && value.chars().count() <= 256;
        if !proper || tag.resource_type.is_some_and(|kind| kind != RESOURCE) {
            let message = "a tag's key has 1 to 128 characters, its value at most 256, and its \
                           resource type is auto-scaling-group";
            return Err(ApiError::validation(message));
        }
        if tag.key.starts_with("aws:") {
            let message = "Only AWS services can create tags that begin with aws:";
            return Err(ApiError::validation(message));
        }
        let propagate = tag.propagate_at_launch;
        all.insert(tag.key, Tag { value, propagate });
    }
    if all.len() > TAGS_MAX {
        return Err(ApiError::limit("the group would have more than 50 tags"));
    }
    group.tags = all;
    Ok(())
}

pub(super) fn put(call: &mut Call<'_>, input: Tags) -> Result<Value, ApiError> {
    for name in input
        .tags
        .iter()
        .filter_map(|tag| tag.resource_id.as_deref())
    {
        call.changeable(name)?;
    }
    for tag in input.tags {
        let name = resource(&tag)?;
        add(call.changeable(&name)?, vec![tag])?;
    }
    Ok(json!({}))
}

pub(super) fn delete(call: &mut Call<'_>, input: Tags) -> Result<Value, ApiError> {
    for tag in input.tags {
        let group = call.changeable(&resource(&tag)?)?;
        let same = |found: &Tag| tag.value.as_ref().is_none_or(|value| *value == found.value);
        if group.tags.get(&tag.key).is_some_and(same) {
            group.tags.remove(&tag.key);
        }
    }
    Ok(json!({}))
}

fn resource(tag: &TagInput) -> Result<String, ApiError> {
    let missing = || ApiError::validation("a tag names no ResourceId");
    tag.resource_id.clone().ok_or_else(missing)
}

pub(super) fn describe(call: &mut Call<'_>, input: Describe) -> Result<Value, ApiError> {
    let mut found = Vec::new();
    for (name, group) in &call.state.groups {
        for (key, tag) in &group.tags {
            let mut matches = true;
            for filter in &input.filters {
                matches &= filter.matches_tag(name, key, tag)?;
            }
            if matches {
                found.push(show(name, (key, tag)));
            }
        }
    }
    let page = Page::of(&(input.next_token, input.max_records), 50, 100)?;
    let (tags, token) = page.cut(found);
    Ok(json!({"Tags": tags, "NextToken": token}))
}
