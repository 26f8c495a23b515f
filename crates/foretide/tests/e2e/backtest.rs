//! `foretide backtest`: tables, files and refusals.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::{Room, trace_of_two_days};

/// A policy of each kind that decides quickly.
const QUICK: &str = "target-tracking,static,hpa,hpa:target=70:tolerance=0.05";

fn room() -> Room {
    let room = Room::new();
    room.write("web.csv", trace_of_two_days());
    room
}

/// Every file of a folder with its bytes.
fn files(room: &Room, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(room.path(folder)).unwrap().map(Result::unwrap);
    let read = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read(entry.path()).unwrap())
    };
    entries.map(read).collect()
}

fn summary(room: &Room, folder: &str) -> Value {
    serde_json::from_str(&room.read(&format!("{folder}/summary.json"))).unwrap()
}

/// Runs what must succeed, and say on standard error nothing but how far it is; its output.
#[track_caller]
fn done(room: &Room, args: &[&str]) -> String {
    let (code, out, error) = room.run(args);
    assert_eq!(code, 0, "{out}{error}");
    for line in error.lines() {
        assert!(line.contains(" runs finished: "), "{error}");
    }
    out
}

#[test]
fn two_runs_of_a_command_give_the_same_bytes() {
    let args = [
        "backtest",
        "--trace",
        "web.csv",
        "--policy",
        QUICK,
        "--warmup",
        "1d",
        "--sweep",
        "target=40..60:10",
        "--boot",
        "120s..300s",
        "--launch-failure",
        "5%",
        "--out",
        "out",
    ];
    let run = || {
        let room = room();
        (done(&room, &args), files(&room, "out"))
    };
    let (first, second) = (run(), run());
    assert!(first == second);
    let names: Vec<&str> = first.1.keys().map(String::as_str).collect();
    let expected = [
        "report.html",
        "summary.json",
        "timeline-web-hpa.csv",
        "timeline-web-hpa_target_70_tolerance_0.05.csv",
        "timeline-web-static.csv",
        "timeline-web-target-tracking.csv",
    ];
    assert_eq!(names, expected);
}

#[test]
fn the_summary_has_every_figure_of_every_policy() {
    let room = room();
    room.write("api.csv", trace_of_two_days());
    let table = done(
        &room,
        &[
            "backtest",
            "--trace",
            "web.csv",
            "api.csv",
            "--policy",
            QUICK,
            "--sweep",
            "target=40..60:10",
            "--skip",
            "1d",
            "--unit",
            "75",
            "--out",
            "out",
            "--timings",
        ],
    );
    for part in [
        "cost ratio",
        "violation",
        "unserved",
        "instance-h",
        "USD",
        "actions",
    ] {
        assert!(table.contains(part), "{part:?} is not in:\n{table}");
    }
    assert!(table.contains("cost ratio at 0.5 % violation"), "{table}");
    let summary = summary(&room, "out");
    assert_eq!(summary["schema_version"], 2);
    let traces = summary["traces"].as_array().unwrap();
    let names: Vec<&Value> = traces.iter().map(|trace| &trace["name"]).collect();
    assert_eq!(names, ["web", "api"]);
    for trace in traces {
        assert_eq!(trace["setup"]["unit"], 75.0);
        assert_eq!(trace["setup"]["days"], 1.0);
        let optimum = trace["optimum_hours"].as_f64().unwrap();
        for policy in trace["policies"].as_array().unwrap() {
            for figure in [
                "instance_hours",
                "cost_ratio",
                "violation_share",
                "unserved_share",
                "actions",
                "theta_u",
                "theta_o",
                "tau_u",
                "tau_o",
                "instability",
                "jitter",
                "wall_s",
            ] {
                assert!(policy[figure].is_number(), "{figure}: {policy}");
            }
            assert!(policy["name"].is_string() && policy["parameters"].is_object());
            let hours = policy["instance_hours"].as_f64().unwrap();
            let ratio = policy["cost_ratio"].as_f64().unwrap();
            assert!((ratio - hours / optimum).abs() < 1e-12, "{policy}");
            assert!(policy["violation_share"].as_f64().unwrap() <= 1.0);
        }
    }
}

/// The baseline is named with its target, and has the figures of a run of target tracking at that
/// target. No other target that kept the budget is cheaper.
#[test]
fn the_baseline_is_target_tracking_at_the_best_target_in_hindsight() {
    let room = room();
    let run = |policies: &str, out: &str| {
        let args = [
            "backtest", "--trace", "web.csv", "--policy", policies, "--out", out,
        ];
        let text = done(&room, &args);
        let trace = summary(&room, out)["traces"][0].clone();
        (text, trace)
    };
    let (text, trace) = run("target-tracking,baseline", "out");
    let baseline = &trace["policies"][1];
    let target = baseline["parameters"]["target"].as_f64().unwrap();
    assert_eq!(baseline["name"], "baseline");
    let label = format!("target tracking at {target} %");
    assert_eq!(baseline["label"], Value::from(label.as_str()));
    let verdict = trace["verdict"].as_str().unwrap();
    assert!(verdict.contains(&format!("instance-hours than {label}")) || verdict.contains(&label));
    assert!(verdict.matches(" % of the time").count() >= 1 && verdict.contains(" against "));
    assert!(text.starts_with(&format!("web: {verdict}\n")), "{text}");
    assert!(room.read("out/report.html").contains(verdict));
    let timeline = room.read("out/timeline-web-baseline.csv");

    let (_, alone) = run(&format!("target-tracking:target={target}"), "alone");
    for figure in [
        "instance_hours",
        "violation_share",
        "actions",
        "theta_o",
        "jitter",
    ] {
        assert_eq!(alone["policies"][0][figure], baseline[figure], "{figure}");
    }
    let same = format!("alone/timeline-web-target-tracking_target_{target}.csv");
    assert_eq!(room.read(&same), timeline);

    let targets: Vec<u32> = (30..=80).step_by(5).collect();
    let names = targets
        .iter()
        .map(|it| format!("target-tracking:target={it}"));
    let (_, all) = run(&names.collect::<Vec<_>>().join(","), "all");
    let figure = |of: &Value, name: &str| of[name].as_f64().unwrap();
    let budget = 0.005;
    let kept = |of: &Value| figure(of, "violation_share") <= budget;
    assert_eq!(baseline["keeps_budget"], Value::from(kept(baseline)));
    for other in all["policies"].as_array().unwrap() {
        let (own, other_hours) = (
            figure(baseline, "instance_hours"),
            figure(other, "instance_hours"),
        );
        assert!(!kept(other) || own <= other_hours, "{other}");
    }
}

/// A number of files above a list of fewer ones makes people look for the others.
#[test]
fn every_file_that_was_written_is_named() {
    let room = room();
    let args = [
        "backtest",
        "--trace",
        "web.csv",
        "--policy",
        "static,hpa",
        "--out",
        "out",
    ];
    let text = done(&room, &args);
    let (_, list) = text.split_once("\n4 files in out\n").unwrap();
    let mut named: Vec<&str> = list.lines().map(str::trim).collect();
    named.sort_unstable();
    let written: Vec<String> = files(&room, "out").into_keys().collect();
    let written: Vec<String> = written.iter().map(|name| format!("out/{name}")).collect();
    assert_eq!(named, written);
}

/// Where prices are stated no budget is configured: a verdict by the default one is about nothing.
#[test]
fn stated_prices_are_what_the_verdict_goes_by() {
    let room = room();
    room.write(
        "foretide.toml",
        "[group.dear.forecast]\ninstance_price = \"0.06 USD/h\"\n\
         violation_price = \"0.1 USD/min\"\n",
    );
    let policy = ["--policy", "target-tracking,baseline", "--out", "out"];
    let run = |more: &[&str]| {
        let args = [&["backtest", "--trace", "web.csv"], &policy[..], more].concat();
        let text = done(&room, &args);
        (text, summary(&room, "out"))
    };
    let (text, figures) = run(&["--settings-of", "dear"]);
    let judged =
        "at the stated prices, where a missing instance-hour costs as much as 100.0 others";
    assert!(
        text.contains(judged) && !text.contains("violation budget of"),
        "{text}"
    );
    assert_eq!(figures["violation_price_ratio"], 100.0);
    let trace = &figures["traces"][0];
    assert_eq!(trace["policies"][1]["keeps_budget"], Value::Null);
    assert!(
        room.read("out/report.html")
            .contains("cheapest at the stated prices")
    );
    let (text, figures) = run(&["--settings-of", "dear", "--budget", "1%"]);
    assert!(text.contains("violation budget of 1.00 %"), "{text}");
    assert_eq!(figures["violation_price_ratio"], Value::Null);
}

#[test]
fn a_timeline_has_a_row_at_every_change() {
    let room = room();
    done(
        &room,
        &[
            "backtest",
            "--trace",
            "web.csv",
            "--policy",
            "target-tracking",
            "--out",
            "out",
        ],
    );
    let timeline = room.read("out/timeline-web-target-tracking.csv");
    let mut lines = timeline.lines();
    assert_eq!(
        lines.next(),
        Some("time,demand,in_service,pending,desired,cpu")
    );
    // Demand changes every minute of the two days; capacity changes come on top.
    let rows: Vec<&str> = lines.collect();
    assert!(rows.len() >= 2 * 1440, "{}", rows.len());
    assert!(
        rows[0].starts_with("2023-11-15T00:00:00Z,500,2,0,2,"),
        "{}",
        rows[0]
    );
}

#[test]
fn every_option_of_the_world_changes_it() {
    let room = room();
    let cost = |option: &[&str]| {
        let common = [
            "backtest",
            "--trace",
            "web.csv",
            "--policy",
            "target-tracking",
            "--out",
        ];
        done(&room, &[common.as_slice(), &["out"], option].concat());
        let summary = summary(&room, "out");
        let policy = &summary["traces"][0]["policies"][0];
        let figures = ["instance_hours", "violation_share", "cost_usd"];
        figures.map(|figure| policy[figure].to_string())
    };
    let plain = cost(&[]);
    assert_eq!(plain, cost(&[]));
    for option in [
        ["--skip", "1d"],
        ["--days", "1"],
        ["--warmup", "1d"],
        ["--boot", "15m"],
        ["--boot", "lognormal:180s:0.8"],
        ["--launch-failure", "50%"],
        ["--delay", "300s"],
        ["--period", "300s"],
        ["--min", "10"],
        ["--max", "15"],
        ["--unit", "30"],
        ["--price", "1 USD/h"],
        ["--slo-util", "40%"],
    ] {
        assert_ne!(plain, cost(&option), "{option:?}");
    }
    let seed = |seed| cost(&["--boot", "60s..900s", "--seed", seed]);
    assert_ne!(seed("1"), seed("2"));
}

/// What a group promises is what it is judged by, and what the policies that it would run aim at.
#[test]
fn a_group_of_the_configuration_brings_its_settings_objective_and_budget() {
    let room = room();
    room.write(
        "foretide.toml",
        "[group.tight]\ntarget_utilisation = \"30%\"\n\
         [group.tight.forecast]\nobjective = \"60%\"\nbudget = \"2%\"\n",
    );
    let figures = |more: &[&str]| {
        let policy = ["--policy", "target-tracking", "--out", "out"];
        let args = [&["backtest", "--trace", "web.csv"], &policy[..], more].concat();
        done(&room, &args);
        let summary = summary(&room, "out");
        let trace = &summary["traces"][0];
        let figure = |value: &Value| value.as_f64().unwrap();
        let hours = figure(&trace["policies"][0]["instance_hours"]);
        let objective = figure(&trace["setup"]["slo_utilisation"]);
        (objective, figure(&summary["violation_budget"]), hours)
    };
    let (objective, budget, hours) = figures(&[]);
    assert_eq!((objective, budget), (0.8, 0.005));
    let (objective, budget, tight_hours) = figures(&["--settings-of", "tight"]);
    assert_eq!((objective, budget), (0.6, 0.02));
    assert!(tight_hours > 1.3 * hours, "{tight_hours} of {hours}");
    let given = [
        "--settings-of",
        "tight",
        "--slo-util",
        "70%",
        "--budget",
        "1%",
    ];
    let (objective, budget, same_hours) = figures(&given);
    assert_eq!((objective, budget, same_hours), (0.7, 0.01, tight_hours));
}

#[test]
fn without_a_terminal_a_line_is_told_when_a_policy_is_through_a_trace() {
    let room = room();
    let policies = [
        "--policy",
        "hpa,target-tracking",
        "--sweep",
        "target=40..60:10",
    ];
    let args = [&["backtest", "--trace", "web.csv"][..], &policies].concat();
    let (code, _, error) = room.run(&args);
    assert_eq!(code, 0, "{error}");
    let mut told: Vec<&str> = error.lines().collect();
    assert!(
        told.last()
            .is_some_and(|line| line.starts_with("8 of 8 runs finished: ")),
        "{error}"
    );
    // On two cores either may be through first.
    told.sort_unstable_by_key(|line| line.split_once(": ").map(|it| it.1));
    let through: Vec<&str> = told
        .iter()
        .filter_map(|line| Some(line.split_once(": ")?.1))
        .collect();
    assert_eq!(through, ["hpa on web", "target-tracking on web"]);
}

#[test]
fn what_cannot_be_run_is_refused_with_a_hint() {
    let room = room();
    for (args, code, parts) in [
        (
            vec!["--policy", "magic"],
            64,
            vec!["`magic`", "hint: policies: "],
        ),
        (
            vec!["--policy", "hpa:speed=2"],
            64,
            vec!["`hpa:speed=2`", "`speed`", "tolerance"],
        ),
        (
            vec!["--policy", "forecast:target=60"],
            64,
            vec!["`forecast:target=60`", "no target", "forecast.budget"],
        ),
        (
            vec!["--policy", "hpa,hpa"],
            64,
            vec!["`hpa` and `hpa`", "hint: "],
        ),
        (
            vec!["--trace", "web.csv"],
            64,
            vec!["`web` and `web`", "hint: "],
        ),
        (
            vec!["--min", "5", "--max", "4"],
            64,
            vec!["hint: see --min"],
        ),
        (
            vec!["--settings-of", "web"],
            78,
            vec![
                "no group `web` in the configuration",
                "hint: it has no groups",
            ],
        ),
        (
            vec!["--policy", "hpa:target=0"],
            64,
            vec!["`target=0` is out of range"],
        ),
        (vec!["--unit", "0"], 64, vec!["unit", "hint: "]),
        (vec!["--slo-util", "200%"], 64, vec!["hint: "]),
        (vec!["--warmup", "1h"], 64, vec!["such as 14 or 14d"]),
        (
            vec!["--warmup", "9d"],
            65,
            vec!["more than 216 h are needed", "hint: "],
        ),
        (vec!["--skip", "9d"], 65, vec!["hint: see --skip"]),
    ] {
        room.fails(
            &[&["backtest", "--trace", "web.csv"], &args[..]].concat(),
            code,
            &parts,
        );
    }
}
