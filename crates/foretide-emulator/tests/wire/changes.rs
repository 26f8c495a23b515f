//! What clients change in a group, and what they are refused. Every refusal has its control.

use foretide_emulator::GroupSpec;
use serde_json::Value;

use crate::form::{all, check_refused, done, send};
use crate::python::Python;
use crate::rig::{Rig, web};

const API: &str = "--auto-scaling-group-name api";

/// Creates the group `api` with two instances of one to four.
async fn create(python: &Python, rig: &Rig) {
    let create = format!(
        "autoscaling create-auto-scaling-group {API} --min-size 1 --max-size 4 \
         --desired-capacity 2 --launch-template LaunchTemplateName=template --tags Key=team,Value=x"
    );
    python.aws(&rig.endpoint, &create).await.unwrap();
    let again = python.aws(&rig.endpoint, &create).await.unwrap_err();
    assert!(again.contains("(AlreadyExists)"), "{again}");
}

/// Id and state of each instance of the group `api`.
async fn states(python: &Python, rig: &Rig) -> Vec<(String, String)> {
    let query = "AutoScalingInstances[?AutoScalingGroupName=='api'].[InstanceId,LifecycleState]";
    let read = format!("autoscaling describe-auto-scaling-instances --query {query}");
    let all = python.aws(&rig.endpoint, &read).await.unwrap();
    let pairs = all.as_array().unwrap().iter();
    pairs.map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

#[tokio::test]
async fn a_group_lives_from_creation_to_deletion_under_the_cli() {
    let Some(python) = Python::find() else { return };
    let rig = Rig::of(web()).await;
    let aws = async |command: &str| {
        python
            .aws(&rig.endpoint, &format!("autoscaling {command}"))
            .await
    };
    create(&python, &rig).await;
    rig.pass(10);
    let launched = states(&python, &rig).await;
    assert!(launched.len() == 2 && launched.iter().all(|(_, state)| state == "Pending"));
    rig.pass(180);
    let there = states(&python, &rig).await;
    assert!(
        there.iter().all(|(_, state)| state == "InService"),
        "{there:?}"
    );

    let kept = aws(&format!("delete-auto-scaling-group {API}"))
        .await
        .unwrap_err();
    assert!(kept.contains("(ResourceInUse)"), "{kept}");
    aws(&format!("delete-auto-scaling-group {API} --force-delete"))
        .await
        .unwrap();
    assert_eq!(rig.emulator.groups(), ["web"]);
    let gone = aws(&format!("update-auto-scaling-group {API} --max-size 3"))
        .await
        .unwrap_err();
    assert!(gone.contains("AutoScalingGroup name not found"), "{gone}");
    let told = aws(&format!(
        "describe-scaling-activities {API} --include-deleted-groups"
    ))
    .await;
    assert_eq!(
        told.unwrap()["Activities"][0]["AutoScalingGroupState"],
        "Deleted"
    );
    let control = aws(&format!("describe-scaling-activities {API}")).await;
    assert!(control.is_err());
}

#[tokio::test]
async fn named_instances_stand_by_come_back_and_end_under_the_cli() {
    let Some(python) = Python::find() else { return };
    let rig = Rig::of(web()).await;
    let aws = async |command: &str| {
        python
            .aws(&rig.endpoint, &format!("autoscaling {command}"))
            .await
    };
    create(&python, &rig).await;
    rig.pass(200);
    let there = states(&python, &rig).await;
    let (first, second) = (&there[0].0, &there[1].0);
    let standby = format!("--instance-ids {first} {API}");
    aws(&format!(
        "enter-standby {standby} --should-decrement-desired-capacity"
    ))
    .await
    .unwrap();
    assert_eq!(states(&python, &rig).await[0].1, "Standby");
    assert_eq!(rig.emulator.desired("api"), Some(1));
    aws(&format!("exit-standby {standby}")).await.unwrap();
    assert_eq!(rig.emulator.desired("api"), Some(2));

    let end = |id: &str| {
        format!(
            "terminate-instance-in-auto-scaling-group --instance-id {id} \
             --should-decrement-desired-capacity"
        )
    };
    let ended = aws(&end(second)).await.unwrap();
    let told = text(&ended["Activity"]["Description"]);
    assert!(told.contains(second.as_str()), "{told}");
    assert_eq!(rig.emulator.desired("api"), Some(1));
    rig.pass(60);
    assert_eq!(states(&python, &rig).await.len(), 1);
    let refused = aws(&end(first)).await.unwrap_err();
    assert!(refused.contains("minSize (1)"), "{refused}");
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Id and state of each instance of the group `web`.
async fn members(rig: &Rig) -> Vec<(String, String)> {
    let body = done(rig, "DescribeAutoScalingGroups", "").await;
    let pairs = all(&body, "InstanceId")
        .into_iter()
        .zip(all(&body, "LifecycleState"));
    pairs
        .map(|(id, state)| (id.to_owned(), state.to_owned()))
        .collect()
}

const WEB: &str = "AutoScalingGroupName=web";

#[tokio::test]
async fn a_launch_waits_for_a_hook_until_its_action_is_completed() {
    let rig = Rig::of(GroupSpec {
        boot_s: 20,
        ..web()
    })
    .await;
    let hook = "LifecycleHookName=warm";
    let transition = "LifecycleTransition=autoscaling%3AEC2_INSTANCE_LAUNCHING";
    done(
        &rig,
        "PutLifecycleHook",
        &format!("{WEB}&{hook}&{transition}"),
    )
    .await;
    done(
        &rig,
        "SetDesiredCapacity",
        &format!("{WEB}&DesiredCapacity=3"),
    )
    .await;
    rig.pass(60);
    let (id, state) = members(&rig).await.pop().unwrap();
    assert_eq!(state, "Pending:Wait");
    let complete = format!("{WEB}&{hook}&LifecycleActionResult=CONTINUE&InstanceId={id}");
    done(&rig, "CompleteLifecycleAction", &complete).await;
    rig.pass(10);
    assert_eq!(members(&rig).await.pop().unwrap().1, "InService");
    check_refused(
        send(&rig, "CompleteLifecycleAction", &complete).await,
        "ValidationError",
        "No active Lifecycle Action",
    );
    let body = done(&rig, "DescribeLifecycleHooks", WEB).await;
    assert_eq!(all(&body, "LifecycleHookName"), ["warm"]);
    done(&rig, "DeleteLifecycleHook", &format!("{WEB}&{hook}")).await;
    done(
        &rig,
        "SetDesiredCapacity",
        &format!("{WEB}&DesiredCapacity=4"),
    )
    .await;
    rig.pass(60);
    assert_eq!(members(&rig).await.pop().unwrap().1, "InService", "control");
}

#[tokio::test]
async fn protection_and_health_act_on_the_named_instance() {
    let rig = Rig::of(GroupSpec {
        boot_s: 20,
        ..web()
    })
    .await;
    let there = members(&rig).await;
    let oldest = there[0].0.clone();
    let protect = format!("{WEB}&InstanceIds.member.1={oldest}&ProtectedFromScaleIn=true");
    done(&rig, "SetInstanceProtection", &protect).await;
    done(
        &rig,
        "SetDesiredCapacity",
        &format!("{WEB}&DesiredCapacity=1"),
    )
    .await;
    rig.pass(90);
    let left = members(&rig).await;
    assert!(
        left.len() == 1 && left[0].0 == oldest,
        "the other one went: {left:?}"
    );

    let health = format!("InstanceId={oldest}&HealthStatus=Unhealthy");
    done(&rig, "SetInstanceHealth", &health).await;
    rig.pass(120);
    let left = members(&rig).await;
    assert!(
        left.len() == 1 && left[0].0 != oldest,
        "it was replaced: {left:?}"
    );
    check_refused(
        send(
            &rig,
            "SetInstanceHealth",
            "InstanceId=i-1&HealthStatus=Unhealthy",
        )
        .await,
        "ValidationError",
        "No managed instance found",
    );
}

#[tokio::test]
async fn an_instance_refresh_replaces_every_instance() {
    let rig = Rig::of(GroupSpec {
        boot_s: 20,
        ..web()
    })
    .await;
    let before = members(&rig).await;
    done(&rig, "StartInstanceRefresh", WEB).await;
    check_refused(
        send(&rig, "StartInstanceRefresh", WEB).await,
        "InstanceRefreshInProgress",
        "already in progress",
    );
    for _ in 0..20 {
        rig.pass(10);
        members(&rig).await;
    }
    let body = done(&rig, "DescribeInstanceRefreshes", WEB).await;
    assert_eq!(all(&body, "Status"), ["Successful"]);
    let after = members(&rig).await;
    assert!(
        after.len() == 2 && after.iter().all(|one| !before.contains(one)),
        "{after:?}"
    );
    check_refused(
        send(&rig, "CancelInstanceRefresh", WEB).await,
        "ActiveInstanceRefreshNotFound",
        "No in progress",
    );
    done(&rig, "StartInstanceRefresh", WEB).await;
    done(&rig, "CancelInstanceRefresh", WEB).await;
    rig.pass(10);
    let body = done(&rig, "DescribeInstanceRefreshes", WEB).await;
    assert_eq!(all(&body, "Status")[0], "Cancelled");
}

#[tokio::test]
async fn limits_hold() {
    let rig = Rig::of(web()).await;
    let name = "AutoScalingGroupName=web";
    let simple = "AdjustmentType=ChangeInCapacity&ScalingAdjustment=1";
    let cases = [
        (
            "PutScalingPolicy",
            50,
            format!("{name}&{simple}&PolicyName="),
        ),
        (
            "PutScheduledUpdateGroupAction",
            125,
            format!("{name}&MinSize=1&Recurrence=0+8+*+*+*&ScheduledActionName="),
        ),
        (
            "CreateOrUpdateTags",
            50,
            "Tags.member.1.ResourceId=web&Tags.member.1.Value=x&Tags.member.1.Key=".into(),
        ),
        (
            "PutLifecycleHook",
            50,
            format!(
                "{name}&LifecycleTransition=autoscaling%3AEC2_INSTANCE_TERMINATING\
                     &LifecycleHookName="
            ),
        ),
    ];
    for (action, most, rest) in cases {
        for number in 0..most {
            done(&rig, action, &format!("{rest}{number}")).await;
        }
        let answer = send(&rig, action, &format!("{rest}{most}")).await;
        check_refused(answer, "LimitExceeded", &most.to_string());
        done(&rig, action, &format!("{rest}1")).await;
    }
}
