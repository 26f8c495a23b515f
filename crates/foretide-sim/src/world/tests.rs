//! Small worlds computed by hand: figures must agree exactly.

use super::*;

const MINUTE: u32 = 60;

fn config() -> WorldConfig {
    WorldConfig {
        bounds: Bounds::new(0, 10).unwrap(),
        unit: 10.0,
        boot: Boot::Constant { seconds: 30 },
        launch_failure: 0.0,
        delay_s: 60,
        period_s: MINUTE,
        seed: 0,
        scoring_from_s: 0,
        initial: 2,
        life: Life::default(),
    }
}

/// Runs `steps` steps of `demand`; sets desired as `plan` (step, desired) says.
fn run(config: WorldConfig, steps: u32, demand: f64, plan: &[(u32, u32)]) -> (World, Vec<Step>) {
    let mut world = World::new(config);
    let rows = (0..steps).map(|step| {
        world.begin_step();
        for &(_, desired) in plan.iter().filter(|(at, _)| *at == step) {
            world.set_desired(desired);
        }
        world.finish_step(demand)
    });
    let rows = rows.collect();
    (world, rows)
}

fn billed_s(world: &World) -> f64 {
    world.instance_hours() * 3600.0
}

#[track_caller]
fn assert_billed(world: &World, seconds: u32) {
    assert!(
        (billed_s(world) - f64::from(seconds)).abs() < 1e-9,
        "billed {}",
        billed_s(world)
    );
}

#[test]
fn an_instance_enters_service_a_boot_after_its_launch() {
    // Launched at 10 s, which is step 1; 30 s later, at 40 s, it is step 4.
    let (_, rows) = run(config(), 6, 5.0, &[(1, 3)]);
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (row.in_service, row.pending))
        .collect();
    assert_eq!(seen, [(2, 0), (2, 1), (2, 1), (2, 1), (3, 0), (3, 0)]);
}

#[test]
fn a_boot_that_ends_between_two_steps_serves_from_the_later_one() {
    // Launched at 0 s, ready at 25 s: the steps at 0, 10 and 20 s are before that.
    let boot = Boot::Constant { seconds: 25 };
    let (_, rows) = run(WorldConfig { boot, ..config() }, 4, 5.0, &[(0, 3)]);
    assert_eq!(
        rows.iter().map(|row| row.in_service).collect::<Vec<_>>(),
        [2, 2, 2, 3]
    );
}

#[test]
fn running_instances_are_billed_by_the_second() {
    // Two from the start for 30 steps of 10 s.
    let (world, _) = run(config(), 30, 5.0, &[]);
    assert_billed(&world, 2 * 300);
}

#[test]
fn a_launch_is_billed_for_a_minute_at_least_even_past_the_end() {
    // The third runs from 280 s: 20 s to the end at 300 s, a minute on the bill.
    let (world, _) = run(config(), 30, 5.0, &[(28, 3)]);
    assert_billed(&world, 2 * 300 + 60);
}

#[test]
fn a_cancelled_launch_is_billed_for_a_minute() {
    // Launched at 100 s, cancelled at 110 s: 10 s, a minute on the bill.
    let (world, rows) = run(config(), 30, 5.0, &[(10, 3), (11, 2)]);
    assert_eq!(rows[11].pending, 0);
    assert_billed(&world, 2 * 300 + 60);
}

#[test]
fn pending_instances_are_cancelled_first_the_newest_first() {
    // Launched at 0, 10 and 20 s. At 30 s the first serves, and of the two that are left the one of
    // 20 s is cancelled: the one of 10 s serves at 40 s, and nothing more comes at 50 s.
    let (world, rows) = run(config(), 7, 5.0, &[(0, 3), (1, 4), (2, 5), (3, 4)]);
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (row.in_service, row.pending))
        .collect();
    assert_eq!(
        seen,
        [(2, 1), (2, 2), (2, 3), (3, 1), (4, 0), (4, 0), (4, 0)]
    );
    // Two from the start, 70 s each; launched at 0 and 10 s: 70 s and 60 s; cancelled: 60 s.
    assert_billed(&world, 2 * 70 + 70 + 60 + 60);
}

#[test]
fn serving_instances_end_at_once_the_oldest_first() {
    // The third serves from 30 s; at 60 s two of the start go, which are billed 60 s each.
    let (world, rows) = run(config(), 12, 5.0, &[(0, 3), (6, 1)]);
    assert_eq!((rows[5].in_service, rows[6].in_service), (3, 1));
    assert_billed(&world, 60 + 60 + 120);
}

#[test]
fn what_ended_before_scoring_is_free_and_the_rest_counts_from_there() {
    let scoring = WorldConfig {
        scoring_from_s: 100,
        ..config()
    };
    let (world, _) = run(scoring, 20, 5.0, &[(5, 1)]);
    // One of two ended at 50 s; the other runs until 200 s.
    assert_billed(&world, 100);
    let scoring = WorldConfig {
        scoring_from_s: 100,
        ..config()
    };
    // Launched at 80 s, cancelled at 100 s: billed until 140 s, of which 40 s are scored.
    let (world, _) = run(scoring, 20, 5.0, &[(8, 3), (10, 2)]);
    assert_billed(&world, 2 * 100 + 40);
}

#[test]
fn a_period_is_visible_a_delay_after_its_end() {
    // The first ends at 60 s and shows 60 s later; the second at 180 s, and the first is no news.
    let mut world = World::new(config());
    let mut seen = Vec::new();
    for _ in 0..20 {
        world.begin_step();
        seen.push((world.published().len(), world.fresh().len()));
        world.finish_step(5.0);
    }
    assert_eq!(seen[11], (0, 0), "at 110 s");
    assert_eq!(seen[12], (1, 1), "at 120 s");
    assert_eq!(seen[13], (1, 0), "at 130 s");
    assert_eq!(seen[18], (2, 1), "at 180 s");
}

#[test]
fn a_period_holds_the_means_after_launches_and_terminations() {
    // 2 instances for 30 s, then 3: mean 2.5. CPU: 15 of 20 and 15 of 30, mean 62.5 %.
    let (mut world, _) = run(config(), 12, 15.0, &[(0, 3)]);
    world.begin_step();
    let period = world.published()[0];
    assert_eq!(period.start_s, 0);
    assert!((period.instances - 2.5).abs() < 1e-12);
    assert!((period.cpu.unwrap() - 62.5).abs() < 1e-12);
    assert!((period.demand - 15.0).abs() < 1e-12);
}

#[test]
fn saturated_cpu_hides_the_demand_that_the_request_count_shows() {
    // Two of 10 serve 20 of 50, at 100 %: what CPU x instances comes to is 20 as well.
    let (mut world, rows) = run(config(), 12, 50.0, &[]);
    assert_eq!(rows[0].cpu, Some(100.0));
    world.begin_step();
    let period = world.published()[0];
    assert!((period.cpu.unwrap() * period.instances / 100.0 * 10.0 - 20.0).abs() < 1e-9);
    assert!((period.served - 20.0).abs() < 1e-12);
    assert!((period.demand - 50.0).abs() < 1e-12);
}

#[test]
fn a_period_with_nothing_in_service_has_no_cpu() {
    let (mut world, rows) = run(config(), 12, 5.0, &[(0, 0)]);
    assert_eq!(rows[0].cpu, None);
    world.begin_step();
    assert_eq!(world.published()[0].cpu, None);
    assert_eq!(world.published()[0].instances.to_bits(), 0.0_f64.to_bits());
}

#[test]
fn desired_stays_within_the_bounds() {
    let mut world = World::new(WorldConfig {
        bounds: Bounds::new(2, 4).unwrap(),
        initial: 9,
        ..config()
    });
    // 9 at the start and 7 are brought to 4, 0 to 2.
    assert_eq!(world.in_service(), 4);
    assert!(!world.set_desired(7), "4 already");
    assert!(world.set_desired(0));
    assert_eq!(world.desired(), 2);
}

#[test]
fn a_failed_launch_is_billed_until_it_fails_and_tried_again() {
    // Each fails when its boot of 30 s is over, and the next begins at once. The last step is at
    // 90 s.
    let mut world = World::new(config());
    world.disturb_launches(1.0, 1.0);
    for step in 0..10 {
        world.begin_step();
        if step == 0 {
            world.set_desired(3);
        }
        world.finish_step(5.0);
    }
    let ends = world.take_launches();
    let told: Vec<_> = ends
        .iter()
        .map(|end| (end.launched_s, end.ended_s, end.succeeded))
        .collect();
    assert_eq!(told, [(0, 30, false), (30, 60, false), (60, 90, false)]);
    assert_eq!(world.in_service(), 2);
    assert!(world.take_launches().is_empty());
}

#[test]
fn suspended_launching_waits_until_it_is_resumed() {
    let mut world = World::new(config());
    world.suspend(true, false);
    world.begin_step();
    world.set_desired(3);
    assert_eq!(world.finish_step(5.0).pending, 0);
    world.suspend(false, false);
    world.begin_step();
    assert_eq!(world.finish_step(5.0).pending, 1);
}

#[test]
fn every_launch_draws_its_own_boot_time() {
    let boot = Boot::Uniform { from: 60, to: 240 };
    let draws: Vec<_> = (0..50).map(|ordinal| boot.draw(7, ordinal, 0.0)).collect();
    assert!(
        draws
            .iter()
            .all(|(seconds, failed)| (60.0..=240.0).contains(seconds) && !failed)
    );
    assert!(draws.windows(2).all(|pair| pair[0] != pair[1]));
    assert_eq!(boot.draw(7, 3, 0.0), draws[3]);
    let slow = Boot::LogNormal {
        median: 180,
        sigma: 0.3,
    };
    let mut drawn: Vec<f64> = (0..999)
        .map(|ordinal| slow.draw(1, ordinal, 0.0).0)
        .collect();
    drawn.sort_unstable_by(f64::total_cmp);
    assert!(
        (170.0..190.0).contains(&drawn[499]),
        "median {}",
        drawn[499]
    );
}
