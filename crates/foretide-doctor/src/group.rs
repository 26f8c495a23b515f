//! Checks of the group: suspended processes, weights, bounds, launches.

use std::time::Duration;

use foretide_aws::{GroupReading, Monitoring, Ready};
use foretide_config::GroupSettings;
use foretide_domain::{Datapoint, Headroom, Launch, PolicyKind, whole_instances};
use foretide_terminal::shell::Command;

use crate::finding::Finding;

/// A suspended process, and what it means for scaling.
struct Meaning {
    process: &'static str,
    why: &'static str,
    /// Whether capacity does not follow desired capacity.
    is_fault: bool,
}

/// The meaning of every process that AWS can suspend.
const MEANINGS: [Meaning; 9] = [
    fault("Launch", "no instance is launched"),
    fault("Terminate", "no instance is ended"),
    fault("AddToLoadBalancer", "new instances get no traffic"),
    warning(
        "AlarmNotification",
        "somebody wants that nothing scales: Foretide writes nothing until it is resumed, unless \
         suspended = \"ignore\" is set",
    ),
    warning(
        "AZRebalance",
        "Availability Zones are not balanced; one zone may hold most instances",
    ),
    warning(
        "HealthCheck",
        "a broken instance stays in service and is counted as serving",
    ),
    warning("InstanceRefresh", "no instance refresh starts"),
    warning(
        "ReplaceUnhealthy",
        "an unhealthy instance is not replaced and is counted as serving",
    ),
    warning(
        "ScheduledActions",
        "the group's scheduled actions do not run",
    ),
];

const fn fault(process: &'static str, why: &'static str) -> Meaning {
    Meaning {
        process,
        why,
        is_fault: true,
    }
}

const fn warning(process: &'static str, why: &'static str) -> Meaning {
    Meaning {
        is_fault: false,
        ..fault(process, why)
    }
}

/// Names every suspended process.
pub(crate) fn suspended(name: &str, reading: &GroupReading) -> Vec<Finding> {
    const CHECK: &str = "suspended";
    let named = |process: &str| {
        let resume = Command::of("aws autoscaling resume-processes")
            .option("--auto-scaling-group-name", name)
            .option("--scaling-processes", process);
        let meaning = MEANINGS.iter().find(|it| it.process == process)?;
        let what = format!("{process} is suspended");
        let finding = if meaning.is_fault {
            Finding::fault(CHECK, what, meaning.why)
        } else {
            Finding::warning(CHECK, what, meaning.why)
        };
        Some(finding.run(&resume))
    };
    let found: Vec<Finding> = reading.suspended.names().filter_map(named).collect();
    if found.is_empty() {
        return vec![Finding::fine(CHECK, "no process is suspended")];
    }
    found
}

/// Checks instance weights.
pub(crate) fn weights(settings: &GroupSettings, reading: &GroupReading) -> Finding {
    const CHECK: &str = "weights";
    const WHY: &str = "capacity is counted in equal instances; with weights it is not their number";
    match (reading.weighted, settings.live.allow_weights) {
        (false, _) => Finding::fine(CHECK, "every instance counts as one"),
        (true, true) => Finding::warning(CHECK, "instances are weighted, as allowed", WHY)
            .fix("give every override of the instances policy WeightedCapacity 1"),
        (true, false) => Finding::fault(CHECK, "instances are weighted: nothing is written", WHY)
            .fix("set WeightedCapacity 1, or allow_weights = true"),
    }
}

/// Checks whether the bounds allow the highest load of `points`. `doctor` is the command that
/// checks the group again.
pub(crate) fn bounds(
    name: &str,
    doctor: &Command,
    settings: &GroupSettings,
    reading: &GroupReading,
    points: &[Datapoint],
) -> Finding {
    const CHECK: &str = "bounds";
    let (bounds, controller) = (reading.bounds, &settings.controller);
    let loads = points.iter().filter_map(Datapoint::load);
    let peak = loads.map(foretide_domain::Load::get).reduce(f64::max);
    let starts = || points.iter().map(|point| point.start);
    let hours = match (starts().min(), starts().max()) {
        (Some(oldest), Some(newest)) => newest.since(oldest).as_secs() / 3600,
        _ => 0,
    };
    let Some(peak) = peak else {
        let why = "there is no load yet to hold against the maximum: ask again in some minutes";
        return Finding::note(CHECK, format!("bounds {bounds}: not checked"), why).run(doctor);
    };
    let each = match controller.policy {
        PolicyKind::Forecast => controller.forecast.objective,
        PolicyKind::Classifier | PolicyKind::TargetTracking => controller.target_utilisation,
    };
    let carries = whole_instances(peak / each.get());
    let headroom = controller.headroom;
    let needed = headroom.with(carries);
    let with_headroom = if headroom.is_none() {
        String::new()
    } else {
        format!(", {needed} with headroom for {headroom}")
    };
    let told = format!(
        "the peak of the last {hours} h with data was {:.2} busy instances, which needs \
         {carries} instances at {each}{with_headroom}; bounds {bounds}",
        peak / 100.0
    );
    let raise = |max: u32| {
        Command::of("aws autoscaling update-auto-scaling-group")
            .option("--auto-scaling-group-name", name)
            .option("--max-size", &max.to_string())
    };
    if needed > bounds.max() {
        let why = if carries > bounds.max() {
            "capacity stays short however good the forecast is"
        } else {
            "the group could not outlast the loss that headroom is for"
        };
        Finding::warning(CHECK, told, why).run(&raise(needed))
    } else if reading.desired >= bounds.max() {
        let why = "it is at its maximum: more load finds no more instances";
        Finding::warning(CHECK, told, why).run(&raise(bounds.max().saturating_add(1)))
    } else {
        Finding::fine(CHECK, told)
    }
}

/// Checks how long launches took, and whether the newest launch failed.
pub(crate) fn launches(name: &str, settings: &GroupSettings, newest_first: &[Launch]) -> Finding {
    const CHECK: &str = "boot";
    let lead = settings.controller.lead_time;
    if newest_first.first().is_some_and(|launch| !launch.succeeded) {
        let why = "Foretide raises desired capacity, and AWS starts no instance";
        let activities = Command::of("aws autoscaling describe-scaling-activities")
            .option("--auto-scaling-group-name", name);
        return Finding::warning(CHECK, "the newest launch failed", why).run(&activities);
    }
    let good = newest_first.iter().filter(|launch| launch.succeeded);
    let slowest: Option<Duration> = good.map(|it| it.ended.since(it.started)).max();
    match slowest {
        None => Finding::fine(
            CHECK,
            format!(
                "no launch in the last day; lead_time is {} s",
                lead.as_secs()
            ),
        ),
        Some(slowest) if slowest > lead => {
            let what = format!(
                "the slowest launch took {} s, lead_time is {} s",
                slowest.as_secs(),
                lead.as_secs()
            );
            let why = "until launches were measured, forecasts look less far than a launch takes";
            Finding::warning(CHECK, what, why)
                .fix(format!("lead_time = \"{}s\"", slowest.as_secs()))
        }
        Some(slowest) => Finding::fine(
            CHECK,
            format!("the slowest launch took {} s", slowest.as_secs()),
        ),
    }
}

/// How far a launch of these may be forecast, with the group's warm-up.
pub(crate) fn reach(
    settings: &GroupSettings,
    reading: &GroupReading,
    newest_first: &[Launch],
) -> Finding {
    const CHECK: &str = "lead time";
    let controller = &settings.controller;
    let by_targets = settings.live.ready == Ready::TargetGroup;
    let good = newest_first.iter().filter(|launch| launch.succeeded);
    // When a target became healthy is in no activity: a run measures it.
    let slowest = good.map(Launch::duration).max().filter(|_| !by_targets);
    let warm_up = if by_targets {
        Some(settings.live.warm_up.unwrap_or_default())
    } else {
        settings.live.warm_up.or(reading.default_warm_up)
    };
    let lead = slowest
        .unwrap_or(controller.lead_time)
        .saturating_add(warm_up.unwrap_or_default())
        .max(controller.lead_time_min);
    let period = settings.live.monitoring.map(Monitoring::period);
    let longest = controller.longest_forecast(period.unwrap_or(Duration::from_secs(60)));
    let what = format!("an instance serves {} s after its launch", lead.as_secs());
    if controller.policy == PolicyKind::Forecast && lead > longest {
        let what = format!("{what}; loads are forecast {} s ahead", longest.as_secs());
        let why = "a rise of load beyond that is seen too late; a warm pool, or an image with less \
                   to do at boot, brings instances sooner";
        return Finding::warning(CHECK, what, why);
    }
    if warm_up.is_none() {
        let why = "no warm-up is set: Foretide learns the warm-up from the first three launches; \
                   until then, the lead time is launch to in service only";
        return Finding::note(CHECK, what, why)
            .fix("set the group's default instance warm-up, or warm_up (\"0s\": no warm-up)");
    }
    Finding::fine(CHECK, what)
}

/// Names instances that are protected from scale-in.
pub(crate) fn protected(reading: &GroupReading) -> Option<Finding> {
    let protected = reading.instances.iter().filter(|one| one.protected).count();
    let all = reading.instances.len();
    (protected > 0).then(|| {
        let what = format!("{protected} of {all} instances are protected from scale-in");
        let why = "desired capacity can be lowered below them, and they stay and are billed";
        Finding::note("protection", what, why)
    })
}

/// Checks whether the group has the zones that its headroom counts on.
pub(crate) fn headroom(settings: &GroupSettings, reading: &GroupReading) -> Option<Finding> {
    const CHECK: &str = "headroom";
    let headroom = settings.controller.headroom;
    let Headroom::ZoneOf(zones) = headroom else {
        return None;
    };
    let found = reading.zones;
    if usize::try_from(zones).is_ok_and(|zones| zones == found) {
        return Some(Finding::fine(CHECK, format!("headroom is for {headroom}")));
    }
    let what = format!("headroom is for {headroom}, and the group has {found}");
    Some(if found < 2 {
        let why = "nothing is left of a group that loses its only zone";
        let fix = "give the group another zone, or set headroom to a number of instances (\"1\")";
        Finding::fault(CHECK, what, why).fix(fix)
    } else {
        let why = "the spare instances are too few or too many for the loss of a zone";
        Finding::warning(CHECK, what, why).fix(format!("headroom = \"zone of {found}\""))
    })
}

/// Names instances that AWS considers unhealthy.
pub(crate) fn unhealthy(reading: &GroupReading) -> Option<Finding> {
    let counts = reading.counts();
    (counts.unhealthy > 0).then(|| {
        let what = format!(
            "{} of {} instances in service are unhealthy",
            counts.unhealthy, counts.in_service
        );
        let why = "AWS replaces an unhealthy instance; until then Foretide counts it as serving";
        Finding::warning("instance health", what, why)
    })
}

#[cfg(test)]
mod tests {
    use foretide_aws::{InstanceReading, Lifecycle, TrafficSources};
    use foretide_domain::{Bounds, Percent, SuspendedProcesses, Timestamp};

    use super::*;
    use crate::finding::Severity;

    fn reading(desired: u32, max: u32) -> GroupReading {
        GroupReading {
            bounds: Bounds::new(1, max).unwrap(),
            desired,
            instances: Vec::new(),
            suspended: SuspendedProcesses::default(),
            warm_pool: false,
            weighted: false,
            operator: None,
            default_warm_up: None,
            zones: 3,
            traffic: TrafficSources::default(),
        }
    }

    fn point(cpu: f64, instances: f64) -> Datapoint {
        Datapoint {
            start: Timestamp::from_millis(0),
            period: Duration::from_secs(60),
            cpu: Percent::new(cpu),
            instances,
            network_in: None,
            network_out: None,
            memory: None,
            demand: None,
            unaccounted: None,
        }
    }

    #[test]
    fn bounds_are_held_against_the_peak_and_a_missing_load_is_no_load() {
        let settings = GroupSettings::default();
        let found = |reading: &GroupReading, points: &[Datapoint]| {
            bounds("web", &Command::of("doctor"), &settings, reading, points).severity
        };
        let points = [point(20.0, 2.0), point(100.0, 5.0)];
        assert_eq!(found(&reading(2, 20), &points), Severity::Fine);
        assert_eq!(found(&reading(2, 4), &points), Severity::Warning);
        assert_eq!(found(&reading(20, 20), &points), Severity::Warning);
        assert_eq!(found(&reading(2, 4), &[]), Severity::Note);
    }

    #[test]
    fn weights_stop_writes_unless_they_are_allowed() {
        let mut settings = GroupSettings::default();
        let weighted = GroupReading {
            weighted: true,
            operator: None,
            default_warm_up: None,
            ..reading(2, 4)
        };
        assert_eq!(weights(&settings, &weighted).severity, Severity::Fault);
        settings.live.allow_weights = true;
        assert_eq!(weights(&settings, &weighted).severity, Severity::Warning);
    }

    #[test]
    fn headroom_for_a_zone_is_held_against_the_zones_of_the_group() {
        let found = |headroom, zones| {
            let mut settings = GroupSettings::default();
            settings.controller.headroom = headroom;
            let reading = GroupReading {
                zones,
                ..reading(2, 20)
            };
            let found = super::headroom(&settings, &reading);
            found.map(|finding| finding.severity)
        };
        assert_eq!(found(Headroom::ZoneOf(3), 3), Some(Severity::Fine));
        assert_eq!(found(Headroom::ZoneOf(3), 2), Some(Severity::Warning));
        assert_eq!(found(Headroom::ZoneOf(3), 1), Some(Severity::Fault));
        assert_eq!(found(Headroom::Instances(1), 1), None);
    }

    #[test]
    fn unhealthy_and_protected_instances_in_service_are_counted() {
        let instance = |healthy| InstanceReading {
            id: "i-1".into(),
            lifecycle: Lifecycle::InService,
            healthy,
            protected: true,
        };
        let sick = GroupReading {
            instances: vec![instance(true), instance(false)],
            ..reading(2, 4)
        };
        let found = unhealthy(&sick).unwrap();
        assert_eq!(found.what, "1 of 2 instances in service are unhealthy");
        assert!(protected(&sick).is_some());
        assert!(unhealthy(&reading(2, 4)).is_none(), "control");
    }

    #[test]
    fn a_launch_slower_than_the_lead_time_or_failed_is_told() {
        let settings = GroupSettings::default();
        let launch = |seconds: i64, succeeded| Launch {
            id: 1,
            started: Timestamp::from_millis(0),
            ended: Timestamp::from_millis(seconds * 1000),
            succeeded,
            message: None,
        };
        let found = |all: &[Launch]| launches("web", &settings, all).severity;
        assert_eq!(found(&[]), Severity::Fine);
        assert_eq!(found(&[launch(180, true)]), Severity::Fine);
        assert_eq!(found(&[launch(181, true)]), Severity::Warning);
        assert_eq!(
            found(&[launch(9, false), launch(9, true)]),
            Severity::Warning
        );
    }
}
