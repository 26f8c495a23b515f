//! A failing journal does not stop the control loop.

use std::sync::Arc;
use std::time::Duration;

use foretide_control::Event;
use foretide_domain::Class;
use foretide_runtime::{JournalErrorKind, Notice, Runtime, StartError, What};

use crate::fakes::{Does, Says, World, seconds};

fn notices(world: &World) -> Vec<Notice> {
    let entries = world.journal.entries.lock().unwrap();
    let notice = |entry: &Arc<foretide_runtime::Entry>| match &entry.what {
        What::Notice(notice) => Some(notice.clone()),
        _ => None,
    };
    entries.iter().filter_map(notice).collect()
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_is_said_once_and_caught_up_with_in_order() {
    let mut world = World::new(&[("a", &["web"])]);
    world.predictor = Arc::new(Says(Class::ScaleOut, Does::Answer));
    let runtime = world.start().await;
    seconds(25).await;
    *world.journal.fails.lock().unwrap() = Some(JournalErrorKind::Full);
    seconds(600).await;
    let writes = world.clouds["a"].get("web", |group| group.writes.clone());
    assert_eq!(writes, [3, 4, 5], "it scales on");
    let before = world.journal.entries.lock().unwrap().len();
    *world.journal.fails.lock().unwrap() = None;
    seconds(11).await;
    assert!(runtime.stop().await);
    let failed = |notice: &&Notice| matches!(notice, Notice::JournalFailed(_));
    let recovered = |notice: &&Notice| matches!(notice, Notice::JournalRecovered { lost: 0, .. });
    let said = notices(&world);
    assert_eq!(said.iter().filter(failed).count(), 1, "{said:?}");
    assert_eq!(said.iter().filter(recovered).count(), 1, "{said:?}");
    assert!(said.contains(&Notice::UnsavedWrite));
    let entries = world.journal.entries.lock().unwrap();
    assert!(entries.len() > before + 180);
    assert!(entries.is_sorted_by_key(|entry| entry.at));
    let woke = entries
        .iter()
        .filter(|entry| entry.what == What::Event(Event::Woke));
    assert_eq!(woke.count(), 63, "every look since the start");
}

#[tokio::test(start_paused = true)]
async fn what_memory_cannot_hold_is_counted() {
    let mut world = World::new(&[("a", &["web"])]);
    world.settings.held_entries = 50;
    let runtime = world.start().await;
    seconds(5).await;
    *world.journal.fails.lock().unwrap() = Some(JournalErrorKind::Unavailable);
    seconds(300).await;
    *world.journal.fails.lock().unwrap() = None;
    seconds(11).await;
    assert!(runtime.stop().await);
    let lost = notices(&world).iter().find_map(|notice| match notice {
        Notice::JournalRecovered { lost, .. } => Some(*lost),
        _ => None,
    });
    assert!(lost.unwrap() > 50);
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_hangs_holds_a_write_for_two_seconds_at_most() {
    let mut world = World::new(&[("a", &["web"])]);
    world.predictor = Arc::new(Says(Class::ScaleOut, Does::Answer));
    *world.journal.takes.lock().unwrap() = Duration::from_secs(3600);
    let runtime = world.start().await;
    seconds(3).await;
    assert_eq!(
        world.clouds["a"].get("web", |group| group.writes.clone()),
        [3]
    );
    assert!(
        !runtime.stop().await,
        "the journal does not have everything"
    );
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_takes_too_long_is_said_and_kept_once() {
    let world = World::new(&[("a", &["web"])]);
    *world.journal.takes.lock().unwrap() = Duration::from_secs(100);
    let runtime = world.start().await;
    seconds(50).await;
    *world.journal.takes.lock().unwrap() = Duration::ZERO;
    seconds(100).await;
    assert!(runtime.stop().await);
    let failed = |notice: &&Notice| matches!(notice, Notice::JournalFailed(_));
    assert_eq!(notices(&world).iter().filter(failed).count(), 1);
    let entries = world.journal.entries.lock().unwrap();
    let started = |entry: &&Arc<foretide_runtime::Entry>| {
        matches!(entry.what, What::Notice(Notice::Started { .. }))
    };
    assert_eq!(entries.iter().filter(started).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_cannot_be_read_keeps_it_from_starting() {
    let world = World::new(&[("a", &["web"])]);
    *world.journal.fails.lock().unwrap() = Some(JournalErrorKind::Corrupt);
    let error = Runtime::start(
        world.settings.clone(),
        world.fleet(),
        Arc::clone(&world.journal) as _,
        Arc::clone(&world.clock) as _,
    )
    .await
    .unwrap_err();
    assert!(matches!(error, StartError::State { .. }));
    assert_eq!(error.to_string(), "cannot read the state of group a/web");
}
