//! The settings of the search for groups by a tag.

use std::time::Duration;

use foretide_domain::Mode;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Reach;
use super::broken::{Broken, broken};
use super::choice::RawMode;
use super::quantity::Span;
use super::set::set;

/// The search for groups.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDiscover {
    /// Whether groups are looked for.
    pub(super) enabled: Option<bool>,
    /// Key of the tag that a group must have; the value of the tag does not matter. Tags that begin
    /// with this key and a colon are settings: `foretide:policy`, `foretide:budget`,
    /// `foretide:lead-time-min`.
    pub(super) tag: Option<String>,
    /// Time between two searches.
    pub(super) every: Option<Span>,
    /// Regions to search. If empty, the region of `[defaults]`.
    pub(super) regions: Option<Vec<String>>,
    /// Roles to assume, one for each account; each is used in every region. If empty, the role of
    /// `[defaults]`.
    pub(super) role_arns: Option<Vec<String>>,
    /// The most that the tag of a mode may allow. A group that is found starts in `observe`.
    pub(super) max_mode: Option<RawMode>,
}

/// Settings of the search for groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoverSettings {
    /// Whether groups are looked for.
    pub enabled: bool,
    /// Key of the tag.
    pub tag: String,
    /// Time between two searches.
    pub every: Duration,
    /// Regions to search.
    pub regions: Vec<String>,
    /// Roles to assume.
    pub role_arns: Vec<String>,
    /// The most that a tag may allow.
    pub max_mode: Mode,
}

impl Default for DiscoverSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            tag: "foretide".to_owned(),
            every: Duration::from_secs(60),
            regions: Vec::new(),
            role_arns: Vec::new(),
            max_mode: Mode::Observe,
        }
    }
}

impl DiscoverSettings {
    /// Every region with every role. `defaults` stands for regions, or roles, that are not named.
    pub fn reaches(&self, defaults: &Reach) -> Vec<Reach> {
        let or = |named: &[String], default: &Option<String>| match named {
            [] => vec![default.clone()],
            named => named.iter().cloned().map(Some).collect(),
        };
        let roles = or(&self.role_arns, &defaults.role_arn);
        let regions = or(&self.regions, &defaults.region);
        let of_role = |role: &Option<String>| {
            let with = |region: &Option<String>| Reach {
                region: region.clone(),
                role_arn: role.clone(),
            };
            regions.iter().map(with).collect::<Vec<_>>()
        };
        roles.iter().flat_map(of_role).collect()
    }
}

/// The settings with defaults for unset keys.
pub(super) fn resolved(raw: RawDiscover) -> DiscoverSettings {
    let mut discover = DiscoverSettings::default();
    set(&mut discover.enabled, raw.enabled);
    set(&mut discover.tag, raw.tag);
    set(&mut discover.every, raw.every);
    set(&mut discover.regions, raw.regions);
    set(&mut discover.role_arns, raw.role_arns);
    set(&mut discover.max_mode, raw.max_mode);
    discover
}

/// Checks of settings that would find nothing, or ask too often.
pub(super) fn checks(discover: &DiscoverSettings) -> Vec<Broken> {
    broken([
        ("tag", !discover.tag.trim().is_empty(), "must not be empty"),
        (
            "every",
            discover.every >= Duration::from_secs(10),
            "must be at least 10s",
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_is_searched_with_every_role() {
        let mut discover = DiscoverSettings::default();
        let defaults = Reach {
            region: Some("eu-west-1".to_owned()),
            role_arn: None,
        };
        assert_eq!(discover.reaches(&defaults), vec![defaults.clone()]);
        discover.regions = vec!["a".to_owned(), "b".to_owned()];
        discover.role_arns = vec!["one".to_owned(), "two".to_owned()];
        assert_eq!(discover.reaches(&defaults).len(), 4);
    }
}
