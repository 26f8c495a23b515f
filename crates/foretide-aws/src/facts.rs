//! Slow facts of a group: other writers of the group and instance refreshes. For doctor also the
//! warm pool.

use std::collections::BTreeMap;

use aws_sdk_autoscaling::primitives::DateTime;
use aws_sdk_autoscaling::types::{InstanceRefreshStatus, ScalingPolicy};
use foretide_calendar::ScheduledAction;
use foretide_domain::{CallFailure, FailureKind, Timestamp};

use crate::clients::{AwsClients, Turn};
use crate::failure::failure;

/// Records a page: the service's limit.
const PAGE: i32 = 100;
/// Most pages of one answer. With all quotas used up, a region has 500 groups with 50 policies
/// each.
const PAGES_MAX: usize = 250;
/// Up to this number of groups, each group is asked for alone; beyond, one question covers the
/// whole account. An account's policies rarely fill more pages.
const ONE_BY_ONE_MAX: usize = 5;

/// Slow facts of one group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SlowFacts {
    /// Whether an instance refresh is under way; none while unknown, and capacity is not lowered
    /// then.
    pub refreshing: Option<bool>,
    /// The group's scaling policies.
    pub policies: Vec<ScalingPolicyFact>,
    /// The group's scheduled actions.
    pub scheduled_actions: Vec<ScheduledAction>,
    /// Why the last reading of the refresh failed; `refreshing` is from an earlier reading then.
    pub refresh_outdated: Option<CallFailure>,
    /// Why the last reading of policies and scheduled actions failed; they are from an earlier
    /// reading then.
    pub writers_outdated: Option<Outdated>,
}

/// A fact that could not be read anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outdated {
    /// Time of the last successful reading.
    pub since: Timestamp,
    /// Failure of the newest reading.
    pub why: CallFailure,
}

/// Policies and scheduled actions by group, with one result for each group.
pub(crate) type Writers = BTreeMap<String, Result<SlowFacts, CallFailure>>;

/// A scaling policy, which is another writer of desired capacity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScalingPolicyFact {
    /// The policy's name.
    pub name: String,
    /// `TargetTrackingScaling`, `StepScaling`, `SimpleScaling` or `PredictiveScaling`.
    pub kind: String,
    /// Whether the policy is enabled.
    pub enabled: bool,
    /// Whether a predictive policy only forecasts.
    pub forecast_only: bool,
}

impl ScalingPolicyFact {
    /// Whether the policy can set desired capacity.
    pub const fn acts(&self) -> bool {
        self.enabled && !self.forecast_only
    }
}

impl SlowFacts {
    /// Policies that set desired capacity beside Foretide.
    pub fn competing_policies(&self) -> impl Iterator<Item = &ScalingPolicyFact> {
        self.policies.iter().filter(|policy| policy.acts())
    }
}

/// The slow facts of one group with one result each, so that a missing permission shows.
#[derive(Clone, Debug, PartialEq)]
pub struct FactAnswers {
    /// The group's scaling policies.
    pub policies: Result<Vec<ScalingPolicyFact>, CallFailure>,
    /// The group's scheduled actions.
    pub scheduled_actions: Result<Vec<ScheduledAction>, CallFailure>,
    /// Whether an instance refresh is under way.
    pub refreshing: Result<bool, CallFailure>,
    /// Instances in the warm pool; none if there is no pool, and then no call was made.
    pub warm_pool: Option<Result<u32, CallFailure>>,
}

impl AwsClients {
    /// Reads each slow fact of `group`. A failure of one does not keep the others from being read.
    pub async fn ask_each_fact(&self, group: &str, warm_pool: bool) -> FactAnswers {
        let policies = self.policies(Some(group)).await;
        let actions = self.scheduled_actions(Some(group)).await;
        FactAnswers {
            policies: policies.map(|all| all.into_iter().map(|(_, policy)| policy).collect()),
            scheduled_actions: actions
                .map(|all| all.into_iter().map(|(_, action)| action).collect()),
            refreshing: self.refreshing(group).await,
            warm_pool: if warm_pool {
                Some(self.warm_pool(group).await)
            } else {
                None
            },
        }
    }

    /// Reads policies and scheduled actions of the groups `due`: a call for each group while there
    /// are few groups, else one reading of the whole account.
    pub(crate) async fn read_other_writers(&self, due: &[String]) -> Writers {
        let mut writers = Writers::new();
        if due.len() <= ONE_BY_ONE_MAX {
            for group in due {
                let facts = self.writers(Some(group)).await;
                let own = facts.map(|mut facts| facts.remove(group).unwrap_or_default());
                writers.insert(group.clone(), own);
            }
            return writers;
        }
        let all = self.writers(None).await;
        for group in due {
            let facts = all.as_ref().map(|all| all.get(group).cloned());
            let facts = facts.map(Option::unwrap_or_default);
            writers.insert(group.clone(), facts.map_err(Clone::clone));
        }
        writers
    }

    /// Policies and scheduled actions by group, of `group` or of all groups.
    async fn writers(
        &self,
        group: Option<&str>,
    ) -> Result<BTreeMap<String, SlowFacts>, CallFailure> {
        let mut facts: BTreeMap<String, SlowFacts> = BTreeMap::new();
        for (group, policy) in self.policies(group).await? {
            facts.entry(group).or_default().policies.push(policy);
        }
        for (group, action) in self.scheduled_actions(group).await? {
            let facts = facts.entry(group).or_default();
            facts.scheduled_actions.push(action);
        }
        Ok(facts)
    }

    /// Whether an instance refresh is under way. AWS lists the newest refresh first, and at most
    /// one can be under way.
    pub(crate) async fn refreshing(&self, group: &str) -> Result<bool, CallFailure> {
        let request = self
            .autoscaling
            .describe_instance_refreshes()
            .auto_scaling_group_name(group)
            .max_records(1);
        let answer = self
            .call(Turn::Aside, "DescribeInstanceRefreshes", request.send())
            .await?;
        let mut all = answer.instance_refreshes().iter();
        Ok(all.any(|refresh| refresh.status().is_some_and(is_under_way)))
    }

    async fn policies(
        &self,
        group: Option<&str>,
    ) -> Result<Vec<(String, ScalingPolicyFact)>, CallFailure> {
        const OPERATION: &str = "DescribePolicies";
        let mut policies = Vec::new();
        let mut token = None;
        for _ in 0..PAGES_MAX {
            let request = self
                .autoscaling
                .describe_policies()
                .set_auto_scaling_group_name(group.map(str::to_owned))
                .max_records(PAGE)
                .set_next_token(token);
            let answer = self.call(Turn::Aside, OPERATION, request.send()).await?;
            for one in answer.scaling_policies() {
                let group = one.auto_scaling_group_name().unwrap_or_default();
                policies.push((group.to_owned(), policy(one)));
            }
            token = answer.next_token;
            if token.is_none() {
                return Ok(policies);
            }
        }
        Err(too_many(OPERATION))
    }

    async fn scheduled_actions(
        &self,
        group: Option<&str>,
    ) -> Result<Vec<(String, ScheduledAction)>, CallFailure> {
        const OPERATION: &str = "DescribeScheduledActions";
        let mut actions = Vec::new();
        let mut token = None;
        for _ in 0..PAGES_MAX {
            let request = self
                .autoscaling
                .describe_scheduled_actions()
                .set_auto_scaling_group_name(group.map(str::to_owned))
                .max_records(PAGE)
                .set_next_token(token);
            let answer = self.call(Turn::Aside, OPERATION, request.send()).await?;
            for action in answer.scheduled_update_group_actions() {
                let at = |time: Option<&DateTime>| {
                    let at = time.and_then(|time| time.to_millis().ok());
                    at.map(Timestamp::from_millis)
                };
                // AWS knows no size below 0.
                let size = |size: Option<i32>| size.map(|size| size.max(0).unsigned_abs());
                let group = action.auto_scaling_group_name().unwrap_or_default();
                let fact = ScheduledAction {
                    name: action
                        .scheduled_action_name()
                        .unwrap_or_default()
                        .to_owned(),
                    start: at(action.start_time()),
                    end: at(action.end_time()),
                    recurrence: action.recurrence().map(str::to_owned),
                    time_zone: action.time_zone().map(str::to_owned),
                    min: size(action.min_size()),
                    max: size(action.max_size()),
                    desired: size(action.desired_capacity()),
                };
                actions.push((group.to_owned(), fact));
            }
            token = answer.next_token;
            if token.is_none() {
                return Ok(actions);
            }
        }
        Err(too_many(OPERATION))
    }

    /// Instances in the warm pool.
    async fn warm_pool(&self, group: &str) -> Result<u32, CallFailure> {
        const OPERATION: &str = "DescribeWarmPool";
        let mut instances = 0;
        let mut token = None;
        for _ in 0..PAGES_MAX {
            let request = self
                .autoscaling
                .describe_warm_pool()
                .auto_scaling_group_name(group)
                .max_records(50)
                .set_next_token(token);
            let answer = self.call(Turn::Aside, OPERATION, request.send()).await?;
            instances += u32::try_from(answer.instances().len()).unwrap_or(u32::MAX);
            token = answer.next_token;
            if token.is_none() {
                break;
            }
        }
        Ok(instances)
    }
}

fn too_many(operation: &str) -> CallFailure {
    failure(
        FailureKind::Malformed,
        format!("{operation}: more than {PAGES_MAX} pages"),
    )
}

fn policy(policy: &ScalingPolicy) -> ScalingPolicyFact {
    let mode = policy.predictive_scaling_configuration().map(|predictive| {
        predictive
            .mode()
            .map_or("ForecastOnly", |mode| mode.as_str())
    });
    ScalingPolicyFact {
        name: policy.policy_name().unwrap_or_default().to_owned(),
        kind: policy.policy_type().unwrap_or("SimpleScaling").to_owned(),
        enabled: policy.enabled().unwrap_or(true),
        forecast_only: mode == Some("ForecastOnly"),
    }
}

fn is_under_way(status: &InstanceRefreshStatus) -> bool {
    matches!(
        status.as_str(),
        "Pending" | "InProgress" | "Baking" | "Cancelling" | "RollbackInProgress"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_is_under_way_until_it_ended() {
        for status in [
            "Pending",
            "InProgress",
            "Baking",
            "Cancelling",
            "RollbackInProgress",
        ] {
            assert!(is_under_way(&status.into()), "{status}");
        }
        for status in [
            "Successful",
            "Failed",
            "Cancelled",
            "RollbackSuccessful",
            "RollbackFailed",
        ] {
            assert!(!is_under_way(&status.into()), "{status}");
        }
    }

    #[test]
    fn a_policy_competes_unless_it_is_disabled() {
        let acting = policy(&ScalingPolicy::builder().policy_name("tt").build());
        let disabled = policy(
            &ScalingPolicy::builder()
                .policy_name("tt")
                .enabled(false)
                .build(),
        );
        assert!(acting.acts() && !disabled.acts());
    }
}
