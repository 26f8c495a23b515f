//! Killed at any moment, the store has every batch whole that it reported as durable.
//!
//! The writer is this test program itself, started as a child process with a variable set.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what fails is the test"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use foretide_control::Event;
use foretide_control::{Controller, ControllerConfig};
use foretide_domain::Timestamp;
use foretide_runtime::{Batch, Entry, GroupKey, StateToKeep, What};
use foretide_store::{Reader, Retention, Store};

/// Names the store that a child process writes to.
const STORE: &str = "FORETIDE_TEST_STORE";
const KILLS: u64 = 100;
/// Events in each batch.
const EVENTS: i64 = 7;

fn key() -> GroupKey {
    GroupKey::new("a", "web")
}

/// Batch `number`: events and a state, all of second `number`.
fn numbered(number: i64) -> Batch {
    let at = Timestamp::from_seconds(number);
    let entry = Arc::new(Entry {
        group: Some(key()),
        at,
        what: What::Event(Event::Woke),
    });
    let (controller, _) = Controller::new(ControllerConfig::default(), at);
    Batch {
        entries: (0..EVENTS).map(|_| Arc::clone(&entry)).collect(),
        states: vec![StateToKeep {
            group: key(),
            at,
            state: Arc::new(controller.saved_state().clone()),
        }],
    }
}

/// Writes batch after batch and prints the number of each durable one, until killed.
fn write_for_ever(path: &Path) {
    let store = Store::open(path, Retention::default()).unwrap();
    let kept = store.state(&key()).unwrap();
    let mut number = kept.map_or(0, |(at, _)| at.as_seconds());
    loop {
        number += 1;
        store.commit_blocking(&numbered(number)).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "durable {number}").unwrap();
        out.flush().unwrap();
    }
}

/// Kills the child after it has printed `lines` batches; returns the number of the last printed
/// batch.
fn killed_after(path: &Path, lines: u64) -> i64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_store_survives_being_killed", "--nocapture"])
        .env(STORE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut last = 0;
    let mut count = 0;
    for line in said.by_ref() {
        if let Some(number) = line.unwrap().strip_prefix("durable ") {
            last = number.parse().unwrap();
            count += 1;
        }
        if count == lines {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What it still said between the last line read and the kill.
    for line in said.map_while(Result::ok) {
        if let Some(number) = line.strip_prefix("durable ").and_then(|it| it.parse().ok()) {
            last = number;
        }
    }
    last
}

#[test]
fn a_store_survives_being_killed() {
    if let Some(path) = std::env::var_os(STORE) {
        return write_for_ever(Path::new(&path));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    let mut said = 0;
    for kill in 0..KILLS {
        let last = killed_after(&path, 1 + kill * 5 % 13);
        assert!(last > said);
        said = last;
        let store = Store::open(&path, Retention::default()).unwrap();
        let (at, _) = store.state(&key()).unwrap().unwrap();
        let kept = at.as_seconds();
        assert!(kept == said || kept == said + 1, "said {said}, kept {kept}");
        let reader = Reader::open(&path).unwrap();
        let end = Timestamp::from_seconds(i64::from(i32::MAX));
        // Retention counts from the newest batch: everything is young enough to be there.
        let events = reader
            .steps(&key(), Timestamp::from_seconds(0), end)
            .unwrap();
        assert_eq!(events.len(), usize::try_from(kept * EVENTS).unwrap());
        assert!(reader.check().unwrap().is_empty());
    }
}
