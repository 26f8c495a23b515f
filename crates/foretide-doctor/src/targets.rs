//! Checks of the target groups that decide who serves.

use std::collections::BTreeSet;

use foretide_aws::{AwsClients, GroupReading, Lifecycle, Ready, TargetHealth, is_healthy};
use foretide_config::GroupSettings;
use foretide_domain::ReadinessDoubt;

use crate::finding::Finding;
use crate::permissions;

const CHECK: &str = "target groups";
const WHY: &str = "load.ready = \"target-group\" is set, and every instance in service counts as \
                   serving all the same";

/// Checks that the health of the group's targets can be read, and who of it serves. Empty where in
/// service decides.
pub(crate) async fn check(
    clients: &AwsClients,
    settings: &GroupSettings,
    reading: &GroupReading,
) -> Vec<Finding> {
    if settings.live.ready == Ready::InService {
        return Vec::new();
    }
    if let Some(doubt) = reading.traffic.doubt() {
        return vec![refused(&doubt)];
    }
    let answer = clients.read_targets(&reading.traffic.target_groups).await;
    let permission = permissions::read("DescribeTargetHealth", &answer, false, WHY);
    let health = answer.ok().map(|health| targets(reading, &health));
    [permission].into_iter().chain(health).collect()
}

/// A run does not start with this.
fn refused(doubt: &ReadinessDoubt) -> Finding {
    Finding::fault(CHECK, doubt.to_string(), "foretide run refuses to start").fix(doubt.next_step())
}

fn targets(reading: &GroupReading, health: &TargetHealth) -> Finding {
    let in_service = reading.instances.iter();
    let in_service = in_service.filter(|one| one.lifecycle == Lifecycle::InService);
    let all: BTreeSet<&str> = in_service.map(|one| one.id.as_str()).collect();
    let healthy = all.iter().filter(|id| is_healthy(health, id)).count();
    let what = format!(
        "{healthy} of {} instances in service are healthy in all target groups ({})",
        all.len(),
        health.len()
    );
    if healthy == all.len() {
        return Finding::fine(CHECK, what);
    }
    let why = "the others do not serve: they are new, or the health check fails";
    let sick: Vec<&str> = all
        .into_iter()
        .filter(|id| !is_healthy(health, id))
        .collect();
    Finding::note(CHECK, format!("{what}; not {}", sick.join(", ")), why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    #[test]
    fn what_a_run_would_refuse_is_a_fault_with_the_way_out() {
        let name = "old".to_owned();
        let finding = refused(&ReadinessDoubt::ClassicLoadBalancer { name });
        assert_eq!(finding.severity, Severity::Fault);
        assert!(finding.what.contains("`old`"), "{}", finding.what);
        assert!(finding.fix.unwrap().contains("load.ready = \"in-service\""));
    }
}
