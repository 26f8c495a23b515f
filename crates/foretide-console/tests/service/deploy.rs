//! The files beside the metrics: alert rules and dashboard speak of metrics that are there.
//!
//! Where promtool (Debian's package prometheus) is not installed, the rules' own tests say
//! `skipped: …` on standard error.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::page::every_metric;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy")
}

/// Names of metrics in a text.
fn named(text: &str) -> BTreeSet<String> {
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    text.split(word)
        .filter(|word| word.starts_with("foretide_"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn rules_and_dashboard_name_metrics_that_are_served() {
    let served = named(&every_metric().await);
    for file in ["prometheus-rules.yml", "grafana-dashboard.json"] {
        let text = std::fs::read_to_string(folder().join(file)).unwrap();
        let used = named(&text);
        assert!(used.len() >= 4, "{file} names {used:?}");
        let unknown: Vec<_> = used.difference(&served).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?} of {served:?}");
    }
}

/// Gauges and counters of a group that no panel shows, each with the panel that stands for it: what
/// is new goes onto the dashboard or into this list.
const NOT_DRAWN: [(&str, &str); 25] = [
    ("foretide_group_at_max", "Health states: at_maximum"),
    (
        "foretide_group_baseline_instance_seconds",
        "the fair baseline",
    ),
    (
        "foretide_group_baseline_keeps_budget",
        "Violation share: its two lines",
    ),
    (
        "foretide_group_baseline_violation_seconds",
        "Violation share",
    ),
    (
        "foretide_group_breaker_open",
        "Health states: launches_failing",
    ),
    (
        "foretide_group_checked_timestamp_seconds",
        "Health states: stalled",
    ),
    ("foretide_group_cpu_ratio", "Capacity against load"),
    ("foretide_group_data_stale", "Data age"),
    (
        "foretide_group_forecast_ahead_seconds",
        "a setting, seldom moving",
    ),
    ("foretide_group_health", "Health states"),
    ("foretide_group_interval_seconds", "a setting"),
    ("foretide_group_known_seconds", "the fair baseline"),
    ("foretide_group_min_instances", "Capacity against load"),
    (
        "foretide_group_optimum_instance_seconds",
        "the fair baseline",
    ),
    (
        "foretide_group_predictor_failing",
        "Health states: predictor_silent",
    ),
    ("foretide_group_signal_age_seconds", "Capacity against load"),
    (
        "foretide_group_signal_asked_instances",
        "Capacity against load",
    ),
    ("foretide_group_signal_binding", "Capacity against load"),
    ("foretide_group_signal_fresh", "Capacity against load"),
    (
        "foretide_group_signal_load_instances",
        "Capacity against load",
    ),
    ("foretide_group_signal_value", "Capacity against load"),
    ("foretide_group_standby_instances", "Capacity against load"),
    (
        "foretide_group_terminating_instances",
        "Capacity against load",
    ),
    ("foretide_group_used_instance_seconds", "the fair baseline"),
    ("foretide_group_violation_seconds", "Violation share"),
];

#[tokio::test]
async fn every_metric_of_a_group_has_a_panel_or_a_panel_that_stands_for_it() {
    let text = std::fs::read_to_string(folder().join("grafana-dashboard.json")).unwrap();
    let family = |name: &str| name.trim_end_matches("_total").to_owned();
    let drawn: BTreeSet<String> = named(&text).iter().map(|name| family(name)).collect();
    let served = every_metric().await;
    let helps = served
        .lines()
        .filter_map(|line| line.strip_prefix("# HELP "));
    let names = helps.filter_map(|help| help.split_once(' '));
    let names = names
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("foretide_group_"));
    let undrawn: Vec<String> = names
        .map(family)
        .filter(|name| !drawn.contains(name))
        .collect();
    let undrawn: BTreeSet<&str> = undrawn.iter().map(String::as_str).collect();
    let excused: BTreeSet<&str> = NOT_DRAWN.iter().map(|(name, _)| *name).collect();
    assert_eq!(undrawn, excused);
}

#[test]
fn the_dashboard_is_json_whose_panels_do_not_lie_on_each_other() {
    let text = std::fs::read_to_string(folder().join("grafana-dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let mut taken = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let place = &panel["gridPos"];
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|name| place[name].as_u64().unwrap());
        assert!(x + w <= 24, "{panel}");
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(taken.insert(cell), "{} at {cell:?}", panel["title"]);
        }
    }
}

#[test]
fn promtool_accepts_the_rules_and_each_fires_on_its_trouble_alone() {
    let Ok(found) = Command::new("promtool").arg("--version").output() else {
        let mut error = std::io::stderr();
        writeln!(
            error,
            "skipped: alert rules: no promtool, apt-get install prometheus"
        )
        .unwrap();
        return;
    };
    assert!(found.status.success());
    for (verb, file) in [
        ("check", "prometheus-rules.yml"),
        ("test", "prometheus-rules.test.yml"),
    ] {
        let mut promtool = Command::new("promtool");
        promtool.current_dir(folder()).args([verb, "rules", file]);
        let said = promtool.output().unwrap();
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        let error = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.status.success(), "{text}{error}");
    }
}

/// OpenMetrics as the older text format, which promtool reads: it has no end mark and no info, and
/// describes a counter by the name of its sample.
fn older(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.retain(|line| line != "# EOF");
    for (kind, suffix) in [("counter", "_total"), ("info", "_info")] {
        let of_kind = |line: &String| {
            let rest = line.strip_prefix("# TYPE ")?;
            Some(rest.strip_suffix(kind)?.trim().to_owned())
        };
        let names: Vec<String> = lines.iter().filter_map(of_kind).collect();
        for line in lines.iter_mut().filter(|line| line.starts_with("# ")) {
            let name = line.split(' ').nth(2).unwrap().to_owned();
            if names.contains(&name) {
                *line = line.replacen(&name, &format!("{name}{suffix}"), 1);
            }
        }
    }
    let text = lines.join("\n") + "\n";
    text.replace(" info\n", " gauge\n")
}

/// The page of metrics in the book has a row for every metric, with its help text.
#[tokio::test]
async fn every_metric_has_a_row_in_the_book() {
    let page = include_str!("../../../../docs/metrics.md");
    let served = every_metric().await;
    let helps = served.lines().filter_map(|line| {
        let rest = line.strip_prefix("# HELP ")?;
        rest.split_once(' ')
    });
    let helps: Vec<(&str, &str)> = helps.collect();
    assert!(helps.len() >= 40, "{} metrics", helps.len());
    let missing = helps.iter().filter(|(name, help)| {
        let begins = ["", "_total", "_info"].map(|suffix| format!("| `{name}{suffix}` |"));
        let is_row = |row: &&str| begins.iter().any(|begin| row.starts_with(begin));
        let row = page.lines().find(is_row);
        !row.is_some_and(|row| row.contains(help.trim_end_matches('.')))
    });
    let missing: Vec<_> = missing.collect();
    assert!(missing.is_empty(), "not in docs/metrics.md: {missing:#?}");
}

/// What is served is what a scraper reads.
#[tokio::test]
async fn promtool_finds_nothing_wrong_with_the_metrics() {
    let Ok(mut child) = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
    else {
        let mut error = std::io::stderr();
        writeln!(
            error,
            "skipped: metrics: no promtool, apt-get install prometheus"
        )
        .unwrap();
        return;
    };
    let text = every_metric().await;
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(older(&text).as_bytes()).unwrap();
    drop(stdin);
    let said = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.status.success(), "{error}\n{text}");
}
