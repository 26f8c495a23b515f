//! The one place that writes: `SetDesiredCapacity`.

use aws_sdk_autoscaling::config::Config;
use aws_sdk_autoscaling::config::retry::RetryConfig;
use foretide_domain::{FailureKind, Mode, Plan, WriteOutcome};

use crate::clients::{AwsClients, Turn};
use crate::failure::failure;

const OPERATION: &str = "SetDesiredCapacity";

impl AwsClients {
    /// Carries `plan` out on `group` as far as `mode` allows: re-reads the group, and where bounds
    /// and desired capacity still are what the plan was made on, sets desired capacity. At most one
    /// request to write goes out, without retries: the next cycle decides anew on what it finds.
    ///
    /// The group's own cooldown is not honoured; the controller keeps its own.
    pub async fn set_desired(&self, group: &str, plan: Plan, mode: Mode) -> WriteOutcome {
        if mode == Mode::Observe {
            return WriteOutcome::DryRun;
        }
        let found = match self.read_group(group).await {
            Ok(reading) => reading,
            Err(error) => return WriteOutcome::Failed(error),
        };
        if found.bounds != plan.expected_bounds || found.desired != plan.expected_desired {
            return WriteOutcome::Moved {
                bounds: found.bounds,
                desired: found.desired,
            };
        }
        if let Some(refusal) = refusal(plan, mode) {
            return WriteOutcome::Failed(failure(FailureKind::Rejected, refusal));
        }
        let Ok(desired) = i32::try_from(plan.desired) else {
            let detail = format!(
                "{OPERATION}: {} is beyond what AWS can be asked",
                plan.desired
            );
            return WriteOutcome::Failed(failure(FailureKind::Rejected, detail));
        };
        let request = self
            .autoscaling
            .set_desired_capacity()
            .auto_scaling_group_name(group)
            .desired_capacity(desired)
            .honor_cooldown(false)
            .customize()
            .config_override(Config::builder().retry_config(RetryConfig::disabled()));
        match self.call(Turn::Look, OPERATION, request.send()).await {
            Ok(_) => WriteOutcome::Accepted,
            Err(error) => WriteOutcome::Failed(error),
        }
    }
}

/// Why `plan` is not written although the group is as it expects.
fn refusal(plan: Plan, mode: Mode) -> Option<String> {
    let (desired, bounds) = (plan.desired, plan.expected_bounds);
    if !bounds.contains(desired) {
        return Some(format!(
            "not written: {desired} is outside the group's bounds {bounds}"
        ));
    }
    let lowers = desired < plan.expected_desired;
    (mode == Mode::ScaleOutOnly && lowers)
        .then(|| format!("not written: mode {mode} never lowers capacity"))
}

#[cfg(test)]
mod tests {
    use foretide_domain::Bounds;

    use super::*;

    fn plan(desired: u32) -> Plan {
        Plan {
            desired,
            expected_desired: 3,
            expected_bounds: Bounds::new(1, 5).unwrap(),
        }
    }

    #[test]
    fn nothing_outside_the_bounds_and_nothing_against_the_mode_is_written() {
        assert_eq!(refusal(plan(5), Mode::Enforce), None);
        assert_eq!(refusal(plan(1), Mode::Enforce), None);
        assert!(refusal(plan(6), Mode::Enforce).is_some());
        assert!(refusal(plan(0), Mode::Enforce).is_some());
        assert!(refusal(plan(2), Mode::ScaleOutOnly).is_some());
        assert_eq!(refusal(plan(4), Mode::ScaleOutOnly), None);
    }
}
