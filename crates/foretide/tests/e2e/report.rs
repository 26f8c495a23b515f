//! `foretide report` on a store that the runtime has written.

use foretide_domain::PolicyKind;
use serde_json::Value;

use crate::Room;
use crate::kept::recorded;

const STORE: [&str; 2] = ["--store", "foretide.db"];
/// A day without records, that of the metrics before the start, and theirs.
const DAYS: [&str; 4] = ["--days", "3", "--to", "2026-11-23T12:00:00Z"];

fn report(room: &Room, more: &[&str]) -> String {
    room.done(&[&["report", "web"][..], &STORE, &DAYS, more].concat())
}

#[test]
fn the_figures_are_those_of_the_records_and_a_missing_day_is_said() {
    let room = Room::new();
    recorded(&room, PolicyKind::Classifier);
    let settings = room
        .read("foretide.toml")
        .replacen('\n', "\nprice = \"0.1 USD/h\"\n", 1);
    room.write("foretide.toml", settings);
    let json: Value = serde_json::from_str(&report(&room, &["--json"])).unwrap();
    assert_eq!(json["schema_version"], 4);
    let group = &json["groups"][0];
    assert_eq!(group["group"], "eu-west-1/web");
    let [missing, before, day] = &group["days"].as_array().unwrap()[..] else {
        panic!("{group}");
    };
    let unknown = (
        &missing["date"],
        &missing["used_instance_hours"],
        &missing["violation_s"],
    );
    assert_eq!(unknown, (&"2026-11-21".into(), &Value::Null, &Value::Null));
    assert_eq!(
        before["used_instance_hours"],
        Value::Null,
        "before the start"
    );
    // The numbers are those that the newest decision carries, which page and `explain` show.
    let explained = room.done(&[&["explain", "web", "--json"][..], &STORE].concat());
    let newest: Value = serde_json::from_str(explained.lines().last().unwrap()).unwrap();
    let inputs = &newest["decision"]["explanation"]["inputs"];
    let hours = &group["hours"];
    for (name, counted) in [
        ("used_instance_hours", "used_instance_s"),
        ("baseline_instance_hours", "baseline_instance_s"),
        ("optimum_instance_hours", "optimum_instance_s"),
    ] {
        let expected = inputs["week"][counted].as_u64().unwrap() as f64 / 3600.0;
        assert!(expected > 0.0, "{inputs}");
        assert_eq!(hours[name].as_f64(), Some(expected), "{name}");
        assert_eq!(day[name], hours[name], "{name}");
    }
    assert_eq!(hours["violation_s"], inputs["week"]["violation_s"]);
    assert_eq!(hours["known_s"], inputs["hours"]["known_s"]);
    assert_eq!(
        (&hours["too_early"], &hours["against_baseline"]),
        (&true.into(), &Value::Null)
    );
    let used = hours["used_instance_hours"].as_f64().unwrap();
    let cost = hours["used_cost"].as_f64().unwrap();
    assert!((cost - 0.1 * used).abs() < 1e-9);
    assert_eq!(group["days_without_data"], 1);
    assert_eq!(group["saved_instance_hours_a_day"], Value::Null);
    let scaling = &group["scaling"];
    assert!(scaling["out"].as_u64() > Some(0), "{scaling}");
    let actions = scaling["actions"].as_array().unwrap().len() as u64;
    let [out, r#in] = ["out", "in"].map(|way| scaling[way].as_u64().unwrap());
    assert_eq!(actions, out + r#in);
    assert!(
        group["response"]["cycle"]["count"].as_u64() > Some(20),
        "{group}"
    );

    let text = report(&room, &[]);
    for part in [
        "no data on 1 of 3 days",
        "too early",
        "USD",
        "scaling: ",
        "2026-11-22",
        "-> 3: ",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn a_narrow_terminal_and_a_page_hold_it() {
    let room = Room::new();
    recorded(&room, PolicyKind::Forecast);
    let mut command = room.command();
    command
        .env("COLUMNS", "60")
        .args(["report", "--html", "report.html"]);
    let output = command.args(STORE).args(DAYS).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(60), "{text}");
    let page = room.read("report.html");
    for part in [
        "<h2>eu-west-1/web  enforce, forecast</h2>",
        "no data",
        "id=\"days-0\"",
        "</html>",
    ] {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
    for outside in ["https://", "src=", "@import"] {
        assert!(!page.contains(outside), "{outside} is in\n{page}");
    }
}

#[test]
fn what_cannot_be_reported_is_said_with_what_to_do() {
    let room = Room::new();
    room.fails(&["report"], 66, &["output/foretide.db", "foretide run"]);
    recorded(&room, PolicyKind::TargetTracking);
    let web = &["report", "wbe", STORE[0], STORE[1]];
    room.fails(web, 64, &["wbe", "eu-west-1/web"]);
    room.fails(
        &["report", "--days", "0", STORE[0], STORE[1]],
        64,
        &["--days"],
    );
    let nowhere = [
        "report",
        "--html",
        "no/such/folder.html",
        STORE[0],
        STORE[1],
    ];
    room.fails(&nowhere, 73, &["no/such/folder.html", "--html FILE"]);
}
