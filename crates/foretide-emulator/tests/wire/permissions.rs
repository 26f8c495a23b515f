//! `docs/iam.json` against the calls of the adapter: no permission is missing, and none is
//! superfluous.

use std::collections::BTreeSet;

use foretide_aws::{AwsConfig, Collect, MetricOptions};
use foretide_domain::{Mode, Plan, WriteOutcome};
use foretide_emulator::{GroupSpec, TargetGroupSpec};
use serde_json::Value;

use crate::rig::{Rig, ask, connect, history, web};

const POLICY: &str = include_str!("../../../../docs/iam.json");

/// Makes every call of the adapter, on a group that needs each of them.
async fn everything(rig: &Rig) {
    for collect in [Collect::Group, Collect::Instance] {
        let options = MetricOptions {
            collect,
            memory: true,
            ..MetricOptions::default()
        };
        let collector = rig.collector("web", options);
        rig.read(&collector, "web").await;
        let queries = [ask("web", rig.last(600))];
        collector.read_metrics(&queries, rig.now()).await;
        let span = (rig.last(600).from, rig.now());
        collector
            .read_history("web", history(span, 60))
            .await
            .unwrap();
        collector.refresh_facts(rig.now()).await;
        collector.facts("web").unwrap().unwrap();
    }
    rig.clients.check_credentials().await.unwrap();
    let answers = rig.clients.ask_each_fact("web", true).await;
    assert_eq!(answers.warm_pool, Some(Ok(1)));
    let by_targets = rig.by_targets("web", None);
    rig.read(&by_targets, "web").await;
    rig.clients.read_launches("web", rig.now()).await.unwrap();
    let found = rig.clients.read_group("web").await.unwrap();
    let plan = Plan {
        desired: found.desired + 1,
        expected_desired: found.desired,
        expected_bounds: found.bounds,
    };
    let outcome = rig.clients.set_desired("web", plan, Mode::Enforce).await;
    assert_eq!(outcome, WriteOutcome::Accepted);
}

fn statements() -> Vec<Value> {
    let policy: Value = serde_json::from_str(POLICY).unwrap();
    policy["Statement"].as_array().unwrap().clone()
}

fn actions(statement: &Value) -> Vec<String> {
    match &statement["Action"] {
        Value::String(one) => vec![one.clone()],
        several => several
            .as_array()
            .unwrap()
            .iter()
            .map(|action| action.as_str().unwrap().to_owned())
            .collect(),
    }
}

#[tokio::test]
async fn the_policy_allows_just_the_calls_that_are_made() {
    let rig = Rig::of(GroupSpec {
        warm_pool: Some(1),
        memory: true,
        target_groups: vec![TargetGroupSpec {
            name: "front".into(),
            ..TargetGroupSpec::default()
        }],
        ..web()
    })
    .await;
    everything(&rig).await;
    let in_iam = |operation: &String| {
        let metrics = ["GetMetricData", "GetMetricStatistics", "ListMetrics"];
        let service = if metrics.contains(&operation.as_str()) {
            "cloudwatch"
        } else if operation == "DescribeTargetHealth" {
            "elasticloadbalancing"
        } else {
            "autoscaling"
        };
        format!("{service}:{operation}")
    };
    let made: BTreeSet<String> = rig.emulator.calls().keys().map(in_iam).collect();
    // The configuration in Systems Manager is read before anything else, and tried against moto.
    let here = statements();
    let here = here.iter().filter(|it| it["Sid"] != "ReadConfiguration");
    let allowed: BTreeSet<String> = here.flat_map(actions).collect();
    assert_eq!(made, allowed);
}

#[test]
fn what_writes_is_confined_to_groups_and_nothing_is_a_wildcard() {
    for statement in statements() {
        let actions = actions(&statement);
        assert!(
            actions.iter().all(|action| !action.contains('*')),
            "{statement}"
        );
        if statement["Sid"] == "ReadConfiguration" {
            assert_eq!(actions, ["ssm:GetParameter", "ssm:GetParametersByPath"]);
            assert_eq!(
                statement["Resource"],
                "arn:aws:ssm:*:*:parameter/foretide/*"
            );
            continue;
        }
        let reads = |action: &String| action.contains(":Describe") || action.contains(":Get");
        if actions.iter().all(reads) {
            // Describe calls and GetMetricData know no resources.
            assert_eq!(statement["Resource"], "*");
            continue;
        }
        let resource = statement["Resource"].as_str().unwrap();
        let (_, name) = resource.split_once(":autoScalingGroupName/").unwrap();
        let by_tag = &statement["Condition"]["StringEquals"]["aws:ResourceTag/foretide"];
        assert!(name != "*" || by_tag.is_string(), "{statement}");
    }
}

/// A version that is upgraded without the new permission keeps what it was allowed before.
#[test]
fn the_health_of_targets_is_a_statement_of_its_own() {
    let all = statements();
    let mut with = all.iter().filter(|statement| {
        let actions = actions(statement);
        actions
            .iter()
            .any(|action| action.starts_with("elasticloadbalancing:"))
    });
    let only = with.next().unwrap();
    assert_eq!(actions(only), ["elasticloadbalancing:DescribeTargetHealth"]);
    assert!(with.next().is_none());
}

/// A dry run makes the same calls without the write.
#[tokio::test]
async fn a_dry_run_needs_no_permission_to_write() {
    let rig = Rig::of(web()).await;
    let clients = connect(&rig.endpoint, AwsConfig::default()).await;
    let found = clients.read_group("web").await.unwrap();
    let plan = Plan {
        desired: 3,
        expected_desired: found.desired,
        expected_bounds: found.bounds,
    };
    let outcome = clients.set_desired("web", plan, Mode::Observe).await;
    assert_eq!(outcome, WriteOutcome::DryRun);
    assert!(!rig.emulator.calls().contains_key("SetDesiredCapacity"));
}
