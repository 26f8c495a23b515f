//! Target groups of an emulated group: their specification and their ARNs.

use serde::{Deserialize, Serialize};

use crate::ACCOUNT;
use crate::roster::fnv;

/// Most target groups of a group, as in EC2 Auto Scaling.
const TARGET_GROUPS_MAX: usize = 50;
/// Longest name of a target group, as in Elastic Load Balancing.
const NAME_MAX: usize = 32;

/// A target group with which the instances in service are registered. Requests go to the instances
/// that it finds healthy, or to all where it finds none healthy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TargetGroupSpec {
    /// The target group's name. Groups may share a target group.
    pub name: String,
    /// Seconds from in service until a target is healthy.
    pub healthy_after_s: u32,
    /// Instances in service, the oldest first, that fail the health check.
    pub unhealthy: u32,
    /// Whether no load balancer uses the target group.
    pub unused: bool,
}

impl Default for TargetGroupSpec {
    fn default() -> Self {
        Self {
            name: String::new(),
            healthy_after_s: 60,
            unhealthy: 0,
            unused: false,
        }
    }
}

/// What is wrong with the target groups of a specification, if anything is.
pub(crate) fn problem(target_groups: &[TargetGroupSpec]) -> Option<&'static str> {
    let proper = |one: &TargetGroupSpec| {
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (1..=NAME_MAX).contains(&one.name.len()) && one.name.chars().all(letters)
    };
    if target_groups.len() > TARGET_GROUPS_MAX {
        Some("there are more than 50 target groups")
    } else if !target_groups.iter().all(proper) {
        Some("the name of a target group is not 1 to 32 letters, digits and hyphens")
    } else {
        None
    }
}

/// The ARN of the target group `name`.
pub(crate) fn arn(region: &str, name: &str) -> String {
    let id = fnv(name.bytes());
    format!("arn:aws:elasticloadbalancing:{region}:{ACCOUNT}:targetgroup/{name}/{id:016x}")
}

/// The name of the target group with this ARN.
pub(crate) fn name_of(arn: &str) -> Option<&str> {
    let (_, path) = arn.split_once(":targetgroup/")?;
    path.split('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_names_its_target_group() {
        let arn = arn("eu-west-1", "front");
        assert!(
            arn.starts_with("arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/")
        );
        assert_eq!(name_of(&arn), Some("front"));
        assert_eq!(name_of("arn:aws:autoscaling:eu-west-1:1:x"), None);
    }

    #[test]
    fn names_that_aws_would_refuse_are_refused() {
        let named = |name: &str| TargetGroupSpec {
            name: name.into(),
            ..TargetGroupSpec::default()
        };
        assert_eq!(problem(&[named("web-1")]), None);
        for bad in ["", "a/b", &"a".repeat(33)] {
            assert!(problem(&[named(bad)]).is_some(), "{bad}");
        }
        assert!(problem(&vec![named("a"); 51]).is_some());
    }
}
