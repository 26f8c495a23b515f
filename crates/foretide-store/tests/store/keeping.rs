//! Committed entries are read back unchanged.

use std::path::Path;
use std::sync::Arc;

use foretide_control::{ControllerConfig, Event, Snapshot};
use foretide_domain::{
    Alarm, CallFailure, CallId, Class, Decision, FailureKind, Record, WriteOutcome,
};
use foretide_runtime::{Checkpoint, Entry, GroupKey, Notice, What};
use foretide_store::{Reader, Retention, Step, Store};
use proptest::prelude::*;

use crate::made::{batch, decided, decision, entry, key, plan, point, second, state, with_state};

fn settled() -> Record {
    Record::Settled {
        plan: plan(2, 3),
        outcome: WriteOutcome::Accepted,
    }
}

fn failed() -> Record {
    Record::CallFailed(CallFailure {
        kind: FailureKind::Throttled,
        detail: "Rate exceeded".to_owned(),
    })
}

fn scale_out() -> Decision {
    decision(second(11), 2, Class::ScaleOut, Some(3), None)
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        snapshot: Snapshot {
            state: Some(state(second(0))),
            forecast: None,
        },
        controller: Arc::new(ControllerConfig::default()),
        settings: "mode = \"enforce\"".into(),
    }
}

/// A store with one entry of each kind.
pub(crate) fn with_everything(path: &Path) -> Store {
    let store = Store::open(path, Retention::default()).unwrap();
    let observed = |cpu| What::Record(Record::Observed(point(second(-120), cpu)));
    let notice = Arc::new(Entry {
        group: None,
        at: second(14),
        what: What::Notice(Notice::UnsavedWrite),
    });
    let kept = batch(vec![
        entry(second(10), What::Checkpoint(Arc::new(checkpoint()))),
        entry(second(10), What::Event(Event::Woke)),
        entry(second(10), observed(40.0)),
        entry(second(10), observed(42.0)),
        entry(second(11), decided(scale_out())),
        entry(second(12), What::Record(settled())),
        entry(second(12), What::Record(failed())),
        entry(second(13), What::Record(Record::Alarm(Alarm::DataStale))),
        notice,
    ]);
    store
        .commit_blocking(&with_state(kept, second(12)))
        .unwrap();
    store
}

#[test]
fn everything_kept_is_read_back_by_another_connection_while_the_store_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    let _store = with_everything(&path);
    let reader = Reader::open(&path).unwrap();
    let (from, to) = (second(-1000), second(1000));
    assert_eq!(reader.groups().unwrap(), [key()]);
    let decisions = reader.decisions(&key(), from, to).unwrap();
    assert_eq!(decisions, [scale_out()]);
    let steps = reader.steps(&key(), from, to).unwrap();
    let first = Step::Checkpoint(Box::new(checkpoint()));
    assert_eq!(
        steps,
        [(second(10), first), (second(10), Step::Event(Event::Woke))]
    );
    let before = |at| reader.checkpoint_before(&key(), second(at)).unwrap();
    assert_eq!((before(9), before(11)), (None, Some(second(10))));
    let points = reader.observations(&key(), from, to).unwrap();
    assert_eq!(
        points,
        [point(second(-120), 42.0)],
        "a period's newest value"
    );
    assert!(reader.check().unwrap().is_empty());
}

#[test]
fn what_was_said_is_read_back_of_one_group_or_of_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    let _store = with_everything(&path);
    let reader = Reader::open(&path).unwrap();
    let (from, to) = (second(-1000), second(1000));
    let web = key();
    let what = |group: Option<&GroupKey>| -> Vec<What> {
        let said = reader.records_and_notices(group, from, to).unwrap();
        said.into_iter().map(|said| said.what).collect()
    };
    let alarm = Record::Alarm(Alarm::DataStale);
    let mut all = [settled(), failed(), alarm].map(What::Record).to_vec();
    assert_eq!(what(Some(&web)), all);
    all.push(What::Notice(Notice::UnsavedWrite));
    assert_eq!(what(None), all);
    let latest = reader.latest(&key()).unwrap();
    assert_eq!(latest.state, Some((second(12), state(second(12)))));
    assert_eq!(latest.decision, Some(scale_out()));
    assert_eq!(latest.write.unwrap().at, second(12));
    assert_eq!(latest.alarm.unwrap().at, second(13));
}

#[test]
fn the_store_can_be_opened_with_a_common_tool_and_only_by_its_owner() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new").join("foretide.db");
    let store = Store::open(&path, Retention::default()).unwrap();
    let kept = batch(vec![entry(second(1), What::Event(Event::Woke))]);
    store.commit_blocking(&with_state(kept, second(1))).unwrap();
    for name in [
        "foretide.db",
        "foretide.db-wal",
        "foretide.db-shm",
        "foretide.db.lock",
    ] {
        let mode = std::fs::metadata(path.with_file_name(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let tool = rusqlite::Connection::open(&path).unwrap();
    let row = tool.query_row(
        "SELECT name, event FROM events JOIN groups ON id = group_id",
        [],
        |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?)),
    );
    assert_eq!(
        row.unwrap(),
        ("web".to_owned(), "{\"event\":\"woke\"}".to_owned())
    );
}

#[test]
fn a_store_that_is_opened_again_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foretide.db");
    for at in 0..3 {
        let store = Store::open(&path, Retention::default()).unwrap();
        let known = store.state(&key()).unwrap().map(|(kept, _)| kept);
        assert_eq!(known, (at > 0).then(|| second(at - 1)));
        let kept = batch(vec![entry(second(7), What::Event(Event::Woke))]);
        store
            .commit_blocking(&with_state(kept, second(at)))
            .unwrap();
    }
    let reader = Reader::open(&path).unwrap();
    let steps = reader.steps(&key(), second(0), second(9)).unwrap();
    assert_eq!(steps.len(), 3, "the same moment three times");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Entries come back in order and with exact values, whatever the batches.
    #[test]
    fn events_come_back_exactly_and_in_order(
        batches in prop::collection::vec(
            prop::collection::vec((0..5_i64, any::<u64>(), 0.0..1e12_f64), 0..6), 1..6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("foretide.db");
        let store = Store::open(&path, Retention::default()).unwrap();
        let mut at = second(0);
        let mut kept = Vec::new();
        for entries in batches {
            let mut these = Vec::new();
            for (later, call, value) in entries {
                at = at.plus(std::time::Duration::from_millis(later.unsigned_abs()));
                let points = vec![point(second(0), value)];
                let event = Event::MetricsRead {
                    call: CallId(call),
                    points,
                    instance_metrics: 0,
 signals: Vec::new(),
                };
                kept.push((at, Step::Event(event.clone())));
                these.push(entry(at, What::Event(event)));
            }
            store.commit_blocking(&batch(these)).unwrap();
        }
        let reader = Reader::open(&path).unwrap();
        prop_assert_eq!(reader.steps(&key(), second(0), second(9)).unwrap(), kept);
    }
}
