//! Whatever AWS answers, it holds, says why, and goes on once AWS does.

use foretide_domain::Bounds;
use foretide_emulator::{Fault, FaultKind, Scripted};

use crate::Room;

use super::assert_nothing_secret;
use super::rig::{Aws, Running, busy, quick};

/// A look that ended as it should prints this.
const HEALTHY: &str = "ASG METRICS (2 instances)";

#[test]
fn faults_of_the_service_are_named_and_survived() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    let text = quick("web", "observe", "1s");
    room.write(
        "foretide.toml",
        format!("[aws]\nattempt_timeout = \"200ms\"\ncall_deadline = \"600ms\"\n{text}"),
    );
    let mut run = Running::start(&room, &aws, &[]);
    run.until(HEALTHY);
    for (kind, said) in [
        (FaultKind::Throttle, "throttled"),
        (FaultKind::Hang, "timed out"),
        (FaultKind::InternalFailure, "unavailable"),
        (FaultKind::BadGateway, "unavailable"),
        (FaultKind::Malformed, "malformed answer"),
        (FaultKind::ExpiredToken, "denied"),
        (FaultKind::AccessDenied, "denied"),
    ] {
        aws.emulator
            .add_fault(Fault::new(kind, &["DescribeAutoScalingGroups"]));
        run.until(said);
        aws.emulator.clear_faults();
        run.until(HEALTHY);
    }
    aws.emulator.remove_group("web");
    run.until("not found");
    aws.emulator.add_group(busy("web")).unwrap();
    run.until(HEALTHY);
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
    assert!(!printed.contains("panicked"), "{printed}");
    assert_eq!(aws.calls("SetDesiredCapacity"), 0);
    assert_nothing_secret(&[&printed, &room.read("output/ec2_monitor.log")]);
}

#[test]
fn without_metrics_nothing_is_written() {
    let mut spec = busy("web");
    spec.scripted.push(Scripted {
        metric: None,
        from_s: -86_400,
        until_s: 86_400,
        value: None,
        missing: true,
        late_s: 0,
    });
    let aws = Aws::of(vec![spec]);
    let room = Room::new();
    let text = quick("web", "enforce", "1s").replacen('\n', "\nstale_after = \"2s\"\n", 1);
    room.write("foretide.toml", text);
    let mut run = Running::start(&room, &aws, &[]);
    run.until("no fresh data");
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
    assert_eq!(aws.calls("SetDesiredCapacity"), 0);
}

/// With `metric_delay = "0s"` every period is asked for a minute before CloudWatch shows it. Asked
/// again at growing intervals of a second, as it was before, that made 10 requests in 30 looks.
#[test]
fn late_data_is_waited_for_within_the_bill_that_was_printed() {
    let mut spec = busy("web");
    spec.delay_s = 60;
    let aws = Aws::of(vec![spec]);
    let room = Room::new();
    room.write("foretide.toml", quick("web", "observe", "1s"));
    let mut run = Running::start(&room, &aws, &[]);
    run.until("CloudWatch 1.31 USD a month for 3 metrics");
    for _ in 0..30 {
        run.until("eu-west-1/web: PREDICTION");
    }
    let asked = aws.calls("GetMetricData");
    // One at the start, one a minute, and the one in reserve.
    assert!((1..=3).contains(&asked), "{asked} requests in 30 s");
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
}

#[test]
fn a_group_at_its_maximum_says_so_in_the_seeds_words() {
    let aws = Aws::of(vec![busy("web")]);
    aws.emulator.set_bounds("web", Bounds::new(1, 2).unwrap());
    let room = Room::new();
    room.write("foretide.toml", quick("web", "enforce", "1s"));
    let mut run = Running::start(&room, &aws, &[]);
    run.until("Already at maximum capacity of (2 instances)");
    aws.emulator.set_bounds("web", Bounds::new(1, 3).unwrap());
    run.until("SCALING UP: 2 -> 3 instances");
    run.stop("TERM");
}

#[test]
fn launches_that_fail_open_the_breaker() {
    let mut spec = busy("web");
    spec.launch_failure = 1.0;
    let aws = Aws::of(vec![spec]);
    let room = Room::new();
    room.write("foretide.toml", quick("web", "enforce", "1s"));
    let mut run = Running::start(&room, &aws, &[]);
    run.until("SCALING UP: 2 -> 3 instances");
    run.until("ALARM launches ");
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
}
