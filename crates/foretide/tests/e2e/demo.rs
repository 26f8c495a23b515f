//! `foretide demo` without a terminal.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::{Room, trace_of_two_days};

#[test]
fn a_demo_ends_with_its_figures_and_leaves_its_records() {
    let room = Room::new();
    let out = room.done(&["demo", "--days", "1", "--set", "demo.price=0.096 USD/h"]);
    for part in [
        "Scale out",
        "Scale in",
        "violations",
        "target tracking",
        "hindsight optimum",
        "USD",
    ] {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
    let records = room.read("output/demo-seed-1-forecast/records.jsonl");
    assert!(out.contains(&format!("records: {} in", records.lines().count())));
    for line in records.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(record["group"], "demo");
        assert!(record["record"].is_string() && record["time"].is_string());
    }
}

/// The first line is for a person who has never seen it.
#[test]
fn a_demo_begins_with_what_is_shown() {
    let room = Room::new();
    let out = room.done(&["demo", "--days", "1", "--set", "demo.boot=90s"]);
    let says = "A simulated group of web servers that take 90 s to boot, under 1 day of generated \
                load (seed 1) and with 7 days of history: Foretide (policy forecast) decides how \
                many run, and target tracking is simulated on the same load for comparison.\n\n";
    assert!(out.starts_with(says), "{out}");
}

/// The parts of the first block of text after `after` in `page`, between what it leaves out.
fn shown(page: &str, after: &str) -> Vec<String> {
    let (_, rest) = page.split_once(after).unwrap();
    let (_, block) = rest.split_once("```text\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let parts = block.split('…').map(str::trim);
    let parts = parts.filter(|part| !part.is_empty() && *part != "]");
    parts.map(str::to_owned).collect()
}

#[test]
fn the_pages_show_what_the_demo_prints() {
    let room = Room::new();
    let readme = include_str!("../../../../README.md");
    let run = |policy: &str| room.done(&["demo", "--policy", policy]);
    let out = run("forecast");
    for part in shown(readme, "## What the demo shows") {
        assert!(
            out.contains(&part),
            "README.md has, and the demo has not: {part}"
        );
    }
    // Figures of the other policies stand in its prose, and a figure or two a line.
    for (policy, columns) in [("target-tracking", [0, 2]), ("classifier", [0, 3])] {
        let out = run(policy);
        let row = out.lines().find(|line| line.starts_with(policy)).unwrap();
        let cells: Vec<&str> = row.split_at(25).1.split_whitespace().collect();
        for column in columns {
            let figure = cells[column];
            assert!(
                readme.contains(figure),
                "README.md has no {figure} of {policy}: {row}"
            );
        }
    }
    let page = include_str!("../../../../docs/how-it-decides.md");
    let out = room.done(&["demo", "--days", "1", "--no-page"]);
    for part in shown(page, "## One decision by hand") {
        let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            out.contains(&part),
            "how-it-decides.md has, and the demo has not: {part}"
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let room = Room::new();
    let run = |seed: &str, records: &str| {
        let args = ["demo", "--days", "1", "--seed", seed, "--records", records];
        let out = room.done(&args).replace(records, "RECORDS");
        (out, room.read(&format!("{records}/records.jsonl")))
    };
    let (first, second, other) = (
        run("7", "first-run"),
        run("7", "second-run"),
        run("8", "other-run"),
    );
    assert!(first == second, "the same seed gave other bytes");
    assert!(first.0 != other.0 && first.1 != other.1);
}

#[test]
fn a_trace_file_and_the_other_policy_can_be_shown() {
    let room = Room::new();
    room.write("load.csv", trace_of_two_days());
    let out = room.done(&[
        "demo",
        "--trace",
        "load.csv",
        "--column",
        "value",
        "--policy",
        "target-tracking",
    ]);
    let says = "A simulated group of web servers that take 3 min to boot, under 2 days of \
                load.csv and without history: Foretide (policy target-tracking) decides how many run, \
                and target tracking is simulated on the same load for comparison.\n\n";
    assert!(out.starts_with(says), "{out}");
    assert!(out.contains("2.0 days"), "{out}");
    assert!(
        room.path("output/demo-load-target-tracking/records.jsonl")
            .exists()
    );
    room.fails(&["demo", "--column", "x"], 64, &["--trace"]);
    room.fails(
        &["demo", "--trace", "none.csv"],
        66,
        &["cannot read none.csv"],
    );
}

/// The product's target tracking and the one it is compared with are the same law, with the same
/// headroom: at the target that the baseline names, both have the same figures.
#[test]
fn target_tracking_equals_the_policy_it_is_compared_with() {
    for headroom in ["0", "1"] {
        let room = Room::new();
        let headroom = format!("defaults.headroom={headroom}");
        let args = ["demo", "--days", "1d", "--policy", "target-tracking"];
        let args = [&args[..], &["--set", headroom.as_str()]].concat();
        let first = room.done(&args);
        let named = |line: &&str| line.starts_with("target tracking at ");
        let baseline = first.lines().find(named).unwrap();
        let target = baseline.split_whitespace().nth(3).unwrap();
        let target = format!("defaults.target_utilisation={target}%");
        let out = room.done(&[&args[..], &["--set", target.as_str()]].concat());
        let figures = |name: &str| -> Vec<String> {
            let line = out.lines().find(|line| line.starts_with(name)).unwrap();
            let cells = line.split_at(25).1.split_whitespace();
            cells.map(str::to_owned).collect()
        };
        assert_eq!(
            figures("target-tracking "),
            figures("target tracking at "),
            "{headroom}"
        );
        let said = " used as many instance-hours as target tracking at ";
        assert!(out.contains(said), "{out}");
    }
}

#[test]
fn a_group_of_the_configuration_lends_its_settings() {
    let room = Room::new();
    room.write(
        "foretide.toml",
        "[group.web]\npolicy = \"target-tracking\"\n[demo]\ndays = 1\ncapacity_max = 7\n",
    );
    let out = room.done(&["demo", "--group", "web"]);
    assert!(
        out.contains("policy target-tracking") && out.contains("bounds 1..7"),
        "{out}"
    );
    let out = room.done(&["demo", "--group", "web", "--policy", "classifier"]);
    assert!(out.contains("policy classifier"), "{out}");
    room.fails(&["demo", "--group", "api"], 78, &["no group `api`", "web"]);
}

#[test]
fn a_narrow_terminal_is_kept_to() {
    let room = Room::new();
    let mut command = room.command();
    let args = ["demo", "--days", "1", "--records", "r"];
    let output = command.env("COLUMNS", "40").args(args).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    for line in out.lines() {
        assert!(line.chars().count() <= 40, "{line}");
    }
    assert!(out.contains("violations"), "{out}");
}

#[test]
fn records_that_cannot_be_written_are_told_before_the_run() {
    let room = Room::new();
    room.write("file", "");
    room.fails(
        &["demo", "--records", "file/below"],
        73,
        &[
            "cannot write file/below/records.jsonl",
            "because: ",
            "--records DIR",
        ],
    );
    // The device that is always full stands for a full disk.
    let folder = room.path("full");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink("/dev/full", folder.join("records.jsonl")).unwrap();
    room.fails(
        &["demo", "--records", "full"],
        73,
        &["No space left on device"],
    );
}

#[test]
fn a_folder_without_permission_is_told() {
    let room = Room::new();
    let folder = room.path("locked");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
    // The super-user may write anyway: then there is nothing to tell.
    if fs::write(folder.join("probe"), "").is_err() {
        room.fails(
            &["demo", "--records", "locked/r"],
            73,
            &["Permission denied"],
        );
    }
}

#[test]
fn a_signal_ends_a_run_in_order() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let room = Room::new();
        let mut child = room
            .process()
            .args(["demo", "--days", "366", "--records", "r"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // The title comes once the run is under way and signals are listened for.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        lines.next().unwrap().unwrap();
        crate::serve::signal(&child, signal);
        lines.for_each(drop);
        assert_eq!(child.wait().unwrap().code(), Some(code));
        let records = room.read("r/records.jsonl");
        assert!(
            records.is_empty() || records.ends_with('\n'),
            "a line was cut"
        );
    }
}

#[test]
fn a_port_in_use_is_told_with_what_to_do() {
    let room = Room::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let args = ["demo", "--days", "1", "--listen", &address];
    room.fails(
        &args,
        69,
        &["already in use", "hint: --listen 127.0.0.1:0", "--no-page"],
    );
    let args = ["demo", "--listen", "0.0.0.0:0"];
    room.fails(&args, 78, &["without a token", "stays on this machine"]);
}
