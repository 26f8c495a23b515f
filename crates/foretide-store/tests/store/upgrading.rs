//! An older store is copied, then upgraded without losing data.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use foretide_store::{Reader, Retention, Store};
use rusqlite::Connection;

use crate::keeping::with_everything;
use crate::made::{batch, key, second, with_state};

/// Changes the store at `path` into one that version 2 has written.
fn to_version_2(path: &Path) {
    let older = Connection::open(path).unwrap();
    for table in [
        "counter",
        "groups",
        "states",
        "events",
        "checkpoints",
        "observations",
        "decisions",
        "records",
        "forecasts",
    ] {
        let sql = format!("ALTER TABLE {table} DROP COLUMN checksum");
        older.execute_batch(&sql).unwrap();
    }
    older.pragma_update(None, "user_version", 2).unwrap();
}

/// Changes the store at `path` into one that version 1 has written.
fn to_version_1(path: &Path) {
    to_version_2(path);
    let older = Connection::open(path).unwrap();
    older
        .execute_batch(
            "DROP INDEX checkpoints_by_forecast;
             ALTER TABLE checkpoints DROP COLUMN forecast_id;
             ALTER TABLE checkpoints DROP COLUMN controller;
             DROP TABLE forecasts;
             PRAGMA user_version = 1;",
        )
        .unwrap();
}

#[test]
fn a_store_of_version_1_is_brought_up_to_date_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    let store = Store::open(&path, Retention::default()).unwrap();
    store
        .commit_blocking(&with_state(batch(Vec::new()), second(1)))
        .unwrap();
    drop(store);
    to_version_1(&path);
    let error = Reader::open(&path).unwrap_err();
    assert!(error.to_string().contains("schema version 1"), "{error}");
    let store = Store::open(&path, Retention::default()).unwrap();
    assert!(store.state(&key()).unwrap().is_some(), "the state is kept");
    let reader = Reader::open(&path).unwrap();
    assert!(reader.check().unwrap().is_empty());
}

#[test]
fn rows_of_version_2_get_checksums_and_a_copy_is_made_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    drop(with_everything(&path));
    let all = (second(-1000), second(1000));
    let decisions = || Reader::open(&path).unwrap().decisions(&key(), all.0, all.1);
    let before = decisions().unwrap();
    to_version_2(&path);
    let (store, upgrade) = Store::open_and_upgrade(&path, Retention::default()).unwrap();
    let upgrade = upgrade.unwrap();
    assert_eq!((upgrade.from, upgrade.to, upgrade.damaged), (2, 3, 0));
    assert_eq!(decisions().unwrap(), before);
    assert_eq!(
        Reader::open(&path).unwrap().check().unwrap(),
        Vec::<String>::new()
    );
    drop(store);

    let copy = folder.path().join("foretide.db.v2.bak");
    assert_eq!(upgrade.copy, copy);
    assert_eq!(
        fs::metadata(&copy).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let kept = Connection::open(&copy).unwrap();
    let version: i64 = kept
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    let count: i64 = kept
        .query_row("SELECT count(*) FROM decisions", [], |row| row.get(0))
        .unwrap();
    assert_eq!((version, count), (2, 1));

    let (_store, again) = Store::open_and_upgrade(&path, Retention::default()).unwrap();
    assert_eq!(again, None, "a second start has nothing to do");
}

#[test]
fn damaged_rows_of_an_older_store_are_counted_named_and_left_and_the_store_opens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    drop(with_everything(&path));
    to_version_2(&path);
    let tool = Connection::open(&path).unwrap();
    tool.execute(
        "UPDATE observations SET period_ms = 9223372036854775807",
        [],
    )
    .unwrap();
    drop(tool);
    let (store, upgrade) = Store::open_and_upgrade(&path, Retention::default()).unwrap();
    let upgrade = upgrade.unwrap();
    assert_eq!(upgrade.damaged, 1);
    assert!(
        upgrade.named[0].contains("column period_ms is 9223372036854775807"),
        "{upgrade:?}"
    );
    store
        .commit_blocking(&with_state(batch(Vec::new()), second(20)))
        .unwrap();
    let reader = Reader::open(&path).unwrap();
    let error = reader
        .observations(&key(), second(-1000), second(1000))
        .unwrap_err();
    assert!(error.to_string().contains("column period_ms"), "{error}");
    let decisions = reader.decisions(&key(), second(-1000), second(1000));
    assert_eq!(
        decisions.unwrap().len(),
        1,
        "the other tables are read as before"
    );
}

#[test]
fn a_store_that_an_upgrade_left_half_copied_is_upgraded_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    drop(with_everything(&path));
    to_version_2(&path);
    fs::write(folder.path().join("foretide.db.v2.bak"), "half").unwrap();
    let (_, upgrade) = Store::open_and_upgrade(&path, Retention::default()).unwrap();
    assert!(fs::metadata(upgrade.unwrap().copy).unwrap().len() > 4096);
}

#[test]
fn an_older_program_names_the_copy_that_it_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    drop(Store::open(&path, Retention::default()).unwrap());
    let newer = Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    fs::write(folder.path().join("foretide.db.v3.bak"), "").unwrap();
    let error = Store::open(&path, Retention::default()).unwrap_err();
    assert!(error.to_string().contains("foretide.db.v3.bak"), "{error}");
}
