//! `Filters` of a request: every filter must match, and a filter matches one of its values.

use serde::Deserialize;

use crate::error::ApiError;
use crate::group::Tag;

/// One filter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Filter {
    name: String,
    #[serde(default)]
    values: Vec<String>,
}

impl Filter {
    fn has(&self, value: &str) -> bool {
        self.values.iter().any(|one| one == value)
    }

    fn unknown(&self, allowed: &str) -> ApiError {
        let name: String = self.name.chars().take(80).collect();
        ApiError::validation(format!(
            "Filter type {name} is not correct. Allowed Filter types are: {allowed}"
        ))
    }

    /// Whether a group with these tags matches. A filter without values, `tag-key` aside, matches
    /// nothing.
    ///
    /// # Errors
    /// The filter's name is unknown.
    pub(super) fn matches_group<'t>(
        &self,
        mut tags: impl Iterator<Item = (&'t String, &'t Tag)>,
    ) -> Result<bool, ApiError> {
        match self.name.as_str() {
            "tag-key" => Ok(tags.any(|(key, _)| self.has(key))),
            "tag-value" => Ok(tags.any(|(_, tag)| self.has(&tag.value))),
            name => match name.strip_prefix("tag:") {
                Some(wanted) => Ok(tags.any(|(key, tag)| key == wanted && self.has(&tag.value))),
                None => Err(self.unknown("[tag-key, tag-value, tag:<key>]")),
            },
        }
    }

    /// Whether the tag `key` of `group` matches.
    ///
    /// # Errors
    /// The filter's name is unknown.
    pub(super) fn matches_tag(&self, group: &str, key: &str, tag: &Tag) -> Result<bool, ApiError> {
        match self.name.as_str() {
            "auto-scaling-group" => Ok(self.has(group)),
            "key" => Ok(self.has(key)),
            "value" => Ok(self.has(&tag.value)),
            "propagate-at-launch" => {
                let flag = tag.propagate.to_string();
                Ok(self
                    .values
                    .iter()
                    .any(|one| one.eq_ignore_ascii_case(&flag)))
            }
            _ => Err(self.unknown("[auto-scaling-group, key, value, propagate-at-launch]")),
        }
    }
}
