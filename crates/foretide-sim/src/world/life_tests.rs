//! Lives of instances computed by hand. Each has its control: the plain life beside it.

use super::*;

/// Two instances of 10 each; boots take 30 s, periods 60 s.
fn config(life: Life) -> WorldConfig {
    WorldConfig {
        bounds: Bounds::new(0, 10).unwrap(),
        unit: 10.0,
        boot: Boot::Constant { seconds: 30 },
        launch_failure: 0.0,
        delay_s: 0,
        period_s: 60,
        seed: 0,
        scoring_from_s: 0,
        initial: 2,
        life,
    }
}

/// Runs `steps` steps of `demand`; `act` is called at every step with its number.
fn run(life: Life, steps: u32, demand: f64, act: impl Fn(u32, &mut World)) -> (World, Vec<Step>) {
    let mut world = World::new(config(life));
    let rows = (0..steps).map(|step| {
        world.begin_step();
        act(step, &mut world);
        world.finish_step(demand)
    });
    let rows = rows.collect();
    world.begin_step();
    (world, rows)
}

/// (in service, serving) at every step.
fn counts(rows: &[Step]) -> Vec<(u32, u32)> {
    rows.iter()
        .map(|row| (row.in_service, row.serving))
        .collect()
}

fn instance(world: &World, ordinal: u64) -> Instance {
    let mut all = world.instances();
    all.find(|one| one.ordinal == ordinal).unwrap()
}

fn own(world: &World, ordinal: u64, start_s: i64) -> Option<(f64, f64)> {
    let own = world.instance_cpu(ordinal, start_s);
    own.map(|own| (own.cpu, own.share))
}

#[track_caller]
fn assert_close(found: f64, by_hand: f64) {
    assert!((found - by_hand).abs() < 1e-9, "{found}, by hand {by_hand}");
}

fn third(step: u32, world: &mut World) {
    if step == 0 {
        world.set_desired(3);
    }
}

/// The third instance is in service from 30 s and serves from 60 s. 15 on two of 10 is 75 %, on
/// three 50 %.
#[test]
fn an_instance_that_warms_up_reports_and_serves_nothing() {
    let life = Life {
        warm_up_s: 30,
        warm_up_cpu: 90.0,
        ..Life::default()
    };
    let (world, rows) = run(life, 12, 15.0, third);
    let expected = [[(2, 2); 3], [(3, 2); 3], [(3, 3); 3], [(3, 3); 3]].concat();
    assert_eq!(counts(&rows), expected);
    assert_eq!(rows[5].cpu, Some(75.0));
    let [first, second] = world.published() else {
        panic!("two minutes are closed");
    };
    // Half a minute two report 75 %; half a minute three report 75, 75 and 90 %: 80 %.
    assert_close(first.cpu.unwrap(), 77.5);
    assert_close(first.serving_cpu.unwrap(), 75.0);
    assert_eq!(first.cpu_range, Some((75.0, 90.0)));
    assert_close(first.reporting, 2.5);
    assert_close(first.serving, 2.0);
    assert_close(first.instances, 2.5);
    assert_eq!(second.cpu, Some(50.0));
    assert_eq!(own(&world, 2, 0), Some((90.0, 0.5)));
    assert_eq!(own(&world, 2, 60), Some((50.0, 1.0)));
    assert_eq!(own(&world, 0, 0), Some((75.0, 1.0)));
    // Control: it serves at once, and the mean is of equal steps: 75 and 50 %.
    let (world, rows) = run(Life::default(), 6, 15.0, third);
    assert_eq!(counts(&rows)[3], (3, 3));
    assert_eq!(world.published()[0].cpu, Some(62.5));
    assert_eq!(own(&world, 2, 0), Some((50.0, 0.5)));
}

/// Half a minute two report 75 % and one 20 %, half a minute three report 50 %.
#[test]
fn a_pending_instance_reports_where_it_is_said_to() {
    let life = Life {
        pending_cpu: Some(20.0),
        ..Life::default()
    };
    let (world, _) = run(life, 6, 15.0, third);
    let period = world.published()[0];
    assert_close(period.cpu.unwrap(), 0.5 * (170.0 / 3.0) + 0.5 * 50.0);
    assert_close(period.reporting, 3.0);
    assert_eq!(own(&world, 2, 0), Some((35.0, 1.0)));
    let (world, _) = run(Life::default(), 6, 15.0, third);
    assert_close(world.published()[0].reporting, 2.5);
}

/// One of two ends at 60 s and drains until 120 s: it is billed until then and dilutes the mean of
/// the second minute: 80 and 0 %.
#[test]
fn an_instance_that_drains_reports_serves_nothing_and_is_billed() {
    let life = Life {
        drain_s: 60,
        ..Life::default()
    };
    let one = |step, world: &mut World| {
        if step == 6 {
            world.set_desired(1);
        }
    };
    let (world, rows) = run(life, 18, 8.0, one);
    assert_eq!((rows[5].serving, rows[6].serving), (2, 1));
    let period = world.published()[1];
    assert_close(period.cpu.unwrap(), 40.0);
    assert_eq!(period.cpu_range, Some((0.0, 80.0)));
    assert_close(period.reporting, 2.0);
    assert_close(period.instances, 1.0);
    assert_close(world.published()[2].reporting, 1.0);
    assert_eq!(own(&world, 0, 60), Some((0.0, 1.0)));
    assert_eq!(own(&world, 0, 120), None);
    let gone = instance(&world, 0);
    assert_eq!((gone.leaving_s, gone.gone_s), (Some(60), Some(120)));
    assert_eq!(gone.departure, Some(Departure::ScaledIn));
    assert_close(world.instance_hours() * 3600.0, 120.0 + 180.0);
    let (world, _) = run(Life::default(), 18, 8.0, one);
    assert_eq!(world.published()[1].cpu, Some(80.0));
    assert_close(world.instance_hours() * 3600.0, 60.0 + 180.0);
}

/// Desired falls to one at 60 s and to none at 70 s: both instances serve until 80 s and end
/// together. A third, launched at 90 s, is one too many from 140 s on, which is a wait of its own.
#[test]
fn a_surplus_ends_some_time_after_desired_capacity_fell() {
    let fall = |step: u32, world: &mut World| {
        let desired = match step {
            6 | 9 => 1,
            7 | 14 => 0,
            _ => return,
        };
        world.set_desired(desired);
    };
    let late = Life {
        scale_in_s: 20,
        ..Life::default()
    };
    let (world, rows) = run(late, 20, 8.0, fall);
    let serving: Vec<u32> = rows.iter().map(|row| row.serving).collect();
    let expected = [[2; 8].as_slice(), &[0; 4], &[1; 4], &[0; 4]].concat();
    assert_eq!(serving, expected);
    assert_eq!(instance(&world, 0).leaving_s, Some(80));
    assert_close(world.instance_hours() * 3600.0, 80.0 + 80.0 + 70.0);
    let (world, _) = run(Life::default(), 20, 8.0, fall);
    assert_eq!(instance(&world, 0).leaving_s, Some(60), "control");
}

#[test]
fn a_surplus_that_desired_capacity_takes_back_ends_nothing() {
    let life = Life {
        scale_in_s: 20,
        ..Life::default()
    };
    let (_, rows) = run(life, 20, 8.0, |step, world| match step {
        1 | 4 => {
            world.set_desired(1);
        }
        2 => {
            world.set_desired(2);
        }
        _ => {}
    });
    let serving: Vec<u32> = rows.iter().map(|row| row.serving).take(7).collect();
    assert_eq!(serving, [2, 2, 2, 2, 2, 2, 1], "the wait begins anew");
}

#[test]
fn a_launch_that_hangs_is_pending_until_desired_falls_or_somebody_ends_it() {
    let life = Life {
        hang: 1.0,
        ..Life::default()
    };
    let (_, rows) = run(life, 400, 5.0, third);
    assert_eq!((rows[399].in_service, rows[399].pending), (2, 1));
    let (world, rows) = run(life, 12, 5.0, |step, world| {
        third(step, world);
        if step == 10 {
            world.set_desired(2);
        }
    });
    assert_eq!((rows[9].pending, rows[10].pending), (1, 0));
    assert_eq!(instance(&world, 2).departure, Some(Departure::Cancelled));
    // Terminated, it is replaced by another one, since desired stays.
    let (world, rows) = run(life, 12, 5.0, |step, world| {
        third(step, world);
        if step == 10 {
            assert!(world.terminate(2));
            assert!(!world.terminate(2), "it is gone");
        }
    });
    assert_eq!(rows[10].pending, 1);
    assert_eq!(instance(&world, 3).launched_s, 100);
    let (_, rows) = run(Life::default(), 12, 5.0, third);
    assert_eq!(rows[9].pending, 0, "control");
}

/// Launched at 0 s, in service at 30 s, dead at 80 s, and replaced in the same step: the next one
/// is in service at 110 s.
#[test]
fn an_instance_that_crashes_is_replaced_and_its_launch_stays_a_success() {
    let crash = Some(Crash {
        share: 1.0,
        after_s: 50,
    });
    let life = Life {
        crash,
        ..Life::default()
    };
    let (mut world, rows) = run(life, 12, 5.0, third);
    assert_eq!((rows[7].serving, rows[7].pending), (3, 0));
    assert_eq!((rows[8].serving, rows[8].pending), (2, 1));
    assert_eq!(rows[11].serving, 3);
    let dead = instance(&world, 2);
    assert_eq!(
        (dead.departure, dead.gone_s),
        (Some(Departure::Crashed), Some(80))
    );
    let ends = world.take_launches();
    assert!(
        ends.len() == 2 && ends.iter().all(|end| end.succeeded),
        "{ends:?}"
    );
    assert_eq!(ends[0].instance, 2);
    let (world, _) = run(Life::default(), 12, 5.0, third);
    assert_eq!(instance(&world, 2).departure, None, "control");
}

/// With health checks suspended the group goes on counting the dead one, which neither serves nor
/// reports nor costs anything. Replaced at 90 s, when they are resumed.
#[test]
fn nobody_notices_a_crash_while_health_checks_are_suspended() {
    let act = |step, world: &mut World| match step {
        0 => world.suspend_health(true, false),
        6 => world.crash(1),
        9 => world.suspend_health(false, false),
        _ => {}
    };
    let (world, rows) = run(Life::default(), 12, 5.0, act);
    assert_eq!(counts(&rows)[6..10], [(2, 2), (2, 1), (2, 1), (2, 1)]);
    assert_eq!(rows[10].pending, 1, "noticed at 100 s");
    let dead = instance(&world, 0);
    assert_eq!((dead.leaving_s, dead.gone_s), (Some(70), Some(100)));
    assert_eq!(own(&world, 0, 0), Some((25.0, 1.0)));
    assert_close(own(&world, 0, 60).unwrap().1, 1.0 / 6.0);
    // 70 s of the dead one, 120 s of the other, 20 s and thus 60 s of the replacement.
    assert_close(world.instance_hours() * 3600.0, 70.0 + 120.0 + 60.0);
    let (_, rows) = run(Life::default(), 12, 5.0, |step, world| {
        if step == 6 {
            world.crash(1);
        }
    });
    assert_eq!((rows[7].in_service, rows[7].pending), (1, 1), "control");
}

/// 25 on two of 10 is above 100 %. After 30 s the oldest fails, and after 30 s more, all saturated,
/// the next one: a cascade. The replacement of 30 s is in service at 60 s.
#[test]
fn saturation_kills_one_instance_after_another() {
    let life = Life {
        health_kill_s: Some(30),
        ..Life::default()
    };
    let (world, rows) = run(life, 10, 25.0, |_, _| {});
    let expected = [[(2, 2); 3], [(1, 1); 3], [(1, 1); 3]].concat();
    assert_eq!(counts(&rows)[..9], expected);
    let causes = [0, 1].map(|ordinal| instance(&world, ordinal).departure);
    assert_eq!(causes, [Some(Departure::Unhealthy); 2]);
    // Control: not quite saturated, or the replacement of the unhealthy suspended.
    let (_, rows) = run(life, 10, 19.0, |_, _| {});
    assert!(counts(&rows).iter().all(|&both| both == (2, 2)));
    let (world, rows) = run(life, 10, 25.0, |_, world| world.suspend_health(false, true));
    assert!(counts(&rows).iter().all(|&both| both == (2, 2)));
    assert!(
        !instance(&world, 0).healthy,
        "shown as unhealthy all the same"
    );
}

/// An instance with half a CPU-minute earns at 20 % and is asked for 80 %. It spends 0.1 of it a
/// step of 10 s: five steps at 80 %, then 20 %. Its CPU is flat, its capacity a fifth.
#[test]
fn spent_credits_show_a_flat_ceiling_and_take_the_capacity() {
    let credits = Credits {
        baseline: 20.0,
        initial_minutes: 0.5,
        maximum_minutes: 10.0,
    };
    let life = Life {
        credits: Some(credits),
        ..Life::default()
    };
    let (world, rows) = run(life, 12, 16.0, |_, _| {});
    for (step, row) in rows.iter().enumerate() {
        assert_close(row.cpu.unwrap(), if step < 5 { 80.0 } else { 20.0 });
    }
    assert_close(rows[0].capacity, 20.0);
    assert_close(rows[6].capacity, 4.0);
    let [first, second] = world.published() else {
        panic!("two minutes are closed");
    };
    assert_close(first.cpu.unwrap(), 70.0);
    assert_close(second.cpu.unwrap(), 20.0);
    assert_close(second.served, 4.0);
    assert_close(own(&world, 1, 0).unwrap().0, 70.0);
    let (world, _) = run(Life::default(), 12, 16.0, |_, _| {});
    assert_eq!(world.published()[1].cpu, Some(80.0), "control");
    // Below the baseline it earns: 20 - 10 % for two minutes are 0.2 minutes, up to the maximum.
    assert_close(credits.after(0.5, 10.0, 120.0), 0.7);
    assert_close(credits.after(9.9, 10.0, 120.0), 10.0);
}

#[test]
fn protected_instances_stay_when_desired_falls() {
    let life = Life {
        protected: true,
        ..Life::default()
    };
    let act = |step, world: &mut World| match step {
        1 => {
            world.set_desired(1);
        }
        5 => world.protect(false),
        _ => {}
    };
    let (_, rows) = run(life, 6, 5.0, act);
    assert_eq!((rows[4].desired, rows[4].in_service), (1, 2));
    assert_eq!(rows[5].in_service, 1, "no longer protected");
    let (_, rows) = run(Life::default(), 6, 5.0, act);
    assert_eq!(rows[1].in_service, 1, "control");
}

/// Desired falls with the instance in standby and rises when it comes back. At the minimum another
/// one is launched instead.
#[test]
fn an_instance_in_standby_runs_and_serves_nothing() {
    let act = |step, world: &mut World| match step {
        2 => world.set_standby(1),
        4 => world.set_standby(0),
        _ => {}
    };
    let (world, rows) = run(Life::default(), 6, 5.0, act);
    let seen: Vec<_> = rows.iter().map(|row| (row.desired, row.serving)).collect();
    assert_eq!(seen, [(2, 2), (2, 2), (1, 1), (1, 1), (2, 2), (2, 2)]);
    // 25 % on two; 50 and 0 % while one is in standby.
    let period = world.published()[0];
    assert_close(period.cpu.unwrap(), 25.0);
    assert_close(period.serving_cpu.unwrap(), (4.0 * 25.0 + 2.0 * 50.0) / 6.0);
    assert_close(period.reporting, 2.0);
    assert_close(own(&world, 0, 0).unwrap().0, 4.0 * 25.0 / 6.0);
    let mut world = World::new(WorldConfig {
        bounds: Bounds::new(2, 10).unwrap(),
        ..config(Life::default())
    });
    world.begin_step();
    world.set_standby(1);
    let row = world.finish_step(5.0);
    assert_eq!((row.desired, row.in_service, row.pending), (2, 1, 1));
    assert_eq!(world.standby(), 1);
}

/// Desired 7 in units of 3 is three instances, 6 is two.
#[test]
fn capacity_is_in_units_of_the_weight() {
    let life = Life {
        weight: 3,
        ..Life::default()
    };
    let act = |step, world: &mut World| {
        world.set_desired(if step < 5 { 7 } else { 6 });
    };
    let (_, rows) = run(life, 6, 5.0, act);
    assert_eq!((rows[0].in_service, rows[0].pending), (1, 2));
    assert_eq!(rows[4].in_service, 3);
    assert_eq!(rows[5].in_service, 2);
    let (_, rows) = run(Life::default(), 6, 5.0, act);
    assert_eq!(rows[4].in_service, 7, "control");
}

/// Gone at 10 s, it is remembered for an hour.
#[test]
fn an_instance_that_left_is_remembered_for_an_hour() {
    let at = |steps| {
        let act = |step, world: &mut World| {
            if step == 1 {
                world.set_desired(1);
            }
        };
        run(Life::default(), steps, 5.0, act).0
    };
    let world = at(360);
    assert_eq!(instance(&world, 0).state, InstanceState::Gone);
    assert_close(own(&world, 0, 0).unwrap().1, 1.0 / 6.0);
    assert_eq!(at(361).instances().count(), 1);
}

#[test]
fn a_life_out_of_range_is_named() {
    let refused = |life: Life| life.check().unwrap_err();
    let plain = Life::default();
    assert_eq!(plain.check(), Ok(()));
    let told = [
        refused(Life {
            warm_up_cpu: 101.0,
            ..plain
        }),
        refused(Life {
            hang: f64::NAN,
            ..plain
        }),
        refused(Life {
            health_kill_s: Some(5),
            ..plain
        }),
        refused(Life { weight: 0, ..plain }),
    ];
    assert_eq!(
        told,
        [
            "warm_up_cpu is not within 0 to 100",
            "hang is not within 0 to 1",
            "health_kill_s is not within 10 to 86400",
            "weight is not within 1 to 999",
        ]
    );
}
