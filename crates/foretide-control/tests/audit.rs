//! The audit passes a sound plan, and names the invariant that a broken one would break.

#![expect(clippy::unwrap_used, reason = "the values are valid")]

use std::time::Duration;

use foretide_control::{AuditInput, ControllerConfig, audit};
use foretide_domain::{
    Bounds, Datapoint, GroupState, Mode, Order, Orders, Percent, Plan, PolicyKind, Timestamp,
};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// A scale-in from 3 to 2 that nothing speaks against.
struct World {
    config: ControllerConfig,
    group: GroupState,
    newest: Option<Datapoint>,
    plan: Plan,
    group_read_at: Timestamp,
    last_change_at: Option<Timestamp>,
    write_in_flight: bool,
    breaker_open: bool,
    orders: Orders,
}

impl World {
    fn sound() -> Self {
        let bounds = Bounds::new(1, 5).unwrap();
        Self {
            config: ControllerConfig {
                policy: PolicyKind::Classifier,
                mode: Mode::Enforce,
                ..ControllerConfig::default()
            },
            group: GroupState::at_rest(bounds, 3),
            newest: Some(Datapoint {
                start: NOW.minus(Duration::from_secs(120)),
                period: Duration::from_secs(60),
                cpu: Percent::new(20.0),
                instances: 3.0,
                network_in: None,
                network_out: None,
                memory: None,
                demand: None,
                unaccounted: None,
            }),
            plan: Plan {
                desired: 2,
                expected_desired: 3,
                expected_bounds: bounds,
            },
            group_read_at: NOW,
            last_change_at: None,
            write_in_flight: false,
            breaker_open: false,
            orders: Orders::default(),
        }
    }

    fn audited(&self) -> Option<u8> {
        let input = AuditInput {
            now: NOW,
            config: &self.config,
            group: &self.group,
            group_read_at: self.group_read_at,
            newest: self.newest.as_ref(),
            last_change_at: self.last_change_at,
            write_in_flight: self.write_in_flight,
            starting: self.group.counts.pending,
            coming: self.group.counts.pending,
            breaker_open: self.breaker_open,
            orders: &self.orders,
        };
        audit(&self.plan, &input).map(|violation| violation.number())
    }
}

type Breakage = fn(&mut World);

const BROKEN: [(u8, Breakage); 15] = [
    (1, |w| w.plan.desired = 6),
    (2, |w| w.group.desired = 4),
    (3, |w| w.group_read_at = NOW.minus(Duration::from_secs(31))),
    (4, |w| w.plan.desired = 3),
    (5, |w| w.write_in_flight = true),
    (6, |w| w.newest = None),
    (7, |w| w.group.counts.pending = 1),
    (8, |w| w.group.refreshing = true),
    (9, |w| w.group.suspended.terminate = true),
    (10, |w| w.config.mode = Mode::ScaleOutOnly),
    (11, |w| {
        w.config.target_utilisation = Percent::new(25.0).unwrap();
    }),
    (12, |w| {
        w.plan.desired = 4;
        w.breaker_open = true;
    }),
    (13, |w| {
        w.last_change_at = Some(NOW.minus(Duration::from_secs(299)));
    }),
    (14, |w| w.plan.desired = 5),
    (15, |w| w.orders.take(Order::Pause { until: None }, "anna")),
];

#[test]
fn a_sound_plan_passes() {
    assert_eq!(World::sound().audited(), None);
}

#[test]
fn every_invariant_can_be_broken_and_is_named() {
    for (number, break_it) in BROKEN {
        let mut world = World::sound();
        break_it(&mut world);
        assert_eq!(world.audited(), Some(number));
    }
}

#[test]
fn stale_data_takes_nothing_away_and_keeps_nothing_from_growing() {
    let mut world = World::sound();
    let stale = NOW.minus(Duration::from_secs(301));
    world.newest = world.newest.map(|point| Datapoint {
        start: stale,
        ..point
    });
    assert_eq!(world.audited(), Some(6));
    world.plan.desired = 4;
    assert_eq!(world.audited(), None);
}

#[test]
fn a_desired_capacity_outside_the_bounds_may_be_put_right() {
    let mut world = World::sound();
    world.group.desired = 7;
    world.plan = Plan {
        desired: 5,
        expected_desired: 7,
        expected_bounds: world.group.bounds,
    };
    world.group.counts.pending = 2;
    world.newest = None;
    assert_eq!(world.audited(), None);
}

#[test]
fn an_ordered_mode_stands_in_place_of_the_configured_one() {
    let mut world = World::sound();
    let mode = Some(Mode::Observe);
    world.orders.take(Order::Mode { mode }, "anna");
    assert_eq!(world.audited(), Some(10));
    world.config.mode = Mode::Observe;
    let mode = Some(Mode::Enforce);
    world.orders.take(Order::Mode { mode }, "anna");
    assert_eq!(world.audited(), None);
}

#[test]
fn a_pin_keeps_no_cooldown_and_no_step_but_everything_else() {
    let mut world = World::sound();
    let pin = Order::Pin {
        capacity: 5,
        until: NOW.plus(Duration::from_secs(60)),
    };
    world.orders.take(pin, "anna");
    world.plan.desired = 5;
    world.last_change_at = Some(NOW);
    assert_eq!(world.audited(), None);
    world.plan.desired = 6;
    assert_eq!(world.audited(), Some(1));
    world.plan.desired = 2;
    world.group.counts.pending = 1;
    assert_eq!(world.audited(), Some(7));
}

/// The audit asks a policy which limits it promises: this says them once more, policy by policy.
#[test]
fn every_policy_promises_its_own_limits() {
    const KINDS: [PolicyKind; 3] = [
        PolicyKind::Classifier,
        PolicyKind::TargetTracking,
        PolicyKind::Forecast,
    ];
    let broken = |change: Breakage| {
        KINDS.map(|policy| {
            let mut world = World::sound();
            world.config.policy = policy;
            change(&mut world);
            world.audited()
        })
    };
    // The sound plan leads to 30 %.
    let above_target = broken(|w| w.config.target_utilisation = Percent::new(25.0).unwrap());
    assert_eq!(above_target, [Some(11), Some(11), None]);
    let above_objective = broken(|w| w.config.forecast.objective = Percent::new(25.0).unwrap());
    assert_eq!(above_objective, [None, None, Some(11)]);
    let at_once = broken(|w| w.last_change_at = Some(NOW));
    assert_eq!(at_once, [Some(13), None, None]);
    let by_two = broken(|w| w.plan.desired = 5);
    assert_eq!(by_two, [Some(14), None, None]);
}
