//! `kill -9` at any moment, while other programs use the store: the cooldown is kept, no step is
//! taken twice, no acknowledged order is lost, the journal is whole.

use std::path::Path;
use std::time::Duration;

use foretide_emulator::Demand;
use foretide_runtime::GroupKey;
use foretide_store::Reader;
use rusqlite::Connection;
use rusqlite::backup::Backup;

use crate::Room;

use super::page::{GROUP, LISTEN, TOKEN, address, get, order};
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

/// What another program does with the store while `run` writes it: one of four things, then it
/// closes its connection. This test is that program: a process of its own.
fn meddle(store: &Path, kill: u32) {
    let outside = Connection::open(store).unwrap();
    outside.busy_timeout(Duration::from_secs(60)).unwrap();
    match kill % 4 {
        0 => {
            let mut copy = Connection::open_in_memory().unwrap();
            let backup = Backup::new(&outside, &mut copy).unwrap();
            backup.run_to_completion(100, Duration::ZERO, None).unwrap();
        }
        1 => {
            let sql = "SELECT count(*) FROM decisions";
            let count: i64 = outside.query_row(sql, [], |row| row.get(0)).unwrap();
            assert!(count > 0);
        }
        2 => outside
            .execute_batch(
                "CREATE TABLE IF NOT EXISTS notes (text TEXT); INSERT INTO notes VALUES ('x')",
            )
            .unwrap(),
        _ => outside.execute_batch("VACUUM").unwrap(),
    }
    outside.close().unwrap();
}

#[test]
fn a_hundred_kills_lose_no_cooldown_and_take_no_step_twice() {
    let mut spec = busy("web");
    // More than the group may ever serve: it asks for growth at every look.
    spec.demand = Demand::Constant(600.0);
    let aws = Aws::of(vec![spec]);
    let room = Room::new();
    room.write("token", TOKEN);
    let orders = "[run]\ncontrols = true\ntoken_file = \"token\"\n";
    room.write(
        "foretide.toml",
        format!("{orders}{}", quick("web", "enforce", "1d")),
    );
    let store = room.path("output/foretide.db");
    let group = GroupKey::new("eu-west-1", "web");
    let mut scatter = Scatter(7);
    let mut paused = false;
    for kill in 0..KILLS {
        let mut run = Running::start(&room, &aws, &LISTEN);
        let page = address(&mut run);
        run.until("eu-west-1/web: started");
        for _ in 0..scatter.below(7) {
            run.until("eu-west-1/web: ");
        }
        // History before the page's memory opens the store for reading in the process that writes
        // it.
        let (status, past) = get(&page, &format!("{GROUP}/at?time=1"));
        assert!(!status.contains(" 503 "), "{past}");
        meddle(&store, kill);
        paused = !paused;
        let word = if paused { "pause" } else { "resume" };
        let (status, said) = order(&page, TOKEN, &format!(r#"{{"order":"{word}"}}"#));
        run.signal("KILL");
        let (_, printed) = run.ended();
        assert!(status.contains(" 202 "), "{status} {said}\n{printed}");
        let kept = Reader::open(&store).unwrap().latest(&group).unwrap();
        let (_, state) = kept.state.unwrap();
        assert_eq!(
            state.orders().paused.is_some(),
            paused,
            "the order before kill {kill} is gone"
        );
        assert!(
            aws.calls("SetDesiredCapacity") <= 1,
            "a second step after {kill} kills"
        );
    }
    assert!(!paused, "the last order was to resume");
    let mut run = Running::start(&room, &aws, &[]);
    run.until("Scale up needed but in cooldown period");
    run.stop("TERM");
    // The kill may have come between the intent and the write: then it is taken for carried out.
    let steps = u32::try_from(aws.calls("SetDesiredCapacity")).unwrap();
    assert!(steps <= 1);
    assert_eq!(aws.emulator.desired("web"), Some(2 + steps));
    let store = Reader::open(&store).unwrap();
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}
