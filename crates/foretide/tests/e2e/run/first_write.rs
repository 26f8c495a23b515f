//! The first write of a run: nothing is known of other writers when the run begins, and what the
//! group needs is written as soon as it is known.

use foretide_emulator::{Demand, GroupSpec};

use crate::Room;

use super::rig::{Aws, Running, busy, quick};

/// The group needs 8 instances and has 2.
#[test]
fn a_group_that_is_short_at_the_start_is_raised_in_its_first_cycles_under_every_policy() {
    for policy in ["classifier", "target-tracking", "forecast"] {
        let aws = Aws::of(vec![GroupSpec {
            max: 20,
            demand: Demand::Constant(480.0),
            ..busy("web")
        }]);
        let room = Room::new();
        let settings = quick("web", "enforce", "300s").replace("\"1s\"\nmetric", "\"5s\"\nmetric");
        room.write(
            "foretide.toml",
            settings.replace("policy = \"classifier\"", &format!("policy = \"{policy}\"")),
        );
        let mut run = Running::start(&room, &aws, &[]);
        run.until("Updating ASG desired capacity to ");
        // A cycle reads the group once, and so does the check of a write.
        let cycles = aws.calls("DescribeAutoScalingGroups");
        assert!(
            (1..=4).contains(&cycles),
            "{policy}: {cycles} readings of the group"
        );
        assert_eq!(aws.calls("SetDesiredCapacity"), 1, "{policy}");
        let (status, printed) = run.stop("TERM");
        assert_eq!(status.code(), Some(0), "{policy}: {printed}");
    }
}

/// The control: the same group is not written to while it is observed.
#[test]
fn an_observed_group_that_is_short_is_not_written_to() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    room.write("foretide.toml", quick("web", "observe", "300s"));
    let mut run = Running::start(&room, &aws, &[]);
    for _ in 0..4 {
        run.until("PREDICTION");
    }
    assert_eq!(aws.calls("SetDesiredCapacity"), 0);
    run.stop("TERM");
}
