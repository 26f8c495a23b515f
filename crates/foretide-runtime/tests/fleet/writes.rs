//! Writes: sent from one place, after the state is stored, and finished before the runtime stops.

use std::sync::Arc;
use std::time::Duration;

use foretide_domain::{Class, FailureKind, Mode, Obstacle, WriteOutcome};
use foretide_runtime::GroupKey;
use tokio::time::Instant;

use crate::fakes::{Does, Says, World, seconds};

fn growing() -> World {
    let mut world = World::new(&[("a", &["web"])]);
    world.predictor = Arc::new(Says(Class::ScaleOut, Does::Answer));
    world
}

fn outcome(world: &World, runtime: &foretide_runtime::Runtime) -> WriteOutcome {
    assert_eq!(world.clouds["a"].get("web", |group| group.writes.len()), 0);
    runtime.status()[0].write.clone().unwrap().outcome
}

#[tokio::test(start_paused = true)]
async fn the_state_is_durable_before_the_write_is_sent() {
    let world = growing();
    *world.journal.takes.lock().unwrap() = Duration::from_millis(300);
    let runtime = world.start().await;
    seconds(5).await;
    let log = world.logged();
    assert_eq!(
        &log[..3],
        ["saved web", "write web 3", "written web 3"],
        "{log:?}"
    );
    assert!(runtime.stop().await);
}

#[tokio::test(start_paused = true)]
async fn stopping_finishes_the_write_in_flight_and_keeps_its_outcome() {
    let world = growing();
    let takes = Duration::from_secs(3);
    world.clouds["a"].set("web", |group| group.write = Does::After(takes));
    let runtime = world.start().await;
    seconds(1).await;
    assert!(runtime.status()[0].writing);
    let began = Instant::now();
    assert!(runtime.stop().await);
    assert!(began.elapsed() < takes);
    assert_eq!(
        world.clouds["a"].get("web", |group| group.writes.clone()),
        [3]
    );
    let said = world.committed(&GroupKey::new("a", "web"));
    assert!(said.contains(&"desired 3: accepted".to_owned()), "{said:?}");
    assert_eq!(said.last().unwrap(), "stopped");
}

#[tokio::test(start_paused = true)]
async fn stopping_without_a_write_waits_for_no_reading() {
    let world = World::new(&[("a", &["web"])]);
    world.clouds["a"].set("web", |group| group.read = Does::Hang);
    let runtime = world.start().await;
    seconds(1).await;
    let began = Instant::now();
    assert!(runtime.stop().await);
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_restart_goes_on_with_the_cooldown() {
    let world = growing();
    let runtime = world.start().await;
    seconds(5).await;
    assert!(runtime.stop().await);
    seconds(60).await;
    let runtime = world.start().await;
    seconds(200).await;
    assert_eq!(
        world.clouds["a"].get("web", |group| group.writes.clone()),
        [3]
    );
    seconds(100).await;
    assert_eq!(
        world.clouds["a"].get("web", |group| group.writes.clone()),
        [3, 4]
    );
    assert!(runtime.stop().await);
}

#[tokio::test(start_paused = true)]
async fn a_write_without_answer_may_have_been_carried_out_and_starts_the_cooldown() {
    let world = growing();
    world.clouds["a"].set("web", |group| group.write = Does::Hang);
    let runtime = world.start().await;
    seconds(200).await;
    let WriteOutcome::Failed(failure) = outcome(&world, &runtime) else {
        panic!("no failure");
    };
    assert_eq!(failure.kind, FailureKind::TimedOut);
    let sent = world
        .logged()
        .iter()
        .filter(|line| line.starts_with("write "))
        .count();
    assert_eq!(sent, 1);
    assert!(runtime.stop().await);
}

#[tokio::test(start_paused = true)]
async fn dry_run_sends_nothing_whatever_the_mode() {
    let mut world = growing();
    world.permit.dry_run = true;
    let runtime = world.start().await;
    seconds(5).await;
    assert_eq!(outcome(&world, &runtime), WriteOutcome::DryRun);
    assert!(runtime.stop().await);
}

#[tokio::test(start_paused = true)]
async fn observing_decides_and_sends_nothing() {
    let mut world = growing();
    world.controller.mode = Mode::Observe;
    let runtime = world.start().await;
    seconds(5).await;
    let status = &runtime.status()[0];
    assert_eq!(status.decision.as_ref().unwrap().desired, Some(3));
    assert!(status.write.is_none());
    assert!(!world.logged().iter().any(|line| line.starts_with("write ")));
    assert!(runtime.stop().await);
}

#[tokio::test(start_paused = true)]
async fn another_policy_or_weights_keep_the_group_from_being_written_until_allowed() {
    let policy = Obstacle::Policy {
        name: "cpu-50".to_owned(),
    };
    for (obstacle, how) in [
        (policy, "allow_policies = [\"cpu-50\"]"),
        (Obstacle::Weights, "allow_weights = true"),
    ] {
        let mut world = growing();
        world.clouds["a"].set("web", |group| group.obstacles = vec![obstacle]);
        let runtime = world.start().await;
        seconds(5).await;
        let WriteOutcome::Failed(failure) = outcome(&world, &runtime) else {
            panic!("no failure");
        };
        assert_eq!(failure.kind, FailureKind::Rejected);
        assert!(failure.detail.contains(how), "{}", failure.detail);
        world.permit.allow_policies = vec!["cpu-50".to_owned()];
        world.permit.allow_weights = true;
        runtime.reload(world.fleet()).await.unwrap();
        seconds(30).await;
        assert_eq!(
            world.clouds["a"].get("web", |group| group.writes.clone()),
            [3]
        );
        assert!(runtime.stop().await);
    }
}
