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

/// One load as two rows a time, one for each zone.
const TWO_ZONES: &str = include_str!("cases/two_zones.csv");
/// A graph of the CloudWatch console in local time, over the end of summer time.
const END_OF_SUMMER: &str = include_str!("cases/console_end_of_dst.csv");

/// Every command that reads a trace, without what follows the flags of the trace.
const READERS: [&[&str]; 5] = [
    &["trace", "load.csv"],
    &["backtest", "--trace", "load.csv"],
    &["forecast", "--trace", "load.csv"],
    &["train", "--trace", "load.csv"],
    &["demo", "--trace", "load.csv"],
];

#[test]
fn rows_of_one_time_are_refused_by_every_command_until_it_is_said_what_they_are() {
    let room = Room::new();
    room.write("load.csv", TWO_ZONES);
    for command in READERS {
        room.fails(
            command,
            65,
            &[
                "load.csv: 180 rows repeat the time of another row, the first in line 3 \
                 (2026-10-24T00:00:00Z)",
                "hint: --repeated sum",
            ],
        );
    }
    let sum = room.done(&["trace", "load.csv", "--repeated", "sum"]);
    assert!(sum.contains("min 500.00, max 510.00"), "{sum}");
    let used = "180\n            (of 360 in the file, 360 used and 0 left out)";
    assert!(sum.contains(used), "{sum}");
    let (code, first, warned) = room.run(&["trace", "load.csv", "--repeated", "first"]);
    assert_eq!(code, 0, "{warned}");
    assert!(first.contains("180 used and 180 left out"), "{first}");
    assert_eq!(
        warned,
        "warning: load.csv: 180 of 360 rows are left out, because they repeat the time of an \
         earlier row (the first in line 3)\n"
    );
    room.fails(
        &["trace", "load.csv", "--repeated", "max"],
        64,
        &["sum, mean or first"],
    );
}

#[test]
fn times_without_zone_are_refused_by_every_command_until_the_zone_is_named() {
    let room = Room::new();
    room.write("load.csv", END_OF_SUMMER);
    for command in READERS {
        room.fails(
            command,
            65,
            &[
                "load.csv: line 3: `2026-10-25 01:00:00` has no time zone",
                "hint: --time-zone UTC",
            ],
        );
    }
    let berlin = room.done(&["trace", "load.csv", "--time-zone", "Europe/Berlin"]);
    for part in [
        "2026-10-24T23:00:00Z",
        "rows        240\n",
        "gaps        none",
    ] {
        assert!(berlin.contains(part), "{part:?} is not in:\n{berlin}");
    }
    // By another zone the same hour stands there twice.
    for zone in ["UTC", "America/New_York"] {
        let by = ["trace", "load.csv", "--time-zone", zone];
        room.fails(&by, 65, &["60 rows repeat the time of another row"]);
    }
    room.fails(
        &["trace", "load.csv", "--time-zone", "Europe/Berlln"],
        64,
        &["no time zone has this name"],
    );
    let utc = END_OF_SUMMER.replace("CPUUtilization,\n", "Time zone,UTC\n");
    room.write(
        "load.csv",
        utc.lines().take(100).collect::<Vec<_>>().join("\n"),
    );
    let out = room.done(&["trace", "load.csv"]);
    assert!(out.contains("2026-10-25T01:00:00Z"), "{out}");
}

#[test]
fn rows_that_are_left_out_are_said_by_every_command() {
    let room = Room::new();
    let text = trace_of_two_days().replacen(",500.000,0", ",,0", 1);
    room.write("load.csv", text.replacen(",501.745", ",-501.745", 1));
    for command in READERS {
        // Some end for another reason: two days are little. What was left out comes first.
        let (_, _, error) = room.run(command);
        let said = "warning: load.csv: 1 of 2880 rows are left out, because they have no value \
                    (the first in line 2)\nwarning: load.csv: 1 of 2880 rows are below 0";
        assert!(error.contains(said), "{command:?}: {error}");
    }
    room.write("load.csv", trace_of_two_days());
    let (_, _, error) = room.run(&["trace", "load.csv"]);
    assert_eq!(error, "", "the control");
}
