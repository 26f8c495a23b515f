//! The audit passes a sound plan, and names the invariant that a broken one would break.

#![expect(clippy::unwrap_used, reason = "the values are valid")]

use std::time::Duration;

use foretide_control::{
    AtMost, AuditInput, AuditedSignal, AuditedStart, ControllerConfig, PaceLimit, audit,
};
use foretide_domain::{
    Bounds, Datapoint, GroupState, Headroom, Mode, Order, Orders, Percent, Plan, PolicyKind,
    Timestamp,
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
    saturated: bool,
    event_minimum: u32,
    own_changes: Vec<(Timestamp, i64)>,
    wanted_lately: Vec<(Timestamp, u32)>,
    start: Option<AuditedStart>,
    signals: Vec<AuditedSignal>,
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
            saturated: false,
            event_minimum: 0,
            own_changes: Vec::new(),
            wanted_lately: Vec::new(),
            start: None,
            signals: Vec::new(),
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
            signals: &self.signals,
            starting: self.group.counts.pending,
            coming: self.group.counts.pending,
            breaker_open: self.breaker_open,
            orders: &self.orders,
            saturated: self.saturated,
            event_minimum: self.event_minimum,
            own_changes: &self.own_changes,
            wanted_lately: &self.wanted_lately,
            start: self.start,
        };
        audit(&self.plan, &input).map(|violation| violation.number())
    }
}

type Breakage = fn(&mut World);

const BROKEN: [(u8, Breakage); 21] = [
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
    (16, |w| {
        w.config.pace.scale_in = at_most(None, Some(1));
        w.own_changes = vec![(NOW.minus(Duration::from_secs(599)), -1)];
    }),
    (17, |w| {
        w.config.pace.stabilisation = Duration::from_secs(300);
        w.wanted_lately = vec![(NOW.minus(Duration::from_secs(299)), 3)];
    }),
    (18, |w| {
        w.start = Some(started(119, true));
    }),
    (19, |w| w.start = Some(started(599, false))),
    (20, |w| w.signals = vec![signal(241, 50.0)]),
    (21, |w| w.signals = vec![signal(60, 101.0)]),
];

/// A signal whose newest value ended so long ago and shows this load.
fn signal(ago_s: u64, load: f64) -> AuditedSignal {
    AuditedSignal {
        scale_in: true,
        newest: Some((
            NOW.minus(Duration::from_secs(ago_s)),
            Duration::from_secs(60),
        )),
        load: Some(load),
    }
}

fn started(ago_s: u64, reading: bool) -> AuditedStart {
    AuditedStart {
        since: NOW.minus(Duration::from_secs(ago_s)),
        reading,
    }
}

fn at_most(percent: Option<f64>, instances: Option<u32>) -> PaceLimit {
    PaceLimit {
        at_most: AtMost { percent, instances },
        per: Duration::from_secs(600),
    }
}

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
fn a_signal_stands_against_scale_in_alone_and_only_where_it_may() {
    let mut world = World::sound();
    world.signals = vec![signal(240, 100.0)];
    assert_eq!(world.audited(), None, "fresh, and two instances carry it");
    world.signals = vec![signal(60, 50.0), signal(241, 50.0)];
    assert_eq!(world.audited(), Some(20));
    if let Some(signal) = world.signals.last_mut() {
        signal.scale_in = false;
    }
    assert_eq!(world.audited(), None, "it may be missing");
    world.signals = vec![signal(999, 1e9)];
    world.plan.desired = 4;
    assert_eq!(world.audited(), None, "nothing is taken away");
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

/// A scale-out from 4 to `desired` under policy `target-tracking`, which moves by any step, with at
/// most 60 % or 2 instances in ten minutes.
fn paced(desired: u32) -> World {
    let mut world = World::sound();
    let bounds = Bounds::new(1, 100).unwrap();
    world.config.policy = PolicyKind::TargetTracking;
    world.config.pace.scale_out = at_most(Some(60.0), Some(2));
    world.config.pace.scale_in = at_most(Some(60.0), Some(2));
    world.group = GroupState::at_rest(bounds, 4);
    world.plan = Plan {
        desired,
        expected_desired: 4,
        expected_bounds: bounds,
    };
    world
}

#[test]
fn the_pace_is_counted_from_the_start_of_the_window_and_the_larger_limit_holds() {
    let before = |seconds| NOW.minus(Duration::from_secs(seconds));
    assert_eq!(paced(7).audited(), None, "60 % of 4, rounded up, are 3");
    assert_eq!(paced(8).audited(), Some(16));
    let mut world = paced(7);
    world.own_changes = vec![(before(599), 2)];
    assert_eq!(world.audited(), Some(16), "from 2, 2 more are allowed");
    world.own_changes = vec![(before(600), 2)];
    assert_eq!(world.audited(), None, "the window has passed");
    let mut world = paced(8);
    world.own_changes = vec![(before(10), -1)];
    assert_eq!(world.audited(), None, "60 % of 5 are 3");
}

#[test]
fn saturation_a_known_event_the_minimum_and_a_pin_are_exempt_from_the_pace() {
    let exempt: [Breakage; 5] = [
        |w| w.saturated = true,
        |w| w.event_minimum = 30,
        |w| w.config.pace.scale_out.at_most = AtMost::UNLIMITED,
        |w| {
            let until = NOW.plus(Duration::from_secs(60));
            w.orders.take(
                Order::Pin {
                    capacity: 30,
                    until,
                },
                "anna",
            );
        },
        |w| {
            w.group.bounds = Bounds::new(30, 100).unwrap();
            w.plan.expected_bounds = w.group.bounds;
        },
    ];
    assert_eq!(paced(30).audited(), Some(16));
    for (place, exempts) in exempt.into_iter().enumerate() {
        let mut world = paced(30);
        exempts(&mut world);
        assert_eq!(world.audited(), None, "{place}");
    }
    let mut world = paced(30);
    world.event_minimum = 29;
    assert_eq!(world.audited(), Some(16), "more than the event needs");
}

#[test]
fn a_start_lets_saturation_events_and_pins_grow_and_its_waits_end() {
    let mut world = World::sound();
    world.start = Some(started(30, true));
    world.plan.desired = 4;
    assert_eq!(world.audited(), Some(18));
    world.saturated = true;
    assert_eq!(world.audited(), None);
    world.saturated = false;
    world.event_minimum = 4;
    assert_eq!(world.audited(), None);
    world.event_minimum = 0;
    world.start = Some(started(120, true));
    assert_eq!(world.audited(), None, "the wait is over");
    world.plan.desired = 2;
    assert_eq!(world.audited(), Some(19), "and the longer one is not");
    world.start = Some(started(600, true));
    assert_eq!(world.audited(), None);
}

#[test]
fn a_scale_in_leaves_enough_after_the_loss_that_headroom_is_for() {
    // 60 busy percent: 30 % on two, 60 % on the one that is left of them.
    let mut world = World::sound();
    assert_eq!(world.audited(), None);
    world.config.headroom = Headroom::Instances(1);
    assert_eq!(world.audited(), Some(11));
    world.config.target_utilisation = Percent::new(60.0).unwrap();
    assert_eq!(world.audited(), None);
    world.config.headroom = Headroom::Instances(2);
    assert_eq!(world.audited(), Some(11), "nothing would be left");
}
