//! The original's files have the original's sentences.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use foretide_control::Event;
use foretide_domain::{
    CallFailure, CallId, Class, FailureKind, Guard, Memory, Outcome, Percent, Record, WriteOutcome,
};
use foretide_runtime::{Entry, Journal as _, JournalErrorKind, Notice, What};
use foretide_store::{
    LogFormat, Narrator, Recorder, RenderingOptions, Renderings, Retention, Store,
};

use crate::made::{batch, decided, decision, entry, group, key, plan, second, with_state};

fn messages(entries: &[Arc<Entry>]) -> Vec<String> {
    let mut narrator = Narrator::default();
    let lines = entries.iter().flat_map(|entry| narrator.lines(entry));
    lines.map(|line| line.message).collect()
}

/// In the form of Python's `json.dumps`, with the mark that memory is estimated.
const METRICS: &str = r#"{"cpu_usage": 45.5, "memory_usage": 60.2, "network_traffic": 122.1, "power_consumption": 35.6, "num_executed_instructions": 1200000000.0, "execution_time": 0.8, "energy_efficiency": 0.92, "task_type": "compute", "task_priority": "high", "instance_count": 2, "memory_estimated": true}"#;

fn settled(before: u32, desired: u32, outcome: WriteOutcome) -> What {
    What::Record(Record::Settled {
        plan: plan(before, desired),
        outcome,
    })
}

#[test]
fn growing_is_told_in_the_seeds_words() {
    let made = decision(second(0), 2, Class::ScaleOut, Some(3), None);
    let said = messages(&[
        entry(second(0), decided(made)),
        entry(second(1), settled(2, 3, WriteOutcome::Accepted)),
    ]);
    assert_eq!(said[0], format!("ASG METRICS (2 instances): {METRICS}"));
    assert_eq!(said[1], "PREDICTION: 0 (Low) - Confidence: 0.88");
    assert_eq!(
        said[said.len() - 2..],
        [
            "SCALING UP: 2 -> 3 instances",
            "Updating ASG desired capacity to 3..."
        ]
    );
}

#[test]
fn memory_that_was_measured_is_not_marked_as_estimated() {
    let mut made = decision(second(0), 2, Class::ScaleOut, Some(3), None);
    made.explanation.inputs.memory = Percent::new(60.2).map(Memory::Measured);
    let said = messages(&[entry(second(0), decided(made))]);
    let line = METRICS.replace(", \"memory_estimated\": true", "");
    assert_eq!(said[0], format!("ASG METRICS (2 instances): {line}"));
}

#[test]
fn the_group_is_told_once_the_effect_of_a_write_is_seen() {
    let read = What::Event(Event::GroupRead {
        call: CallId(1),
        group: group(3, 3),
    });
    let seen = What::Record(Record::OutcomeSeen(Outcome::Reached { desired: 3 }));
    let said = messages(&[entry(second(30), read), entry(second(30), seen)]);
    let line = "ASG Status - Desired: 3, Min: 1, Max: 3, Running: 3";
    assert_eq!(said.last().unwrap(), line);
}

#[test]
fn a_look_that_outlasts_its_interval_is_told_in_the_originals_words() {
    let overrun = |tenths: u64| {
        messages(&[entry(
            second(0),
            What::Notice(Notice::Overrun {
                took: Duration::from_millis(100 * tenths),
                limit: Duration::from_secs(9),
                interval: Duration::from_secs(10),
            }),
        )])
    };
    assert_eq!(
        overrun(112),
        ["Collection took 11.2s, longer than interval 10s"]
    );
    let shorter = "Collection took 9.5s, longer than the 9s that it may take of its interval";
    assert_eq!(overrun(95), [shorter]);
}

#[test]
fn votes_that_others_came_between_are_told_as_mixed_when_they_begin_to_wait() {
    let vote = |at, class| {
        let guard = (class == Class::ScaleIn).then_some(Guard::Streak);
        entry(
            second(at),
            decided(decision(second(at), 3, class, None, guard)),
        )
    };
    let mixed = |entries: &[Arc<Entry>]| {
        let said = messages(entries);
        said.iter()
            .filter(|line| *line == "Mixed predictions - not scaling down")
            .count()
    };
    let shrink = |at| vote(at, Class::ScaleIn);
    assert_eq!(mixed(&[shrink(0), shrink(10)]), 0, "only waiting for more");
    let between = vote(20, Class::Hold);
    let votes = [shrink(0), shrink(10), between, shrink(30), shrink(40)];
    assert_eq!(mixed(&votes), 1);
    let again = [vote(50, Class::ScaleOut), shrink(60)];
    assert_eq!(mixed(&[&votes[..], &again].concat()), 2);
}

#[test]
fn shrinking_is_told_in_the_seeds_words_with_the_streak_as_it_was() {
    let made = decision(second(0), 3, Class::ScaleIn, Some(2), None);
    let accepted = || entry(second(1), settled(3, 2, WriteOutcome::Accepted));
    let said = messages(&[entry(second(0), decided(made.clone())), accepted()]);
    let line = "SCALING DOWN: 3 -> 2 instances (5min consistent prediction)";
    assert_eq!(said[said.len() - 2], line);
    let mut short = made;
    short.explanation.inputs.streak = 3;
    let said = messages(&[entry(second(0), decided(short)), accepted()]);
    let line = "SCALING DOWN: 3 -> 2 instances (30s consistent prediction)";
    assert_eq!(said[said.len() - 2], line);
}

#[test]
fn cooldown_and_limit_are_told_in_the_seeds_words() {
    for (before, class, guard, line) in [
        (
            2,
            Class::ScaleOut,
            Guard::Cooldown,
            "Scale up needed but in cooldown period",
        ),
        (
            2,
            Class::ScaleIn,
            Guard::Cooldown,
            "Scale down needed but in cooldown period",
        ),
        (
            3,
            Class::ScaleOut,
            Guard::Bounds,
            "Already at maximum capacity of (3 instances)",
        ),
    ] {
        let made = decision(second(0), before, class, None, Some(guard));
        let said = messages(&[entry(second(0), decided(made))]);
        assert_eq!(said.last().unwrap(), line);
    }
}

#[test]
fn nothing_is_said_to_be_scaled_that_was_not() {
    let made = decision(second(0), 2, Class::ScaleOut, Some(3), None);
    for outcome in [
        WriteOutcome::DryRun,
        WriteOutcome::Failed(CallFailure {
            kind: FailureKind::Denied,
            detail: "no permission\nSCALING UP: 1 -> 9 instances".to_owned(),
        }),
    ] {
        let said = messages(&[
            entry(second(0), decided(made.clone())),
            entry(second(1), settled(2, 3, outcome)),
        ]);
        assert!(
            !said.iter().any(|line| line.starts_with("SCALING")),
            "{said:?}"
        );
        assert!(said.iter().all(|line| !line.contains('\n')));
    }
}

fn text(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[tokio::test]
async fn the_files_are_rendered_from_what_is_committed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("foretide.db"), Retention::default()).unwrap();
    let output = folder.path().join("output");
    let options = RenderingOptions::default();
    let renderings = Renderings::open(&output, options, |_| {}).unwrap();
    let recorder = Recorder::new(store.clone(), renderings);
    let held = decision(second(0), 2, Class::Hold, None, None);
    let failure = Record::CallFailed(CallFailure {
        kind: FailureKind::Throttled,
        detail: "Rate exceeded".to_owned(),
    });
    let kept = vec![
        entry(second(0), decided(held)),
        entry(second(10), What::Record(failure)),
        entry(second(20), What::Notice(Notice::Stopped)),
    ];
    let kept = Arc::new(with_state(batch(kept), second(20)));
    store.limit_pages(Some(1)).unwrap();
    let mut large = batch(Vec::new());
    for _ in 0..500 {
        large.entries.extend(kept.entries.iter().cloned());
    }
    let error = recorder.commit(Arc::new(large)).await.unwrap_err();
    assert_eq!(error.kind, JournalErrorKind::Full);
    assert_eq!(
        text(&output, "ec2_monitor.log"),
        "",
        "nothing is kept: nothing is rendered"
    );
    store.limit_pages(None).unwrap();
    recorder.commit(Arc::clone(&kept)).await.unwrap();
    let log = text(&output, "ec2_monitor.log");
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(
        lines,
        [
            &format!(
                "2026-11-23T00:00:00.000Z INFO eu-west-1/web: ASG METRICS (2 instances): {METRICS}"
            ),
            "2026-11-23T00:00:00.000Z INFO eu-west-1/web: PREDICTION: 2 (High) - Confidence: 0.88",
            "2026-11-23T00:00:10.000Z WARNING eu-west-1/web: call failed: throttled: Rate exceeded",
            "2026-11-23T00:00:20.000Z INFO eu-west-1/web: stopped",
        ]
    );
    let metrics = text(&output, "ec2_metrics_data.json");
    let records: Vec<serde_json::Value> = metrics
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(records.len(), 2, "one a cycle");
    assert_eq!(records[0]["metrics"]["cpu_usage"], 45.5);
    assert_eq!(records[0]["prediction"]["predicted_class"], "High");
    assert_eq!(records[0]["group"], "web");
    assert_eq!(records[1]["error"], "throttled: Rate exceeded");
}

#[test]
fn the_log_can_be_lines_of_json() {
    let folder = tempfile::tempdir().unwrap();
    let options = RenderingOptions {
        format: LogFormat::Json,
        ..RenderingOptions::default()
    };
    let mut renderings = Renderings::open(folder.path(), options, |_| {}).unwrap();
    renderings.render(&[entry(second(0), What::Notice(Notice::UnsavedWrite))]);
    let line: serde_json::Value =
        serde_json::from_str(&text(folder.path(), "ec2_monitor.log")).unwrap();
    assert_eq!(line["level"], "WARNING");
    assert_eq!(line["group"], key().name());
    assert_eq!(line["timestamp"], "2026-11-23T00:00:00.000Z");
}
