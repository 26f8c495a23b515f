//! What the journal has replays to the same decisions.

use std::sync::Arc;
use std::time::Duration;

use foretide_control::Controller;
use foretide_domain::{Class, Effect, FailureKind, Record};
use foretide_runtime::What;

use crate::fakes::{Does, Says, World, seconds};

/// Runs for a while with all kinds of trouble, then replays from every checkpoint.
#[tokio::test(start_paused = true)]
async fn events_since_any_checkpoint_replay_to_the_records_kept() {
    let mut world = World::new(&[("a", &["web"])]);
    world.predictor = Arc::new(Says(
        Class::ScaleOut,
        Does::After(Duration::from_millis(30)),
    ));
    world.settings.checkpoint_every = Duration::from_secs(120);
    let cloud = Arc::clone(&world.clouds["a"]);
    let runtime = world.start().await;
    seconds(61).await;
    cloud.set("web", |group| {
        group.read = Does::Fail(FailureKind::Throttled);
    });
    seconds(45).await;
    cloud.set("web", |group| group.read = Does::Hang);
    seconds(33).await;
    cloud.set("web", |group| {
        group.read = Does::After(Duration::from_secs(1));
    });
    seconds(300).await;
    cloud.set("web", |group| {
        group.write = Does::Fail(FailureKind::Unavailable);
    });
    seconds(300).await;
    assert!(runtime.stop().await);

    let entries = world.journal.entries.lock().unwrap().clone();
    let starts = entries
        .iter()
        .enumerate()
        .filter_map(|(at, entry)| match &entry.what {
            What::Checkpoint(checkpoint) => Some((at, checkpoint.state.clone())),
            _ => None,
        });
    let mut checkpoints = 0;
    for (at, state) in starts {
        checkpoints += 1;
        let began = entries[at].at;
        let config = world.controller.clone();
        let (mut controller, _) = match state {
            Some(state) => Controller::restore(config, state, began),
            None => Controller::new(config, began),
        };
        let (mut replayed, mut kept) = (Vec::new(), Vec::new());
        for entry in &entries[at + 1..] {
            match &entry.what {
                // The runtime has begun anew here; its state was that of the replay.
                What::Checkpoint(checkpoint) => {
                    assert_eq!(checkpoint.state.as_ref(), Some(controller.saved_state()));
                    let state = controller.saved_state().clone();
                    let config = world.controller.clone();
                    controller = Controller::restore(config, state, entry.at).0;
                }
                What::Event(event) => {
                    let effects = controller.handle(event.clone(), entry.at);
                    replayed.extend(effects.into_iter().filter_map(record));
                }
                What::Record(record) => kept.push(record.clone()),
                What::Notice(_) => {}
            }
        }
        let differ = replayed
            .iter()
            .zip(&kept)
            .find(|(replayed, kept)| replayed != kept);
        assert_eq!(differ, None, "from checkpoint {checkpoints} at {began}");
        assert_eq!(replayed.len(), kept.len());
        assert!(checkpoints > 1 || kept.len() > 100);
    }
    assert!(checkpoints >= 4, "{checkpoints}");
}

fn record(effect: Effect) -> Option<Record> {
    match effect {
        Effect::Record(record) => Some(record),
        _ => None,
    }
}
