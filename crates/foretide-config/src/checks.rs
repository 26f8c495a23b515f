//! Checks of settings beyond the type of each key: ranges and combinations.

use std::collections::BTreeMap;
use std::time::Duration;

use foretide_aws::AwsConfig;

use super::broken::{Broken, broken, per_peer};
use super::{Config, DemoSettings, RunSettings, ServeSettings};

pub(super) fn aws(aws: &AwsConfig) -> Vec<Broken> {
    let is_url = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    let checks = [
        (
            "endpoint_url",
            aws.endpoint_url.as_ref().is_none_or(is_url),
            "must begin with http:// or https://",
        ),
        (
            "call_deadline",
            !aws.call_deadline.is_zero(),
            "must be above 0s",
        ),
        (
            "attempt_timeout",
            !aws.attempt_timeout.is_zero() && aws.attempt_timeout <= aws.call_deadline,
            "must be above 0s and at most aws.call_deadline",
        ),
        (
            "calls_per_second",
            aws.calls_per_second > 0,
            "must be at least 1",
        ),
        ("burst", aws.burst > 0, "must be at least 1"),
    ];
    broken(checks)
}

/// A page that accepts orders needs a token.
pub(super) fn run(run: &RunSettings) -> Vec<Broken> {
    let why = "needs `run.token_file` beside it: head -c 24 /dev/urandom | base64 > token; chmod \
               600 token; and token_file = \"token\"";
    broken([("controls", !run.controls || run.token_file.is_some(), why)])
}

/// Tables with the same Auto Scaling group as an earlier table, in the same region and with the
/// same role; each with that earlier table.
pub(super) fn twins(config: &Config) -> Vec<(&str, &str)> {
    let mut seen = BTreeMap::new();
    let mut twins = Vec::new();
    for (table, group) in &config.groups {
        let group = (group.live.asg_name(table), &group.live.reach);
        if let Some(first) = seen.get(&group) {
            twins.push((table.as_str(), *first));
        } else {
            seen.insert(group, table.as_str());
        }
    }
    twins
}

/// Refuses limits that would admit no request.
pub(super) fn serve(serve: &ServeSettings) -> Vec<Broken> {
    let checks = [
        (
            "max_connections",
            serve.max_connections > 0,
            "must be at least 1",
        ),
        per_peer(serve.connections_per_peer),
        (
            "header_timeout",
            !serve.header_timeout.is_zero(),
            "must be above 0s",
        ),
        (
            "body_timeout",
            !serve.body_timeout.is_zero(),
            "must be above 0s",
        ),
    ];
    broken(checks)
}

pub(super) fn demo(demo: &DemoSettings) -> Vec<Broken> {
    let slo = demo.slo_utilisation;
    let checks = [
        ("days", demo.days > 0, "must be at least 1"),
        ("days", demo.days <= MAX_DAYS, "must be at most 366"),
        ("capacity_max", demo.capacity_max > 0, "must be at least 1"),
        (
            "capacity_max",
            demo.capacity_max <= MAX_CAPACITY,
            "must be at most 10000",
        ),
        (
            "capacity_min",
            demo.capacity_min <= demo.capacity_max,
            "must be at most demo.capacity_max",
        ),
        ("boot", demo.boot <= MAX_BOOT, "must be at most 1d"),
        (
            "slo_utilisation",
            slo > 0.0 && slo <= 1.0,
            "must be above 0% and at most 100%",
        ),
    ];
    broken(checks)
}

/// The demo keeps its whole load in memory: a year of minutes is 4 MB.
const MAX_DAYS: u32 = 366;
/// Each instance is simulated by itself.
const MAX_CAPACITY: u32 = 10_000;
/// Instances that boot for longer than a day do not serve a daily cycle.
const MAX_BOOT: Duration = Duration::from_secs(86_400);
