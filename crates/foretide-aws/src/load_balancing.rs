//! Reads the health of targets by `DescribeTargetHealth` of Elastic Load Balancing, whose client is
//! behind the feature `target-groups`.

use std::collections::{BTreeMap, BTreeSet};

use foretide_domain::CallFailure;

use crate::clients::AwsClients;
use crate::targets::{TargetHealth, TargetState};

/// The state of each instance of one target group.
type Targets = BTreeMap<String, TargetState>;

impl AwsClients {
    /// Reads the targets of `target_groups`, with one call for each.
    ///
    /// # Errors
    /// The first call that failed. Without the feature `target-groups` every call fails.
    pub async fn read_targets(
        &self,
        target_groups: &BTreeSet<String>,
    ) -> Result<TargetHealth, CallFailure> {
        let mut health = TargetHealth::new();
        for target_group in target_groups {
            let targets = client::describe(self, target_group).await?;
            health.insert(target_group.clone(), targets);
        }
        Ok(health)
    }
}

#[cfg(feature = "target-groups")]
mod client {
    use aws_sdk_elasticloadbalancingv2::types::TargetHealthStateEnum;
    use foretide_domain::CallFailure;

    use super::Targets;
    use crate::clients::{AwsClients, Turn};
    use crate::targets::TargetState;

    /// The targets of one target group. An instance that is registered at several ports is healthy
    /// if it is healthy at one of them.
    pub(super) async fn describe(
        clients: &AwsClients,
        target_group: &str,
    ) -> Result<Targets, CallFailure> {
        let request = clients.load_balancing.describe_target_health();
        let request = request.target_group_arn(target_group).send();
        let call = clients.call(Turn::Spare, "DescribeTargetHealth", request);
        let answer = call.await?;
        let mut targets = Targets::new();
        for one in answer.target_health_descriptions() {
            let Some(id) = one.target().and_then(|target| target.id()) else {
                continue;
            };
            let health = one.target_health().and_then(|health| health.state());
            let state = health.map_or(TargetState::Other, state);
            let known = targets.entry(id.to_owned()).or_insert(state);
            if state == TargetState::Healthy {
                *known = state;
            }
        }
        Ok(targets)
    }

    fn state(state: &TargetHealthStateEnum) -> TargetState {
        match state {
            TargetHealthStateEnum::Healthy => TargetState::Healthy,
            TargetHealthStateEnum::Unhealthy => TargetState::Unhealthy,
            _ => TargetState::Other,
        }
    }
}

#[cfg(not(feature = "target-groups"))]
mod client {
    use std::future::{Ready, ready};

    use foretide_domain::{CallFailure, FailureKind};

    use super::Targets;
    use crate::clients::AwsClients;
    use crate::failure::failure;

    pub(super) fn describe(_: &AwsClients, _: &str) -> Ready<Result<Targets, CallFailure>> {
        let why = "DescribeTargetHealth: this build has no client of Elastic Load Balancing";
        ready(Err(failure(FailureKind::Rejected, why)))
    }
}
