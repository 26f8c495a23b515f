//! `foretide trace`.

use crate::{Room, trace_of_two_days};

#[test]
fn a_trace_is_described() {
    let room = Room::new();
    room.write("load.csv", trace_of_two_days());
    let out = room.done(&["trace", "load.csv"]);
    for part in [
        "step        60 s",
        "rows        2880",
        "gaps        none",
        "autocorrelation at 24 h 1.00",
        "largest rise in 5 min ÷ mean ",
        "█",
    ] {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
    let other = room.done(&["trace", "load.csv", "--column", "other"]);
    assert!(other.contains("max 2879"), "{other}");
}

#[test]
fn a_narrow_terminal_is_kept_to() {
    let room = Room::new();
    room.write("load.csv", trace_of_two_days());
    let mut command = room.command();
    let output = command
        .env("COLUMNS", "40")
        .args(["trace", "load.csv"])
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    for line in out.lines() {
        assert!(line.chars().count() <= 40, "{line}");
    }
}

#[test]
fn what_is_wrong_in_a_trace_is_told_with_its_place() {
    let room = Room::new();
    room.write(
        "bad.csv",
        "timestamp,value\n1700000000,1\n1700000060,many\n",
    );
    room.fails(
        &["trace", "bad.csv"],
        65,
        &["bad.csv: line 3, column `value`: expected a finite number, found `many`"],
    );
    room.write("other.csv", "timestamp,load\n1700000000,1\n1700000060,2\n");
    room.fails(
        &["trace", "other.csv"],
        65,
        &["hint: --column NAME", "load"],
    );
    room.fails(&["trace", "missing.csv"], 66, &["cannot read missing.csv"]);
    room.fails(&["trace", "."], 66, &["it is a directory"]);
    room.write("binary.csv", [0xff, 0xfe, 0x00, b'\n', 0x81]);
    room.fails(&["trace", "binary.csv"], 65, &["binary.csv"]);
    room.write("line.csv", "9".repeat(70_000));
    room.fails(&["trace", "line.csv"], 65, &["longer than 64 KiB"]);
    room.write("other.csv", "timestamp;value\n1700000000;1\n");
    room.fails(
        &["trace", "other.csv"],
        65,
        &["begins with `timestamp;value`", "hint: ", "--output json"],
    );
    room.write(
        "empty.json",
        r#"{"Label": "CPUUtilization", "Datapoints": []}"#,
    );
    room.fails(
        &["trace", "empty.json"],
        65,
        &["holds no datapoints", "hint: ", "--start-time"],
    );
}

#[test]
fn rows_finer_than_the_step_are_said_to_be_averaged() {
    let room = Room::new();
    let rows = (0..600).map(|second| format!("{},1\n", 1_700_000_000 + second));
    room.write(
        "fine.csv",
        format!("timestamp,value\n{}", rows.collect::<String>()),
    );
    let out = room.done(&["trace", "fine.csv"]);
    assert!(
        out.contains("step        10 s\n            (each the mean of 10 rows)"),
        "{out}"
    );
}
