//! Filters, and the region of a request. What an operation does not implement is refused by name.

use foretide_emulator::{GroupSpec, Scenario};

use crate::form::{VERSION, all, check_done, check_refused, done, send};
use crate::rig::{Rig, web};

#[tokio::test]
async fn the_region_of_the_request_is_in_arns_and_zones() {
    let rig = Rig::of(web()).await;
    for region in ["eu-west-1", "ap-southeast-2"] {
        let form = format!("Action=DescribeAutoScalingGroups&{VERSION}");
        let body = check_done(rig.form(region, &form).await);
        assert!(
            body.contains(&format!("arn:aws:autoscaling:{region}:")),
            "{body}"
        );
        assert_eq!(all(&body, "AvailabilityZone")[0], format!("{region}a"));
    }
    let form = format!("Action=DescribeAutoScalingGroups&{VERSION}");
    let body = check_done(rig.form("<x>", &form).await);
    assert!(
        body.contains("arn:aws:autoscaling:us-east-1:"),
        "control: {body}"
    );
}

#[tokio::test]
async fn filters_are_applied() {
    let tagged = |name: &str, key: &str, value: &str| GroupSpec {
        name: name.into(),
        tags: [(key.to_owned(), value.to_owned())].into(),
        ..web()
    };
    let rig = Rig::new(Scenario {
        groups: vec![tagged("a", "team", "x"), tagged("b", "team", "y"), web()],
        ..Scenario::default()
    })
    .await;
    for (filter, found) in [
        (
            "tag-key&Filters.member.1.Values.member.1=team",
            vec!["a", "b"],
        ),
        ("tag-value&Filters.member.1.Values.member.1=y", vec!["b"]),
        ("tag%3Ateam&Filters.member.1.Values.member.1=x", vec!["a"]),
        ("tag%3Ateam&Filters.member.1.Values.member.1=z", vec![]),
    ] {
        let rest = format!("Filters.member.1.Name={filter}");
        let body = done(&rig, "DescribeAutoScalingGroups", &rest).await;
        assert_eq!(all(&body, "AutoScalingGroupName"), found, "{filter}");
    }
    let unknown = "Filters.member.1.Name=colour&Filters.member.1.Values.member.1=red";
    check_refused(
        send(&rig, "DescribeAutoScalingGroups", unknown).await,
        "ValidationError",
        "Filter type colour",
    );
    let body = send(&rig, "DescribeAutoScalingGroups", "IncludeInstances=false").await;
    assert!(all(&check_done(body), "InstanceId").is_empty());
    let body = done(&rig, "DescribeAutoScalingGroups", "").await;
    assert_eq!(
        (
            all(&body, "AutoScalingGroupName").len(),
            all(&body, "InstanceId").len()
        ),
        (3, 6)
    );
    let body = done(
        &rig,
        "DescribeTags",
        "Filters.member.1.Name=value&Filters.member.1.Values.member.1=x",
    )
    .await;
    assert_eq!(all(&body, "ResourceId"), ["a"]);
}

#[tokio::test]
async fn named_policies_actions_activities_and_refreshes_are_found_alone() {
    let rig = Rig::of(web()).await;
    let name = "AutoScalingGroupName=web";
    for policy in ["up", "down"] {
        let rest = format!(
            "{name}&PolicyName={policy}&AdjustmentType=ChangeInCapacity&ScalingAdjustment=1"
        );
        done(&rig, "PutScalingPolicy", &rest).await;
    }
    let tracking = "PolicyType=TargetTrackingScaling&TargetTrackingConfiguration.TargetValue=50\
                    &TargetTrackingConfiguration.PredefinedMetricSpecification\
                    .PredefinedMetricType=ASGAverageCPUUtilization";
    let rest = format!("{name}&PolicyName=track&{tracking}");
    let body = done(&rig, "PutScalingPolicy", &rest).await;
    let arn = all(&body, "PolicyARN")[0]
        .replace(':', "%3A")
        .replace('/', "%2F");
    for (rest, found) in [
        ("PolicyNames.member.1=up", vec!["up"]),
        (&format!("PolicyNames.member.1={arn}"), vec!["track"]),
        ("PolicyTypes.member.1=TargetTrackingScaling", vec!["track"]),
        ("PolicyTypes.member.1=StepScaling", vec![]),
        ("", vec!["up", "down", "track"]),
    ] {
        let body = done(&rig, "DescribePolicies", rest).await;
        assert_eq!(all(&body, "PolicyName"), found, "{rest}");
    }

    for (action, day) in [("first", 24), ("second", 25)] {
        let rest = format!(
            "{name}&ScheduledActionName={action}&MinSize=1&StartTime=2026-11-{day}T00%3A00%3A00Z"
        );
        done(&rig, "PutScheduledUpdateGroupAction", &rest).await;
    }
    for (rest, found) in [
        ("ScheduledActionNames.member.1=second", vec!["second"]),
        ("StartTime=2026-11-24T12%3A00%3A00Z", vec!["second"]),
        ("EndTime=2026-11-24T12%3A00%3A00Z", vec!["first"]),
        ("", vec!["first", "second"]),
    ] {
        let body = done(&rig, "DescribeScheduledActions", rest).await;
        assert_eq!(all(&body, "ScheduledActionName"), found, "{rest}");
    }

    done(
        &rig,
        "SetDesiredCapacity",
        &format!("{name}&DesiredCapacity=4"),
    )
    .await;
    rig.pass(10);
    let body = done(&rig, "DescribeScalingActivities", name).await;
    let ids = all(&body, "ActivityId");
    assert_eq!(ids.len(), 2);
    let one = format!("ActivityIds.member.1={}", ids[0]);
    let body = done(&rig, "DescribeScalingActivities", &one).await;
    assert_eq!(all(&body, "ActivityId"), [ids[0]]);

    let body = done(&rig, "StartInstanceRefresh", name).await;
    let id = all(&body, "InstanceRefreshId")[0].to_owned();
    for (wanted, count) in [(id.as_str(), 1), ("other", 0)] {
        let rest = format!("{name}&InstanceRefreshIds.member.1={wanted}");
        let body = done(&rig, "DescribeInstanceRefreshes", &rest).await;
        assert_eq!(all(&body, "InstanceRefreshId").len(), count);
    }
}

#[tokio::test]
async fn a_parameter_that_is_not_implemented_is_named() {
    let rig = Rig::of(web()).await;
    for (action, rest, parameter) in [
        ("DescribeAutoScalingGroups", "Colour=red", "Colour"),
        (
            "DescribeScalingActivities",
            "Filters.member.1.Name=Status",
            "Filters",
        ),
        (
            "StartInstanceRefresh",
            "AutoScalingGroupName=web&DesiredConfiguration.X=1",
            "DesiredConfiguration",
        ),
        (
            "UpdateAutoScalingGroup",
            "AutoScalingGroupName=web&MaxInstanceLifetime=86400",
            "MaxInstanceLifetime",
        ),
        (
            "CreateLaunchConfiguration",
            "LaunchConfigurationName=a&Colour=red",
            "Colour",
        ),
    ] {
        let answer = send(&rig, action, rest).await;
        check_refused(
            answer,
            "ValidationError",
            &format!("the parameter {parameter} of"),
        );
    }
    let metrics = "Action=ListMetrics&Version=2010-08-01";
    let answer = rig
        .form(
            "eu-west-1",
            &format!("{metrics}&IncludeLinkedAccounts=true"),
        )
        .await;
    check_refused(
        answer,
        "ValidationError",
        "the parameter IncludeLinkedAccounts of",
    );
    check_done(rig.form("eu-west-1", metrics).await);
    done(&rig, "DescribeScalingActivities", "MaxRecords=1").await;
}
