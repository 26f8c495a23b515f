//! Small backtests computed by hand, every figure from the comment beside it.

#![expect(clippy::unwrap_used, reason = "the settings are valid")]

use foretide_domain::{Bounds, Timestamp};
use foretide_sim::{Boot, Case, Contender, Peer, Score, Setup, Timeline, Trace};

/// Minutes of demand on a group of 1 to 10 instances that serve 10 each and boot in a minute. An
/// instance carries 8 at the objective of 80 %.
fn case(demand: Vec<f64>) -> Case {
    let setup = Setup {
        unit: Some(10.0),
        boot: Boot::Constant { seconds: 60 },
        ..Setup::new(Bounds::new(1, 10).unwrap())
    };
    let trace = Trace::new("small", Timestamp::from_seconds(0), 60, demand).unwrap();
    Case::new(trace, setup).unwrap()
}

fn run(policy: &str, key: &str, value: f64, demand: Vec<f64>) -> (Score, Timeline) {
    let peer = Peer::named(policy).unwrap().with_parameter(key, value);
    let mut timeline = Timeline::default();
    let score = peer.unwrap().run(&case(demand), Some(&mut timeline));
    (score, timeline)
}

/// `(name, found, by hand)` of each figure.
#[track_caller]
fn assert_close(figures: &[(&str, f64, f64)]) {
    for (name, found, by_hand) in figures {
        assert!(
            (found - by_hand).abs() < 1e-12 * by_hand.abs().max(1.0),
            "{name}: {found}"
        );
    }
}

/// Two instances carry 16 at the objective and 20 in all. Needed, `ceil(demand / 8)`: 2, 3, 3, 1.
#[test]
fn a_fixed_number_is_scored_by_hand() {
    let (score, _) = run("static", "capacity", 2.0, vec![12.0, 18.0, 24.0, 6.0]);
    assert_eq!((score.actions, score.steps), (0, 4 * 6));
    assert_close(&[
        // 2 for 240 s.
        ("hours", score.instance_hours, 480.0 / 3600.0),
        // The first layer for four minutes, the second for three, the third for two; no gaps.
        (
            "optimum",
            score.optimum_hours,
            (240.0 + 180.0 + 120.0) / 3600.0,
        ),
        ("cost ratio", score.cost_ratio, 480.0 / 540.0),
        // 18 and 24 are above 16: two minutes of four.
        ("violation", score.violation_share, 0.5),
        // Of 24, 4 find no room, for one minute; all of it is 12 + 18 + 24 + 6.
        ("unserved", score.unserved_share, 4.0 / 60.0),
        // One of 3 is missing in two minutes of four; one over the 1 needed in one of four.
        ("theta_u", score.theta_u, 100.0 * 2.0 / 3.0 / 4.0),
        ("theta_o", score.theta_o, 100.0 / 4.0),
        ("tau_u", score.tau_u, 50.0),
        ("tau_o", score.tau_o, 25.0),
        // Of the 23 moves from step to step, the need moves in two (2 to 3, 3 to 1) and supply in
        // none of them.
        ("instability", score.instability, 100.0 * 2.0 / 23.0),
        // No change of supply and two of need in 240 s.
        ("jitter", score.jitter, -2.0 * 3600.0 / 240.0),
    ]);
}

/// 18 on two instances is 90 % CPU, on four 45 %. The periods of the first three minutes are seen
/// at 120, 180 and 240 s; then three points are above 50: `ceil(2 · 90 / 50) = ceil(3.6) = 4`. The
/// launches serve from 300 s; 45 % is neither above 50 nor below `0.9 · 50`, so nothing follows.
#[test]
fn target_tracking_scales_out_by_hand() {
    let (score, timeline) = run("target-tracking", "target", 50.0, vec![18.0; 12]);
    let changes: Vec<_> = timeline
        .rows()
        .windows(2)
        .filter(|pair| pair[0].desired != pair[1].desired)
        .map(|pair| {
            (
                pair[1].at_s,
                pair[1].desired,
                pair[1].in_service,
                pair[1].pending,
            )
        })
        .collect();
    assert_eq!(changes, [(240, 4, 2, 2)]);
    assert_eq!((score.actions, score.steps), (1, 72));
    assert_close(&[
        // 2 for 720 s, 2 from 240 s on; of need `ceil(18 / 8) = 3` for 720 s.
        (
            "hours",
            score.instance_hours,
            (2.0 * 720.0 + 2.0 * 480.0) / 3600.0,
        ),
        ("optimum", score.optimum_hours, 3.0 * 720.0 / 3600.0),
        ("cost ratio", score.cost_ratio, 2400.0 / 2160.0),
        // 18 is above the 16 of two instances until 300 s, below the 20 that they hold in all.
        ("violation", score.violation_share, 300.0 / 720.0),
        ("unserved", score.unserved_share, 0.0),
        // One of 3 is missing for 300 s, one is over for 420 s.
        ("theta_u", score.theta_u, 100.0 / 3.0 * 300.0 / 720.0),
        ("theta_o", score.theta_o, 100.0 / 3.0 * 420.0 / 720.0),
        ("tau_u", score.tau_u, 100.0 * 300.0 / 720.0),
        ("tau_o", score.tau_o, 100.0 * 420.0 / 720.0),
        // Supply moves once, need never, over 71 moves and 720 s.
        ("instability", score.instability, 100.0 / 71.0),
        ("jitter", score.jitter, 3600.0 / 720.0),
    ]);
}

/// 4 on two instances is 20 % CPU, below `0.9 · 50`. The fifteenth period ends at 900 s and is seen
/// at 960 s: `ceil(2 · 20 / 50) = ceil(0.8) = 1`, and the older of the two goes at once.
#[test]
fn target_tracking_scales_in_by_hand() {
    let (score, _) = run("target-tracking", "target", 50.0, vec![4.0; 20]);
    assert_eq!(score.actions, 1);
    assert_close(&[
        // One for 1200 s, one for 960 s; of need `ceil(4 / 8) = 1` for 1200 s.
        ("hours", score.instance_hours, (1200.0 + 960.0) / 3600.0),
        ("cost ratio", score.cost_ratio, 2160.0 / 1200.0),
        // One instance carries 8.
        ("violation", score.violation_share, 0.0),
    ]);
}
