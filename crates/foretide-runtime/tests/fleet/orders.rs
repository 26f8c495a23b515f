//! An operator's orders: applied by the running group, stored, and in force after a restart.

use std::sync::Arc;

use foretide_domain::{Class, Mode, Order};
use foretide_runtime::{Clock, GroupKey, JournalErrorKind, OrderError};

use crate::fakes::{Does, Says, World, seconds};

fn growing() -> World {
    let mut world = World::new(&[("a", &["web"])]);
    world.predictor = Arc::new(Says(Class::ScaleOut, Does::Answer));
    world
}

fn writes(world: &World) -> Vec<u32> {
    world.clouds["a"].get("web", |group| group.writes.clone())
}

#[tokio::test(start_paused = true)]
async fn a_paused_group_is_left_alone_across_a_restart_until_it_is_resumed() {
    let world = growing();
    let web = GroupKey::new("a", "web");
    let runtime = world.start().await;
    let pause = Order::Pause { until: None };
    let orders = runtime.order_handle();
    let next = orders.order(&web, pause, "anna".into()).await.unwrap();
    assert!(next > world.clock.now());
    let before = writes(&world);
    seconds(900).await;
    assert_eq!(writes(&world), before);
    assert!(runtime.stop().await);
    let runtime = world.start().await;
    seconds(900).await;
    assert_eq!(writes(&world), before);
    let orders = runtime.order_handle();
    let resumed = orders.order(&web, Order::Resume, "bert".into());
    resumed.await.unwrap();
    seconds(60).await;
    assert!(writes(&world).len() > before.len());
    assert!(runtime.stop().await);
    let said = world.committed(&web);
    for part in [
        "ordered by anna: pause until resumed",
        "ordered by bert: resume",
    ] {
        assert!(said.contains(&part.to_owned()), "{said:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_is_acknowledged_once_it_is_kept() {
    let world = growing();
    let web = GroupKey::new("a", "web");
    let runtime = world.start().await;
    seconds(25).await;
    let orders = runtime.order_handle();
    let pause = Order::Pause { until: None };
    *world.journal.takes.lock().unwrap() = std::time::Duration::from_secs(1);
    orders.order(&web, pause, "anna".into()).await.unwrap();
    let kept = format!("{:?}", world.journal.states.lock().unwrap()[&web]);
    assert!(kept.contains("Pause") || kept.contains("pause"), "{kept}");
    *world.journal.fails.lock().unwrap() = Some(JournalErrorKind::Full);
    let resumed = orders.order(&web, Order::Resume, "anna".into()).await;
    assert_eq!(resumed, Err(OrderError::NotKept));
    let before = writes(&world);
    seconds(300).await;
    assert!(writes(&world).len() > before.len(), "in force all the same");
}

#[tokio::test(start_paused = true)]
async fn an_ordered_mode_is_what_writes_are_checked_against() {
    let mut world = growing();
    world.controller.mode = Mode::Observe;
    let web = GroupKey::new("a", "web");
    let runtime = world.start().await;
    seconds(60).await;
    assert!(writes(&world).is_empty());
    let enforce = Order::Mode {
        mode: Some(Mode::Enforce),
    };
    let orders = runtime.order_handle();
    orders.order(&web, enforce, "anna".into()).await.unwrap();
    assert_eq!(runtime.status()[0].mode, Mode::Enforce);
    seconds(400).await;
    assert!(!writes(&world).is_empty());
    assert!(runtime.stop().await);
}

#[tokio::test(start_paused = true)]
async fn an_order_to_an_unknown_group_or_a_stopped_runtime_is_refused() {
    let world = growing();
    let runtime = world.start().await;
    let orders = runtime.order_handle();
    let other = GroupKey::new("a", "other");
    let refused = orders.order(&other, Order::Resume, "anna".into()).await;
    assert_eq!(refused, Err(OrderError::Unknown(other)));
    assert!(runtime.stop().await);
    let web = GroupKey::new("a", "web");
    let refused = orders.order(&web, Order::Resume, "anna".into()).await;
    assert_eq!(refused, Err(OrderError::Stopping));
}
