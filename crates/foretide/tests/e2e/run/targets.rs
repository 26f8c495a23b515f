//! Target groups that decide who serves: at the start of a run, in its health, and in doctor.

use foretide_emulator::{Fault, FaultKind, GroupSpec, TargetGroupSpec};

use crate::Room;

use super::doctor::{doctor_in, flat};
use super::rig::{Aws, Running, busy, quick};

/// A busy group behind a target group.
fn behind_targets() -> Aws {
    let target_group = TargetGroupSpec {
        name: "front".into(),
        ..TargetGroupSpec::default()
    };
    Aws::of(vec![GroupSpec {
        target_groups: vec![target_group],
        ..busy("web")
    }])
}

/// With `settings` of a group whose target groups decide who serves.
fn room(settings: &str) -> Room {
    let room = Room::new();
    let ready = "[group.web.load]\nready = \"target-group\"\n";
    room.write(
        "foretide.toml",
        format!("[serve]\nlisten = \"127.0.0.1:0\"\n{settings}{ready}"),
    );
    room
}

fn deny(aws: &Aws) {
    let denied = Fault::new(FaultKind::AccessDenied, &["DescribeTargetHealth"]);
    aws.emulator.add_fault(denied);
}

#[test]
fn a_classic_load_balancer_is_refused_by_name_at_the_start() {
    let aws = Aws::of(vec![GroupSpec {
        classic_load_balancers: vec!["web-old".into()],
        ..busy("web")
    }]);
    let room = room(&quick("web", "observe", "1s"));
    let (status, said) = Running::start(&room, &aws, &[]).ended();
    assert_eq!(status.code(), Some(78), "{said}");
    let said = flat(&said);
    assert!(said.contains("group `web`: load.ready"), "{said}");
    assert!(
        said.contains("`web-old`") && said.contains("hint: "),
        "{said}"
    );
    assert!(!room.path("output").exists());
    let (code, shown) = doctor_in(&room, &aws, &[]);
    assert_eq!(code, 2, "{shown}");
    assert!(
        flat(&shown).contains("foretide run refuses to start"),
        "{shown}"
    );
}

/// As after an upgrade whose permission nobody has given yet.
#[test]
fn without_the_permission_a_run_starts_and_its_health_says_what_is_missing() {
    let (aws, room) = (behind_targets(), room(&quick("web", "observe", "1s")));
    deny(&aws);
    let mut run = Running::start(&room, &aws, &[]);
    let told = run.until("every instance in service counts as serving");
    assert!(told.contains("DescribeTargetHealth"), "{told}");
    run.until("PREDICTION: 0 (Low)");
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
    let (code, shown) = doctor_in(&room, &aws, &[]);
    assert_eq!(code, 1, "{shown}");
    let said = flat(&shown);
    assert!(
        said.contains("allow the action DescribeTargetHealth"),
        "{shown}"
    );
}

#[test]
fn doctor_counts_the_healthy_targets() {
    let (aws, room) = (behind_targets(), room("[group.web]\n"));
    let (code, shown) = doctor_in(&room, &aws, &[]);
    assert_eq!(code, 0, "{shown}");
    let said = flat(&shown);
    assert!(said.contains("DescribeTargetHealth is allowed"), "{shown}");
    assert!(said.contains("2 of 2 instances in service"), "{shown}");
    aws.emulator.set_unhealthy("web", "front", 1);
    let (code, shown) = doctor_in(&room, &aws, &[]);
    assert_eq!(code, 0, "{shown}");
    assert!(
        flat(&shown).contains("1 of 2 instances in service"),
        "{shown}"
    );
}
