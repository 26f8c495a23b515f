//! A thousand groups in one emulator: few calls, and an answer for each group.

use std::sync::Arc;
use std::time::Duration;

use foretide_aws::{CollectSettings, Collector, MetricOptions, Ready};
use foretide_emulator::{GroupSpec, Scenario};

use crate::rig::{Rig, ask, web};

#[tokio::test]
async fn a_thousand_groups_are_read_in_eighteen_calls() {
    let rig = Rig::new(Scenario::of(GroupSpec {
        count: 1000,
        history_s: 600,
        ..web()
    }))
    .await;
    let names: Vec<Arc<str>> = rig.emulator.groups().into_iter().map(Into::into).collect();
    let settings = |group: &Arc<str>| CollectSettings {
        group: group.to_string(),
        metrics: MetricOptions::default(),
        warm_up: Some(Duration::ZERO),
        ready: Ready::default(),
    };
    let collector = Collector::new(
        Arc::clone(&rig.clients),
        names.iter().map(settings).collect(),
    );
    let readings = rig.clients.read_groups(&names).await;
    assert!(readings.len() == 1000 && readings.values().all(Result::is_ok));
    let queries: Vec<_> = names.iter().map(|name| ask(name, rig.last(600))).collect();
    let metrics = collector.read_metrics(&queries, rig.now()).await;
    assert_eq!(metrics.len(), 1000);
    assert!(
        metrics
            .values()
            .all(|reading| reading.as_ref().is_ok_and(|one| one.points.len() == 9))
    );
    let calls = rig.emulator.calls();
    assert_eq!(
        (calls["DescribeAutoScalingGroups"], calls["GetMetricData"]),
        (10, 8)
    );
    let bill = rig.clients.bill().snapshot();
    assert!(bill.metrics_requested.values().all(|metrics| *metrics == 3));
}
