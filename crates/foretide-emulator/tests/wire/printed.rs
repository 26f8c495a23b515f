//! Every `aws autoscaling` command that Foretide prints works against the emulator, with the real
//! AWS CLI.

use foretide_emulator::{GroupSpec, PolicySpec, ScheduledActionSpec};
use serde_json::Value;

use crate::python::Python;
use crate::rig::{Rig, web};

/// Where commands are printed: doctor, and the emulator itself.
const SOURCES: [&str; 4] = [
    include_str!("../../../foretide-doctor/src/writers.rs"),
    include_str!("../../../foretide-doctor/src/group.rs"),
    include_str!("../../../foretide-doctor/src/permissions.rs"),
    include_str!("../../../foretide/src/command/emulator/mod.rs"),
];

/// A printed command, its arguments, and what shows that it did something: a path into the group or
/// into the answer, and the value there.
const PRINTED: [(&str, &[&str], &str, &str); 8] = [
    ("delete-policy", &["--policy-name", "track"], "", "null"),
    (
        "delete-scheduled-action",
        &["--scheduled-action-name", "morning"],
        "",
        "null",
    ),
    (
        "resume-processes",
        &["--scaling-processes", "Launch"],
        "/SuspendedProcesses",
        "[]",
    ),
    (
        "update-auto-scaling-group",
        &["--max-size", "9"],
        "/MaxSize",
        "9",
    ),
    (
        "set-desired-capacity",
        &["--desired-capacity", "3"],
        "/DesiredCapacity",
        "3",
    ),
    (
        "create-or-update-tags",
        &["--tags", TAG],
        "/Tags/0/Value",
        "\"scale\"",
    ),
    ("describe-scaling-activities", &[], "", "Activities"),
    (
        "describe-auto-scaling-groups",
        &["--query", "AutoScalingGroups[].AutoScalingGroupName"],
        "",
        "web",
    ),
];

const TAG: &str = r#"[{"ResourceId": "web", "ResourceType": "auto-scaling-group",
    "Key": "foretide", "Value": "scale", "PropagateAtLaunch": false}]"#;

fn group() -> GroupSpec {
    GroupSpec {
        policies: vec![PolicySpec {
            name: "track".into(),
            kind: "TargetTrackingScaling".into(),
            enabled: true,
            acts: None,
        }],
        scheduled_actions: vec![ScheduledActionSpec {
            name: "morning".into(),
            recurrence: "0 8 * * *".into(),
            desired: Some(3),
            ..ScheduledActionSpec::default()
        }],
        suspended: vec!["Launch".into()],
        ..web()
    }
}

#[tokio::test]
async fn every_printed_command_works() {
    let Some(python) = Python::find() else { return };
    let rig = Rig::of(group()).await;
    let read = "autoscaling describe-auto-scaling-groups --auto-scaling-group-names web";
    for (name, arguments, path, shows) in PRINTED {
        let mut words = vec!["autoscaling", name];
        if !matches!(
            name,
            "create-or-update-tags" | "describe-auto-scaling-groups"
        ) {
            words.extend(["--auto-scaling-group-name", "web"]);
        }
        words.extend(arguments);
        let answer = python.run(&rig.endpoint, None, &words).await.unwrap();
        let found = python.aws(&rig.endpoint, read).await.unwrap();
        let group = &found["AutoScalingGroups"][0];
        let seen = if path.is_empty() {
            answer.to_string()
        } else {
            group.pointer(path).unwrap_or(&Value::Null).to_string()
        };
        assert!(seen.contains(shows), "{name}: {seen}");
    }
    for (gone, element) in [
        ("describe-policies", "ScalingPolicies"),
        ("describe-scheduled-actions", "ScheduledUpdateGroupActions"),
    ] {
        let left = python
            .aws(&rig.endpoint, &format!("autoscaling {gone}"))
            .await
            .unwrap();
        assert_eq!(left[element].as_array().unwrap().len(), 0, "{left}");
    }
    // Control: the commands fail where there is nothing to do.
    for (name, arguments) in PRINTED.iter().take(2).map(|(name, rest, ..)| (name, rest)) {
        let mut words = vec!["autoscaling", name, "--auto-scaling-group-name", "web"];
        words.extend(*arguments);
        let refused = python.run(&rig.endpoint, None, &words).await.unwrap_err();
        assert!(refused.contains("(ValidationError)"), "{refused}");
    }
}

#[test]
fn no_printed_command_is_left_out() {
    let mut count = 0;
    for source in SOURCES {
        for (_, rest) in source
            .match_indices("aws autoscaling ")
            .map(|(at, found)| (at, &source[at + found.len()..]))
        {
            let name: String = rest
                .chars()
                .take_while(|one| one.is_ascii_lowercase() || *one == '-')
                .collect();
            assert!(
                PRINTED.iter().any(|one| one.0 == name),
                "{name} is not tried"
            );
            count += 1;
        }
    }
    assert!(count >= 8, "only {count} commands found");
}
