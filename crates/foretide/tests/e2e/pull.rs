//! `foretide pull` against the local AWS: the file, its cost, and going on after an interruption.

use std::fs;

use crate::Room;
use crate::serve::Service;

/// A room whose program reaches the emulator started with `args`.
struct Local {
    room: Room,
    service: Service,
}

impl Local {
    fn start(args: &[&str]) -> Self {
        let room = Room::new();
        let service = Service::start_as("emulator", &room, args);
        Self { room, service }
    }

    fn with(scenario: &str, args: &[&str]) -> Self {
        let room = Room::new();
        room.write("local.toml", scenario);
        let args = [&["--scenario", "local.toml"], args].concat();
        let service = Service::start_as("emulator", &room, &args);
        Self { room, service }
    }

    /// Runs the program: exit code, standard output, standard error.
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let endpoint = format!("http://{}", self.service.address);
        run(&self.room, &endpoint, args)
    }

    #[track_caller]
    fn fails(&self, args: &[&str], code: i32, parts: &[&str]) {
        let (found, _, error) = self.run(args);
        assert_eq!(found, code, "{error}");
        for part in parts {
            assert!(error.contains(part), "{part:?} is not in:\n{error}");
        }
    }

    fn done(&self, args: &[&str]) -> String {
        let (code, out, error) = self.run(args);
        assert_eq!((code, error.as_str()), (0, ""), "{out}");
        out
    }
}

/// Runs the program in `room` with the AWS at `endpoint`: exit code, output, errors.
fn run(room: &Room, endpoint: &str, args: &[&str]) -> (i32, String, String) {
    let output = room
        .command()
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "emulator")
        .env("AWS_SECRET_ACCESS_KEY", "s3cr3t-of-the-test")
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_MAX_ATTEMPTS", "1")
        .args(args)
        .output()
        .unwrap();
    let [out, error] = [output.stdout, output.stderr].map(|b| String::from_utf8(b).unwrap());
    assert!(
        !out.contains("s3cr3t") && !error.contains("s3cr3t"),
        "{out}{error}"
    );
    (output.status.code().unwrap(), out, error)
}

const PULL: [&str; 5] = ["pull", "--group", "web", "--out", "web.csv"];

#[test]
fn two_weeks_become_a_trace_that_the_other_commands_read() {
    let local = Local::start(&[]);
    let out = local.done(&PULL);
    for part in [
        "group       web in eu-west-1, 14 days in periods of 60 s",
        "1 min periods for 15 days, 5 min for 63 days, 1 h for 455 days",
        "value       load in instance-percent",
        "cost        6 CloudWatch metrics to request, 0.00006 USD",
        "; 6 metrics requested, 0.00006 USD",
    ] {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
    let text = local.room.read("web.csv");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("timestamp,value,in_service,cpu"));
    let rows: Vec<Vec<f64>> = lines
        .map(|line| {
            line.split(',')
                .skip(1)
                .map(|cell| cell.parse().unwrap())
                .collect()
        })
        .collect();
    assert!(
        (14 * 1440 - 7..=14 * 1440).contains(&rows.len()),
        "{}",
        rows.len()
    );
    for row in &rows {
        assert!(
            (row[0] - row[1] * row[2]).abs() < 1e-6 && (row[1] - 4.0).abs() < 1e-9,
            "{row:?}"
        );
        assert!((99.0..=301.0).contains(&row[0]), "{row:?}");
    }
    assert_eq!(
        fs::read_dir(local.room.path("")).unwrap().count(),
        1,
        "nothing beside it"
    );

    let told = local.room.done(&["trace", "web.csv"]);
    assert!(
        told.contains("step        60 s") && told.contains("gaps        none"),
        "{told}"
    );
    let backtest = [
        "backtest",
        "--trace",
        "web.csv",
        "--policy",
        "target-tracking",
    ];
    let (code, told, _) = local.room.run(&backtest);
    assert!(code == 0 && told.contains("target-tracking"), "{told}");
    assert!(
        local
            .room
            .done(&["train", "--trace", "web.csv"])
            .contains("rows")
    );
    local.service.end("TERM");
}

#[test]
fn unknown_settings_are_refused_before_anything_is_pulled_and_paid() {
    let local = Local::start(&[]);
    local.room.write("foretide.toml", "[group.web]\n");
    let hint = "hint: groups there: web";
    local.fails(
        &["backtest", "--group", "web", "--settings-of", "none"],
        78,
        &["no group `none` in the configuration", hint],
    );
    assert!(!local.room.path("output").exists());
    local.service.end("TERM");
}

#[test]
fn a_group_is_pulled_and_backtested_in_one_step() {
    let local = Local::start(&["--history", "3d"]);
    let config = "[group.web.forecast]\nobjective = \"70%\"\n";
    local.room.write("foretide.toml", config);
    let args = [
        "backtest",
        "--group",
        "web",
        "--days",
        "2d",
        "--policy",
        "static,hpa",
        "--out",
        "o",
    ];
    let (code, out, error) = local.run(&args);
    assert_eq!(code, 0, "{error}");
    for part in [
        "group       web in eu-west-1, 2 days in periods of 60 s",
        "metrics requested, 0.0000",
        "rows in o/pull-web.csv",
        "simulated   min 1, max 10, period 60 s, boot 180 s (lead_time; too few launches",
        "cost ratio",
    ] {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
    let first = local.room.read("o/summary.json");
    let summary: serde_json::Value = serde_json::from_str(&first).unwrap();
    assert_eq!(summary["traces"][0]["setup"]["slo_utilisation"], 0.7);
    // What a pull brings is in instance-percent, so the group is simulated at its own size.
    assert_eq!(summary["traces"][0]["setup"]["unit"], 100.0);
    let command = summary["command"].as_str().unwrap();
    assert!(
        command.ends_with(
            "--out o --trace o/pull-web.csv --settings-of web --unit 100 --min 1 --max 10 --period 60s --boot 180s"
        ),
        "{command}"
    );
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let (code, ..) = local.room.run(&words);
    assert_eq!(code, 0);
    assert_eq!(local.room.read("o/summary.json"), first, "{command}");

    // Without a folder of its own it goes where the store is.
    let args = [
        "backtest", "--group", "web", "--days", "1d", "--policy", "hpa",
    ];
    let (code, out, error) = local.run(&args);
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("rows in output/pull-web.csv"), "{out}");

    let fails = |args: &[&str], code: i32, parts: &[&str]| local.fails(args, code, parts);
    fails(
        &["backtest", "--group", "gone"],
        69,
        &["no Auto Scaling group `gone`", "hint: is it in this region"],
    );
    fails(
        &[
            "backtest", "--group", "web", "--days", "450d", "--skip", "9d",
        ],
        64,
        &["459 days", "hint: CloudWatch keeps 455 days"],
    );
    fails(
        &["backtest", "--group", "web", "--trace", "o/pull-web.csv"],
        64,
        &["cannot be used with"],
    );
    local.service.end("TERM");
}

#[test]
fn an_interrupted_pull_goes_on_where_it_stopped() {
    let fault = "[[groups]]\nname = 'web'\nhistory_s = 1296000\n\
        [[faults]]\nkind = 'internal_failure'\noperations = ['GetMetricData']\nskip = 2\ncount = 1\n";
    let local = Local::with(fault, &[]);
    let folder = ["pull", "--group", "web", "--out", "."];
    local.fails(&folder, 64, &["is a folder", "hint: name the trace file"]);
    let (code, out, error) = local.run(&PULL);
    assert_eq!(code, 69, "{out}{error}");
    assert!(
        error.contains("hint: run the same command again: it continues where this one stopped"),
        "{error}"
    );
    assert!(out.contains("cost        6 CloudWatch metrics"), "{out}");
    assert!(!local.room.path("web.csv").exists());
    // As if the machine had gone down in the middle of a line.
    let partial = local.room.read("web.csv.partial");
    local.room.write(
        "web.csv.partial",
        format!("{partial}2026-01-01T00:00:00Z,1"),
    );

    let out = local.done(&PULL);
    assert!(
        out.contains("resumed     web.csv.partial has all rows before"),
        "{out}"
    );
    assert!(
        out.contains("cost        5 CloudWatch metrics"),
        "only what is left: {out}"
    );
    let told = local.room.done(&["trace", "web.csv"]);
    assert!(
        told.contains("gaps        none") && told.contains("14.0 days"),
        "{told}"
    );
    assert!(!local.room.path("web.csv.partial").exists());

    local.room.write("web.csv.partial", &partial);
    let other = [&PULL[..], &["--days", "3"]].concat();
    let (code, _, error) = local.run(&other);
    assert_eq!(code, 65);
    assert!(
        error.contains("web.csv.partial is of another pull"),
        "{error}"
    );
    local.service.end("TERM");
}

#[test]
fn the_configured_load_metric_and_a_coarser_step_are_pulled() {
    let local = Local::start(&["--history", "3d"]);
    local.room.write(
        "foretide.toml",
        "[group.shop]\nasg = \"web\"\n[group.shop.load]\nnamespace = \"AWS/ApplicationELB\"\n\
         metric = \"RequestCount\"\nstat = \"Sum\"\n\
         dimensions = [\"LoadBalancer=app/web/0000000000000001\"]\n",
    );
    let out = local.done(&[
        "pull", "--group", "shop", "--days", "2d", "--step", "15m", "--out", "a.csv",
    ]);
    assert!(
        out.contains("group       web in eu-west-1, 2 days in periods of 900 s"),
        "{out}"
    );
    assert!(
        out.contains("Sum of AWS/ApplicationELB RequestCount (LoadBalancer=app/web/"),
        "{out}"
    );
    let text = local.room.read("a.csv");
    let first: Vec<f64> = text
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .skip(1)
        .map(|c| c.parse().unwrap())
        .collect();
    // A count is told over one minute, as what an instance serves is, whatever the step.
    assert!((first[0] - first[1] * first[2]).abs() < 1e-3, "{first:?}");
    local.service.end("TERM");
}

#[test]
fn basic_monitoring_is_found_out_and_counted_right() {
    let local = Local::start(&["--period", "300s", "--history", "2d"]);
    local.done(&[&PULL[..], &["--days", "1"]].concat());
    let told = local
        .room
        .done(&["trace", "web.csv", "--column", "in_service"]);
    assert!(
        told.contains("step        300 s") && told.contains("mean 4.00"),
        "{told}"
    );
    local.service.end("TERM");
}

#[test]
fn what_cannot_be_pulled_is_told_with_what_to_do() {
    let local = Local::start(&["--history", "1h"]);
    let fails = |args: &[&str], code: i32, parts: &[&str]| local.fails(args, code, parts);
    let gone = ["pull", "--group", "gone", "--out", "a.csv"];
    fails(
        &gone,
        69,
        &["no Auto Scaling group `gone`", "hint: is it in this region"],
    );
    let step = [&PULL[..], &["--days", "60", "--step", "1m"]].concat();
    fails(
        &step,
        64,
        &[
            "does not keep such short periods for 60 days",
            "300 s for 63 days",
        ],
    );
    fails(&[&PULL[..], &["--days", "456"]].concat(), 64, &["--days"]);
    let folder = ["pull", "--group", "web", "--out", "none/a.csv"];
    fails(&folder, 73, &["cannot make none/a.csv.partial"]);
    local.service.end("TERM");
}

#[test]
fn an_aws_that_cannot_be_reached_is_told_as_that() {
    let room = Room::new();
    let (code, _, error) = run(&room, "http://127.0.0.1:9", &PULL);
    assert_eq!(code, 69, "{error}");
    assert!(
        error.contains("it continues where this one stopped"),
        "{error}"
    );
}
