//! `foretide run` over the wire: the built program, the official SDK, the local AWS.

mod doctor;
mod faults;
mod first_write;
mod found;
mod guarded;
mod kills;
mod moto;
mod notify;
mod orders;
mod page;
mod parameters;
mod prometheus;
mod remote;
mod report;
mod rig;
mod starting;
mod targets;
mod upgraded;

use foretide_emulator::{Demand, PolicySpec};
use foretide_store::Reader;

use crate::Room;
use rig::{Running, SECRETS, quick};

pub(crate) use rig::{Aws, busy};

#[test]
fn a_busy_group_grows_and_an_idle_one_shrinks() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    room.write("foretide.toml", quick("web", "enforce", "1s"));
    let mut run = Running::start(&room, &aws, &[]);
    let told = run.until("eu-west-1/web: enforce, policy classifier");
    assert!(
        told.contains("CloudWatch 1.31 USD a month for 3 metrics"),
        "{told}"
    );
    run.until("PREDICTION: 0 (Low)");
    run.until("SCALING UP: 2 -> 3 instances");
    run.until("Updating ASG desired capacity to 3...");
    assert_eq!(aws.emulator.desired("web"), Some(3));

    aws.emulator.set_demand("web", Demand::Constant(20.0));
    run.until("SCALING DOWN: 3 -> 2 instances (3s consistent prediction)");
    assert_eq!(aws.emulator.desired("web"), Some(2));
    let status = run.until("ASG Status - Desired: ");
    assert!(status.contains(", Min: 1, Max: 5, Running: "), "{status}");

    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
    let log = room.read("output/ec2_monitor.log");
    for line in [
        "ASG METRICS (2 instances): {\"cpu_usage\": 90.0, \"memory_usage\": ",
        "\"instance_count\": 2, \"memory_estimated\": true}",
        "SCALING UP: 2 -> 3 instances",
    ] {
        assert!(log.contains(line), "{line} in {log}");
    }
    let metrics = room.read("output/ec2_metrics_data.json");
    for line in metrics.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(record["group"], "web");
    }
    assert_nothing_secret(&[&printed, &log, &metrics]);
    let store = Reader::open(&room.path("output/foretide.db")).unwrap();
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[track_caller]
fn assert_nothing_secret(texts: &[&str]) {
    for text in texts {
        for (name, secret) in SECRETS {
            assert!(!text.contains(secret), "{name} in:\n{text}");
        }
    }
}

#[test]
fn what_may_not_write_writes_nothing() {
    let aws = Aws::of(vec![busy("seen"), busy("dry")]);
    for (group, mode, args) in [
        ("seen", "observe", &[][..]),
        ("dry", "enforce", &["--dry-run"][..]),
    ] {
        let room = Room::new();
        room.write("foretide.toml", quick(group, mode, "1s"));
        let mut run = Running::start(&room, &aws, args);
        run.until("Scale out 2 → 3");
        run.until("Scale out 2 → 3");
        let (status, printed) = run.stop("TERM");
        assert_eq!(status.code(), Some(0), "{printed}");
    }
    assert_eq!(aws.calls("SetDesiredCapacity"), 0);
}

#[test]
fn another_policy_on_the_group_is_in_the_way_until_it_is_allowed_by_name() {
    let spec = || foretide_emulator::GroupSpec {
        policies: vec![PolicySpec {
            name: "cpu50".into(),
            kind: "TargetTrackingScaling".into(),
            enabled: true,
            acts: None,
        }],
        ..busy("web")
    };
    let aws = Aws::of(vec![spec()]);
    let room = Room::new();
    room.write("foretide.toml", quick("web", "enforce", "1s"));
    let mut run = Running::start(&room, &aws, &[]);
    let refused = run.until("scaling policy `cpu50` is active");
    assert!(
        refused.contains("allow_policies = [\"cpu50\"]"),
        "{refused}"
    );
    assert_eq!(aws.calls("SetDesiredCapacity"), 0);

    let allowed =
        quick("web", "enforce", "1s").replacen('\n', "\nallow_policies = [\"cpu50\"]\n", 1);
    room.write("foretide.toml", allowed);
    run.signal("HUP");
    run.until("configuration taken anew: 0 added, 1 changed, 0 removed");
    run.until("SCALING UP: 2 -> 3 instances");
    run.stop("TERM");
}

#[test]
fn a_wrong_configuration_is_not_taken_and_the_old_one_goes_on() {
    let aws = Aws::of(vec![busy("web"), busy("api")]);
    let room = Room::new();
    room.write("foretide.toml", quick("web", "observe", "1s"));
    let mut run = Running::start(&room, &aws, &[]);
    run.until("PREDICTION");
    room.write("foretide.toml", "[group.web]\nmod = \"enforce\"\n");
    run.signal("HUP");
    let refused = run.until("configuration not taken, the old one goes on");
    assert!(refused.contains("unknown key `group.web.mod`"), "{refused}");
    run.until("eu-west-1/web: PREDICTION");
    let both = quick("web", "observe", "1s") + &quick("api", "observe", "1s");
    room.write("foretide.toml", both);
    run.signal("HUP");
    run.until("configuration taken anew: 1 added");
    run.until("eu-west-1/api: PREDICTION");
    let (status, _) = run.stop("INT");
    assert_eq!(status.code(), Some(130));
}
