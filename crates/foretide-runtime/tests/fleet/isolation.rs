//! A slow or failing part delays no other group.

use std::sync::Arc;
use std::time::Duration;

use foretide_domain::{CallFailure, Class, FailureKind, Features, Prediction, Record};
use foretide_runtime::{BoxFuture, GroupKey, Notice, Predictor, What};

use crate::fakes::{Does, FakeCloud, Says, World, seconds};

#[tokio::test(start_paused = true)]
async fn a_failing_and_a_hanging_group_do_not_delay_the_one_beside_them() {
    let world = World::new(&[("a", &["fails", "hangs", "well"])]);
    let cloud = &world.clouds["a"];
    cloud.set("fails", |group| {
        group.read = Does::Fail(FailureKind::Denied);
    });
    cloud.set("hangs", |group| group.read = Does::Hang);
    let runtime = world.start().await;
    seconds(65).await;
    let status = runtime.status();
    let of = |name: &str| status.iter().find(|it| it.key.name() == name).unwrap();
    assert_eq!(of("well").overruns, 0);
    assert!(
        of("well").cycle_took < Duration::from_millis(50),
        "{:?}",
        of("well").cycle_took
    );
    let since = |name: &str| {
        let now = foretide_runtime::Clock::now(&*world.clock);
        now.since(of(name).cycle_ended_at.unwrap())
    };
    assert!(since("well") < Duration::from_secs(6));
    assert_eq!(
        of("fails").failure.as_ref().unwrap().1.kind,
        FailureKind::Denied
    );
    assert_eq!(
        of("hangs").failure.as_ref().unwrap().1.kind,
        FailureKind::TimedOut
    );
    assert!(runtime.stop().await);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_hangs_does_not_slow_another() {
    let names: Vec<String> = (0..300).map(|n| format!("g{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = World::new(&[("hangs", &names), ("well", &names)]);
    let mut hanging = FakeCloud::with(&names, &world.log);
    hanging.hangs = true;
    world.clouds.insert("hangs".to_owned(), Arc::new(hanging));
    let runtime = world.start().await;
    seconds(125).await;
    for status in runtime.status() {
        if status.key.account() == "well" {
            assert!(status.cycle_took < Duration::from_millis(50), "{status:?}");
            assert!(status.failure.is_none() && status.decision.is_some());
        } else {
            assert_eq!(status.failure.unwrap().1.kind, FailureKind::TimedOut);
        }
    }
    assert!(runtime.stop().await);
}

#[tokio::test(start_paused = true)]
async fn many_groups_share_calls_of_at_most_the_size_allowed() {
    let names: Vec<String> = (0..1000).map(|n| format!("g{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let world = World::new(&[("a", &names)]);
    let runtime = world.start().await;
    seconds(35).await;
    let batches = world.clouds["a"].group_batches.lock().unwrap().clone();
    assert_eq!(
        batches,
        vec![100; 40],
        "ten full calls in each of four looks"
    );
    assert!(runtime.stop().await);
}

#[tokio::test(start_paused = true)]
async fn groups_that_started_at_different_moments_share_calls_as_well() {
    let mut world = World::new(&[("a", &["first", "second"])]);
    let fleet = world.fleet();
    let mut half = fleet.clone();
    half.groups.truncate(1);
    world.settings.grid = Duration::from_secs(1);
    let runtime = foretide_runtime::Runtime::start(
        world.settings.clone(),
        half,
        Arc::clone(&world.journal) as _,
        Arc::clone(&world.clock) as _,
    )
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_millis(10_400)).await;
    runtime.reload(fleet).await.unwrap();
    world.clouds["a"].group_batches.lock().unwrap().clear();
    seconds(40).await;
    let batches = world.clouds["a"].group_batches.lock().unwrap().clone();
    assert!(batches.iter().filter(|size| **size == 2).count() <= 4);
    assert!(runtime.stop().await);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_answer_becomes_a_timeout_within_the_look() {
    let mut world = World::new(&[("a", &["web"])]);
    world.predictor = Arc::new(Says(Class::ScaleOut, Does::Hang));
    world.clouds["a"].set("web", |group| {
        group.read = Does::After(Duration::from_secs(4));
    });
    let runtime = world.start().await;
    let mut live = runtime.subscribe();
    seconds(15).await;
    let mut failures = Vec::new();
    let mut overruns = Vec::new();
    while let Ok(entry) = live.try_recv() {
        match &entry.what {
            What::Record(Record::CallFailed(failure)) => failures.push(failure.kind),
            What::Notice(Notice::Overrun { took, limit, .. }) => overruns.push((*took, *limit)),
            _ => {}
        }
    }
    assert_eq!(failures, [FailureKind::TimedOut]);
    let limit = Duration::from_secs(9);
    assert_eq!(
        overruns.len(),
        1,
        "4 s of reading and 6 s of asking are more than 9 s"
    );
    assert!(
        overruns[0].0 >= limit && overruns[0].1 == limit,
        "{overruns:?}"
    );
    assert_eq!(runtime.status()[0].overruns, 1);
    assert!(runtime.stop().await);
}

struct Defective;

impl Predictor for Defective {
    fn predict<'a>(
        &'a self,
        _features: &'a Features,
    ) -> BoxFuture<'a, Result<Prediction, CallFailure>> {
        panic!("a defect")
    }
}

#[tokio::test(start_paused = true)]
async fn a_defect_ends_one_look_of_one_group_and_keeps_its_state() {
    let world = World::new(&[("a", &["defective", "well"])]);
    let mut fleet = world.fleet();
    for group in &mut fleet.groups {
        if group.key.name() == "defective" {
            group.predictor = Arc::new(Defective);
        }
    }
    let runtime = foretide_runtime::Runtime::start(
        world.settings.clone(),
        fleet,
        Arc::clone(&world.journal) as _,
        Arc::clone(&world.clock) as _,
    )
    .await
    .unwrap();
    seconds(62).await;
    let well = &runtime.status()[1];
    assert!(well.overruns == 0 && well.failure.is_none() && well.decision.is_some());
    assert!(runtime.stop().await);
    let said = world.committed(&GroupKey::new("a", "defective"));
    let failed = "the group's task failed by a defect and is restarted";
    let failures = said.iter().filter(|line| *line == failed).count();
    assert!((3..=7).contains(&failures), "{said:?}");
}
