//! The present build on a store that an earlier build has written.
//!
//! `before_hands_off.db` was written by the build of commit 1edc7e3, which does not look at process
//! `AlarmNotification`, by
//!
//! ```sh
//! foretide emulator --listen 127.0.0.1:4570 --scenario aws.toml &
//! AWS_ENDPOINT_URL=http://127.0.0.1:4570 AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=a \
//!     AWS_SECRET_ACCESS_KEY=b timeout -s TERM 12 foretide run --no-page
//! sqlite3 output/foretide.db VACUUM
//! ```
//!
//! with `aws.toml`
//!
//! ```toml
//! [[groups]]
//! name = "web"
//! max = 5
//! demand = { constant = 180.0 }
//! boot_s = 1
//! delay_s = 0
//! history_s = 1800
//! suspended = ["AlarmNotification"]
//! ```
//!
//! and the settings of `quick("web", "enforce", "30s")` as `foretide.toml`.

use foretide_emulator::GroupSpec;

use crate::Room;

use super::rig::{Aws, Running, busy, quick};

const BEFORE_HANDS_OFF: &[u8] = include_bytes!("before_hands_off.db");

/// The group, with process `AlarmNotification` suspended.
fn suspended() -> Aws {
    Aws::of(vec![GroupSpec {
        suspended: vec!["AlarmNotification".into()],
        ..busy("web")
    }])
}

#[test]
fn a_group_that_was_scaled_with_alarms_suspended_is_scaled_after_the_upgrade() {
    let (aws, room) = (suspended(), Room::new());
    room.write("foretide.toml", quick("web", "enforce", "1s"));
    std::fs::create_dir(room.path("output")).unwrap();
    std::fs::write(room.path("output/foretide.db"), BEFORE_HANDS_OFF).unwrap();
    let mut run = Running::start(&room, &aws, &[]);
    run.until("has been suspended since before this version");
    run.until("Updating ASG desired capacity to ");
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
}

/// The control: a group that is new to this build is left alone.
#[test]
fn a_new_group_with_alarms_suspended_is_left_alone() {
    let (aws, room) = (suspended(), Room::new());
    room.write("foretide.toml", quick("web", "enforce", "1s"));
    let mut run = Running::start(&room, &aws, &[]);
    run.until("scaling is switched off on this group");
    for _ in 0..4 {
        run.until("PREDICTION");
    }
    assert_eq!(aws.calls("SetDesiredCapacity"), 0);
    run.stop("TERM");
}
