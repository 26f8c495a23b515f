//! The groups of the account, and which of them a run would look after.

use foretide_aws::FoundGroup;
use foretide_config::{Config, Discovered, Limited, Reach};
use serde::Serialize;

use crate::search::{Found, copied};

/// A group, and whether a run looks after it.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// The group's region.
    pub region: Option<String>,
    /// The role that is assumed to reach it.
    pub role_arn: Option<String>,
    /// Name of the Auto Scaling group.
    pub group: String,
    /// Desired capacity.
    pub desired: u32,
    /// The group's minimum.
    pub min: u32,
    /// The group's maximum.
    pub max: u32,
    /// `table` or `tag`; null if the group is not looked after.
    pub looked_after_by: Option<&'static str>,
    /// The mode; none if the group is not looked after.
    pub mode: Option<String>,
    /// The policy, as the mode.
    pub policy: Option<String>,
    /// Why the group is not looked after, and what is odd about its tags.
    pub remarks: Vec<String>,
    /// Whether it has neither a table nor the tag.
    #[serde(skip)]
    pub untagged: bool,
}

/// What decides whether a group is looked after.
#[derive(Debug)]
pub struct Listing<'a> {
    /// The region of groups that name none.
    pub home: Option<&'a str>,
    /// The configuration without what was found.
    pub configured: &'a Config,
    /// The configuration if every group with the tag were looked after.
    pub discovered: &'a Discovered,
}

impl Listing<'_> {
    /// One row for each group that was found.
    pub fn rows(&self, found: &Found) -> Vec<Listed> {
        let groups = found.groups.iter();
        let groups = groups.flat_map(|(reach, groups)| groups.iter().map(move |it| (reach, it)));
        groups
            .map(|(reach, group)| self.row(reach, group))
            .collect()
    }

    fn row(&self, reach: &Reach, group: &FoundGroup) -> Listed {
        let of = |config: &Config| {
            let table = config.table_of(&group.name, reach, self.home);
            table.map(|(_, settings)| settings.controller.clone())
        };
        let settings = of(&self.discovered.config);
        let by = match (of(self.configured), &settings) {
            (Some(_), _) => Some("table"),
            (None, Some(_)) if self.configured.discover.enabled => Some("tag"),
            _ => None,
        };
        let mut remarks = self.remarks(reach, group);
        if let (None, Some(settings)) = (by, &settings) {
            remarks.push(format!(
                "its tag counts for `foretide run --discover`, or with discover.enabled = true: \
                 {}, policy {}",
                settings.mode, settings.policy
            ));
        }
        let settings = settings.filter(|_| by.is_some());
        Listed {
            region: reach.region.as_deref().or(self.home).map(str::to_owned),
            role_arn: reach.role_arn.clone(),
            group: group.name.clone(),
            desired: group.desired,
            min: group.min,
            max: group.max,
            looked_after_by: by,
            mode: settings.as_ref().map(|it| it.mode.to_string()),
            policy: settings.map(|it| it.policy.to_string()),
            remarks,
            untagged: self.untagged(reach, group),
        }
    }

    /// What is odd about the group's tags, or that it has none of Foretide's.
    fn remarks(&self, reach: &Reach, group: &FoundGroup) -> Vec<String> {
        let Discovered {
            config,
            refused,
            limited,
        } = self.discovered;
        let tag = &config.discover.tag;
        let refused = refused.iter();
        let refused = refused.filter(|it| it.group == group.name && it.reach == *reach);
        let mut remarks: Vec<String> = refused
            .map(|it| format!("its tags cannot be used: {}", it.problems))
            .collect();
        let limited = limited.iter();
        let limited = limited.filter(|it| it.group == group.name && it.reach == *reach);
        remarks.extend(limited.map(Limited::to_string));
        remarks.extend(copied(group, tag));
        if self.untagged(reach, group) {
            remarks.push(format!("it has neither a table nor the tag {tag}"));
        }
        remarks
    }

    fn untagged(&self, reach: &Reach, group: &FoundGroup) -> bool {
        let config = &self.discovered.config;
        let tagged = group.tags.iter().any(|it| it.key == config.discover.tag);
        !tagged && config.table_of(&group.name, reach, self.home).is_none()
    }
}
