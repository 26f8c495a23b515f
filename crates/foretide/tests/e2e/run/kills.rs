//! `kill -9` at any moment: the cooldown is kept, no step is taken twice, the journal is whole.

use foretide_emulator::Demand;
use foretide_store::Reader;

use crate::Room;

use super::rig::{Aws, Running, busy, quick};

/// Kills in one run of the test.
const KILLS: u32 = 100;

/// Numbers that look random and are the same in every run.
struct Scatter(u64);

impl Scatter {
    /// A number below `limit`.
    fn below(&mut self, limit: u64) -> u64 {
        // Knuth's MMIX constants.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn a_hundred_kills_lose_no_cooldown_and_take_no_step_twice() {
    let mut spec = busy("web");
    // More than the group may ever serve: it asks for growth at every look.
    spec.demand = Demand::Constant(600.0);
    let aws = Aws::of(vec![spec]);
    let room = Room::new();
    room.write("foretide.toml", quick("web", "enforce", "1d"));
    let mut scatter = Scatter(7);
    for kill in 0..KILLS {
        let mut run = Running::start(&room, &aws, &[]);
        run.until("eu-west-1/web: started");
        for _ in 0..scatter.below(7) {
            run.until("eu-west-1/web: ");
        }
        run.signal("KILL");
        run.ended();
        assert!(
            aws.calls("SetDesiredCapacity") <= 1,
            "a second step after {kill} kills"
        );
    }
    let mut run = Running::start(&room, &aws, &[]);
    run.until("Scale up needed but in cooldown period");
    run.stop("TERM");
    // The kill may have come between the intent and the write: then it is taken for carried out.
    let steps = u32::try_from(aws.calls("SetDesiredCapacity")).unwrap();
    assert!(steps <= 1);
    assert_eq!(aws.emulator.desired("web"), Some(2 + steps));
    let store = Reader::open(&room.path("output/foretide.db")).unwrap();
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}
