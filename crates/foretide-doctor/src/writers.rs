//! Checks for other writers of the group's desired capacity.

use foretide_aws::{ScalingPolicyFact, ScheduledActionFact};
use foretide_config::GroupSettings;
use foretide_terminal::shell::{Command, toml_string};

use crate::finding::Finding;

/// Checks scaling policies of the group.
pub(crate) fn policies(
    name: &str,
    settings: &GroupSettings,
    policies: &[ScalingPolicyFact],
) -> Vec<Finding> {
    const CHECK: &str = "policies";
    let allowed = &settings.live.allow_policies;
    let found = policies.iter().filter(|policy| policy.acts());
    let found: Vec<Finding> = found
        .map(|policy| {
            let ScalingPolicyFact { name: by, kind, .. } = policy;
            if allowed.contains(by) {
                let why = "if another policy and Foretide both set desired capacity, each undoes the other's changes";
                return Finding::note(CHECK, format!("{by} ({kind}) is active, as allowed"), why);
            }
            let what = format!("{by} ({kind}) is active: nothing is written");
            let why = "if another policy and Foretide both set desired capacity, each undoes the other's changes";
            let delete = Command::of("aws autoscaling delete-policy")
                .option("--auto-scaling-group-name", name)
                .option("--policy-name", by);
            Finding::fault(CHECK, what, why)
                .run(&delete)
                .other_fix(format!("allow_policies = [{}]", toml_string(by)))
        })
        .collect();
    if found.is_empty() {
        return vec![Finding::fine(CHECK, "no other policy is active")];
    }
    found
}

/// Checks scheduled actions of the group.
pub(crate) fn scheduled(name: &str, actions: &[ScheduledActionFact]) -> Vec<Finding> {
    const CHECK: &str = "scheduled";
    let found = actions.iter().map(|action| {
        let what = format!("scheduled action {} sets capacity", action.name);
        let why = "what it sets is decided anew at the next look, or holds capacity up or down";
        let delete = Command::of("aws autoscaling delete-scheduled-action")
            .option("--auto-scaling-group-name", name)
            .option("--scheduled-action-name", &action.name);
        Finding::warning(CHECK, what, why).run(&delete)
    });
    let found: Vec<Finding> = found.collect();
    if found.is_empty() {
        return vec![Finding::fine(CHECK, "no scheduled action")];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    #[test]
    fn a_policy_stops_writes_unless_it_is_allowed_or_idle() {
        let policy = |enabled| ScalingPolicyFact {
            name: "cpu".into(),
            kind: "TargetTrackingScaling".into(),
            enabled,
            forecast_only: false,
        };
        let mut settings = GroupSettings::default();
        let found = |settings: &GroupSettings, enabled| {
            policies("web", settings, &[policy(enabled)])[0].severity
        };
        assert_eq!(found(&settings, true), Severity::Fault);
        assert_eq!(found(&settings, false), Severity::Fine);
        settings.live.allow_policies = vec!["cpu".into()];
        assert_eq!(found(&settings, true), Severity::Note);
    }
}
