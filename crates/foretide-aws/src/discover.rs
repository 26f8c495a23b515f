//! Finds the Auto Scaling groups of an account and region, with their tags.

use aws_sdk_autoscaling::types::{AutoScalingGroup, Filter};
use foretide_domain::{CallFailure, FailureKind};

use crate::clients::{AwsClients, Turn};
use crate::failure::failure;

const OPERATION: &str = "DescribeAutoScalingGroups";
/// Groups a page: the service's limit.
const PAGE: i32 = 100;
/// Most pages read: 20,000 groups. AWS's own limit is 500 groups a region, unless it is raised.
const PAGES_MAX: usize = 200;

/// A group as a search finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundGroup {
    /// Name of the Auto Scaling group.
    pub name: String,
    /// Desired capacity, minimum and maximum.
    pub desired: u32,
    /// The group's minimum.
    pub min: u32,
    /// The group's maximum.
    pub max: u32,
    /// The group's tags, by key.
    pub tags: Vec<GroupTag>,
}

/// One tag of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupTag {
    /// Key of the tag.
    pub key: String,
    /// Value of the tag; empty where it has none.
    pub value: String,
    /// Whether new instances get the tag as well.
    pub propagated: bool,
}

impl AwsClients {
    /// The groups with a tag `tag`, whatever its value; all groups if `tag` is none. In the order
    /// of their names.
    ///
    /// # Errors
    /// The call failed after its retries, or AWS has more groups than can be read.
    pub async fn find_groups(&self, tag: Option<&str>) -> Result<Vec<FoundGroup>, CallFailure> {
        let filters = tag.map(|tag| vec![Filter::builder().name("tag-key").values(tag).build()]);
        let mut found = Vec::new();
        let mut token = None;
        for _ in 0..PAGES_MAX {
            let request = self
                .autoscaling
                .describe_auto_scaling_groups()
                .set_filters(filters.clone())
                .max_records(PAGE)
                .set_next_token(token);
            let answer = self.call(Turn::Aside, OPERATION, request.send()).await?;
            let groups = answer.auto_scaling_groups.unwrap_or_default();
            found.extend(groups.iter().filter_map(read));
            token = answer.next_token;
            if token.is_none() {
                found.sort_by(|a, b| a.name.cmp(&b.name));
                return Ok(found);
            }
        }
        let limit = PAGES_MAX * usize::try_from(PAGE).unwrap_or_default();
        Err(failure(
            FailureKind::Malformed,
            format!("{OPERATION}: more than {limit} groups"),
        ))
    }
}

/// A group that is not being deleted; none without a name.
fn read(group: &AutoScalingGroup) -> Option<FoundGroup> {
    if group.status().is_some() {
        // The status is there only while the group is being deleted.
        return None;
    }
    let number = |value: Option<i32>| u32::try_from(value.unwrap_or_default()).unwrap_or_default();
    let tags = group.tags().iter().filter_map(|tag| {
        Some(GroupTag {
            key: tag.key()?.to_owned(),
            value: tag.value().unwrap_or_default().to_owned(),
            propagated: tag.propagate_at_launch().unwrap_or_default(),
        })
    });
    let mut tags: Vec<GroupTag> = tags.collect();
    tags.sort_by(|a, b| a.key.cmp(&b.key));
    Some(FoundGroup {
        name: group.auto_scaling_group_name()?.to_owned(),
        desired: number(group.desired_capacity()),
        min: number(group.min_size()),
        max: number(group.max_size()),
        tags,
    })
}
