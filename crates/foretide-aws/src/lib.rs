//! Adapters to CloudWatch, EC2 Auto Scaling and target groups, over the official SDK.
//!
//! [`AwsClients`] holds one region and one set of credentials and makes single calls: rate limited,
//! counted, under a deadline, with a [`CallFailure`](foretide_domain::CallFailure) for every
//! failure. [`Collector`] reads many groups over such a connection, and remembers facts of each
//! group between calls: first sight of instances, basic or detailed monitoring, slow facts. The
//! collector is the runtime's [`Cloud`](foretide_runtime::Cloud).
//!
//! Invariants:
//! - Nothing here decides.
//! - Only [`AwsClients::set_desired`] writes.
//! - Times of events are arguments; only deadlines and the rate limit follow tokio's clock.
//! - No text made here holds a credential.

mod activity;
mod answer;
mod bill;
mod clients;
mod cloud;
mod collector;
mod config;
mod credentials;
mod discover;
mod duty;
mod endpoint;
mod facts;
mod failure;
mod group;
mod history;
mod http_client;
mod load_balancing;
mod metrics;
#[cfg(feature = "parameter-store")]
mod parameters;
mod rate;
mod skew;
mod targets;
mod tracker;
mod traffic;
mod wanted;
mod watched;
mod write;

pub use activity::{ActivityEnd, LaunchActivity};
pub use answer::ANSWER_BYTES_MAX;
pub use bill::{Bill, BillSnapshot, MONTH, USD_PER_METRIC_REQUESTED, metrics_for, usd_per_month};
pub use clients::{AwsClients, ConnectError};
pub use collector::Collector;
pub use config::{AwsConfig, READS_TARGET_GROUPS, StaticCredentials};
pub use discover::{FoundGroup, GroupTag};
pub use facts::{FactAnswers, Outdated, ScalingPolicyFact, SlowFacts};
pub use group::{GroupReading, InstanceReading, Lifecycle};
pub use history::{HistorySpan, Retention, history_spans};
pub use metrics::{
    BilledMetrics, Collect, InstanceAggregate, InstanceMetric, LoadMetric, MetricOptions,
    Monitoring, SignalMetric, Stat,
};
pub use targets::{Ready, TargetHealth, TargetState, is_healthy};
pub use tracker::GroupTracker;
pub use traffic::{RefusedTraffic, TrafficSources};
pub use watched::{CollectSettings, MetricsReading};

/// A question for [`Collector::read_metrics`].
pub use foretide_runtime::MetricsAsk;

#[cfg(test)]
mod tests {
    /// The files that convert answers of AWS, with the operation of each; without their tests.
    const CONVERTED: [(&str, &str); 5] = [
        ("DescribeAutoScalingGroups", include_str!("group.rs")),
        ("DescribeScalingActivities", include_str!("activity.rs")),
        ("DescribeInstanceRefreshes", include_str!("facts.rs")),
        ("DescribePolicies", include_str!("facts.rs")),
        ("DescribeScheduledActions", include_str!("facts.rs")),
    ];

    /// `DefaultCooldown` as the SDK spells its getter: `.default_cooldown()`.
    fn getter(field: &str) -> String {
        let mut name = String::from(".");
        for letter in field.chars() {
            if letter.is_uppercase() && name.len() > 1 {
                name.push('_');
            }
            name.extend(letter.to_lowercase());
        }
        name + "()"
    }

    /// `docs/serving.md` names what is read and what is not: nothing is converted and dropped.
    #[test]
    fn the_fields_of_the_page_are_those_that_are_converted() {
        let page = include_str!("../../../docs/serving.md");
        let (_, tables) = page.split_once("## What Foretide does with").unwrap();
        let (read, not_read) = tables.split_once("does not read these fields").unwrap();
        let mut fields = 0;
        for (table, is_read) in [(read, true), (not_read, false)] {
            for row in table.lines().filter(|line| line.starts_with("| `")) {
                let cells: Vec<&str> = row.split(" | ").collect();
                let operation = cells[0].trim_matches(['|', ' ', '`']);
                let file = CONVERTED.iter().find(|(name, _)| *name == operation);
                let code = file.unwrap().1.split("#[cfg(test)]").next().unwrap();
                for field in cells[1].split(", ").map(|cell| cell.trim_matches('`')) {
                    let found = code.contains(&getter(field));
                    assert_eq!(found, is_read, "{operation}: {field}");
                    fields += 1;
                }
            }
        }
        assert!(fields > 30, "{fields}");
    }
}
