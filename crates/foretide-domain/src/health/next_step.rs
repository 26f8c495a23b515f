//! What a person can do about a cause.

use std::borrow::Cow;

use super::Cause;
use crate::Obstacle;

impl Cause {
    /// The next step of a person; none where there is nothing to do but wait.
    pub fn next_step(&self) -> Option<Cow<'static, str>> {
        if let Self::Obstacle(Obstacle::Policy { name }) = self {
            let step = format!(
                "delete or disable the scaling policy (`foretide doctor` prints the command), or \
                 set allow_policies = [{name:?}] in the group's table of foretide.toml"
            );
            return Some(step.into());
        }
        self.signal_step()
            .or_else(|| self.fixed_step())
            .map(Cow::Borrowed)
    }

    /// The next step for a signal.
    const fn signal_step(&self) -> Option<&'static str> {
        match self {
            Self::SignalMissing { .. } => Some(
                "see that the metric is published under the configured name and dimensions, or \
                 remove the signal",
            ),
            Self::SignalNotLearnt { .. } => Some(
                "wait for an hour in which CPU is above 10 %, or set per_instance of the signal",
            ),
            _ => None,
        }
    }

    /// The next step that depends on no name.
    fn fixed_step(&self) -> Option<&'static str> {
        Some(match self {
            Self::InvariantBroken { .. } => {
                "report the fault with the output of `foretide explain`"
            }
            Self::Obstacle(Obstacle::Weights) => {
                "remove the instance weights, or set allow_weights = true"
            }
            Self::Obstacle(Obstacle::Operator { .. }) => {
                "scale the group by its operator; Foretide can only observe it"
            }
            Self::WritersUnknown => {
                "allow autoscaling:DescribePolicies; `foretide doctor` shows AWS's answer"
            }
            Self::WriteRefused { .. } => "`foretide doctor --prove-write` tries the permission",
            Self::WritesUndone { .. } => {
                "look for a second Foretide with another store, a deploy tool or a script: CloudTrail \
                 names who called SetDesiredCapacity"
            }
            Self::LaunchSuspended | Self::TerminateSuspended => {
                "resume the process; `foretide doctor` prints the command"
            }
            Self::LaunchesFail { .. } => {
                "act on AWS's message: other instance types or zones, a higher quota, a valid \
                 launch template"
            }
            Self::InstancesDie { .. } => {
                "read the instances' system log and the health check: every launch succeeds, and \
                 the instances fail soon after"
            }
            Self::Cascade { .. } => {
                "shed load, or relax the group's health check until enough instances serve"
            }
            Self::LoadDropped { .. } => "see whether the load balancer or DNS fails",
            Self::FewReport { .. } => "`foretide doctor` checks the metrics of the group",
            Self::Protected { .. } => "end the protection of instances that are not needed",
            Self::ReadyInDoubt(why) => why.next_step(),
            Self::HandsOff => {
                "resume process AlarmNotification (`foretide doctor` prints the command), or set \
                 suspended = \"ignore\" in the group's table of foretide.toml"
            }
            Self::SuspendedAsBefore => {
                "say what is meant: set suspended = \"ignore\" or suspended = \"hands-off\""
            }
            Self::NotChecked { .. } => "see that `foretide run` runs, and read its log",
            Self::GroupUnreadable { .. } | Self::DataStale { .. } | Self::NoData => {
                "`foretide doctor` checks permissions and metrics"
            }
            Self::PredictorSilent => "start the service at predictor.url, or correct the URL",
            Self::MaximumAhead { .. } => {
                "raise the maximum of the Auto Scaling group before then, if the load may come"
            }
            Self::AtMaximum { .. } => "raise the maximum of the Auto Scaling group, or shed load",
            Self::BudgetOverspent { .. } => {
                "`foretide report` shows when; raise the budget or the minimum where it repeats"
            }
            Self::BudgetOutOfReach { .. } => {
                "set forecast.budget to what may be had, or raise forecast.max_cost"
            }
            Self::Pinned { .. } => "unpin the group to let its policy decide",
            Self::Paused { .. } => "resume the group to let its policy decide",
            Self::Obstacle(Obstacle::Unknown | Obstacle::Policy { .. })
            | Self::NoBetterThanBaseline
            | Self::SignalMissing { .. }
            | Self::SignalNotLearnt { .. }
            | Self::Unaccounted { .. }
            | Self::Refreshing
            | Self::NotRead
            | Self::ReadingHistory { .. }
            | Self::Learning { .. } => return None,
        })
    }
}
