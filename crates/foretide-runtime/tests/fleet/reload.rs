//! A reload brings new settings and keeps the state.

use std::sync::Arc;

use foretide_domain::{Class, Mode};
use foretide_runtime::{GroupKey, ReloadError, Reloaded};

use crate::fakes::{Does, FakeCloud, Says, World, seconds};

fn growing() -> World {
    let mut world = World::new(&[("a", &["web"])]);
    world.predictor = Arc::new(Says(Class::ScaleOut, Does::Answer));
    world
}

fn writes(world: &World) -> Vec<u32> {
    world.clouds["a"].get("web", |group| group.writes.clone())
}

#[tokio::test(start_paused = true)]
async fn new_settings_are_taken_and_the_cooldown_is_kept() {
    let mut world = growing();
    let runtime = world.start().await;
    seconds(5).await;
    assert_eq!(writes(&world), [3]);
    world.controller.classifier.step_out = 4;
    let reloaded = runtime.reload(world.fleet()).await.unwrap();
    assert_eq!(reloaded.changed, 1);
    seconds(280).await;
    assert_eq!(writes(&world), [3], "in cooldown");
    seconds(30).await;
    assert_eq!(writes(&world), [3, 7]);
    assert!(runtime.stop().await);
}

#[tokio::test(start_paused = true)]
async fn settings_that_make_no_sense_are_refused_and_the_old_ones_stay() {
    let mut world = growing();
    let runtime = world.start().await;
    seconds(5).await;
    let good = world.controller.clone();
    world.controller.mode = Mode::Observe;
    world.controller.classifier.step_out = 0;
    let error = runtime.reload(world.fleet()).await.unwrap_err();
    assert!(matches!(error, ReloadError::Refused(_)));
    seconds(310).await;
    assert_eq!(writes(&world), [3, 4], "the old settings write on");
    world.controller = good;
    let reloaded = runtime.reload(world.fleet()).await.unwrap();
    assert_eq!(reloaded, Reloaded::default(), "nothing differs");
    assert!(runtime.stop().await);
}

#[tokio::test(start_paused = true)]
async fn settings_wait_for_the_write_in_flight() {
    let mut world = growing();
    let takes = std::time::Duration::from_secs(3);
    world.clouds["a"].set("web", |group| group.write = Does::After(takes));
    let runtime = world.start().await;
    seconds(1).await;
    world.controller.mode = Mode::Observe;
    runtime.reload(world.fleet()).await.unwrap();
    seconds(20).await;
    assert!(runtime.stop().await);
    let said = world.committed(&GroupKey::new("a", "web"));
    let place = |line: &str| said.iter().position(|it| it == line).unwrap();
    assert!(
        place("desired 3: accepted") < place("settings replaced, state kept"),
        "{said:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn groups_come_and_go_and_come_back_with_their_state() {
    let mut world = growing();
    let runtime = world.start().await;
    seconds(5).await;
    let web = world.clouds.remove("a").unwrap();
    let other = FakeCloud::with(&["api"], &world.log);
    world.clouds.insert("b".to_owned(), Arc::new(other));
    let reloaded = runtime.reload(world.fleet()).await.unwrap();
    assert_eq!((reloaded.added, reloaded.removed), (1, 1));
    seconds(5).await;
    let keys: Vec<_> = runtime
        .status()
        .into_iter()
        .map(|status| status.key)
        .collect();
    assert_eq!(keys, [GroupKey::new("b", "api")]);
    world.clouds.insert("a".to_owned(), web);
    runtime.reload(world.fleet()).await.unwrap();
    seconds(200).await;
    assert_eq!(writes(&world), [3], "in cooldown still");
    assert!(runtime.stop().await);
}
