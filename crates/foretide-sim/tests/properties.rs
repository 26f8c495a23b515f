//! What holds on any load: the optimum is not beaten, static peak never violates, bounds hold,
//! hours are never below the minimum's, and nothing looks ahead.

#![expect(clippy::unwrap_used, reason = "what is drawn is valid")]

use foretide_domain::{Bounds, Timestamp};
use foretide_sim::{Boot, Case, Contender, Peer, Setup, Timeline, Trace};
use proptest::prelude::*;

const STEP_S: u32 = 300;

fn trace(demand: Vec<f64>) -> Trace {
    Trace::new("random", Timestamp::from_seconds(0), STEP_S, demand).unwrap()
}

fn case(demand: Vec<f64>, min: u32, max: u32, boot_s: u32) -> Case {
    let setup = Setup {
        unit: Some(10.0),
        boot: Boot::Constant { seconds: boot_s },
        ..Setup::new(Bounds::new(min, max).unwrap())
    };
    Case::new(trace(demand), setup).unwrap()
}

fn run(peer: &Peer, case: &Case) -> (foretide_sim::Score, Timeline) {
    let mut timeline = Timeline::default();
    let score = peer.run(case, Some(&mut timeline));
    (score, timeline)
}

fn peer() -> impl Strategy<Value = Peer> {
    (0..Peer::NAMES.len(), 1_u32..16).prop_map(|(index, fives)| {
        let peer = Peer::named(Peer::NAMES[index]).unwrap();
        peer.with_target(f64::from(fives) * 5.0).unwrap_or(peer)
    })
}

/// Walks with jumps: like load, and with both idle and saturated stretches.
fn demand(cells: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((0_u8..12, 0.0..300.0_f64), cells..=cells).prop_map(|moves| {
        let mut level = 60.0;
        let walk = moves.into_iter().map(|(kind, to)| {
            match kind {
                0 => level = to,
                1 => level = 0.0,
                2..=5 => level = 0.9 * level + 0.1 * to,
                _ => {}
            }
            level
        });
        walk.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_policy_without_violation_is_cheaper_than_the_optimum(
        demand in demand(200), peer in peer(), boot_s in 0_u32..600,
    ) {
        let case = case(demand, 1, 40, boot_s);
        let (score, _) = run(&peer, &case);
        // What a pending instance costs is what the optimum charges for a relaunch; only the first
        // boot of a layer is free to it.
        if score.violation_share == 0.0 {
            prop_assert!(score.cost_ratio >= 1.0 - 1e-12, "{peer:?}: {score:?}");
        }
    }

    #[test]
    fn static_peak_never_violates_where_the_peak_is_within_the_bounds(demand in demand(100)) {
        let case = case(demand, 1, 100, 180);
        let (score, timeline) = run(&Peer::named("static").unwrap(), &case);
        prop_assert_eq!(score.violation_share.to_bits(), 0.0_f64.to_bits());
        prop_assert!(timeline.rows().iter().all(|row| row.in_service == case.peak()));
    }

    #[test]
    fn bounds_hold_and_hours_are_never_below_the_minimums(
        demand in demand(200), peer in peer(), min in 0_u32..6, more in 1_u32..30,
    ) {
        let case = case(demand, min, min + more, 180);
        let (score, timeline) = run(&peer, &case);
        for row in timeline.rows() {
            prop_assert!((min..=min + more).contains(&row.desired), "{row:?}");
            prop_assert!(row.in_service <= min + more, "{row:?}");
        }
        let least = f64::from(min) * 200.0 * f64::from(STEP_S) / 3600.0;
        prop_assert!(score.instance_hours >= least - 1e-9, "{} < {least}", score.instance_hours);
    }

    #[test]
    fn nothing_looks_ahead(demand in demand(400), peer in peer(), cut in 1_usize..400) {
        // Static peak is the one policy that knows the future by definition.
        prop_assume!(peer.name() != "static");
        let end_s = i64::try_from(cut).unwrap() * i64::from(STEP_S);
        let short = run(&peer, &case(demand[..cut].to_vec(), 1, 40, 180)).1;
        let long = run(&peer, &case(demand, 1, 40, 180)).1;
        let before = long.rows().iter().take_while(|row| row.at_s < end_s);
        prop_assert!(before.eq(short.rows().iter()));
    }

    #[test]
    fn two_runs_give_the_same_bytes(demand in demand(100), peer in peer()) {
        let case = case(demand, 1, 40, 180);
        let text = || format!("{:?}", run(&peer, &case));
        prop_assert_eq!(text(), text());
    }
}
