//! What the optimiser promises whatever it is fed: never below the load it sees, never in while the
//! dearer price still wants the capacity, the same after a restart.
#![expect(clippy::expect_used, reason = "the values are valid")]

use foretide_domain::ForecastRule;
use foretide_forecast::Grid;
use foretide_forecast::sizing::{
    CapacityOptimiser, Forecast, SizingConfig, SizingInputs, SizingOutput, TRACKING_MINUTES,
};
use proptest::prelude::*;

fn config(boot: u32) -> SizingConfig {
    let grid = Grid::for_boot(1, boot);
    SizingConfig::new(grid.expect("a boot of minutes is a grid"), boot)
}

fn inputs(cpu: f64, instances: u32, desired: u32, base: f64, spread: f64) -> SizingInputs {
    let quantiles = [0.0, 0.3, 0.5, 0.7, 0.9].map(|k| k * spread);
    SizingInputs {
        missed: 0,
        cpu,
        instances: f64::from(instances),
        log_demand: (cpu * f64::from(instances)).max(16.0).ln(),
        desired,
        bounds: (1, 100),
        governs: true,
        pending: false,
        forecast: Some(Forecast { base, quantiles }),
        uplift: 1.0,
    }
}

/// A state beyond its first hour, at a steady 50 % on ten instances.
fn warm(config: SizingConfig) -> CapacityOptimiser {
    let mut state = CapacityOptimiser::new(config);
    for _ in 0..=TRACKING_MINUTES {
        state.step(&inputs(50.0, 10, 10, 500_f64.ln(), 0.2));
    }
    state
}

proptest! {
    #[test]
    fn capacity_wanted_never_falls_below_the_load_seen(
        steps in prop::collection::vec((0.0..100.0_f64, 1..60_u32, 0.0..8.0_f64, 0.0..2.0_f64), 1..200),
    ) {
        let mut state = warm(config(3));
        let mut desired = 10;
        for (cpu, instances, base, spread) in steps {
            let output = state.step(&inputs(cpu, instances, desired, base, spread));
            desired = output.desired.unwrap_or(desired);
            prop_assert!(output.low >= output.need && output.high >= output.low);
            prop_assert!(desired >= output.low);
            let paid = output.binding == ForecastRule::Surplus;
            prop_assert_eq!(output.desired == Some(output.high), paid
                || (output.desired == Some(output.low) && output.low == output.high));
        }
    }

    #[test]
    fn a_state_that_was_written_and_read_goes_on_as_if_nothing_had_been(
        steps in prop::collection::vec((0.0..100.0_f64, 1..60_u32, 3.0..8.0_f64), 2..100),
        cut in 1..99_usize,
    ) {
        let mut whole = warm(config(5));
        let mut restarted = whole.clone();
        let mut desired = 10;
        for (at, (cpu, instances, base)) in steps.into_iter().enumerate() {
            if at == cut {
                let text = serde_json::to_string(&restarted).unwrap();
                restarted = serde_json::from_str(&text).unwrap();
            }
            let inputs = inputs(cpu, instances, desired, base, 0.3);
            let output = whole.step(&inputs);
            prop_assert_eq!(output, restarted.step(&inputs));
            desired = output.desired.unwrap_or(desired);
        }
    }

    #[test]
    fn a_higher_forecast_never_asks_for_less(base in 4.0..8.0_f64, more in 0.0..2.0_f64) {
        let state = warm(config(3));
        let low = state.clone().step(&inputs(50.0, 10, 10, base, 0.3)).low;
        let high = state.clone().step(&inputs(50.0, 10, 10, base + more, 0.3)).low;
        prop_assert!(high >= low);
    }
}

#[test]
fn without_a_forecast_the_first_rule_is_target_tracking() {
    let mut state = CapacityOptimiser::new(config(3));
    let mut without = inputs(75.0, 10, 10, 0.0, 0.0);
    without.forecast = None;
    let outputs: Vec<_> = (0..3).map(|_| state.step(&without)).collect();
    assert_eq!(outputs[1].desired, None, "two periods above are not three");
    assert_eq!(outputs[2].desired, Some(15));
    assert_eq!(outputs[2].binding, ForecastRule::Tracking);
}

#[test]
fn forecasts_are_not_used_in_the_first_hour() {
    let mut state = CapacityOptimiser::new(config(3));
    let output = state.step(&inputs(50.0, 10, 10, 2000_f64.ln(), 0.3));
    assert_eq!(
        (output.desired, output.binding),
        (None, ForecastRule::Tracking)
    );
}

#[test]
fn saturation_multiplies_capacity_at_once() {
    let mut state = warm(config(3));
    let output = state.step(&inputs(100.0, 10, 10, 500_f64.ln(), 0.1));
    assert_eq!(output.desired, Some(15));
    assert_eq!(output.binding, ForecastRule::Surge);
}

#[test]
fn no_more_than_a_quarter_above_the_weeks_peak_without_saturation() {
    let mut state = warm(config(3));
    let output = state.step(&inputs(50.0, 10, 7, 9.0, 1.0));
    assert!(output.capped);
    assert_eq!(output.desired, Some(8), "1.25 × 500 at 80 an instance");
}

#[test]
fn a_surplus_is_kept_until_it_has_paid_for_undoing() {
    let mut state = warm(config(3));
    let steady = |desired| inputs(50.0, 10, desired, 500_f64.ln(), 0.05);
    let high = state.step(&steady(7)).high;
    let mut waited = 0;
    loop {
        let output = state.step(&steady(high + 2));
        if let Some(desired) = output.desired {
            assert_eq!(output.binding, ForecastRule::Surplus);
            assert_eq!(desired, output.high);
            break;
        }
        assert_eq!(output.binding, ForecastRule::Waiting);
        waited += 1;
        assert!(waited < 10, "never goes in");
    }
    assert!(waited >= 1, "a surplus of one period pays for nothing");
}

#[test]
fn a_known_event_raises_capacity_and_never_lowers_it() {
    let quiet = warm(config(3)).step(&inputs(50.0, 10, 7, 500_f64.ln(), 0.1));
    let mut event = inputs(50.0, 10, 7, 500_f64.ln(), 0.1);
    event.uplift = 2.0;
    let raised = warm(config(3)).step(&event);
    assert!(
        raised.low >= 2 * quiet.low - 1,
        "{} {}",
        raised.low,
        quiet.low
    );
    event.uplift = 0.1;
    assert_eq!(warm(config(3)).step(&event).low, quiet.low);
}

#[test]
fn violations_move_the_price_and_the_budget_moves_it_back() {
    let mut state = warm(config(3));
    let start = state
        .step(&inputs(50.0, 10, 20, 500_f64.ln(), 0.1))
        .price_step;
    let dear = (0..10)
        .map(|_| {
            state
                .step(&inputs(90.0, 10, 20, 500_f64.ln(), 0.1))
                .price_step
        })
        .last()
        .unwrap();
    assert!(dear > start);
    let calm = (0..3_000)
        .map(|_| {
            state
                .step(&inputs(50.0, 10, 20, 500_f64.ln(), 0.1))
                .price_step
        })
        .last()
        .unwrap();
    assert!(calm < dear);
}

/// A week of observing a group that somebody else keeps too small, or too large, would leave the
/// price step at its end, and the price bounded by the decisions of others.
#[test]
fn what_others_decide_is_neither_charged_nor_compared() {
    for (cpu, desired) in [(95.0, 6), (5.0, 60)] {
        let mut state = warm(config(3));
        let before = state.step(&inputs(50.0, 10, 10, 500_f64.ln(), 0.2));
        for _ in 0..5_000 {
            state.step(&SizingInputs {
                governs: false,
                ..inputs(cpu, desired, desired, 500_f64.ln(), 0.2)
            });
        }
        let after = state.step(&inputs(50.0, 10, 10, 500_f64.ln(), 0.2));
        assert_eq!(after.price_step, before.price_step);
        assert_eq!(after.standing, before.standing);
    }
}

/// A group that its bounds keep too small would pay the dearest price for days once they are wider.
#[test]
fn what_no_price_can_buy_is_not_charged() {
    let price_step = |most| {
        let mut state = warm(config(3));
        let mut last = 0;
        for _ in 0..500 {
            let short = SizingInputs {
                bounds: (1, most),
                ..inputs(95.0, 10, 10, 950_f64.ln(), 0.2)
            };
            last = state.step(&short).price_step;
        }
        last
    };
    assert!(
        price_step(10) <= 14 && price_step(100) > 14,
        "{} {}",
        price_step(10),
        price_step(100)
    );
}

/// Periods that come late, all at once, are learned from and charged like any other.
#[test]
fn what_comes_with_newer_periods_counts_as_if_it_had_come_alone() {
    let (mut alone, mut together) = (warm(config(3)), warm(config(3)));
    let mut last = (None, None);
    for minute in 0..300 {
        let cpu = if minute % 10 < 3 { 90.0 } else { 60.0 };
        let now = inputs(cpu, 10, 10, 600_f64.ln(), 0.2);
        last.0 = Some(alone.step(&now));
        if minute % 5 == 4 {
            last.1 = Some(together.step(&now));
        } else {
            together.pass(&now);
        }
    }
    let figures = |output: Option<SizingOutput>| {
        output.map(|o| (o.price_step, o.means, o.day, o.sigma, o.tracking))
    };
    assert_eq!(figures(last.0), figures(last.1));
}

#[test]
fn stated_prices_do_not_follow_the_budget() {
    let mut config = config(3);
    config.violation_price_ratio = Some(50.0);
    let mut state = warm(config);
    let calm = state.step(&inputs(50.0, 10, 7, 500_f64.ln(), 0.2)).low;
    for _ in 0..20 {
        state.step(&inputs(90.0, 10, 20, 500_f64.ln(), 0.2));
    }
    // The live error has not moved: the demand was the one forecast before.
    let after = state.step(&inputs(50.0, 10, 7, 500_f64.ln(), 0.2)).low;
    assert!(after.abs_diff(calm) <= 2, "{calm} {after}");
}

/// A group whose past was read is forecast at once, up to what its own week has shown.
#[test]
fn a_law_that_was_told_the_past_begins_with_the_forecast() {
    let ask = inputs(50.0, 10, 10, 2000_f64.ln(), 0.0);
    let mut fresh = CapacityOptimiser::new(config(3));
    assert_eq!(fresh.step(&ask).binding, ForecastRule::Tracking);
    let mut told = CapacityOptimiser::new(config(3));
    told.prime((0..1440).map(|minute| if minute < 60 { 2000.0 } else { 500.0 }));
    let output = told.step(&ask);
    assert_eq!(output.binding, ForecastRule::Forecast);
    assert!(output.low >= 25, "2000 at 80 %: {output:?}");
    let mut flat = CapacityOptimiser::new(config(3));
    flat.prime(std::iter::repeat_n(500.0, 1440));
    assert!(
        flat.step(&ask).low <= 8,
        "no more than a quarter above what was ever seen"
    );
}

/// Without a new period the last answer may ask for more, the later the more, and never for less.
#[test]
fn what_is_late_widens_and_takes_nothing_away() {
    let mut state = warm(config(3));
    // A week whose peak leaves room to grow.
    state.step(&inputs(90.0, 40, 40, 500_f64.ln(), 0.2));
    let newest = state.step(&inputs(50.0, 10, 10, 500_f64.ln(), 0.2));
    let mut before = newest.low;
    for late_minutes in [0.0, 1.0, 2.0, 5.0, 30.0, 600.0] {
        let late = state.late(&newest, newest.low, late_minutes);
        assert!(late.low >= before && late.high >= newest.high, "{late:?}");
        assert_eq!(late.desired, (late.low > newest.low).then_some(late.low));
        let surplus = state.late(&newest, 90, late_minutes);
        assert_eq!(surplus.desired, None, "in only by data");
        before = late.low;
    }
    assert!(before > newest.low, "ten hours change nothing");
    let unchanged = state.late(&newest, newest.low, 0.0);
    let points = |output: &SizingOutput| output.curve.map(|curve| curve.points());
    assert_eq!(points(&unchanged), points(&newest));
}

/// A silence is neither learned from nor charged, and what is forecast afterwards is judged by the
/// load of its own minute.
#[test]
fn missed_periods_shift_what_is_compared() {
    let run = |missed: u32| {
        let mut state = warm(config(3));
        for _ in 0..10 {
            state.step(&inputs(50.0, 10, 10, 500_f64.ln(), 0.2));
        }
        let rise = SizingInputs {
            missed,
            ..inputs(60.0, 10, 10, 600_f64.ln(), 0.2)
        };
        let sigma_before = state.step(&inputs(50.0, 10, 10, 500_f64.ln(), 0.2)).sigma;
        (sigma_before, state.step(&rise).sigma)
    };
    // The load that follows at once was forecast a lead earlier, as 500, and is 600.
    let (before, after) = run(0);
    assert!(after > before);
    // After a silence of a lead nothing was forecast for it.
    let (before, after) = run(5);
    assert!((after - before).abs() < 1e-12);
}

/// Stated prices choose the same level whatever the budget has seen.
#[test]
fn stated_prices_replace_the_budget() {
    let prices = |ratio| {
        let mut state = warm(SizingConfig {
            violation_price_ratio: Some(ratio),
            ..config(3)
        });
        for _ in 0..50 {
            state.step(&inputs(99.0, 10, 10, 500_f64.ln(), 0.5));
        }
        // What was needed then is held for a while.
        for _ in 0..5 {
            state.step(&inputs(50.0, 10, 10, 500_f64.ln(), 0.5));
        }
        state.step(&inputs(50.0, 10, 10, 500_f64.ln(), 0.5))
    };
    let (cheap, dear) = (prices(5.0), prices(100.0));
    assert!(cheap.high < dear.high, "{} {}", cheap.high, dear.high);
    let chance = dear.violation_chance.expect("there is a forecast");
    assert!(chance <= 0.01, "{chance}");
}

/// States of version 0.1 say by a tag what violations are priced by.
#[test]
fn the_price_of_violations_is_stored_by_its_tag() {
    let budget = config(3);
    let stated = SizingConfig {
        violation_price_ratio: Some(50.0),
        ..budget
    };
    for (config, stored) in [
        (budget, serde_json::json!("budget")),
        (
            stated,
            serde_json::json!({"prices": {"short_per_instance": 50.0}}),
        ),
    ] {
        let json = serde_json::to_value(config).expect("numbers and words");
        assert_eq!(json["pricing"], stored);
        let read: SizingConfig = serde_json::from_value(json).expect("as written");
        assert_eq!(read, config);
    }
}
