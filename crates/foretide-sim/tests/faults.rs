//! The controller under every fault at once: no rule is broken, and everything is reproducible.

#![expect(clippy::unwrap_used, reason = "the settings are valid")]

use foretide_control::ControllerConfig;
use foretide_domain::{Bounds, Class, Features, Mode, PolicyKind, Prediction, Record, Timestamp};
use foretide_sim::{Case, FaultPlan, Setup, Simulation, Soaked, Workload, in_parallel, soak};

/// 256 groups of 8 days: above two thousand group-days.
const GROUPS: u64 = 256;
const DAYS: u32 = 8;
/// Policies that are rules alone.
const RULES: [PolicyKind; 2] = [PolicyKind::Classifier, PolicyKind::TargetTracking];

#[test]
fn two_thousand_group_days_of_faults_break_no_rule() {
    let sum = soaked(GROUPS, DAYS, &RULES);
    // The faults must really have come, or the test says nothing.
    assert!(sum.days >= 2000, "{sum:?}");
    assert!(sum.writes > 10_000 && sum.failures > 100_000, "{sum:?}");
    assert!(sum.alarms > 100 && sum.foreign > 1000, "{sum:?}");
    assert!(
        sum.idle_steps > 10_000 && sum.draining_steps > 10_000,
        "{sum:?}"
    );
    assert!(sum.lowered > 1000 && sum.held_steps > 1_000_000, "{sum:?}");
    assert!(sum.standby_steps > 10_000 && sum.replaced > 1000, "{sum:?}");
}

/// Each day is a fit of half a second, so a thousand of them are a command: `examples/soak.rs`.
#[test]
fn the_forecast_breaks_no_rule_under_faults_either() {
    let sum = soaked(6, 4, &[PolicyKind::Forecast]);
    assert!(sum.writes > 100 && sum.failures > 3000, "{sum:?}");
    assert!(sum.alarms > 100 && sum.forecasts > 10_000, "{sum:?}");
}

/// What happened to so many groups; ends with the first rule that is broken.
fn soaked(groups: u64, days: u32, policies: &[PolicyKind]) -> Soaked {
    let seeds: Vec<u64> = (0..groups).collect();
    let run = |&seed: &u64| soak(seed, days, policies, &mut |_, _| {});
    let results = in_parallel(&seeds, run, |_| {});
    results
        .into_iter()
        .map(|result| result.unwrap_or_else(|broken| panic!("{broken}")))
        .fold(Soaked::default(), Soaked::plus)
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let text = |seed| {
        let mut text = String::new();
        let mut sink = |at: Timestamp, record: &Record| {
            use std::fmt::Write;
            writeln!(text, "{at} {record:?}").unwrap();
        };
        let soaked = soak(seed, 2, &RULES, &mut sink).unwrap();
        (text, soaked)
    };
    for seed in 0..8 {
        let (first, second) = (text(seed), text(seed));
        assert!(first == second, "seed {seed}");
        assert!(first.0.len() > 10_000, "seed {seed} records nearly nothing");
    }
    assert!(text(1).0 != text(2).0);
}

/// The changes decided on a quiet day, and how many writes a crash lost.
fn changes(policy: PolicyKind, crash_at: Option<u64>) -> (Vec<String>, u64) {
    let load = Workload {
        days: 1,
        ..Workload::flash_crowd(3)
    };
    let setup = Setup {
        unit: Some(100.0),
        ..Setup::new(Bounds::new(1, 40).unwrap())
    };
    let case = Case::new(load.generate("demo").unwrap(), setup).unwrap();
    let config = ControllerConfig {
        mode: Mode::Enforce,
        policy,
        ..ControllerConfig::default()
    };
    let plan = FaultPlan {
        crash_at,
        ..FaultPlan::default()
    };
    let mut simulation = Simulation::new(&case, config, &by_cpu, Some(&plan)).unwrap();
    let mut changes = Vec::new();
    let mut sink = |at: Timestamp, record: Record| {
        if let Record::Decided(decision) = record
            && let Some(desired) = decision.desired
        {
            changes.push(format!("{at} {desired}"));
        }
    };
    while simulation.advance(&mut sink).is_some() {}
    (changes, simulation.driver().writes_lost())
}

#[expect(clippy::unnecessary_wraps, reason = "a model may fail")]
fn by_cpu(features: &Features) -> Result<Prediction, foretide_domain::CallFailure> {
    let class = match features.cpu_usage {
        cpu if cpu > 60.0 => Class::ScaleOut,
        cpu if cpu < 40.0 => Class::ScaleIn,
        _ => Class::Hold,
    };
    let mut probabilities = [0.0; 3];
    probabilities[class.index()] = 1.0;
    Ok(Prediction {
        class,
        probabilities,
    })
}

/// What has not been sent when the controller dies is taken for sent, so that the cooldown holds;
/// all other restarts change no decision.
#[test]
fn a_restart_at_any_event_changes_no_later_decision() {
    for policy in [PolicyKind::TargetTracking, PolicyKind::Classifier] {
        let (undisturbed, _) = changes(policy, None);
        assert!(
            undisturbed.len() > 20,
            "{policy:?} changed {} times",
            undisturbed.len()
        );
        let crashes: Vec<u64> = (0..40_000).step_by(29).collect();
        let runs = in_parallel(&crashes, |&at| changes(policy, Some(at)), |_| {});
        for (at, (changes, writes_lost)) in crashes.iter().zip(runs) {
            if writes_lost == 0 {
                assert_eq!(changes, undisturbed, "{policy:?}, crash at {at}");
            }
        }
    }
}
