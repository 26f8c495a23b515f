//! Properties of the whole table of operations.

use foretide_domain::Timestamp;

use super::table::OPERATIONS;
use super::{VERSION, call};
use crate::error::ApiError;
use crate::query::Form;
use crate::{Emulator, GroupSpec, Scenario};

const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);

/// A group with one of everything, which `operator` alone may change.
fn emulator(operator: Option<&str>) -> Emulator {
    let mut scenario: Scenario = toml::from_str(
        "[[groups]]\nname = \"web\"\nwarm_pool = 1\nrefreshing = true\n\
         policies = [{ name = \"p\", kind = \"SimpleScaling\" }]\n\
         scheduled_actions = [{ name = \"s\", recurrence = \"0 8 * * *\" }]",
    )
    .unwrap();
    if let Some(group) = scenario.groups.first_mut() {
        group.operator = operator.map(str::to_owned);
    }
    Emulator::new(&scenario, || NOW).unwrap()
}

fn run(emulator: &Emulator, form: &str) -> Result<String, ApiError> {
    let form = Form::parse(form.as_bytes())?;
    call(emulator, &form, "eu-west-1", 1)
}

const GROUP: &str = "AutoScalingGroupName=web";

/// A request of each writing operation that names the group `web`.
fn requests(instance: &str) -> Vec<(&'static str, String)> {
    let mut all = of_group();
    all.extend(of_instance(instance));
    all
}

fn of_instance(instance: &str) -> Vec<(&'static str, String)> {
    let group = GROUP;
    vec![
        (
            "CompleteLifecycleAction",
            format!(
                "{group}&LifecycleHookName=h&LifecycleActionResult=CONTINUE&InstanceId={instance}"
            ),
        ),
        (
            "EnterStandby",
            format!("{group}&InstanceIds.member.1={instance}&ShouldDecrementDesiredCapacity=false"),
        ),
        (
            "ExitStandby",
            format!("{group}&InstanceIds.member.1={instance}"),
        ),
        (
            "SetInstanceHealth",
            format!("InstanceId={instance}&HealthStatus=Unhealthy"),
        ),
        (
            "SetInstanceProtection",
            format!("{group}&InstanceIds.member.1={instance}&ProtectedFromScaleIn=true"),
        ),
        (
            "TerminateInstanceInAutoScalingGroup",
            format!("InstanceId={instance}&ShouldDecrementDesiredCapacity=false"),
        ),
    ]
}

fn of_group() -> Vec<(&'static str, String)> {
    let group = GROUP;
    vec![
        (
            "BatchDeleteScheduledAction",
            format!("{group}&ScheduledActionNames.member.1=s"),
        ),
        (
            "BatchPutScheduledUpdateGroupAction",
            format!("{group}&ScheduledUpdateGroupActions.member.1.ScheduledActionName=s"),
        ),
        ("CancelInstanceRefresh", group.into()),
        (
            "CreateOrUpdateTags",
            "Tags.member.1.ResourceId=web&Tags.member.1.Key=a".into(),
        ),
        (
            "DeleteAutoScalingGroup",
            format!("{group}&ForceDelete=true"),
        ),
        (
            "DeleteLifecycleHook",
            format!("{group}&LifecycleHookName=h"),
        ),
        ("DeletePolicy", format!("{group}&PolicyName=p")),
        (
            "DeleteScheduledAction",
            format!("{group}&ScheduledActionName=s"),
        ),
        (
            "DeleteTags",
            "Tags.member.1.ResourceId=web&Tags.member.1.Key=a".into(),
        ),
        ("DeleteWarmPool", group.into()),
        ("ExecutePolicy", "PolicyName=p".into()),
        (
            "PutLifecycleHook",
            format!(
                "{group}&LifecycleHookName=h\
                 &LifecycleTransition=autoscaling%3AEC2_INSTANCE_LAUNCHING"
            ),
        ),
        (
            "PutScalingPolicy",
            format!("{group}&PolicyName=q&AdjustmentType=ExactCapacity&ScalingAdjustment=1"),
        ),
        (
            "PutScheduledUpdateGroupAction",
            format!("{group}&ScheduledActionName=t&MinSize=1&Recurrence=0+8+*+*+*"),
        ),
        ("PutWarmPool", group.into()),
        ("ResumeProcesses", group.into()),
        ("SetDesiredCapacity", format!("{group}&DesiredCapacity=3")),
        ("StartInstanceRefresh", group.into()),
        ("SuspendProcesses", group.into()),
        ("UpdateAutoScalingGroup", format!("{group}&MaxSize=9")),
    ]
}

fn first_instance(emulator: &Emulator) -> String {
    let body = run(
        emulator,
        &format!("Action=DescribeAutoScalingInstances&Version={VERSION}"),
    );
    let body = body.unwrap();
    let (_, rest) = body.split_once("<InstanceId>").unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

#[test]
fn an_operated_group_refuses_every_writing_operation() {
    // These change what is beside the groups.
    let others = [
        "CreateAutoScalingGroup",
        "CreateLaunchConfiguration",
        "DeleteLaunchConfiguration",
    ];
    let instance = first_instance(&emulator(None));
    let requests = requests(&instance);
    let writing = OPERATIONS
        .iter()
        .filter(|one| one.writes && !others.contains(&one.name));
    for operation in writing {
        let name = operation.name;
        let found = requests.iter().find(|(action, _)| *action == name);
        let (_, rest) = found.unwrap_or_else(|| panic!("{name} is not tried"));
        let form = format!("Action={name}&Version={VERSION}&{rest}");
        let operated = emulator(Some("ecs.amazonaws.com"));
        let refused = run(&operated, &form).unwrap_err();
        assert_eq!(refused.code, "AccessDenied", "{name}: {}", refused.message);
        // Control: without an operator nothing is denied.
        let code = run(&emulator(None), &form).err().map(|error| error.code);
        assert_ne!(code, Some("AccessDenied"), "{name}");
    }
}

#[test]
fn every_operation_refuses_a_parameter_that_it_does_not_know() {
    let emulator = emulator(None);
    for operation in OPERATIONS {
        let form = format!("Action={}&Version={VERSION}&Colour=red", operation.name);
        let refused = run(&emulator, &form).unwrap_err();
        assert_eq!(refused.code, "ValidationError", "{}", operation.name);
    }
    let fine = format!("Action=DescribeAutoScalingGroups&Version={VERSION}");
    assert!(run(&emulator, &fine).is_ok(), "control");
}

#[test]
fn every_operation_is_documented() {
    let page = include_str!("../../../../docs/emulator.md");
    let metrics = crate::cloudwatch::operations();
    let targets = crate::load_balancing::operations();
    let scaling = OPERATIONS.iter().map(|one| one.name);
    for name in scaling.chain(metrics).chain(targets) {
        assert!(
            page.contains(&format!("`{name}`")),
            "{name} is not in docs/emulator.md"
        );
    }
    assert!(!page.contains("`PutNotificationConfiguration`"), "control");
}

#[test]
fn operations_are_in_alphabetical_order_and_named_once() {
    assert!(OPERATIONS.is_sorted_by(|a, b| a.name < b.name));
}

#[test]
fn created_groups_follow_at_once_where_instances_boot_in_no_time() {
    let scenario = Scenario {
        created: GroupSpec {
            boot_s: 0,
            scale_in_s: 0,
            terminate_s: 0,
            ..GroupSpec::default()
        },
        ..Scenario::default()
    };
    let emulator = Emulator::new(&scenario, || NOW).unwrap();
    let send = |action: &str, rest: &str| {
        run(
            &emulator,
            &format!("Action={action}&Version={VERSION}&AutoScalingGroupName=a{rest}"),
        )
    };
    let sizes = "&MinSize=0&MaxSize=5&LaunchTemplate.LaunchTemplateName=t&DesiredCapacity=";
    send("CreateAutoScalingGroup", &format!("{sizes}2")).unwrap();
    let count = || {
        let read = format!("Action=DescribeAutoScalingInstances&Version={VERSION}");
        run(&emulator, &read).unwrap().matches("InService").count()
    };
    assert_eq!(count(), 2);
    send("SetDesiredCapacity", "&DesiredCapacity=4").unwrap();
    assert_eq!(count(), 4);
    send("SetDesiredCapacity", "&DesiredCapacity=0").unwrap();
    assert_eq!(count(), 0);
    assert!(send("SetDesiredCapacity", "&DesiredCapacity=6").is_err());
    send("DeleteAutoScalingGroup", "").unwrap();
}
