//! `foretide forecast`: figures, chart and files.

use std::sync::Arc;
use std::time::Duration;

use foretide_domain::{Datapoint, Percent, PolicyKind, Record, Timestamp};
use foretide_runtime::{Batch, Entry, GroupKey, Journal, What};
use foretide_store::{Retention, Store};

use crate::kept::recorded;
use crate::{Room, trace_of_two_days};

#[test]
fn accuracy_is_told_for_every_horizon_with_a_chart() {
    let room = Room::new();
    room.write("load.csv", trace_of_two_days());
    let args = [
        "forecast", "--trace", "load.csv", "--boot", "60s,180s", "--out", "o",
    ];
    let out = room.done(&args);
    for part in [
        "3 min ahead (boot 60 s): ",
        "5 min ahead (boot 180 s): ",
        "99.6 %",
        "MASE ",
        "naive forecast (same time yesterday): WAPE 0.000",
        "MASE says little here",
        "rising load: ",
        "load (bars)",
        "forecast.html",
    ] {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
    let json: serde_json::Value = serde_json::from_str(&room.read("o/forecast.json")).unwrap();
    let horizons = json["horizons"].as_array().unwrap();
    assert_eq!(horizons.len(), 2);
    let accuracy = &horizons[1]["accuracy"];
    // A sine without noise is known to a hair's breadth, and a day before it was the same.
    assert!(accuracy["wape"].as_f64().unwrap() < 0.02, "{accuracy}");
    assert!(
        accuracy["wape_seasonal_naive"].as_f64().unwrap() < 1e-6,
        "{accuracy}"
    );
    let page = room.read("o/forecast.html");
    assert!(page.contains("class Plot") && page.contains("default-src 'none'"));
    assert!(page.len() < 400_000, "{}", page.len());
    assert_eq!(out, room.done(&args), "the same command says the same");
}

#[test]
fn what_cannot_be_forecast_is_told() {
    let room = Room::new();
    room.write("load.csv", trace_of_two_days());
    let with = |more: &[&str], code, parts: &[&str]| {
        let args = [&["forecast", "--trace", "load.csv"], more].concat();
        room.fails(&args, code, parts);
    };
    with(
        &["--warmup", "9d"],
        65,
        &[
            "the history has 48.0 h, and more than 216 h are needed",
            "hint:",
        ],
    );
    with(
        &["--period", "120s"],
        64,
        &["one or five minutes", "--period"],
    );
    with(&["--period", "90s"], 64, &["one or five minutes"]);
    with(&["--unit", "0"], 64, &["unit"]);
    room.fails(
        &["forecast", "--trace", "none.csv"],
        66,
        &["cannot read none.csv"],
    );
    room.fails(&["forecast"], 64, &["--trace"]);
}

/// A store that has observed periods of `period_s` of a group of four over `days`, as a sine.
fn observed(room: &Room, days: i64, period_s: i64) {
    let store = Store::open(&room.path("foretide.db"), Retention::default()).unwrap();
    let entries = (0..days * 86_400 / period_s).map(|index| {
        let start = Timestamp::from_seconds(1_795_392_000 + index * period_s);
        let day = (index * period_s) as f64 / 86_400.0;
        let point = Datapoint {
            start,
            period: Duration::from_secs(u64::try_from(period_s).unwrap()),
            cpu: Percent::new(50.0 + 25.0 * (day * std::f64::consts::TAU).sin()),
            instances: 4.0,
            network_in: None,
            network_out: None,
            memory: None,
            demand: None,
            unaccounted: None,
        };
        Arc::new(Entry {
            group: Some(GroupKey::new("eu-west-1", "web")),
            at: start,
            what: What::Record(Record::Observed(point)),
        })
    });
    let batch = Batch {
        entries: entries.collect(),
        states: Vec::new(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let committed = runtime.unwrap().block_on(store.commit(Arc::new(batch)));
    committed.unwrap();
}

#[test]
fn what_was_observed_of_a_group_is_its_history() {
    for period_s in [60, 300] {
        let room = Room::new();
        observed(&room, 2, period_s);
        let args = [
            "forecast",
            "--group",
            "web",
            "--store",
            "foretide.db",
            "--boot",
            "180s",
            "--out",
            "o",
        ];
        let out = room.done(&args);
        assert!(out.starts_with("eu-west-1/web\n"), "{out}");
        let json: serde_json::Value = serde_json::from_str(&room.read("o/forecast.json")).unwrap();
        assert_eq!(json["unit"], 100.0);
        assert_eq!(json["period_s"], period_s);
        let accuracy = &json["horizons"][0]["accuracy"];
        assert!(accuracy["wape"].as_f64().unwrap() < 0.02, "{accuracy}");
    }
}

/// The run had read weeks of the past at its start: who asks for the group's load means them too.
#[test]
fn the_history_that_a_run_has_read_counts_as_well() {
    let room = Room::new();
    recorded(&room, PolicyKind::Forecast);
    let args = [
        "forecast",
        "--group",
        "web",
        "--store",
        "foretide.db",
        "--horizon",
        "24h",
    ];
    let out = room.done(&args);
    assert!(out.contains("next 24 h, in busy instances"), "{out}");
    assert!(out.contains("up to 24 h ahead: "), "{out}");
}

#[test]
fn a_group_without_a_history_is_told_to_be_pulled() {
    const PULL: &str = "\n  foretide pull --group web --out FILE\n  foretide forecast --trace";
    let room = Room::new();
    let args = ["forecast", "--group", "web", "--store", "foretide.db"];
    room.fails(&args, 66, &["no store at foretide.db", PULL]);
    observed(&room, 1, 60);
    room.fails(
        &args,
        65,
        &[
            "the history has 24.0 h, and more than 24 h are needed",
            PULL,
        ],
    );
    let other = ["forecast", "--group", "wbe", "--store", "foretide.db"];
    room.fails(&other, 64, &["wbe", "eu-west-1/web", "--group wbe --out"]);
    let both = ["forecast", "--group", "web", "--trace", "load.csv"];
    room.fails(&both, 64, &["cannot be used with"]);
}
