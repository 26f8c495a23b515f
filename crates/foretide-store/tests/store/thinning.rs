//! The store does not grow without bound.

use std::time::Duration;

use foretide_control::Event;
use foretide_domain::{Class, Record};
use foretide_runtime::What;
use foretide_store::{Reader, Retention, Store};

use crate::made::{batch, decided, decision, entry, key, point, second};

const HOUR: i64 = 3600;

fn filled(store: &Store, hours: i64) {
    for hour in 0..hours {
        let mut entries = Vec::new();
        for at in (hour * HOUR..(hour + 1) * HOUR).step_by(10) {
            entries.push(entry(second(at), What::Event(Event::Woke)));
            let grows = at % 900 == 10;
            let desired = grows.then_some(3);
            let class = if grows { Class::ScaleOut } else { Class::Hold };
            entries.push(entry(
                second(at),
                decided(decision(second(at), 2, class, desired, None)),
            ));
            if at % 60 == 0 {
                let observed = Record::Observed(point(second(at), 50.0));
                entries.push(entry(second(at), What::Record(observed)));
            }
        }
        store.commit_blocking(&batch(entries)).unwrap();
    }
}

#[test]
fn old_decisions_are_thinned_to_minutes_and_older_ones_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    let hours = |count: u64| Duration::from_secs(count * 3600);
    let retention = Retention {
        full: hours(2),
        thinned: hours(6),
        observations: hours(8),
        ..Retention::default()
    };
    let store = Store::open(&path, retention).unwrap();
    filled(&store, 12);
    let reader = Reader::open(&path).unwrap();
    let decisions = |from, to| {
        let found = reader
            .decisions(&key(), second(from * HOUR), second(to * HOUR))
            .unwrap();
        let changed = found
            .iter()
            .filter(|decision| decision.desired.is_some())
            .count();
        (found.len(), changed)
    };
    let steps = |from, to| {
        reader
            .steps(&key(), second(from * HOUR), second(to * HOUR))
            .unwrap()
            .len()
    };
    let points = |from, to| {
        reader
            .observations(&key(), second(from * HOUR), second(to * HOUR))
            .unwrap()
            .len()
    };
    assert_eq!(decisions(10, 12), (720, 8), "in full");
    assert_eq!(steps(10, 12), 720);
    assert_eq!(
        decisions(6, 9),
        (3 * 64, 12),
        "one a minute, and all that changed something"
    );
    assert_eq!(steps(0, 9), 0);
    assert_eq!(decisions(0, 5), (0, 0));
    assert_eq!((points(4, 12), points(0, 3)), (480, 0));
}

#[test]
fn a_store_that_uses_too_much_keeps_less() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    let retention = Retention {
        bytes_max: 4 << 20,
        ..Retention::default()
    };
    let store = Store::open(&path, retention).unwrap();
    filled(&store, 48);
    let size = std::fs::metadata(&path).unwrap().len();
    assert!(size < 8 << 20, "{size}");
    let reader = Reader::open(&path).unwrap();
    let newest = reader
        .steps(&key(), second(47 * HOUR), second(48 * HOUR))
        .unwrap();
    assert!(!newest.is_empty());
}
