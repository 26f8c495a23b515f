//! A row that differs from the row written is an error that names the row, never a value.

use std::path::Path;

use foretide_domain::Timestamp;
use foretide_runtime::JournalErrorKind;
use foretide_store::{Reader, Retention, Store, StoreError};
use rusqlite::Connection;

use crate::keeping::with_everything;
use crate::made::{key, second};

/// Every table with a checksum, with the columns that it covers.
const COLUMNS: [(&str, &[&str]); 8] = [
    ("counter", &["next_seq"]),
    ("groups", &["account", "name", "thinned_until"]),
    ("states", &["at", "state"]),
    ("events", &["at", "seq", "event"]),
    (
        "checkpoints",
        &[
            "at",
            "seq",
            "state",
            "settings",
            "controller",
            "forecast_id",
        ],
    ),
    (
        "observations",
        &[
            "start",
            "period_ms",
            "cpu_percent",
            "instances",
            "network_in_bytes_per_s",
            "network_out_bytes_per_s",
            "memory_percent",
            "demand",
        ],
    ),
    (
        "decisions",
        &[
            "at",
            "desired_before",
            "desired",
            "class",
            "confidence",
            "bound_by",
            "decision",
        ],
    ),
    ("records", &["group_id", "at", "kind", "sentence", "record"]),
];

const VALUES: [&str; 8] = [
    "9223372036854775807",
    "-9223372036854775808",
    "-1",
    "1e308",
    "9e999",
    "'x'",
    "NULL",
    "CAST(zeroblob(100) AS TEXT)",
];

/// The errors of all reading functions.
fn read_all(path: &Path) -> Vec<StoreError> {
    let reader = Reader::open(path).unwrap();
    let (from, to) = (
        Timestamp::from_millis(i64::MIN),
        Timestamp::from_millis(i64::MAX),
    );
    let key = key();
    let mut errors = Vec::new();
    errors.extend(reader.groups().err());
    errors.extend(reader.latest(&key).err());
    errors.extend(reader.decisions(&key, from, to).err());
    errors.extend(reader.decision_at(&key, to).err());
    errors.extend(reader.records_and_notices(None, from, to).err());
    errors.extend(reader.records_and_notices(Some(&key), from, to).err());
    errors.extend(reader.observations(&key, from, to).err());
    errors.extend(reader.checkpoint_before(&key, to).err());
    errors.extend(reader.steps(&key, from, to).err());
    errors.extend(reader.check().err());
    errors
}

#[test]
fn every_column_of_every_table_that_is_changed_from_outside_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.db");
    drop(with_everything(&whole));
    let mut changed = 0;
    for (table, columns) in COLUMNS {
        for column in columns {
            for value in VALUES {
                let path = folder.path().join("foretide.db");
                std::fs::copy(&whole, &path).unwrap();
                let tool = Connection::open(&path).unwrap();
                let sql =
                    format!("UPDATE {table} SET {column} = {value} WHERE {column} IS NOT {value}");
                // A strict table refuses a value of another type, and a key that is not unique.
                let Ok(1..) = tool.execute(&sql, []) else {
                    continue;
                };
                drop(tool);
                changed += 1;
                let said = Reader::open(&path).unwrap().check().unwrap().join("\n");
                assert!(said.contains(&format!("{table} where ")), "{sql}: {said:?}");
                for error in read_all(&path) {
                    assert_eq!(error.kind(), JournalErrorKind::Corrupt, "{sql}: {error}");
                }
            }
        }
    }
    assert!(changed > 100, "{changed} changes were tried");
}

#[test]
fn a_period_of_three_hundred_million_years_is_named_with_its_row_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    let store = with_everything(&path);
    let tool = Connection::open(&path).unwrap();
    tool.execute(
        "UPDATE observations SET period_ms = 9223372036854775807",
        [],
    )
    .unwrap();
    let reader = Reader::open(&path).unwrap();
    let error = reader
        .observations(&key(), second(-1000), second(1000))
        .unwrap_err();
    let text = error.to_string();
    for part in [
        "observations where group_id = 1 and start = 1795391880000",
        "column period_ms is 9223372036854775807",
        "expected a whole number from 1000 to 86400000",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(matches!(error, StoreError::Row { .. }), "{error:?}");
    drop(store);
}

#[test]
fn a_value_longer_than_any_that_is_written_is_named_and_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    let _store = with_everything(&path);
    let tool = Connection::open(&path).unwrap();
    tool.execute(
        "UPDATE decisions SET decision = CAST(zeroblob(67108900) AS TEXT)",
        [],
    )
    .unwrap();
    let reader = Reader::open(&path).unwrap();
    let error = reader.latest(&key()).unwrap_err();
    assert_eq!(error.kind(), JournalErrorKind::Corrupt);
    let text = error.to_string();
    assert!(text.contains("decisions where group_id = 1"), "{text}");
    assert!(
        text.contains("column decision has 67108900 bytes"),
        "{text}"
    );
}

#[test]
fn a_store_whose_counter_was_changed_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    drop(with_everything(&path));
    let tool = Connection::open(&path).unwrap();
    tool.execute("UPDATE counter SET next_seq = 1", []).unwrap();
    drop(tool);
    let error = Store::open(&path, Retention::default()).unwrap_err();
    assert!(
        error.to_string().contains("counter where id = 1"),
        "{error}"
    );
}
