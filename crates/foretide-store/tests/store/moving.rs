//! Committed data is in the files at the store's path, or the commit is an error.

use std::fs;

use foretide_control::Event;
use foretide_runtime::{Batch, JournalErrorKind, What};
use foretide_store::{Reader, Retention, Store, StoreError};

use crate::made::{batch, entry, key, second, with_state};

fn woke(at: i64) -> Batch {
    let woke = batch(vec![entry(second(at), What::Event(Event::Woke))]);
    with_state(woke, second(at))
}

#[test]
fn a_store_whose_files_are_moved_away_keeps_nothing_until_they_are_back() {
    for suffix in ["", "-wal", "-shm"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("foretide.db");
        let store = Store::open(&path, Retention::default()).unwrap();
        store.commit_blocking(&woke(1)).unwrap();
        let file = folder.path().join(format!("foretide.db{suffix}"));
        let away = folder.path().join("away");
        fs::rename(&file, &away).unwrap();
        for proof in [woke(2), Batch::default()] {
            let error = store.commit_blocking(&proof).unwrap_err();
            assert!(matches!(error, StoreError::Moved { .. }), "{error}");
            assert_eq!(error.kind(), JournalErrorKind::Unavailable);
            assert!(error.to_string().contains("moved or removed"), "{error}");
            assert!(
                error.to_string().contains(file.to_str().unwrap()),
                "{error}"
            );
        }
        fs::rename(&away, &file).unwrap();
        store.commit_blocking(&woke(2)).unwrap();
        drop(store);
        let reader = Reader::open(&path).unwrap();
        let steps = reader.steps(&key(), second(0), second(10)).unwrap();
        assert_eq!(steps.len(), 2, "{suffix}: once each");
    }
}

#[test]
fn a_store_that_was_replaced_says_so_and_leaves_the_other_one_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (path, away) = (
        folder.path().join("foretide.db"),
        folder.path().join("away.db"),
    );
    let store = Store::open(&path, Retention::default()).unwrap();
    store.commit_blocking(&woke(1)).unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let from = folder.path().join(format!("foretide.db{suffix}"));
        fs::rename(from, folder.path().join(format!("away.db{suffix}"))).unwrap();
    }
    // Another store at the same path, with a log that only it has.
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE notes (text TEXT)")
        .unwrap();
    let error = store.commit_blocking(&woke(2)).unwrap_err();
    assert!(error.to_string().contains("replaced"), "{error}");
    let log = folder.path().join("foretide.db-wal");
    let before = fs::metadata(&log).unwrap().len();
    assert!(before > 0);
    drop(store);
    assert_eq!(
        fs::metadata(&log).unwrap().len(),
        before,
        "its log is left alone"
    );
    let reader = Reader::open(&away).unwrap();
    let steps = reader.steps(&key(), second(0), second(10)).unwrap();
    assert_eq!(
        steps.len(),
        1,
        "what was durable before is where the files are"
    );
}
