//! Checks for other writers of the group's desired capacity.

use std::time::Duration;

use foretide_aws::ScalingPolicyFact;
use foretide_calendar::{ScheduledAction, Window, changes, conflicts};
use foretide_config::GroupSettings;
use foretide_domain::{Bounds, PolicyKind, Timestamp};
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

/// The time ahead in which conflicts are looked for.
const AHEAD: Duration = Duration::from_hours(5 * 7 * 24);
/// Most runs of scheduled actions in that time: 28 a day.
const CHANGES_MAX: usize = 1_000;

/// Checks scheduled actions of the group, and the known events that they contradict.
pub(crate) fn scheduled(
    name: &str,
    settings: &GroupSettings,
    bounds: Bounds,
    actions: &[ScheduledAction],
    now: Timestamp,
) -> Vec<Finding> {
    const CHECK: &str = "scheduled";
    if actions.is_empty() {
        return vec![Finding::fine(CHECK, "no scheduled action")];
    }
    let until = now.plus(AHEAD);
    let window = Window {
        from: now,
        to: until,
    };
    let (coming, unknown) = changes(actions, window, CHANGES_MAX);
    let forecasts = settings.controller.policy == PolicyKind::Forecast;
    // What asks for no more than the lowest minimum is no known minimum at any time.
    let lowest = actions.iter().filter_map(|action| action.min).min();
    let lowest = lowest.map_or(bounds.min(), |min| min.min(bounds.min()));
    let found = actions.iter().map(|action| {
        let next = coming.iter().find(|change| change.action == action.name);
        let next = next.map_or_else(
            || "does not run within five weeks".to_owned(),
            |next| format!("runs next at {}", next.at),
        );
        let what = format!("scheduled action {} {next}", action.name);
        let least = action.min.max(action.desired);
        if forecasts && least.is_some_and(|least| least > lowest) {
            let why = "its minimum and its desired capacity are known minima: capacity is raised \
                       a lead time ahead";
            return Finding::note(CHECK, what, why);
        }
        let why = "what it sets is decided anew at the next look, or holds capacity up or down";
        let delete = Command::of("aws autoscaling delete-scheduled-action")
            .option("--auto-scaling-group-name", name)
            .option("--scheduled-action-name", &action.name);
        Finding::warning(CHECK, what, why).run(&delete)
    });
    let unknown = unknown.into_iter().map(|what| {
        let why = "capacity is not raised ahead of an action that is not understood";
        Finding::warning(CHECK, what, why)
    });
    let events = if forecasts {
        settings.controller.calendar.as_slice()
    } else {
        &[]
    };
    let conflicts = conflicts(&coming, events, bounds, until).into_iter();
    let conflicts = conflicts.map(|conflict| {
        let why = "AWS and Foretide would undo each other's changes, or need more than is allowed";
        Finding::warning(CHECK, conflict.to_string(), why)
    });
    found.chain(unknown).chain(conflicts).collect()
}

#[cfg(test)]
mod tests {
    use foretide_control::{CalendarEvent, Occurs};

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

    #[test]
    fn a_scheduled_action_is_a_known_minimum_unless_the_policy_knows_none() {
        let now: Timestamp = "2026-11-27T00:00Z".parse().unwrap();
        let morning = ScheduledAction {
            name: "morning".into(),
            recurrence: Some("0 8 * * *".into()),
            time_zone: Some("Europe/Berlin".into()),
            min: Some(4),
            max: Some(6),
            ..ScheduledAction::default()
        };
        let odd = ScheduledAction {
            name: "odd".into(),
            recurrence: Some("@daily".into()),
            min: Some(4),
            ..ScheduledAction::default()
        };
        let mut settings = GroupSettings::default();
        settings.controller.calendar.push(CalendarEvent {
            name: "sale".into(),
            when: Occurs::Daily { minute: 8 * 60 },
            lasts: Duration::from_secs(3600),
            uplift: None,
            minimum: Some(8),
        });
        let bounds = Bounds::new(1, 20).unwrap();
        let found = |settings: &GroupSettings, actions: &[ScheduledAction]| {
            let found = scheduled("web", settings, bounds, actions, now);
            let shown = found.into_iter().map(|it| (it.severity, it.what));
            shown.collect::<Vec<_>>()
        };
        let all = found(&settings, &[morning.clone(), odd]);
        assert_eq!(all[0].0, Severity::Note);
        assert!(
            all[0]
                .1
                .ends_with("morning runs next at 2026-11-27T07:00:00Z"),
            "{all:?}"
        );
        assert!(
            all[1].1.contains("does not run within five weeks"),
            "{all:?}"
        );
        assert!(all[2].1.contains("odd is not understood"), "{all:?}");
        assert!(all[3].1.contains("sets the maximum to 6"), "{all:?}");
        assert_eq!(all.len(), 4, "{all:?}");
        settings.controller.policy = PolicyKind::TargetTracking;
        let alone = found(&settings, &[morning]);
        assert_eq!(alone.len(), 1);
        assert_eq!(alone[0].0, Severity::Warning);
        assert_eq!(found(&settings, &[])[0].0, Severity::Fine);
    }
}
