//! `foretide forecast`: figures, chart and files.

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
    assert!(page.contains("plotly.js v") && page.contains("default-src 'none'"));
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
        &["9 warm-up days leave nothing", "hint:"],
    );
    with(
        &["--period", "120s"],
        64,
        &["one or five minutes", "--period"],
    );
    with(&["--period", "90s"], 64, &["one or five minutes"]);
    with(&["--unit", "0"], 65, &["unit"]);
    room.fails(
        &["forecast", "--trace", "none.csv"],
        66,
        &["cannot read none.csv"],
    );
    room.fails(&["forecast"], 64, &["--trace"]);
}
