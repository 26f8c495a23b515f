//! Measures one cycle of readings over the wire, by number of groups. Emulator and client share the
//! process, so the times include both.
//!
//! `cargo bench -p foretide-emulator`

#![expect(clippy::print_stdout, reason = "a benchmark prints figures")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on fails")]

use std::sync::Arc;
use std::time::Duration;

use foretide_aws::{
    AwsClients, AwsConfig, CollectSettings, Collector, MetricOptions, MetricsAsk, Ready,
    StaticCredentials,
};
use foretide_domain::{MetricsQuery, Timestamp};
use foretide_emulator::{Emulator, GroupSpec, Scenario, Server};
use tokio::time::Instant;

const START: Timestamp = Timestamp::from_seconds(1_795_435_200);
const CYCLES: u32 = 5;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let cycles = [10, 100, 1000].map(|count| runtime.block_on(measure(count)));
    let [_, hundred, thousand] = cycles.map(|time| time.as_secs_f64());
    let times = thousand / hundred;
    println!("BENCH\temulator/cycle-of-1000-in-those-of-100\t{times:.1}\ttimes\t<= 12");
}

/// Prints the cost of a cycle of `count` groups; returns its time.
async fn measure(count: u32) -> Duration {
    let scenario = Scenario::of(GroupSpec {
        name: "web".into(),
        count,
        history_s: 600,
        ..GroupSpec::default()
    });
    let emulator = Emulator::new(&scenario, || START).unwrap();
    let server = Server::bind_any(emulator.clone()).await.unwrap();
    let clients = connect(server.endpoint_url().unwrap()).await;
    tokio::spawn(server.serve(std::future::pending()));
    let names: Vec<Arc<str>> = emulator.groups().into_iter().map(Into::into).collect();
    let settings = |group: &Arc<str>| CollectSettings {
        group: group.to_string(),
        metrics: MetricOptions::default(),
        warm_up: Some(Duration::ZERO),
        ready: Ready::default(),
    };
    let collector = Collector::new(clients, names.iter().map(settings).collect());
    // Launches of the past are read once.
    collector.read_groups(&names, START).await;
    let query = MetricsQuery {
        from: START.minus(Duration::from_mins(5)),
        instance_metrics: 20,
    };
    let queries: Vec<_> = names
        .iter()
        .map(|name| MetricsAsk {
            name: Arc::clone(name),
            query,
        })
        .collect();
    let before: u64 = emulator.calls().values().sum();
    let mut best = [Duration::MAX; 2];
    for _ in 0..CYCLES {
        let start = Instant::now();
        assert!(
            collector
                .read_groups(&names, START)
                .await
                .values()
                .all(Result::is_ok)
        );
        let between = Instant::now();
        assert!(
            collector
                .read_metrics(&queries, START)
                .await
                .values()
                .all(Result::is_ok)
        );
        best = [best[0].min(between - start), best[1].min(between.elapsed())];
    }
    let calls = (emulator.calls().values().sum::<u64>() - before) / u64::from(CYCLES);
    let cycle = best.iter().sum();
    let [groups, metrics] = best.map(|time| time.as_secs_f64() * 1000.0);
    println!("BENCH\temulator/read-{count}-groups\t{groups:.1}\tms\t-");
    println!("BENCH\temulator/metrics-of-{count}-groups\t{metrics:.1}\tms\t-");
    println!("BENCH\temulator/calls-for-{count}-groups\t{calls}\tcalls\t-");
    cycle
}

async fn connect(endpoint_url: String) -> Arc<AwsClients> {
    let config = AwsConfig {
        region: Some("eu-west-1".into()),
        endpoint_url: Some(endpoint_url),
        credentials: Some(StaticCredentials {
            access_key_id: "test".into(),
            secret_access_key: "test".into(),
            session_token: None,
        }),
        calls_per_second: 100_000,
        burst: 10_000,
        ..AwsConfig::default()
    };
    Arc::new(AwsClients::connect(&config).await.unwrap())
}
