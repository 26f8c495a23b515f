//! Scenarios with lives: text in; states, activities and series out.

use foretide_domain::Timestamp;

use crate::group::Group;
use crate::scenario::{Metric, Scenario};
use crate::series::StatSet;
use crate::{Emulator, ScenarioError};

/// 2001-09-09T01:50:00Z, on the grid of five minutes.
const START_S: i64 = 1_000_000_200;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(START_S + seconds)
}

/// The group of `keys`: five in service at 40 % each, boots take a minute, scale-in begins and
/// points are visible at once.
fn group(keys: &str) -> Group {
    let text = format!(
        "[[groups]]\nname = \"web\"\ndesired = 5\ndemand = {{ constant = 200.0 }}\nboot_s = 60\n\
         scale_in_s = 0\ndelay_s = 0\n{keys}"
    );
    let scenario: Scenario = toml::from_str(&text).unwrap();
    let spec = scenario.check().unwrap().swap_remove(0);
    let mut group = Group::new(spec, at(0), at(0));
    group.advance(at(0));
    group
}

fn refused(keys: &str) -> String {
    let text = format!("[[groups]]\nname = \"web\"\n{keys}");
    let scenario: Scenario = toml::from_str(&text).unwrap();
    scenario.check().unwrap_err().to_string()
}

/// The states at a time, each once with its number.
fn states(group: &mut Group, seconds: i64) -> String {
    group.advance(at(seconds));
    let mut counted: Vec<(&str, u32)> = Vec::new();
    for one in group.instances() {
        match counted.iter_mut().find(|(state, _)| *state == one.state) {
            Some((_, count)) => *count += 1,
            None => counted.push((one.state, 1)),
        }
    }
    let words: Vec<_> = counted
        .iter()
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    words.join(", ")
}

/// The CPU of the minute that starts at `minute_s`, of the group or of one instance.
fn cpu(group: &mut Group, instance: Option<&str>, minute_s: i64) -> Option<StatSet> {
    let (from, to) = (at(minute_s), at(minute_s + 60));
    group.advance(to);
    let series = group.series(Metric::Cpu, instance, (from, to), to)?;
    series.first().copied()
}

#[track_caller]
fn assert_cpu(set: Option<StatSet>, average: f64, low: f64, high: f64, samples: f64) {
    let set = set.unwrap();
    let found = [set.sum / set.samples, set.min, set.max, set.samples];
    for (found, by_hand) in found.into_iter().zip([average, low, high, samples]) {
        assert!((found - by_hand).abs() < 1e-9, "{set:?}");
    }
}

/// Five at 200 ÷ 5 = 40 %; the sixth is in service from 70 s and burns its CPU:
/// (5 · 40 + 100) ÷ 6 = 50 %. Warm at 370 s, it serves: 200 ÷ 6.
#[test]
fn a_warming_instance_lifts_the_groups_cpu_and_answers_by_its_id() {
    let change = "changes = [{ at_s = 10, desired = 6 }]\n";
    let mut warm = group(&format!("warm_up_s = 300\n{change}"));
    assert_eq!(states(&mut warm, 60), "5 InService, 1 Pending");
    assert_cpu(cpu(&mut warm, None, 120), 50.0, 40.0, 100.0, 6.0);
    let id = warm.instances()[5].id.clone();
    assert_cpu(cpu(&mut warm, Some(&id), 120), 100.0, 100.0, 100.0, 1.0);
    assert_cpu(
        cpu(&mut warm, Some(&id), 60),
        100.0,
        100.0,
        100.0,
        5.0 / 6.0,
    );
    let sixth = 200.0 / 6.0;
    assert_cpu(cpu(&mut warm, None, 420), sixth, sixth, sixth, 6.0);
    let mut plain = group(change);
    assert_cpu(cpu(&mut plain, None, 120), sixth, sixth, sixth, 6.0);
}

/// Two drain at no CPU: 200 ÷ 3 on three, (3 · 66.7 + 0 + 0) ÷ 5 = 40 % shown. Thirty seconds of
/// draining, ninety of the hook, then thirty as an instance that has stopped.
#[test]
fn draining_instances_dilute_the_groups_cpu_and_wait_for_their_hook() {
    let keys = "drain_s = 30\ntermination_hook_s = 90\nchanges = [{ at_s = 60, desired = 3 }]\n";
    let mut drained = group(keys);
    assert_eq!(states(&mut drained, 80), "2 Terminating, 3 InService");
    let id = drained.instances()[0].id.clone();
    assert_eq!(states(&mut drained, 90), "2 Terminating:Wait, 3 InService");
    assert_cpu(cpu(&mut drained, None, 120), 40.0, 0.0, 200.0 / 3.0, 5.0);
    assert_eq!(
        states(&mut drained, 180),
        "2 Terminating:Proceed, 3 InService"
    );
    assert_eq!(states(&mut drained, 210), "3 InService");
    assert_cpu(cpu(&mut drained, Some(&id), 120), 0.0, 0.0, 0.0, 1.0);
    assert!(cpu(&mut drained, Some(&id), 180).is_none());
    drained.advance(at(1800));
    let series = drained.series(Metric::Cpu, Some(&id), (at(0), at(180)), at(1800));
    assert_eq!(
        series.unwrap().len(),
        3,
        "its points are there half an hour later"
    );
    let mut plain = group("changes = [{ at_s = 60, desired = 3 }]\n");
    let third = 200.0 / 3.0;
    assert_cpu(cpu(&mut plain, None, 120), third, third, third, 3.0);
}

#[test]
fn basic_monitoring_counts_five_samples_of_each_instance() {
    let mut basic =
        group("period_s = 300\nwarm_up_s = 300\nchanges = [{ at_s = 240, desired = 6 }]");
    basic.advance(at(600));
    let series = basic
        .series(Metric::Cpu, None, (at(300), at(600)), at(600))
        .unwrap();
    assert_cpu(series.first().copied(), 50.0, 40.0, 100.0, 30.0);
}

#[test]
fn a_launch_waits_for_its_hook_and_a_hanging_one_for_ever() {
    let change = "changes = [{ at_s = 10, desired = 6 }, { at_s = 7200, desired = 5 }]\n";
    let mut hooked = group(&format!("launch_hook_s = 60\n{change}"));
    assert_eq!(states(&mut hooked, 60), "5 InService, 1 Pending");
    assert_eq!(states(&mut hooked, 70), "5 InService, 1 Pending:Wait");
    assert_eq!(states(&mut hooked, 120), "5 InService, 1 Pending:Proceed");
    assert_eq!(states(&mut hooked, 130), "6 InService");
    let mut hanging = group(&format!("hang = 1.0\n{change}"));
    assert_eq!(states(&mut hanging, 7190), "5 InService, 1 Pending");
    assert_eq!(states(&mut hanging, 7230), "5 InService");
    assert_eq!(
        hanging.roster.activities().next().unwrap().status,
        "Cancelled"
    );
    assert_eq!(states(&mut group(change), 70), "6 InService", "control");
}

/// In service at 70 s, dead at 130 s. Two launches, both successful, and a termination between.
#[test]
fn a_crash_is_told_as_aws_tells_it() {
    let change = "changes = [{ at_s = 10, desired = 6 }]\n";
    let mut crashing = group(&format!(
        "crash = {{ share = 1.0, after_s = 60 }}\n{change}"
    ));
    assert_eq!(
        states(&mut crashing, 130),
        "5 InService, 1 Terminating, 1 Pending"
    );
    crashing.advance(at(190));
    let told: Vec<_> = crashing
        .roster
        .activities()
        .map(|one| (one.status, one.cause.as_str()))
        .collect();
    let [(again, needed), (ended, check), (first, user)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!([again, ended, first], [&"Successful"; 3]);
    assert!(needed.ends_with("in response to an unhealthy instance needing to be replaced."));
    assert!(
        check.contains("an instance was taken out of service in response to an EC2 health check")
    );
    assert!(user.contains("from 5 to 6"));
    assert_eq!(states(&mut group(change), 130), "6 InService", "control");
}

/// 600 on five is saturated from the start: one instance fails every minute.
#[test]
fn saturation_kills_unless_health_checks_are_suspended() {
    let keys = "demand = { constant = 600.0 }\nhealth_kill_s = 60\nterminate_s = 0\n";
    let keys = |more: &str| format!("{keys}{more}");
    let text = |more: &str| {
        let text = format!(
            "[[groups]]\nname = \"web\"\ndesired = 5\nboot_s = 300\n{}",
            keys(more)
        );
        let scenario: Scenario = toml::from_str(&text).unwrap();
        Group::new(scenario.check().unwrap().swap_remove(0), at(0), at(0))
    };
    assert_eq!(states(&mut text(""), 190), "2 InService, 3 Pending");
    assert_eq!(
        states(&mut text("suspended = [\"HealthCheck\"]"), 190),
        "5 InService"
    );
    let mut unreplaced = text("suspended = [\"ReplaceUnhealthy\"]");
    assert_eq!(states(&mut unreplaced, 190), "5 InService");
    let sick = unreplaced
        .instances()
        .iter()
        .filter(|one| !one.healthy)
        .count();
    assert_eq!(sick, 3);
}

#[test]
fn standby_unhealthy_and_protected_instances_are_shown() {
    let mut stood = group("standby = 2\nchanges = [{ at_s = 60, standby = 0 }]\n");
    assert_eq!(states(&mut stood, 0), "2 Standby, 3 InService");
    assert_eq!(stood.desired(), 3);
    assert_eq!(states(&mut stood, 60), "5 InService");
    assert_eq!(stood.desired(), 5);
    let mut sick = group("unhealthy = 1\nsuspended = [\"ReplaceUnhealthy\"]\n");
    assert_eq!(states(&mut sick, 60), "5 InService");
    assert!(!sick.instances()[0].healthy && sick.instances()[1].healthy);
    let mut protected = group("protected = true\nchanges = [{ at_s = 10, desired = 2 }]\n");
    assert_eq!(states(&mut protected, 60), "5 InService");
    assert_eq!(protected.desired(), 2);
    assert!(protected.instances()[0].protected);
}

/// Desired 5 in units of 2 is three instances.
#[test]
fn desired_capacity_is_in_units_of_the_weight() {
    let mut weighted =
        group("weight = 2\nchanges = [{ at_s = 10, desired = 6 }, { at_s = 20, desired = 7 }]");
    assert_eq!(states(&mut weighted, 10), "3 InService");
    assert_eq!(states(&mut weighted, 20), "3 InService, 1 Pending");
}

/// The group starts at 01:50 UTC; the recurring action runs at 02:00, the other one after a minute.
#[test]
fn scheduled_actions_run_unless_they_are_suspended() {
    let keys = "scheduled_actions = [{ name = \"full hour\", recurrence = \"0 * * * *\", min = 7 }, \
                { name = \"once\", at_s = 60, desired = 6 }]\n";
    let mut scheduled = group(keys);
    scheduled.advance(at(50));
    assert_eq!(scheduled.desired(), 5);
    scheduled.advance(at(60));
    assert_eq!(scheduled.desired(), 6);
    scheduled.advance(at(600));
    assert_eq!((scheduled.desired(), scheduled.bounds().min()), (7, 7));
    let mut held = group(&format!("{keys}suspended = [\"ScheduledActions\"]\n"));
    held.advance(at(600));
    assert_eq!(held.desired(), 5);
}

/// 200 on five is 40 %; at a target of 20 % ten are wanted, once three periods are above it.
#[test]
fn an_acting_policy_scales_unless_alarms_are_suspended() {
    let keys = "policies = [{ name = \"cpu20\", acts = { target = 20 } }]\n";
    let mut acting = group(keys);
    acting.advance(at(170));
    assert_eq!(acting.desired(), 5);
    acting.advance(at(180));
    assert_eq!(acting.desired(), 10);
    let told = acting.roster.activities().next().unwrap().cause.clone();
    assert!(
        told.contains("triggered policy cpu20") && told.contains("from 5 to 10"),
        "{told}"
    );
    for held in [
        "suspended = [\"AlarmNotification\"]\n",
        "changes = [{ at_s = 0, suspended = [\"AlarmNotification\"] }]",
    ] {
        let mut held = group(&format!("{keys}{held}"));
        held.advance(at(600));
        assert_eq!(held.desired(), 5);
    }
    let mut shown = group("policies = [{ name = \"cpu20\" }]\n");
    shown.advance(at(600));
    assert_eq!(shown.desired(), 5, "control");
}

#[test]
fn a_group_is_deleted_and_created_at_its_time() {
    let text = "[[groups]]\nname = \"blue\"\nchanges = [{ at_s = 60, delete = true }]\n\
                [[groups]]\nname = \"green\"\nhistory_s = 600\n\
                changes = [{ at_s = 30, create = true }, { at_s = 40, max = 3, desired = 3 }]\n";
    let clock = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(START_S));
    let reads = std::sync::Arc::clone(&clock);
    let now = move || Timestamp::from_seconds(reads.load(std::sync::atomic::Ordering::SeqCst));
    let emulator = Emulator::new(&toml::from_str(text).unwrap(), now).unwrap();
    let groups = |seconds| {
        clock.store(START_S + seconds, std::sync::atomic::Ordering::SeqCst);
        emulator.groups().join(" ")
    };
    assert_eq!(groups(29), "blue");
    assert_eq!(groups(30), "blue green");
    assert_eq!(groups(59), "blue green");
    assert_eq!(emulator.desired("green"), Some(3));
    assert_eq!(groups(60), "green");
}

#[test]
fn a_key_out_of_range_is_refused_with_its_range() {
    for (keys, words) in [
        ("warm_up_cpu = 120.0", "warm_up_cpu is not within 0 to 100"),
        ("pending_cpu = -1.0", "pending_cpu is not within 0 to 100"),
        (
            "launch_hook_s = 7201",
            "launch_hook_s is more than two hours",
        ),
        ("hang = 1.5", "hang is not within 0 to 1"),
        (
            "crash = { share = 2.0, after_s = 60 }",
            "crash.share is not within 0 to 1",
        ),
        (
            "health_kill_s = 0",
            "health_kill_s is not within 10 to 86400",
        ),
        (
            "credits = { baseline = 20.0, initial_minutes = 9.0, maximum_minutes = 1.0 }",
            "credits are not 0 <= initial_minutes",
        ),
        ("weight = 0", "weight is not within 1 to 999"),
        ("standby = 3", "standby is above desired"),
        ("default_instance_warmup = 3601", "not within 0 to 3600"),
        (
            "policies = [{ name = \"a\", acts = { target = 0 } }]",
            "acts.target is not above 0",
        ),
        (
            "scheduled_actions = [{ name = \"a\" }]",
            "neither recurrence nor at_s",
        ),
        (
            "scheduled_actions = [{ name = \"a\", recurrence = \"@daily\" }]",
            "not five cron fields",
        ),
        ("changes = [{ at_s = -1 }]", "at_s of a change is negative"),
        (
            "changes = [{ at_s = 1, hang = 2.0 }]",
            "hang of a change is not within 0 to 1",
        ),
    ] {
        let error = refused(keys);
        assert!(error.contains(words), "{keys}: {error}");
    }
    let unknown = "[[groups]]\nname = \"web\"\nchanges = [{ typo = 1 }]";
    assert!(toml::from_str::<Scenario>(unknown).is_err());
    let fine: Result<Vec<_>, ScenarioError> = Scenario::of(crate::GroupSpec {
        name: "web".into(),
        ..crate::GroupSpec::default()
    })
    .check();
    assert!(fine.is_ok(), "control");
}
