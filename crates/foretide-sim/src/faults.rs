//! Seeded faults: what the cloud, operators and machines do to a controller.
//!
//! Every kind of fault has its own random stream, so that one fault more of a kind does not move
//! those of another. Refuses to touch the controller: faults reach it as events, or as their
//! absence.

mod outside;

use foretide_domain::{Bounds, CallFailure, Datapoint, FailureKind, GroupState, Percent};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::world::World;
use outside::Outside;
pub use outside::OutsideFact;

const STEPS_A_DAY: f64 = 8640.0;

/// How often what goes wrong. Shares are of 0 to 1; all zero by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FaultPlan {
    /// Seed of all faults.
    pub seed: u64,
    /// Share of datapoints that never appear.
    pub lost: f64,
    /// Share of datapoints that appear up to ten minutes late.
    pub late: f64,
    /// Share of datapoints that are told twice in one answer.
    pub repeated: f64,
    /// Share of datapoints that first show a lower value.
    pub revised: f64,
    /// Share of calls that are throttled.
    pub throttled: f64,
    /// Share of calls that fail otherwise.
    pub failed: f64,
    /// Share of calls that are never answered; half of such writes are carried out.
    pub unanswered: f64,
    /// Share of calls whose answer takes up to two minutes.
    pub slow: f64,
    /// Times a day at which somebody else sets desired capacity.
    pub foreign_desired_a_day: f64,
    /// Times a day at which somebody else changes the bounds, or changes them back.
    pub foreign_bounds_a_day: f64,
    /// Times a day at which launching or terminating is suspended, or resumed.
    pub suspended_a_day: f64,
    /// Times a day at which launches start to fail or to take five times as long, or stop to.
    pub bad_launches_a_day: f64,
    /// Times a day at which launches start to hang, one in four, or stop to.
    pub hanging_launches_a_day: f64,
    /// Times a day at which an instance dies, fails its health check, or is terminated by somebody.
    pub lost_instances_a_day: f64,
    /// Times a day at which somebody moves up to three instances into standby, or all back.
    pub standby_a_day: f64,
    /// Times a day at which somebody protects the instances from scale-in, or ends that.
    pub protected_a_day: f64,
    /// Times a day at which health checks or replacements are suspended, or resumed.
    pub unchecked_a_day: f64,
    /// Times a day at which an [`OutsideFact`] begins. Each lasts a minute to six hours.
    pub outside_a_day: f64,
    /// Probability that the controller dies at an event or at an effect.
    pub crash: f64,
    /// The controller dies once, for no time, at the event or effect with this number, from 0.
    pub crash_at: Option<u64>,
}

impl FaultPlan {
    /// Some of everything, from `seed`: the plan of the property tests.
    pub fn everything(seed: u64) -> Self {
        Self {
            seed,
            lost: 0.02,
            late: 0.05,
            repeated: 0.05,
            revised: 0.05,
            throttled: 0.01,
            failed: 0.01,
            unanswered: 0.01,
            slow: 0.02,
            foreign_desired_a_day: 4.0,
            foreign_bounds_a_day: 4.0,
            suspended_a_day: 4.0,
            bad_launches_a_day: 4.0,
            hanging_launches_a_day: 2.0,
            lost_instances_a_day: 4.0,
            standby_a_day: 2.0,
            protected_a_day: 2.0,
            unchecked_a_day: 2.0,
            outside_a_day: 2.0,
            crash: 0.0005,
            crash_at: None,
        }
    }

    /// The faults of this plan, from their beginning.
    pub fn start(&self) -> Faults {
        let stream = |number| {
            let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
            rng.set_stream(number);
            rng
        };
        Faults {
            points: stream(1),
            calls: stream(2),
            foreign: stream(3),
            suspensions: stream(4),
            launches: stream(5),
            crashes: stream(6),
            instances: stream(7),
            outside: Outside::new(stream(8)),
            unchecked: false,
            fates: Vec::new(),
            original_bounds: None,
            chances_to_crash: 0,
            plan: self.clone(),
        }
    }
}

/// A call of the controller to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    ReadGroup,
    ReadMetrics,
    Predict,
    SetDesired,
}

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fate {
    Answered,
    Failed(CallFailure),
    Unanswered { carried_out: bool },
    Late { seconds: i64 },
}

#[derive(Clone, Copy, Debug)]
struct PointFate {
    visible_s: i64,
    repeated: bool,
    /// Until when the value is shown too low.
    low_until_s: i64,
}

/// Faults at work.
#[derive(Clone, Debug)]
pub struct Faults {
    plan: FaultPlan,
    points: ChaCha8Rng,
    calls: ChaCha8Rng,
    foreign: ChaCha8Rng,
    suspensions: ChaCha8Rng,
    launches: ChaCha8Rng,
    crashes: ChaCha8Rng,
    instances: ChaCha8Rng,
    outside: Outside,
    /// Whether health checks or replacements are suspended.
    unchecked: bool,
    /// What becomes of each published period, by its index.
    fates: Vec<PointFate>,
    original_bounds: Option<Bounds>,
    chances_to_crash: u64,
}

impl Faults {
    /// Lets others act on the group at this step.
    pub(crate) fn disturb(&mut self, world: &mut World) {
        self.draw_points(world);
        if hits(
            &mut self.foreign,
            self.plan.foreign_desired_a_day / STEPS_A_DAY,
        ) {
            let bounds = world.bounds();
            world.set_desired(self.foreign.random_range(bounds.min()..=bounds.max()));
        }
        if hits(
            &mut self.foreign,
            self.plan.foreign_bounds_a_day / STEPS_A_DAY,
        ) {
            self.move_bounds(world);
        }
        if hits(
            &mut self.suspensions,
            self.plan.suspended_a_day / STEPS_A_DAY,
        ) {
            let idle = world.suspended() == (false, false);
            let launch = idle && self.suspensions.random::<bool>();
            world.suspend(launch, idle && !launch);
        }
        if hits(
            &mut self.launches,
            self.plan.bad_launches_a_day / STEPS_A_DAY,
        ) {
            let (failure, boot_factor) = match self.launches.random_range(0..3) {
                0 => (0.7, 1.0),
                1 => (0.0, 5.0),
                _ => (0.0, 1.0),
            };
            world.disturb_launches(failure, boot_factor);
        }
        self.disturb_instances(world);
        let outside = self.plan.outside_a_day / STEPS_A_DAY;
        self.outside.draw(outside, world.at_s());
    }

    /// The facts outside that hold at `now_s`, with the seconds for which they have held.
    pub fn outside(&self, now_s: i64) -> impl Iterator<Item = (OutsideFact, i64)> {
        self.outside.holding(now_s)
    }

    /// Whether an operator wants the group to be paused.
    pub(crate) fn wants_pause(&self, now_s: i64) -> bool {
        self.outside.holds(OutsideFact::Paused, now_s)
    }

    /// Shows the facts outside in a reading of the group.
    pub(crate) fn show_outside(&self, group: &mut GroupState, now_s: i64) {
        self.outside.show(group, now_s);
    }

    /// Lets single instances suffer at this step.
    fn disturb_instances(&mut self, world: &mut World) {
        let (plan, rng) = (&self.plan, &mut self.instances);
        if hits(rng, plan.hanging_launches_a_day / STEPS_A_DAY) {
            let hangs = world.life().hang > 0.0;
            world.set_hang(if hangs { 0.0 } else { 0.25 });
        }
        if hits(rng, plan.lost_instances_a_day / STEPS_A_DAY) {
            match rng.random_range(0..3) {
                0 => world.crash(1),
                1 => world.fail_health(1),
                _ => {
                    if let Some(newest) = world.instances().map(|one| one.ordinal).max() {
                        world.terminate(newest);
                    }
                }
            }
        }
        if hits(rng, plan.standby_a_day / STEPS_A_DAY) {
            let count = rng.random_range(1..=3);
            world.set_standby(if world.standby() > 0 { 0 } else { count });
        }
        if hits(rng, plan.protected_a_day / STEPS_A_DAY) {
            world.protect(!world.life().protected);
        }
        if hits(rng, plan.unchecked_a_day / STEPS_A_DAY) {
            self.unchecked = !self.unchecked;
            let check = self.unchecked && rng.random::<bool>();
            world.suspend_health(check, self.unchecked && !check);
        }
    }

    fn move_bounds(&mut self, world: &mut World) {
        let now = world.bounds();
        let original = *self.original_bounds.get_or_insert(now);
        if now != original {
            world.set_bounds(original);
            return;
        }
        let min = self.foreign.random_range(0..=original.max());
        let max = self
            .foreign
            .random_range(min.max(1)..=original.max().max(min).max(1));
        if let Ok(bounds) = Bounds::new(min, max) {
            world.set_bounds(bounds);
        }
    }

    fn draw_points(&mut self, world: &World) {
        let now_s = world.at_s();
        while self.fates.len() < world.published().len() {
            let rng = &mut self.points;
            let visible_s = if hits(rng, self.plan.lost) {
                i64::MAX
            } else if hits(rng, self.plan.late) {
                now_s + rng.random_range(1..=600)
            } else {
                now_s
            };
            let repeated = hits(rng, self.plan.repeated);
            let low_until_s = if hits(rng, self.plan.revised) {
                now_s + 120
            } else {
                now_s
            };
            self.fates.push(PointFate {
                visible_s,
                repeated,
                low_until_s,
            });
        }
    }

    /// Makes of the true points, the first of which has index `from`, what is told at `now_s`.
    pub(crate) fn distort(&mut self, now_s: i64, from: usize, points: &mut Vec<Datapoint>) {
        if self.outside.holds(OutsideFact::NoData, now_s) {
            return points.clear();
        }
        let fates = self.fates.get(from..).unwrap_or_default();
        let mut told = Vec::with_capacity(points.len());
        for (point, fate) in points.iter().zip(fates) {
            if fate.visible_s > now_s {
                continue;
            }
            let mut point = *point;
            if fate.low_until_s > now_s {
                point.cpu = point.cpu.and_then(|cpu| Percent::new(cpu.get() * 0.9));
            }
            told.push(point);
            if fate.repeated {
                told.insert(0, point);
            }
        }
        *points = told;
    }

    /// What becomes of a call.
    pub(crate) fn fate(&mut self, call: Call) -> Fate {
        let (plan, rng) = (&self.plan, &mut self.calls);
        if hits(rng, plan.throttled) {
            return failure(FailureKind::Throttled, "rate exceeded");
        }
        if hits(rng, plan.failed) {
            let (kind, detail) = match rng.random_range(0..4) {
                0 => (FailureKind::Unavailable, "the service failed"),
                1 => (FailureKind::Denied, "credentials have expired"),
                2 => (FailureKind::Malformed, "the answer makes no sense"),
                _ => (FailureKind::TimedOut, "no answer within the deadline"),
            };
            return failure(kind, detail);
        }
        if hits(rng, plan.unanswered) {
            let carried_out = call == Call::SetDesired && rng.random::<bool>();
            return Fate::Unanswered { carried_out };
        }
        if hits(rng, plan.slow) {
            let seconds = rng.random_range(1..=120);
            return Fate::Late { seconds };
        }
        Fate::Answered
    }

    /// Whether the controller dies now, and for how many seconds it is gone.
    pub(crate) fn crash(&mut self) -> Option<i64> {
        let chance = self.chances_to_crash;
        self.chances_to_crash += 1;
        if self.plan.crash_at == Some(chance) {
            return Some(0);
        }
        hits(&mut self.crashes, self.plan.crash).then(|| {
            if self.crashes.random::<bool>() {
                0
            } else {
                self.crashes.random_range(1..=900)
            }
        })
    }
}

fn failure(kind: FailureKind, detail: &str) -> Fate {
    Fate::Failed(CallFailure {
        kind,
        detail: detail.into(),
    })
}

/// True with this probability; draws nothing where it is zero.
fn hits(rng: &mut ChaCha8Rng, probability: f64) -> bool {
    probability > 0.0 && rng.random::<f64>() < probability
}
