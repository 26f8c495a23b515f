//! `docs/iam.json` against the calls of the adapter: no permission is missing, and none is
//! superfluous.

use std::collections::BTreeSet;

use foretide_aws::{AwsConfig, Collect, MetricOptions};
use foretide_domain::{Mode, Plan, WriteOutcome};
use foretide_emulator::GroupSpec;
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
        ..web()
    })
    .await;
    everything(&rig).await;
    let in_iam = |operation: &String| {
        let metrics = ["GetMetricData", "GetMetricStatistics", "ListMetrics"];
        let service = if metrics.contains(&operation.as_str()) {
            "cloudwatch"
        } else {
            "autoscaling"
        };
        format!("{service}:{operation}")
    };
    let made: BTreeSet<String> = rig.emulator.calls().keys().map(in_iam).collect();
    let allowed: BTreeSet<String> = statements().iter().flat_map(actions).collect();
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
