//! `foretide train`.

use crate::{Room, trace_of_two_days};

#[test]
fn a_trained_model_is_judged_written_and_usable() {
    let room = Room::new();
    room.write("load.csv", trace_of_two_days());
    let out = room.done(&["train", "--trace", "load.csv", "--out", "model.json"]);
    for part in [
        "fitted to ",
        "balanced accuracy",
        "calibration error",
        "rows: true class, columns: predicted class",
        "scale_out",
        "written: model.json",
    ] {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
    let first = room.read("model.json");
    room.done(&["train", "--trace", "load.csv", "--out", "model.json"]);
    assert_eq!(first, room.read("model.json"), "equal input, another model");
    let out = room.done(&["demo", "--days", "1", "--model", "model.json"]);
    assert!(out.contains("violations"), "{out}");
    assert!(!room.path("model.json.part").exists());
}

#[test]
fn without_out_nothing_is_written() {
    let room = Room::new();
    room.write("load.csv", trace_of_two_days());
    let out = room.done(&["train", "--trace", "load.csv", "--trace", "load.csv"]);
    assert!(out.contains("no model written"), "{out}");
    assert_eq!(room.folder.path().read_dir().unwrap().count(), 1);
}

#[test]
fn what_cannot_be_trained_on_or_written_is_told() {
    let room = Room::new();
    room.fails(&["train"], 64, &["--trace"]);
    room.write("short.csv", "timestamp,value\n0,1\n60,2\n");
    room.fails(
        &["train", "--trace", "short.csv"],
        65,
        &["short.csv cannot be labelled"],
    );
    room.write("load.csv", trace_of_two_days());
    room.fails(
        &["train", "--csv", "load.csv"],
        65,
        &["no column `cpu_usage`", "use --trace"],
    );
    let (code, _, error) = room.run(&["train", "--trace", "load.csv", "--out", "no/model.json"]);
    assert_eq!(code, 73, "{error}");
    assert!(error.contains("cannot write no/model.json"), "{error}");
    room.write("idle.csv", "timestamp,value\n0,0\n60,0\n120,0\n");
    room.fails(
        &["train", "--trace", "idle.csv"],
        65,
        &["99th percentile of demand is 0", "hint: a trace whose load"],
    );
}

/// As on a full disk: the file can be made, and then no byte more.
#[test]
fn what_fails_underway_is_told_apart_from_what_cannot_be_made() {
    let room = Room::new();
    room.write("load.csv", trace_of_two_days());
    let foretide = assert_cmd::cargo::cargo_bin!("foretide");
    for command in [
        "train --trace load.csv --out model.json",
        "backtest --trace load.csv --policy hpa --out report",
        "forecast --trace load.csv --out report",
    ] {
        let script = format!(
            "trap '' XFSZ; ulimit -f 1; exec {} {command}",
            foretide.display()
        );
        let mut shell = std::process::Command::new("/bin/sh");
        shell.current_dir(room.folder.path()).args(["-c", &script]);
        let output = shell.env_clear().output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(74), "{command}: {error}");
        assert!(error.contains("cannot write"), "{error}");
    }
    assert!(!room.path("model.json").exists() && !room.path("model.json.part").exists());
}

#[test]
fn a_foreign_model_file_is_refused() {
    let room = Room::new();
    room.write("model.json", "{\"trees\": []}");
    room.fails(
        &["serve", "--model", "model.json"],
        65,
        &["model.json is no model", "because: "],
    );
    room.fails(
        &["demo", "--model", "none.json"],
        66,
        &["cannot read none.json"],
    );
}
