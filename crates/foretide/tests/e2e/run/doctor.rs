//! `foretide doctor` against the local AWS.

use foretide_domain::{Datapoint, Percent, Record, Timestamp};
use foretide_emulator::{Demand, Fault, FaultKind, GroupSpec, PolicySpec, ScheduledActionSpec};
use foretide_runtime::{Batch, Entry, GroupKey, What};
use foretide_store::{Retention, Store};

use crate::Room;
use crate::serve::Service;

use super::rig::{Aws, SECRETS, busy};

/// Runs it on the group `web`: exit code and what it printed.
fn doctor(aws: &Aws, args: &[&str]) -> (i32, String) {
    let room = Room::new();
    room.write(
        "foretide.toml",
        "[serve]\nlisten = \"127.0.0.1:0\"\n[group.web]\n",
    );
    doctor_in(&room, aws, args)
}

pub(super) fn doctor_in(room: &Room, aws: &Aws, args: &[&str]) -> (i32, String) {
    let mut command = room.command();
    command
        .env("AWS_ENDPOINT_URL", &aws.endpoint)
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("COLUMNS", "60")
        .envs(SECRETS);
    let output = command.arg("doctor").args(args).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(error, "");
    let shown = String::from_utf8(output.stdout).unwrap();
    for (_, secret) in SECRETS {
        assert!(!shown.contains(secret), "{shown}");
    }
    (output.status.code().unwrap(), shown)
}

/// What was said, however it was broken into lines.
pub(super) fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_healthy_group_wants_nothing_and_only_the_asked_for_write_is_made() {
    let aws = Aws::of(vec![busy("web")]);
    let (code, shown) = doctor(&aws, &["--group", "web"]);
    assert_eq!(code, 0, "{shown}");
    let said = flat(&shown);
    assert!(said.contains("SetDesiredCapacity is not proven"), "{shown}");
    assert!(
        said.contains("detailed: a datapoint every minute"),
        "{shown}"
    );
    assert!(said.contains("within seconds of AWS's"), "{shown}");
    assert_eq!(aws.calls("SetDesiredCapacity"), 0);

    let (code, shown) = doctor(&aws, &["--prove-write"]);
    assert_eq!(code, 0, "{shown}");
    assert!(flat(&shown).contains("SetDesiredCapacity is allowed"));
    assert_eq!(aws.calls("SetDesiredCapacity"), 1);
    assert_eq!(aws.emulator.desired("web"), Some(2));
}

#[test]
fn a_token_that_others_may_write_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    let token = room.write("token", "s3cret-s3cret-s3cret-s3cret");
    room.write(
        "foretide.toml",
        "[serve]\nlisten = \"127.0.0.1:0\"\n[run]\ntoken_file = \"token\"\n[group.web]\n",
    );
    for (mode, expected) in [(0o640, 0), (0o660, 1)] {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&token, mode).unwrap();
        let (code, shown) = doctor_in(&room, &aws, &["--group", "web"]);
        assert_eq!(code, expected, "{shown}");
    }
    let (_, shown) = doctor_in(&room, &aws, &["--group", "web"]);
    let said = flat(&shown);
    assert!(said.contains("others than its owner may write"), "{shown}");
    assert!(said.contains("chmod go-w"), "{shown}");
}

#[test]
fn what_stops_writes_is_a_fault_with_its_mending() {
    let policy = PolicySpec {
        name: "cpu50".into(),
        kind: "TargetTrackingScaling".into(),
        enabled: true,
        acts: None,
    };
    let aws = Aws::of(vec![GroupSpec {
        policies: vec![policy],
        suspended: vec!["Launch".into()],
        weight: Some(2),
        ..busy("web")
    }]);
    let (code, shown) = doctor(&aws, &[]);
    assert_eq!(code, 2, "{shown}");
    let said = flat(&shown);
    for part in [
        "cpu50 (TargetTrackingScaling) is active: nothing is written",
        "delete-policy --auto-scaling-group-name web --policy-name cpu50",
        "Launch is suspended",
        "resume-processes --auto-scaling-group-name web --scaling-processes Launch",
        "instances are weighted: nothing is written",
    ] {
        assert!(said.contains(part), "{part:?} is not in:\n{shown}");
    }
}

#[test]
fn a_scheduled_action_and_a_maximum_too_low_are_warnings() {
    let aws = Aws::of(vec![GroupSpec {
        scheduled_actions: vec![ScheduledActionSpec {
            name: "morning".into(),
            recurrence: "0 6 * * *".into(),
            at_s: None,
            min: Some(3),
            max: None,
            desired: None,
        }],
        max: 2,
        demand: Demand::Constant(190.0),
        ..busy("web")
    }]);
    let (code, shown) = doctor(&aws, &["--json"]);
    assert_eq!(code, 1, "{shown}");
    let findings = shown.lines().map(|line| {
        let finding: serde_json::Value = serde_json::from_str(line).unwrap();
        finding
    });
    let warned: Vec<String> = findings
        .filter(|finding| finding["severity"] == "warning")
        .map(|finding| finding["check"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(warned, ["scheduled", "bounds"]);
}

/// The emulator knows half an hour; the peak before that is in the store alone.
#[test]
fn bounds_are_held_against_the_load_that_was_kept() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    room.write(
        "foretide.toml",
        "[serve]\nlisten = \"127.0.0.1:0\"\n[group.web]\n",
    );
    let now = super::rig::now();
    let day_ago = now.minus(std::time::Duration::from_secs(86_400));
    std::fs::create_dir(room.path("output")).unwrap();
    let store = Store::open(&room.path("output/foretide.db"), Retention::default()).unwrap();
    let point = Datapoint {
        start: Timestamp::from_seconds(day_ago.as_seconds() / 60 * 60),
        period: std::time::Duration::from_secs(60),
        cpu: Percent::new(90.0),
        instances: 8.0,
        network_in: None,
        network_out: None,
        memory: None,
        demand: None,
        unaccounted: None,
    };
    let entry = Entry {
        group: Some(GroupKey::new("eu-west-1", "web")),
        at: now,
        what: What::Record(Record::Observed(point)),
    };
    let batch = Batch {
        entries: vec![entry.into()],
        states: Vec::new(),
    };
    store.commit_blocking(&batch).unwrap();
    drop(store);
    let (code, shown) = doctor_in(&room, &aws, &[]);
    assert_eq!(code, 1, "{shown}");
    let said = flat(&shown);
    assert!(
        said.contains("7.20 busy instances, which needs 9 instances"),
        "{shown}"
    );
    assert!(said.contains("--max-size 9"), "{shown}");
}

#[test]
fn what_keeps_a_run_from_its_start_on_this_machine_is_a_fault() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    let settings = format!(
        "model = \"gone.json\"\n[serve]\nlisten = \"127.0.0.1:0\"\n[run]\nlisten = \"{listen}\"\n\
         token_file = \"gone\"\n[group.web]\n"
    );
    room.write("foretide.toml", settings);
    let (code, shown) = doctor_in(&room, &aws, &["--json"]);
    assert_eq!(code, 2, "{shown}");
    let findings = shown.lines().map(|line| {
        let finding: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(finding["schema_version"], 2);
        finding
    });
    let faults = findings.filter(|finding| finding["severity"] == "fault");
    let faults: Vec<String> = faults
        .map(|finding| finding["check"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(faults, ["page", "model", "token"]);

    // The store's writer has the port: that is the run itself.
    room.write(
        "foretide.toml",
        format!("[run]\nlisten = \"{listen}\"\n[group.web]\n"),
    );
    std::fs::create_dir(room.path("output")).unwrap();
    let store = Store::open(&room.path("output/foretide.db"), Retention::default()).unwrap();
    let (_, shown) = doctor_in(&room, &aws, &[]);
    assert!(
        flat(&shown).contains("a `foretide run` is running"),
        "{shown}"
    );
    drop(store);
}

#[test]
fn a_permission_that_lacks_is_named_with_what_it_prevents() {
    let aws = Aws::of(vec![busy("web")]);
    let denied = Fault::new(FaultKind::AccessDenied, &["DescribePolicies"]);
    aws.emulator.add_fault(denied);
    let (code, shown) = doctor(&aws, &[]);
    assert_eq!(code, 2, "{shown}");
    let said = flat(&shown);
    assert!(said.contains("nothing is ever written"), "{shown}");
    assert!(
        said.contains("allow the action DescribePolicies"),
        "{shown}"
    );
    assert!(
        said.contains("DescribeScheduledActions is allowed"),
        "{shown}"
    );
}

#[test]
fn a_predictor_that_does_not_answer_is_a_fault() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    let service = Service::start_as("serve", &room, &[]);
    let address = service.address.clone();
    room.write(
        "foretide.toml",
        format!(
            "[group.web]\npolicy = \"classifier\"\npredictor = \"http://{address}\"\n[serve]\n\
             listen = \"127.0.0.1:0\"\n"
        ),
    );
    let (code, shown) = doctor_in(&room, &aws, &[]);
    assert_eq!(code, 0, "{shown}");
    assert!(
        flat(&shown).contains(&format!("http://{address} answers")),
        "{shown}"
    );
    service.end("TERM");
    let (code, shown) = doctor_in(&room, &aws, &[]);
    assert_eq!(code, 2, "{shown}");
    let said = flat(&shown);
    assert!(said.contains("cannot be reached"), "{shown}");
    assert!(said.contains("capacity is held"), "{shown}");
}

#[test]
fn a_metric_delay_that_is_too_short_is_a_warning() {
    let aws = Aws::of(vec![GroupSpec {
        delay_s: 60,
        ..busy("web")
    }]);
    let room = Room::new();
    let settings = |delay: &str| {
        format!("[group.web]\nmetric_delay = \"{delay}\"\n[serve]\nlisten = \"127.0.0.1:0\"\n")
    };
    room.write("foretide.toml", settings("0s"));
    let (code, shown) = doctor_in(&room, &aws, &[]);
    assert_eq!(code, 1, "{shown}");
    assert!(
        flat(&shown).contains("metric_delay = \"0s\", but a period that ended"),
        "{shown}"
    );
    room.write("foretide.toml", settings("60s"));
    let (code, shown) = doctor_in(&room, &aws, &[]);
    assert_eq!(code, 0, "{shown}");
}
