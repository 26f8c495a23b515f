//! The history of a group with policy `forecast`: read beside the cycles, stored, and taken over
//! from a predecessor.

use std::sync::Arc;

use foretide_domain::{FailureKind, ForecastRule, PolicyKind, Record, Rule};
use foretide_runtime::{GroupKey, JournalError, JournalErrorKind, Notice, What};

use crate::fakes::{Does, World, seconds};

const DAY: i64 = 24 * 3600;

fn daily(second: i64) -> f64 {
    let share = f64::from(u32::try_from(second.rem_euclid(DAY)).unwrap()) / 86_400.0;
    50.0 + 20.0 * (share * std::f64::consts::TAU).sin()
}

fn forecast_world() -> World {
    let mut world = World::new(&[("a", &["web"])]);
    world.controller.policy = PolicyKind::Forecast;
    world
}

fn has_past(world: &World, name: &str) {
    let mut pasts = world.clouds["a"].pasts.lock().unwrap();
    pasts.insert(name.to_owned(), daily);
}

fn notices(world: &World) -> Vec<Notice> {
    let entries = world.journal.entries.lock().unwrap();
    let notices = entries.iter().filter_map(|entry| match &entry.what {
        What::Notice(notice) => Some(notice.clone()),
        _ => None,
    });
    notices.collect()
}

/// `(periods, parts, parts of the predecessor)` of every finished reading of history.
fn histories(world: &World) -> Vec<(usize, u32, u32)> {
    let read = notices(world)
        .into_iter()
        .filter_map(|notice| match notice {
            Notice::HistoryRead {
                periods,
                parts,
                of_other,
                ..
            } => Some((periods, parts, of_other)),
            _ => None,
        });
    read.collect()
}

fn asked(world: &World) -> Vec<String> {
    let logged = world.logged().into_iter();
    logged.filter(|line| line.starts_with("history")).collect()
}

fn decisions(world: &World) -> usize {
    let entries = world.journal.entries.lock().unwrap();
    let decided = |what: &What| matches!(what, What::Record(Record::Decided(_)));
    entries.iter().filter(|entry| decided(&entry.what)).count()
}

#[tokio::test(start_paused = true)]
async fn a_new_group_reads_two_weeks_and_is_forecast_by_its_own_model() {
    let world = forecast_world();
    has_past(&world, "web");
    let runtime = world.start().await;
    seconds(300).await;
    assert!(runtime.stop().await);
    let read = histories(&world);
    assert_eq!(read.len(), 1);
    let (periods, parts, of_other) = read[0];
    assert_eq!((parts, of_other), (7, 0));
    let expected = 14 * 1440;
    assert!(
        (expected - 2..expected + 15).contains(&periods),
        "{periods}"
    );
    let entries = world.journal.entries.lock().unwrap();
    let own = entries.iter().any(|entry| match &entry.what {
        What::Record(Record::Decided(decision)) => {
            let figures = decision.explanation.inputs.forecast;
            figures.is_some_and(|figures| figures.own_model && figures.quantiles.is_some())
        }
        _ => false,
    });
    assert!(own, "decided by a model of its own within five minutes");
}

#[tokio::test(start_paused = true)]
async fn a_restart_goes_on_with_what_was_kept_and_reads_only_the_gap() {
    let world = forecast_world();
    has_past(&world, "web");
    let runtime = world.start().await;
    seconds(300).await;
    assert!(runtime.stop().await);
    assert_eq!(asked(&world).len(), 7);
    seconds(7200).await;
    let runtime = world.start().await;
    seconds(200).await;
    assert!(runtime.stop().await);
    let asked = asked(&world);
    assert_eq!(asked.len(), 8, "{asked:?}");
    let gap = asked.last().unwrap();
    assert!(gap.contains("T00:0") && gap.contains("T01:5"), "{gap}");
    let entries = world.journal.entries.lock().unwrap();
    let restarted = entries
        .iter()
        .rposition(|entry| matches!(entry.what, What::Notice(Notice::Started { .. })));
    let first = entries[restarted.unwrap()..]
        .iter()
        .find_map(|entry| match &entry.what {
            What::Record(Record::Decided(decision)) => Some(decision.explanation.clone()),
            _ => None,
        });
    let figures = first.unwrap().inputs.forecast.unwrap();
    assert!(figures.own_model, "at the first look");
}

/// Outlooks and price lists that are recorded from entry `from` on.
fn ahead(world: &World, from: usize) -> Vec<Record> {
    let entries = world.journal.entries.lock().unwrap();
    let records = entries[from..]
        .iter()
        .filter_map(|entry| match &entry.what {
            What::Record(record @ (Record::Outlook(_) | Record::Prices(_))) => Some(record.clone()),
            _ => None,
        });
    records.collect()
}

/// Who follows the records alone, as the page does, knows both after a restart.
#[tokio::test(start_paused = true)]
async fn outlook_and_price_list_are_recorded_when_made_and_again_at_a_restart() {
    let world = forecast_world();
    has_past(&world, "web");
    let runtime = world.start().await;
    seconds(300).await;
    assert!(runtime.stop().await);
    let made = ahead(&world, 0);
    let newest = |is: fn(&Record) -> bool| made.iter().rfind(|it| is(it)).cloned();
    let known = [
        newest(|it| matches!(it, Record::Outlook(_))).unwrap(),
        newest(|it| matches!(it, Record::Prices(_))).unwrap(),
    ];
    let [Record::Outlook(outlook), Record::Prices(prices)] = &known else {
        panic!("{known:?}");
    };
    // Once the history was read, after the fit, and perhaps as six hours of the day begin.
    assert!((3..=5).contains(&made.len()), "{made:?}");
    assert_eq!(outlook.hours.len(), 48);
    assert!(outlook.hours[0].from > outlook.of);
    assert_eq!((prices.rows.len(), prices.minutes.round()), (4, 10_080.0));
    let before = world.journal.entries.lock().unwrap().len();
    let runtime = world.start().await;
    seconds(60).await;
    assert!(runtime.stop().await);
    // The outlook is that of the checkpoint, or one that six hours later is due.
    let again = ahead(&world, before);
    let [Record::Outlook(outlook), Record::Prices(same)] = &again[..] else {
        panic!("{again:?}");
    };
    assert_eq!((outlook.hours.len(), same), (48, prices));
    // What the page draws of the time before is in the checkpoint of the start.
    let entries = world.journal.entries.lock().unwrap();
    let kept = entries[before..]
        .iter()
        .find_map(|entry| match &entry.what {
            What::Checkpoint(kept) => kept.snapshot.forecast.as_ref(),
            _ => None,
        });
    let kept = kept.unwrap();
    assert_eq!(kept.period().as_secs(), 60);
    assert_eq!(kept.loads().count(), kept.periods());
    let (oldest, newest) = (kept.loads().next(), kept.loads().last());
    let ((oldest, _), (newest, load)) = oldest.zip(newest).unwrap();
    assert!(newest.since(oldest).as_secs() > 13 * 86_400 && load > 0.0);
}

#[tokio::test(start_paused = true)]
async fn no_decision_waits_for_a_past_that_does_not_come() {
    for does in [Does::Hang, Does::Fail(FailureKind::Throttled)] {
        let world = forecast_world();
        has_past(&world, "web");
        *world.clouds["a"].history.lock().unwrap() = does;
        let runtime = world.start().await;
        seconds(600).await;
        assert!(runtime.stop().await);
        assert!(decisions(&world) >= 10);
        assert!(histories(&world).is_empty());
        let said = world.committed(&GroupKey::new("a", "web"));
        let says = said.iter().any(|line| line.contains("reading history"));
        assert!(says, "{said:?}");
        let tries = asked(&world).len();
        assert!((3..=6).contains(&tries), "less and less often: {tries}");
        let entries = world.journal.entries.lock().unwrap();
        let tracked = entries.iter().any(|entry| match &entry.what {
            What::Record(Record::Decided(decision)) => {
                decision.explanation.proposal.rule == Rule::Forecast(ForecastRule::Tracking)
            }
            _ => false,
        });
        assert!(tracked, "as without history");
    }
}

#[tokio::test(start_paused = true)]
async fn a_kept_forecast_that_is_damaged_is_said_and_read_anew() {
    let world = forecast_world();
    has_past(&world, "web");
    let damaged = JournalError {
        kind: JournalErrorKind::Corrupt,
        detail: "the forecast differs from its hash".to_owned(),
    };
    *world.journal.forecast_fails.lock().unwrap() = Some(damaged.clone());
    let runtime = world.start().await;
    seconds(300).await;
    assert!(runtime.stop().await);
    assert!(notices(&world).contains(&Notice::ForecastIgnored(damaged)));
    assert_eq!(histories(&world).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_replacement_reads_the_past_of_the_group_before_it() {
    let mut world = forecast_world();
    world.history_from = Some(Arc::from("blue"));
    has_past(&world, "blue");
    let runtime = world.start().await;
    seconds(300).await;
    assert!(runtime.stop().await);
    let (_, parts, of_other) = histories(&world)[0];
    assert_eq!((parts, of_other), (7, 7));
    let said = world.committed(&GroupKey::new("a", "web")).join("\n");
    assert!(
        said.contains("7 of 7 parts of the group before it"),
        "{said}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_replacement_takes_over_what_was_kept_of_the_group_before_it() {
    let mut world = World::new(&[("a", &["blue"])]);
    world.controller.policy = PolicyKind::Forecast;
    has_past(&world, "blue");
    let runtime = world.start().await;
    seconds(300).await;
    assert!(runtime.stop().await);
    let before = asked(&world).len();

    let mut green = forecast_world();
    green.journal = Arc::clone(&world.journal);
    green.clock = Arc::clone(&world.clock);
    green.history_from = Some(Arc::from("blue"));
    has_past(&green, "blue");
    let runtime = green.start().await;
    seconds(60).await;
    assert!(runtime.stop().await);
    assert_eq!((before, asked(&green).len()), (7, 0), "there is no gap");
    let took = notices(&green).into_iter().find_map(|notice| match notice {
        Notice::TookOver { from, days } => Some((from, days)),
        _ => None,
    });
    let (from, days) = took.unwrap();
    assert_eq!(from, "blue");
    assert!(days > 13.9, "{days}");
}
