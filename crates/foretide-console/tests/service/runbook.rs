//! docs/runbook.md has a section for every health state, and names every alert.

use foretide_domain::HealthState;

const RUNBOOK: &str = include_str!("../../../../docs/runbook.md");
const RULES: &str = include_str!("../../../../deploy/prometheus-rules.yml");

#[test]
fn every_health_state_has_a_section_and_every_alert_is_named() {
    for state in HealthState::ALL {
        let heading = format!("\n## {}\n", state.name());
        assert!(RUNBOOK.contains(&heading), "no section {}", state.name());
    }
    let alerts = RULES
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    let mut count = 0;
    for alert in alerts {
        count += 1;
        assert!(
            RUNBOOK.contains(&format!("`{alert}`")),
            "{alert} is not named"
        );
    }
    assert!(count >= 13, "{count} alerts");
}
