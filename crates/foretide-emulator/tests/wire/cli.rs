//! The AWS CLI as a second client, and moto as a second server for the same calls.

use std::time::Duration;

use foretide_aws::AwsConfig;
use foretide_domain::FailureKind;
use foretide_emulator::{GroupSpec, PolicySpec, ScheduledActionSpec};
use serde_json::Value;

use crate::python::Python;
use crate::rig::{Rig, START_S, connect, web};

const CPU: &str = "--namespace AWS/EC2 --metric-name CPUUtilization \
    --dimensions Name=AutoScalingGroupName,Value=web";

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
            at_s: None,
            min: Some(2),
            max: Some(4),
            desired: Some(3),
        }],
        warm_pool: Some(0),
        refreshing: true,
        ..web()
    }
}

/// `get-metric-data` for the half hour before the emulator's start.
fn metric_data(rig: &Rig) -> String {
    let queries = r#"[{"Id":"cpu","MetricStat":{"Metric":{"Namespace":"AWS/EC2","MetricName":"CPUUtilization","Dimensions":[{"Name":"AutoScalingGroupName","Value":"web"}]},"Period":60,"Stat":"Average"}}]"#;
    format!(
        "cloudwatch get-metric-data --metric-data-queries {queries} {}",
        span(rig)
    )
}

fn span(rig: &Rig) -> String {
    let end = rig.emulator.start();
    let start = end.minus(Duration::from_mins(30));
    format!("--start-time {start} --end-time {end}")
}

#[tokio::test]
async fn the_cli_reads_and_writes() {
    let Some(python) = Python::find() else { return };
    let rig = Rig::of(group()).await;
    let aws = async |command: &str| python.aws(&rig.endpoint, command).await;

    let all = aws("autoscaling describe-auto-scaling-groups")
        .await
        .unwrap();
    let found = &all["AutoScalingGroups"][0];
    assert_eq!(
        (
            &found["MinSize"],
            &found["MaxSize"],
            &found["DesiredCapacity"]
        ),
        (&1.into(), &5.into(), &2.into())
    );
    assert_eq!(found["Instances"][1]["LifecycleState"], "InService");

    let set = "autoscaling set-desired-capacity --auto-scaling-group-name web --desired-capacity";
    let refused = aws(&format!("{set} 99")).await.unwrap_err();
    assert!(
        refused.contains("(ValidationError)") && refused.contains("above max value 5"),
        "{refused}"
    );
    aws(&format!("{set} 3")).await.unwrap();
    rig.pass(10);
    let name = "--auto-scaling-group-name web";
    let activities = aws(&format!("autoscaling describe-scaling-activities {name}"))
        .await
        .unwrap();
    assert_eq!(activities["Activities"][0]["StatusCode"], "PreInService");
    let refreshes = aws(&format!("autoscaling describe-instance-refreshes {name}"))
        .await
        .unwrap();
    assert_eq!(refreshes["InstanceRefreshes"][0]["Status"], "InProgress");

    let data = aws(&metric_data(&rig)).await.unwrap();
    let result = &data["MetricDataResults"][0];
    assert_eq!(result["Values"].as_array().unwrap().len(), 29);
    assert_eq!(
        (&result["Values"][0], &result["StatusCode"]),
        (&50.0.into(), &"Complete".into())
    );
    assert_eq!(
        result["Timestamps"][0].as_f64(),
        Some((START_S - 120) as f64),
        "newest first by default"
    );

    let unknown = aws("autoscaling describe-adjustment-types")
        .await
        .unwrap_err();
    assert!(unknown.contains("(InvalidAction)"), "{unknown}");
    let unknown = aws("cloudwatch describe-alarms").await.unwrap_err();
    assert!(unknown.contains("(InvalidAction)"), "{unknown}");
    let lost = aws("autoscaling describe-warm-pool --auto-scaling-group-name gone")
        .await
        .unwrap_err();
    assert!(
        lost.contains("(ValidationError)") && lost.contains("not found"),
        "{lost}"
    );
}

#[tokio::test]
async fn moto_answers_the_same_calls_with_the_same_elements() {
    let Some(python) = Python::find() else { return };
    let rig = Rig::of(group()).await;
    let (_server, moto) = python.moto().await;
    prepare(&python, &moto, &rig).await;
    let name = "--auto-scaling-group-name web";
    let statistics = format!(
        "cloudwatch get-metric-statistics {CPU} --period 60 --statistics Average Maximum Minimum Sum SampleCount {}",
        span(&rig)
    );
    let calls = [
        (
            "autoscaling describe-auto-scaling-groups --auto-scaling-group-names web".to_owned(),
            "AutoScalingGroups",
        ),
        (
            format!("autoscaling describe-policies {name}"),
            "ScalingPolicies",
        ),
        (
            format!("autoscaling describe-scheduled-actions {name}"),
            "ScheduledUpdateGroupActions",
        ),
        (
            format!("autoscaling describe-warm-pool {name}"),
            "WarmPoolConfiguration",
        ),
        (format!("cloudwatch list-metrics {CPU}"), "Metrics"),
        (metric_data(&rig), "MetricDataResults"),
        (statistics, "Datapoints"),
    ];
    for (call, element) in calls {
        let ours = python.aws(&rig.endpoint, &call).await.unwrap();
        let theirs = python.aws(&moto, &call).await.unwrap();
        let compared = compare(&ours[element], &theirs[element], element);
        assert!(
            compared >= 2,
            "{call}: only {compared} elements in common: {ours} {theirs}"
        );
    }
    for url in [&rig.endpoint, &moto] {
        let set = format!("autoscaling set-desired-capacity {name} --desired-capacity 3");
        assert_eq!(python.aws(url, &set).await.unwrap(), Value::Null);
    }
}

#[tokio::test]
async fn a_role_is_assumed_before_the_first_call() {
    let Some(python) = Python::find() else { return };
    let (_server, moto) = python.moto().await;
    let with_role = |role: &str| AwsConfig {
        role_arn: Some(role.into()),
        // Not what is tested here, and moto is slow.
        attempt_timeout: Duration::from_mins(1),
        call_deadline: Duration::from_mins(2),
        ..AwsConfig::default()
    };
    // moto loads a service at its first call, longer than the SDK waits for credentials.
    python.aws(&moto, "sts get-caller-identity").await.unwrap();
    let role = with_role("arn:aws:iam::123456789012:role/foretide");
    let failure = connect(&moto, role)
        .await
        .read_group("gone")
        .await
        .unwrap_err();
    assert_eq!(
        failure.kind,
        FailureKind::NotFound,
        "moto knows the role: {failure}"
    );

    // The emulator speaks no STS: without the role there is no call in its name.
    let rig = Rig::of(web()).await;
    let role = with_role("arn:aws:iam::123456789012:role/foretide");
    let failure = connect(&rig.endpoint, role)
        .await
        .read_group("web")
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied, "{failure}");
    assert_eq!(rig.emulator.calls().get("DescribeAutoScalingGroups"), None);
}

/// Makes in moto the groups that the emulator has from its scenario.
async fn prepare(python: &Python, moto: &str, rig: &Rig) {
    let at = rig.emulator.start().minus(Duration::from_mins(5));
    let name = "--auto-scaling-group-name web";
    let template = r#"{"ImageId":"ami-12c6146b","InstanceType":"t3.small"}"#;
    for command in [
        format!(
            "ec2 create-launch-template --launch-template-name template --launch-template-data {template}"
        ),
        format!(
            "autoscaling create-auto-scaling-group {name} --min-size 1 --max-size 5 --desired-capacity 2 --availability-zones eu-west-1a --launch-template LaunchTemplateName=template,Version=1"
        ),
        format!(
            "autoscaling put-scaling-policy {name} --policy-name track --policy-type SimpleScaling --adjustment-type ChangeInCapacity --scaling-adjustment 1"
        ),
        format!(
            "autoscaling put-scheduled-update-group-action {name} --scheduled-action-name morning --recurrence 0,1 --min-size 2 --max-size 4 --desired-capacity 3"
        ),
        format!("autoscaling put-warm-pool {name} --pool-state Stopped --min-size 0"),
        format!("cloudwatch put-metric-data {CPU} --value 50 --timestamp {at}"),
    ] {
        let command = command.replace(
            "--dimensions Name=AutoScalingGroupName,Value=web --value",
            "--dimensions AutoScalingGroupName=web --value",
        );
        python
            .aws(moto, &command)
            .await
            .unwrap_or_else(|error| panic!("{command}: {error}"));
    }
}

/// Compares the types of the values that both answers have, by path. Returns the number of values
/// compared.
fn compare(ours: &Value, theirs: &Value, path: &str) -> usize {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let common = ours
                .iter()
                .filter_map(|(key, value)| Some((key, value, theirs.get(key)?)));
            common
                .map(|(key, a, b)| compare(a, b, &format!("{path}.{key}")))
                .sum()
        }
        (Value::Array(ours), Value::Array(theirs)) => match (ours.first(), theirs.first()) {
            (Some(a), Some(b)) => compare(a, b, &format!("{path}[]")),
            _ => 1,
        },
        _ => {
            let same = std::mem::discriminant(ours) == std::mem::discriminant(theirs);
            assert!(same, "{path}: {ours} against {theirs}");
            1
        }
    }
}
