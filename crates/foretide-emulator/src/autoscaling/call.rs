//! One call: the emulated groups, the time, and the client's region.

use foretide_domain::Timestamp;

use crate::ACCOUNT;
use crate::emulator::State;
use crate::error::ApiError;
use crate::group::Group;

/// What an operation works on.
pub(super) struct Call<'s> {
    pub(super) state: &'s mut State,
    pub(super) now: Timestamp,
    pub(super) region: &'s str,
}

impl Call<'_> {
    /// The group `name`.
    ///
    /// # Errors
    /// There is no such group.
    pub(super) fn group(&mut self, name: &str) -> Result<&mut Group, ApiError> {
        let missing = || {
            let name: String = name.chars().take(255).collect();
            ApiError::validation(format!(
                "AutoScalingGroup name not found - AutoScalingGroup '{name}' not found"
            ))
        };
        self.state.group(name, self.now).ok_or_else(missing)
    }

    /// The group `name`, to change it.
    ///
    /// # Errors
    /// There is no such group, or its operator alone may change it.
    pub(super) fn changeable(&mut self, name: &str) -> Result<&mut Group, ApiError> {
        let group = self.group(name)?;
        if let Some(operator) = &group.spec.operator {
            let message = format!("the group can be changed by its operator {operator} only");
            return Err(ApiError::new(403, "AccessDenied", message));
        }
        Ok(group)
    }

    /// The group `name`, or all groups if there is no name.
    ///
    /// # Errors
    /// There is no such group.
    pub(super) fn one_or_all(&mut self, name: Option<&str>) -> Result<Vec<&mut Group>, ApiError> {
        if let Some(name) = name {
            return self.group(name).map(|group| vec![group]);
        }
        let now = self.now;
        let mut all: Vec<_> = self.state.groups.values_mut().collect();
        for group in &mut all {
            group.advance(now);
        }
        Ok(all)
    }

    /// The name of the group that has the instance `id`.
    pub(super) fn group_of(&mut self, id: &str) -> Option<String> {
        let now = self.now;
        let mut all = self.state.groups.iter_mut();
        all.find_map(|(name, group)| {
            group.advance(now);
            let is_it = group.instances().iter().any(|one| one.id == id);
            is_it.then(|| name.clone())
        })
    }

    /// The ARN of `resource`, such as `autoScalingGroup:UUID:autoScalingGroupName/web`.
    pub(super) fn arn(&self, kind: &str, rest: &str) -> String {
        arn(self.region, kind, rest)
    }
}

/// The UUID of every ARN: the one that moto has in those of policies.
const UUID: &str = "c322761b-3172-4d56-9a21-0ed9d6161d67";

/// The ARN of a resource in `region`.
pub(super) fn arn(region: &str, kind: &str, rest: &str) -> String {
    format!("arn:aws:autoscaling:{region}:{ACCOUNT}:{kind}:{UUID}:{rest}")
}
