//! A file that is no store is refused and not changed; a full store loses nothing.

use std::fs;

use foretide_control::Event;
use foretide_runtime::{JournalErrorKind, What};
use foretide_store::{Reader, Retention, Store, StoreError};

use crate::made::{batch, entry, key, second, with_state};

#[test]
fn a_second_start_is_refused_with_the_holders_process_id() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    let first = Store::open(&path, Retention::default()).unwrap();
    let error = Store::open(&path, Retention::default()).unwrap_err();
    let id = std::process::id();
    let says = format!("{} is in use by process {id}", path.display());
    assert_eq!(error.to_string(), says);
    drop(first);
    Store::open(&path, Retention::default()).unwrap();
}

#[test]
fn a_file_of_something_else_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    for content in ["# notes\n", "x", "SQLite format 3"] {
        fs::write(&path, content).unwrap();
        let error = Store::open(&path, Retention::default()).unwrap_err();
        assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
        assert_eq!(error.kind(), JournalErrorKind::Corrupt);
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[test]
fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE notes (text TEXT)")
        .unwrap();
    drop(other);
    let before = fs::read(&path).unwrap();
    let error = Store::open(&path, Retention::default()).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_store_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    drop(Store::open(&path, Retention::default()).unwrap());
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    let error = Store::open(&path, Retention::default()).unwrap_err();
    assert!(
        matches!(error, StoreError::Newer { found: 99, .. }),
        "{error}"
    );
}

#[test]
fn a_damaged_store_is_a_clear_error_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    let store = Store::open(&path, Retention::default()).unwrap();
    for at in 0..50 {
        let kept = batch(vec![entry(second(at), What::Event(Event::Woke))]);
        store
            .commit_blocking(&with_state(kept, second(at)))
            .unwrap();
    }
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    // All but the header of the file: the pages of every table.
    bytes[100..].fill(0x5a);
    fs::write(&path, &bytes).unwrap();
    let error = Store::open(&path, Retention::default()).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains("is damaged"));
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert!(matches!(
        Reader::open(&path),
        Err(StoreError::Corrupt { .. })
    ));
}

#[test]
fn a_state_that_cannot_be_understood_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    let store = Store::open(&path, Retention::default()).unwrap();
    store
        .commit_blocking(&with_state(batch(Vec::new()), second(1)))
        .unwrap();
    let tool = rusqlite::Connection::open(&path).unwrap();
    tool.execute("UPDATE states SET state = '{}'", []).unwrap();
    let error = store.state(&key()).unwrap_err();
    assert_eq!(error.kind(), JournalErrorKind::Corrupt);
    assert!(
        error.to_string().contains("states where group_id = 1"),
        "{error}"
    );
}

#[test]
fn a_full_store_says_so_keeps_what_it_has_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    let store = Store::open(&path, Retention::default()).unwrap();
    let seconds = |batches: usize| i64::try_from(batches * 100).unwrap();
    let some = |from: i64| {
        let entries = (from..from + 100).map(|at| entry(second(at), What::Event(Event::Woke)));
        with_state(batch(entries.collect()), second(from))
    };
    store.commit_blocking(&some(0)).unwrap();
    store.limit_pages(Some(1)).unwrap();
    let mut kept = 1_usize;
    let error = loop {
        match store.commit_blocking(&some(seconds(kept))) {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), JournalErrorKind::Full);
    assert_eq!(
        error.to_string(),
        format!("no room is left for {}", path.display())
    );
    let reader = Reader::open(&path).unwrap();
    let count = || {
        reader
            .steps(&key(), second(0), second(100_000))
            .unwrap()
            .len()
    };
    assert_eq!(count(), kept * 100, "whole batches");
    store.limit_pages(None).unwrap();
    store.commit_blocking(&some(seconds(kept))).unwrap();
    assert_eq!(count(), (kept + 1) * 100);
    assert!(reader.check().unwrap().is_empty());
}
