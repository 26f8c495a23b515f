//! The health of targets: which instances of an emulated group the load balancer of a target group
//! finds healthy.

use foretide_sim::InstanceState;

use crate::group::Group;
use crate::roster::Instance;
use crate::targets::TargetGroupSpec;

/// The health of a target, in AWS's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TargetHealth {
    pub(crate) state: &'static str,
    pub(crate) reason: Option<&'static str>,
    pub(crate) description: Option<&'static str>,
}

const HEALTHY: TargetHealth = TargetHealth {
    state: "healthy",
    reason: None,
    description: None,
};
const REGISTERING: TargetHealth = because(
    "initial",
    "Elb.RegistrationInProgress",
    "Target registration is in progress",
);
const CHECKING: TargetHealth = because(
    "initial",
    "Elb.InitialHealthChecking",
    "Initial health checks in progress",
);
const UNHEALTHY: TargetHealth = because(
    "unhealthy",
    "Target.FailedHealthChecks",
    "Health checks failed",
);
const DRAINING: TargetHealth = because(
    "draining",
    "Target.DeregistrationInProgress",
    "Target deregistration is in progress",
);
const NOT_IN_USE: TargetHealth = because(
    "unused",
    "Target.NotInUse",
    "Target group is not configured to receive traffic from the load balancer",
);
/// Of an instance that is asked for and is not registered.
pub(crate) const NOT_REGISTERED: TargetHealth = because(
    "unused",
    "Target.NotRegistered",
    "Target is not registered to the target group",
);

const fn because(
    state: &'static str,
    reason: &'static str,
    description: &'static str,
) -> TargetHealth {
    TargetHealth {
        state,
        reason: Some(reason),
        description: Some(description),
    }
}

/// The targets of `target_group` that are instances of `group`, with the health of each.
pub(crate) fn targets(
    group: &Group,
    target_group: &TargetGroupSpec,
) -> Vec<(String, TargetHealth)> {
    let mut failing = target_group.unhealthy;
    let all = group.instances().into_iter();
    let target = |one: Instance| {
        let fails = one.state == "InService" && failing > 0;
        failing -= u32::from(fails);
        let health = health(group, target_group, &one, fails)?;
        Some((one.id, health))
    };
    all.filter_map(target).collect()
}

/// Ids of the instances that requests go to: those that a target group in use finds healthy, or all
/// of its targets where it finds none healthy. None where no target group is in use: nothing is
/// known of who sends requests then.
pub(crate) fn routed(group: &Group) -> Option<Vec<String>> {
    let in_use = group.spec.target_groups.iter().filter(|one| !one.unused);
    let each = in_use.map(|target_group| {
        let all = targets(group, target_group);
        let open = !all.iter().any(|(_, health)| *health == HEALTHY);
        let gets = all
            .into_iter()
            .filter(move |(_, health)| open || *health == HEALTHY);
        gets.map(|(id, _)| id)
    });
    let each: Vec<_> = each.collect();
    (!each.is_empty()).then(|| each.into_iter().flatten().collect())
}

/// The health of the instance `one`; none while it is not registered.
fn health(
    group: &Group,
    target_group: &TargetGroupSpec,
    one: &Instance,
    fails: bool,
) -> Option<TargetHealth> {
    if one.state.starts_with("Terminating") {
        return Some(DRAINING);
    }
    let since_s = one.in_service_s.filter(|_| one.state == "InService")?;
    let age_s = group.world.at_s() - foretide_sim::STEP_S - since_s;
    Some(if target_group.unused {
        NOT_IN_USE
    } else if fails || one.life == InstanceState::Crashed {
        UNHEALTHY
    } else if since_s == 0 || age_s >= i64::from(target_group.healthy_after_s) {
        // The instances of second 0 have always been there.
        HEALTHY
    } else if age_s < foretide_sim::STEP_S {
        REGISTERING
    } else {
        CHECKING
    })
}

#[cfg(test)]
mod tests {
    use foretide_domain::Timestamp;

    use super::*;
    use crate::scenario::GroupSpec;

    const START_S: i64 = 1_000_000_200;

    fn group(spec: &TargetGroupSpec) -> Group {
        let spec = GroupSpec {
            name: "web".into(),
            boot_s: 30,
            terminate_s: 60,
            scale_in_s: 0,
            target_groups: vec![TargetGroupSpec {
                name: "front".into(),
                healthy_after_s: 60,
                ..spec.clone()
            }],
            ..GroupSpec::default()
        };
        let start = Timestamp::from_seconds(START_S);
        Group::new(spec, start, start)
    }

    /// The states of the targets at this second, the oldest instance first.
    fn states(group: &mut Group, at_s: i64) -> Vec<&'static str> {
        group.advance(Timestamp::from_seconds(START_S + at_s));
        let target_group = group.spec.target_groups[0].clone();
        let all = targets(group, &target_group).into_iter();
        all.map(|(_, health)| health.state).collect()
    }

    #[test]
    fn a_target_is_initial_then_healthy_then_draining() {
        let mut group = group(&TargetGroupSpec::default());
        assert_eq!(states(&mut group, 0), ["healthy", "healthy"]);
        group
            .set_desired(3, false, Timestamp::from_seconds(START_S))
            .unwrap();
        assert_eq!(states(&mut group, 30), ["healthy"; 2], "it is pending");
        assert_eq!(states(&mut group, 50), ["healthy", "healthy", "initial"]);
        assert_eq!(states(&mut group, 90), ["healthy", "healthy", "initial"]);
        assert_eq!(states(&mut group, 100), ["healthy"; 3]);
        group
            .set_desired(2, false, Timestamp::from_seconds(START_S + 100))
            .unwrap();
        assert_eq!(states(&mut group, 110), ["draining", "healthy", "healthy"]);
        assert_eq!(states(&mut group, 300), ["healthy"; 2]);
    }

    /// Load of 60 on two instances of 100, 60 seconds in: mean CPU and number of those that serve.
    fn served(spec: &TargetGroupSpec) -> (Option<f64>, u32) {
        let mut group = group(spec);
        group.spec.demand = crate::scenario::Demand::Constant(60.0);
        group.advance(Timestamp::from_seconds(START_S + 60));
        let step = group.world.finish_step(60.0);
        (step.cpu, step.serving)
    }

    #[test]
    fn requests_go_to_healthy_targets_and_to_all_where_none_is_healthy() {
        let unhealthy = |unhealthy| TargetGroupSpec {
            unhealthy,
            ..TargetGroupSpec::default()
        };
        assert_eq!(served(&unhealthy(0)), (Some(30.0), 2));
        assert_eq!(served(&unhealthy(1)), (Some(60.0), 1), "the other serves");
        assert_eq!(served(&unhealthy(2)), (Some(30.0), 2), "fail open, as AWS");
        let unused = TargetGroupSpec {
            unused: true,
            ..unhealthy(1)
        };
        assert_eq!(served(&unused), (Some(30.0), 2), "control");
    }

    #[test]
    fn targets_can_be_unhealthy_or_unused() {
        let mut sick = group(&TargetGroupSpec {
            unhealthy: 1,
            ..TargetGroupSpec::default()
        });
        assert_eq!(states(&mut sick, 0), ["unhealthy", "healthy"]);
        let mut unused = group(&TargetGroupSpec {
            unused: true,
            ..TargetGroupSpec::default()
        });
        assert_eq!(states(&mut unused, 0), ["unused"; 2]);
    }
}
