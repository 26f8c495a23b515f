//! The commands over the store, on a store that the runtime has written.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use foretide_control::ControllerConfig;
use foretide_domain::{
    Bounds, BytesPerSecond, CallFailure, Class, Datapoint, FailureKind, Features, GroupState, Mode,
    Obstacle, Percent, Plan, PolicyKind, Prediction, Record, Timestamp, WriteOutcome,
};
use foretide_runtime::{
    AnchoredClock, Answers, Batch, BoxFuture, Cloud, Entry, Fleet, GroupKey, GroupSetup,
    HistoryAsk, HistoryPart, MetricsAnswer, MetricsAsk, Predictor, Runtime, RuntimeSettings, What,
};
use foretide_store::{Reader, Retention, Store};
use serde_json::Value;

use crate::Room;

/// 2026-11-23T00:00:00Z.
const START: i64 = 1_795_392_000;
/// The settings that the store was written with.
const SETTINGS: &str = "[group.web]\nmode = \"enforce\"\npolicy = \"POLICY\"\n";

/// A group that does as it is told; busy for ten minutes, then idle.
struct Group(Mutex<u32>);

fn cpu(start: i64) -> f64 {
    if start < START + 600 {
        70.0
    } else {
        20.0 + (start / 60 % 7) as f64
    }
}

fn datapoint(start: i64, instances: u32) -> Datapoint {
    Datapoint {
        start: Timestamp::from_seconds(start),
        period: Duration::from_secs(60),
        cpu: Percent::new(cpu(start)),
        instances: f64::from(instances),
        network_in: BytesPerSecond::new(1e6),
        network_out: BytesPerSecond::new(1e6),
        memory: None,
        demand: None,
        unaccounted: None,
    }
}

impl Cloud for Group {
    fn read_groups<'a>(
        &'a self,
        _names: &'a [Arc<str>],
        now: Timestamp,
        answers: &'a Answers<GroupState>,
    ) -> BoxFuture<'a, ()> {
        let desired = *self.0.lock().unwrap();
        // One look in 37 fails.
        let fails = now.as_seconds() / 10 % 37 == 0;
        Box::pin(async move {
            let group = GroupState::at_rest(Bounds::new(1, 9).unwrap(), desired);
            let throttled = CallFailure {
                kind: FailureKind::Throttled,
                detail: "rate exceeded".into(),
            };
            answers.put(0, if fails { Err(throttled) } else { Ok(group) });
        })
    }

    fn read_metrics<'a>(
        &'a self,
        asks: &'a [MetricsAsk],
        now: Timestamp,
        answers: &'a Answers<MetricsAnswer>,
    ) -> BoxFuture<'a, ()> {
        let instances = *self.0.lock().unwrap();
        Box::pin(async move {
            let newest = now.as_seconds().div_euclid(60) * 60 - 120;
            let from = asks
                .first()
                .map_or(newest, |ask| ask.query.from.as_seconds());
            let starts = (from.max(newest - 900)..=newest).filter(|start| start % 60 == 0);
            let points: Vec<_> = starts.map(|start| datapoint(start, instances)).collect();
            answers.put(0, Ok(points.into()));
        })
    }

    fn read_history<'a>(
        &'a self,
        ask: &'a HistoryAsk,
    ) -> BoxFuture<'a, Result<HistoryPart, CallFailure>> {
        let (from, to) = (ask.query.from.as_seconds(), ask.query.to.as_seconds());
        Box::pin(async move {
            let starts = (from..to).filter(|start| start % 60 == 0);
            let points = starts.map(|start| datapoint(start, 2)).collect();
            Ok(HistoryPart {
                points,
                usd: 1e-5,
                ..HistoryPart::default()
            })
        })
    }

    fn obstacles(&self, _name: &str) -> Vec<Obstacle> {
        Vec::new()
    }

    fn set_desired<'a>(
        &'a self,
        _name: &'a str,
        plan: Plan,
        _mode: Mode,
        _now: Timestamp,
    ) -> BoxFuture<'a, WriteOutcome> {
        *self.0.lock().unwrap() = plan.desired;
        Box::pin(async { WriteOutcome::Accepted })
    }
}

impl Predictor for Group {
    fn predict<'a>(
        &'a self,
        features: &'a Features,
    ) -> BoxFuture<'a, Result<Prediction, CallFailure>> {
        let busy = features.cpu_usage > 60.0;
        Box::pin(async move {
            Ok(Prediction {
                class: if busy {
                    Class::ScaleOut
                } else {
                    Class::ScaleIn
                },
                probabilities: if busy {
                    [0.9, 0.05, 0.05]
                } else {
                    [0.05, 0.9, 0.05]
                },
            })
        })
    }
}

/// Half an hour of a group under `policy`, the process restarted in between.
pub(crate) fn recorded(room: &Room, policy: PolicyKind) -> PathBuf {
    recorded_with(room, policy, None)
}

/// The same, where somebody sets desired capacity to `meddled` while no process runs.
fn recorded_with(room: &Room, policy: PolicyKind, meddled: Option<u32>) -> PathBuf {
    let path = room.path("foretide.db");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let group = Arc::new(Group(Mutex::new(2)));
    let cloud: Arc<dyn Cloud> = Arc::<Group>::clone(&group);
    let fleet = Fleet {
        accounts: BTreeMap::from([("eu-west-1".to_owned(), cloud)]),
        groups: vec![GroupSetup {
            key: GroupKey::new("eu-west-1", "web"),
            controller: ControllerConfig {
                mode: Mode::Enforce,
                policy,
                ..ControllerConfig::default()
            },
            permit: Arc::default(),
            predictor: Arc::<Group>::clone(&group),
            history_from: None,
            settings: "".into(),
        }],
    };
    runtime.block_on(async {
        let clock = Arc::new(AnchoredClock::at(Timestamp::from_seconds(START)));
        for seconds in [700, 1100] {
            let store = Store::open(&path, Retention::default()).unwrap();
            let settings = RuntimeSettings::default();
            let clock = Arc::clone(&clock) as _;
            let running = Runtime::start(settings, fleet.clone(), Arc::new(store), clock);
            let running = running.await.unwrap();
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            assert!(running.stop().await);
            if let Some(desired) = meddled {
                *group.0.lock().unwrap() = desired;
            }
        }
    });
    room.write(
        "foretide.toml",
        SETTINGS.replace("POLICY", &policy.to_string()),
    );
    path
}

/// The words with one space between two: where a line ends says nothing.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const STORE: [&str; 2] = ["--store", "foretide.db"];
const TIMES: [&str; 4] = [
    "--from",
    "2026-11-23T00:00:00Z",
    "--to",
    "2026-11-23T01:00:00Z",
];

fn replayed(room: &Room, more: &[&str]) -> Value {
    let args = [&["replay", "web", "--json"][..], &STORE, &TIMES, more].concat();
    serde_json::from_str(&room.done(&args)).unwrap()
}

#[test]
fn the_same_version_with_the_same_settings_decides_the_same() {
    for policy in [
        PolicyKind::Classifier,
        PolicyKind::TargetTracking,
        PolicyKind::Forecast,
    ] {
        let room = Room::new();
        recorded(&room, policy);
        let report = replayed(&room, &[]);
        assert_eq!(report["settings"], Value::Array(Vec::new()), "{policy}");
        assert_eq!(report["differences"], Value::Array(Vec::new()), "{policy}");
        assert!(
            report["decisions"].as_u64() > Some(20),
            "{policy}: {report}"
        );
        let text = room.done(&[&["replay", "web"][..], &STORE, &TIMES].concat());
        assert!(text.contains("no difference"), "{text}");
    }
}

#[test]
fn what_other_settings_would_have_decided_is_listed() {
    let room = Room::new();
    recorded(&room, PolicyKind::Classifier);
    let report = replayed(&room, &["--set", "group.web.classifier.cooldown_out=10m"]);
    let settings = report["settings"].as_array().unwrap();
    assert_eq!(settings[0]["key"], "classifier.cooldown_out.secs");
    assert_eq!(
        (&settings[0]["then"], &settings[0]["now"]),
        (&300.into(), &600.into())
    );
    let differences = report["differences"].as_array().unwrap();
    let moved = |it: &&Value| it["then"]["desired"] == 4;
    let first = differences.iter().find(moved).unwrap();
    assert_eq!(first["now"]["desired"], Value::Null);
    assert_eq!(first["now"]["explanation"]["bound_by"], "cooldown");
    let set = ["--set", "group.web.policy=target-tracking"];
    let other = replayed(&room, &set);
    let differs = other["differences"].as_array().unwrap();
    let tracked = |it: &Value| it["now"]["explanation"]["policy"] == "target-tracking";
    assert!(differs.iter().any(tracked), "{other}");
    let set = ["--set", "group.web.policy=forecast"];
    assert!(
        !replayed(&room, &set)["differences"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_decision_is_explained_with_all_that_it_rests_on() {
    let room = Room::new();
    recorded(&room, PolicyKind::Classifier);
    let explain = |more: &[&str]| room.done(&[&["explain", "web"][..], &STORE, more].concat());
    let text = explain(&["--at", "2026-11-23T00:00:09Z"]);
    for part in [
        "Scale out 2 → 3: the model answers \"scale out\" (90.0 % sure).",
        "network_traffic",
        "all                        changed nothing",
        "nothing: the policy got what it asked for",
        "desired 3: accepted",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let newest = explain(&[]);
    assert!(newest.starts_with("2026-11-23T00:2"), "{newest}");
    let lines = explain(&["--since", "2026-11-23T00:00:00Z"]);
    assert!(lines.contains("more like it until"), "{lines}");
    let json = explain(&["--since", "2026-11-23T00:00:00Z", "--json"]);
    let parsed: Vec<Value> = json
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert!(parsed.len() > 100 && parsed[0]["sentence"].is_string());
    assert_eq!(parsed[0]["schema_version"], 2);
    let csv = explain(&["--since", "2026-11-23T00:00:00Z", "--csv"]);
    assert!(
        csv.starts_with("time,mode,policy,desired_before,desired,"),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), parsed.len() + 1);
}

/// Who reads only decisions would take the jump for Foretide's own.
#[test]
fn a_change_by_somebody_else_stands_among_the_decisions_at_its_time() {
    let room = Room::new();
    recorded_with(&room, PolicyKind::TargetTracking, Some(5));
    let since = ["explain", "web", "--since", "2026-11-23T00:00:00Z"];
    let text = room.done(&[&since[..], &STORE].concat());
    let lines: Vec<&str> = text.lines().collect();
    let changed = |line: &&str| line.contains("somebody else changed the group: desired");
    let at = lines.iter().position(&changed).unwrap();
    assert_eq!(
        lines.iter().filter(|line| changed(line)).count(),
        1,
        "{text}"
    );
    assert!(lines[at].ends_with(" -> 5"), "{text}");
    let times = lines.iter().filter(|line| line.starts_with("2026-"));
    let times: Vec<&str> = times.map(|line| &line[..20]).collect();
    assert!(times.is_sorted(), "{text}");
    assert!(0 < at && at + 1 < lines.len(), "between decisions: {text}");
}

/// The names of the configuration are what an operator has before his eyes.
#[test]
fn a_group_is_found_by_its_table_and_a_name_that_may_be_two_is_refused() {
    let room = Room::new();
    recorded(&room, PolicyKind::Classifier);
    let tables = |text: &str| drop(room.write("foretide.toml", text));
    tables("[group.front]\nasg = \"web\"\n");
    let explain = |name: &'static str| ["explain", name, STORE[0], STORE[1]];
    assert_eq!(room.done(&explain("front")), room.done(&explain("web")));
    room.fails(
        &explain("back"),
        64,
        &["no group `back`", "knows eu-west-1/web"],
    );
    tables("[group.front]\n");
    room.fails(&explain("front"), 64, &["no group `front`"]);
}

#[test]
fn groups_are_shown_at_a_glance_also_in_sixty_columns() {
    let room = Room::new();
    recorded(&room, PolicyKind::Classifier);
    let json: Value =
        serde_json::from_str(&room.done(&["status", "--json", STORE[0], STORE[1]])).unwrap();
    assert_eq!(json["schema_version"], 2);
    assert_eq!(
        (&json["group"], &json["mode"]),
        (&"web".into(), &"enforce".into())
    );
    assert_eq!((&json["min"], &json["max"]), (&1.into(), &9.into()));
    let mut command = room.command();
    command
        .env("COLUMNS", "60")
        .args(["status", STORE[0], STORE[1]]);
    let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert!(
        text.starts_with("eu-west-1/web  stalled  enforce, classifier"),
        "{text}"
    );
    assert!(
        text.contains("in service, 0 pending, bounds 1..9"),
        "{text}"
    );
    // The process has ended: no cycle is to come.
    assert!(words(&text).contains("The next cycle was due"), "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 60),
        "{text}"
    );
    room.fails(
        &["status", "--watch", STORE[0], STORE[1]],
        64,
        &["needs a terminal"],
    );
}

/// Both are stopped; one of them an hour before the other was looked at last.
#[test]
fn a_group_that_was_taken_from_the_configuration_is_no_alarm() {
    let room = Room::new();
    let path = recorded(&room, PolicyKind::Classifier);
    let alone: Value =
        serde_json::from_str(&room.done(&["status", "--json", STORE[0], STORE[1]])).unwrap();
    assert!(
        alone["alarms"][0]
            .as_str()
            .unwrap()
            .starts_with("stalled: the group was not checked since")
    );
    let reader = Reader::open(&path).unwrap();
    let web = GroupKey::new("eu-west-1", "web");
    let mut decision = reader.latest(&web).unwrap().decision.unwrap();
    decision.at = decision.at.plus(Duration::from_hours(1));
    let entry = Entry {
        group: Some(GroupKey::new("eu-west-1", "api")),
        at: decision.at,
        what: What::Record(Record::Decided(Box::new(decision))),
    };
    let batch = Batch {
        entries: vec![entry.into()],
        states: Vec::new(),
    };
    let store = Store::open(&path, Retention::default()).unwrap();
    store.commit_blocking(&batch).unwrap();
    drop(store);
    let lines = room.done(&["status", "--json", STORE[0], STORE[1]]);
    let groups: Vec<Value> = lines
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    let last = groups.last().unwrap();
    assert_eq!(
        (&last["group"], &last["alarms"]),
        (&"web".into(), &Value::Array(Vec::new()))
    );
    assert!(last["removed_at"].is_string(), "{last}");
    let text = room.done(&["status", STORE[0], STORE[1]]);
    assert!(
        text.contains("no longer managed since 2026-11-23T"),
        "{text}"
    );
}

#[test]
fn what_is_not_there_is_said_with_what_to_do() {
    let room = Room::new();
    room.fails(&["status"], 66, &["output/foretide.db", "foretide run"]);
    recorded(&room, PolicyKind::Classifier);
    room.fails(
        &["explain", "wbe", STORE[0], STORE[1]],
        64,
        &["wbe", "eu-west-1/web"],
    );
    let at = [
        "explain",
        "web",
        "--at",
        "1970-01-01T00:00:00Z",
        STORE[0],
        STORE[1],
    ];
    room.fails(&at, 65, &["no decision"]);
    let at = ["explain", "web", "--at", "noon", STORE[0], STORE[1]];
    room.fails(&at, 64, &["noon", "2d"]);
    let old = [
        "replay",
        "web",
        "--from",
        "1970-01-01T00:00:00Z",
        "--to",
        "1970-01-02T00:00:00Z",
    ];
    room.fails(&[&old[..], &STORE].concat(), 65, &["to replay", "two days"]);
    room.write("other.db", "no store");
    room.fails(
        &["status", "--store", "other.db"],
        65,
        &["not a store of Foretide"],
    );
}

/// Found by hand: a period of 300 million years made `report` ask for 10^15 bytes and abort.
#[test]
fn a_damaged_row_ends_the_commands_that_read_it_with_its_name() {
    let room = Room::new();
    let store = recorded(&room, PolicyKind::Classifier);
    let tool = rusqlite::Connection::open(&store).unwrap();
    let changed = tool
        .execute(
            "UPDATE observations SET period_ms = 9223372036854775807",
            [],
        )
        .unwrap();
    assert!(changed > 0);
    let report = [&["report"][..], &STORE, &["--to", "2026-11-23T01:00:00Z"]].concat();
    let column = "column period_ms is 9223372036854775807, expected a whole number from 1000";
    let parts = [
        "observations where group_id = 1 and start = ",
        column,
        "hint: ",
    ];
    room.fails(&report, 65, &parts);

    tool.execute(
        "UPDATE decisions SET decision = replace(decision, '2', '3')",
        [],
    )
    .unwrap();
    let parts = ["decisions where group_id = 1", "checksum differs", "hint: "];
    for command in [&["explain", "web"][..], &["status"], &["replay", "web"]] {
        let times = if command[0] == "replay" {
            &TIMES[..]
        } else {
            &[]
        };
        room.fails(&[command, &STORE, times].concat(), 65, &parts);
    }
    let (code, out, _) = room.run(&["doctor", "--json", "--set", "run.output=."]);
    assert_ne!(code, 0);
    let store = out
        .lines()
        .find(|line| line.contains("\"check\":\"store\""))
        .unwrap();
    assert!(store.contains("period_ms"), "{store}");
}
