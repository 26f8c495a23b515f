//! Group-days under every fault at once, with an eye on what must hold whatever happens.
//!
//! One seed is one group: its load, size, boot times, monitoring, policy and faults all follow from
//! it, so a broken rule is named by its seed alone. The rules here are written from the outside,
//! over records and the world; they share nothing with the controller's own audit.

mod holds;
mod outside;

use foretide_control::ControllerConfig;
use foretide_domain::{
    Alarm, Bounds, Class, ClassifierRule, Decision, Features, Guard, Mode, PolicyKind, Prediction,
    Record, Rule, Timestamp, WriteOutcome,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use thiserror::Error;

use crate::STEP_S;
use crate::backtest::{Case, Setup};
use crate::drive::Simulation;
use crate::faults::FaultPlan;
use crate::workload::Workload;
use crate::world::{Boot, Crash, Credits, Departure, InstanceState, Life, World};
use holds::Holds;
use outside::Outside;

const HOUR_S: i64 = 3600;
/// Launches are looked at this often, in seconds.
const LAUNCHES_SEEN_S: i64 = 300;

/// A rule that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("seed {seed}: {rule} at {at}: {detail}")]
pub struct Broken {
    /// Seed of the group.
    pub seed: u64,
    /// The rule.
    pub rule: &'static str,
    /// When.
    pub at: Timestamp,
    /// What was found.
    pub detail: String,
}

/// What happened to one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Soaked {
    /// Simulated days.
    pub days: u32,
    /// Decisions recorded.
    pub decisions: u64,
    /// Writes that were accepted.
    pub writes: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Alarms.
    pub alarms: u64,
    /// Decisions that lowered capacity, other than into the bounds.
    pub lowered: u64,
    /// Steps in which a fact outside held scale-in back.
    pub held_steps: u64,
    /// Changes by somebody else that the controller noticed.
    pub foreign: u64,
    /// Decisions on a forecast of the group's own model.
    pub forecasts: u64,
    /// Steps in which an instance in service did not serve.
    pub idle_steps: u64,
    /// Steps in which an instance drained.
    pub draining_steps: u64,
    /// Steps in which an instance stood by.
    pub standby_steps: u64,
    /// Instances that died, failed their health check or were terminated by somebody.
    pub replaced: u64,
}

impl Soaked {
    /// The sums of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            days: self.days + other.days,
            decisions: self.decisions + other.decisions,
            writes: self.writes + other.writes,
            failures: self.failures + other.failures,
            alarms: self.alarms + other.alarms,
            lowered: self.lowered + other.lowered,
            held_steps: self.held_steps + other.held_steps,
            foreign: self.foreign + other.foreign,
            forecasts: self.forecasts + other.forecasts,
            idle_steps: self.idle_steps + other.idle_steps,
            draining_steps: self.draining_steps + other.draining_steps,
            standby_steps: self.standby_steps + other.standby_steps,
            replaced: self.replaced + other.replaced,
        }
    }
}

/// Runs the group of `seed` for `days` under every fault and tells what happened, each record also
/// to `sink`. Its policy is drawn from `policies`; of none, it is the default.
///
/// # Errors
/// The first rule that did not hold.
pub fn soak(
    seed: u64,
    days: u32,
    policies: &[PolicyKind],
    sink: &mut dyn FnMut(Timestamp, &Record),
) -> Result<Soaked, Broken> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let start_failed = |detail: String| Broken {
        seed,
        rule: "every drawn group can be simulated",
        at: Timestamp::from_millis(0),
        detail,
    };
    let case = group(&mut rng, seed, days).map_err(start_failed)?;
    let config = settings(&mut rng, policies, case.setup());
    let plan = FaultPlan::everything(seed);
    let model = |features: &Features| Ok(ideal(features));
    let mut simulation = Simulation::new(&case, config.clone(), &model, Some(&plan))
        .map_err(|error| start_failed(error.to_string()))?;
    let mut watch = Watch::new(seed, &config, case.setup());
    while simulation
        .advance(&mut |at, record| {
            sink(at, &record);
            watch.record(at, &record);
        })
        .is_some()
    {
        watch.world(simulation.world(), case.trace().start());
        watch.outside(&simulation);
        if let Some(broken) = watch.broken.take() {
            return Err(broken);
        }
    }
    if config.mode == Mode::Observe && watch.seen.writes > 0 {
        return Err(watch.broke(
            "nothing is written in mode observe",
            Timestamp::default(),
            "",
        ));
    }
    Ok(Soaked { days, ..watch.seen })
}

/// An ideal model: the class that CPU asks for around 50 %.
fn ideal(features: &Features) -> Prediction {
    let class = if features.cpu_usage > 60.0 {
        Class::ScaleOut
    } else if features.cpu_usage < 40.0 {
        Class::ScaleIn
    } else {
        Class::Hold
    };
    let mut probabilities = [0.05; 3];
    if let Some(probability) = probabilities.get_mut(class.index()) {
        *probability = 0.9;
    }
    Prediction {
        class,
        probabilities,
    }
}

fn group(rng: &mut ChaCha8Rng, seed: u64, days: u32) -> Result<Case, String> {
    let mut loads = Workload::hostile(days, seed);
    loads.push((
        "demo",
        Workload {
            days,
            ..Workload::flash_crowd(seed)
        },
    ));
    let (name, load) = loads.swap_remove(rng.random_range(0..loads.len()));
    let min = rng.random_range(0..4);
    let bounds = Bounds::new(min, min + rng.random_range(1..60)).map_err(|e| e.to_string())?;
    let boot = match rng.random_range(0..3) {
        0 => Boot::Constant { seconds: 180 },
        1 => Boot::Uniform { from: 30, to: 600 },
        _ => Boot::LogNormal {
            median: 180,
            sigma: 0.5,
        },
    };
    let setup = Setup {
        unit: Some(rng.random_range(40.0..400.0)),
        boot,
        launch_failure: if rng.random::<f64>() < 0.3 { 0.1 } else { 0.0 },
        period_s: if rng.random::<f64>() < 0.3 { 300 } else { 60 },
        seed,
        life: life(seed),
        ..Setup::new(bounds)
    };
    let trace = load.generate(name).map_err(|error| error.to_string())?;
    Case::new(trace, setup).map_err(|error| error.to_string())
}

/// Draws how the instances of the group of `seed` live: one group in five plainly, the others with
/// some of everything. A stream of its own leaves all other draws of the seed as they are.
fn life(seed: u64) -> Life {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(1);
    if rng.random::<f64>() < 0.2 {
        return Life::default();
    }
    let mut some = |share: f64| rng.random::<f64>() < share;
    Life {
        warm_up_s: if some(0.5) { 300 } else { 0 },
        warm_up_cpu: if some(0.5) { 100.0 } else { 5.0 },
        pending_cpu: some(0.3).then_some(60.0),
        drain_s: if some(0.5) { 300 } else { 0 },
        drain_cpu: if some(0.5) { 10.0 } else { 0.0 },
        hang: if some(0.2) { 0.02 } else { 0.0 },
        crash: some(0.2).then_some(Crash {
            share: 0.1,
            after_s: 1800,
        }),
        health_kill_s: some(0.2).then_some(300),
        credits: some(0.1).then_some(Credits {
            baseline: 30.0,
            initial_minutes: 30.0,
            maximum_minutes: 288.0,
        }),
        protected: some(0.1),
        weight: 1,
        scale_in_s: if some(0.5) { 30 } else { 0 },
    }
}

fn settings(rng: &mut ChaCha8Rng, policies: &[PolicyKind], setup: &Setup) -> ControllerConfig {
    let drawn = policies.get(rng.random_range(0..policies.len().max(1)));
    let policy = drawn.copied().unwrap_or_default();
    let mode = match rng.random_range(0..6) {
        0 => Mode::Observe,
        1 => Mode::ScaleOutOnly,
        _ => Mode::Enforce,
    };
    ControllerConfig {
        policy,
        mode,
        lead_time: std::time::Duration::from_secs(u64::from(setup.boot.typical_s())),
        ..ControllerConfig::default()
    }
}

/// Looks at every record and every step.
struct Watch {
    seed: u64,
    mode: Mode,
    policy: PolicyKind,
    cooldown: std::time::Duration,
    streak: (u32, u32),
    /// When the newest write was decided on: a controller that dies before it has saved the answer
    /// counts its cooldown from there.
    sent_at: Timestamp,
    changed_at: Option<Timestamp>,
    last_at: Timestamp,
    holds: Holds,
    outside: Outside,
    seen: Soaked,
    broken: Option<Broken>,
}

impl Watch {
    fn new(seed: u64, config: &ControllerConfig, setup: &Setup) -> Self {
        let rules = &config.classifier;
        let warm_up = std::time::Duration::from_secs(setup.life.warm_up_s.into());
        Self {
            seed,
            mode: config.mode,
            policy: config.policy,
            cooldown: rules.cooldown_out.min(rules.cooldown_in),
            streak: (rules.streak, rules.streak_datapoints),
            sent_at: Timestamp::default(),
            changed_at: None,
            last_at: Timestamp::from_millis(i64::MIN),
            holds: Holds::new(config, warm_up),
            outside: Outside::new(config),
            seen: Soaked::default(),
            broken: None,
        }
    }

    fn broke(&self, rule: &'static str, at: Timestamp, detail: &str) -> Broken {
        Broken {
            seed: self.seed,
            rule,
            at,
            detail: detail.into(),
        }
    }

    fn must(
        &mut self,
        holds: bool,
        rule: &'static str,
        at: Timestamp,
        found: &dyn std::fmt::Debug,
    ) {
        if !holds && self.broken.is_none() {
            self.broken = Some(self.broke(rule, at, &format!("{found:?}")));
        }
    }

    fn world(&mut self, world: &World, start: Timestamp) {
        let at = start.plus(std::time::Duration::from_secs(world.at_s().unsigned_abs()));
        let within = world.bounds().contains(world.desired());
        self.must(
            within,
            "desired stays within the bounds",
            at,
            &world.desired(),
        );
        let (in_service, serving) = (world.in_service(), world.serving());
        self.must(
            serving <= in_service,
            "what serves is in service",
            at,
            &(serving, in_service),
        );
        self.seen.idle_steps += u64::from(serving < in_service);
        self.seen.draining_steps += u64::from(world.terminating() > 0);
        self.seen.standby_steps += u64::from(world.standby() > 0);
        if world.at_s() % HOUR_S == 0 {
            self.count_replaced(world);
        }
        // Launches that hang are no measure.
        if world.at_s() % LAUNCHES_SEEN_S == 0 && world.pending() + world.in_service() > 0 {
            self.note_launches(world);
        }
    }

    /// Looks at the step that is over: did it lower capacity although a fact outside forbids it?
    fn outside(&mut self, simulation: &Simulation<'_, '_>) {
        let at_s = simulation.world().at_s() - STEP_S;
        let held = simulation.driver().outside(at_s).next().is_some();
        self.seen.held_steps += u64::from(held);
        let Some((at, lowering)) = self.outside.take_lowering() else {
            return;
        };
        self.seen.lowered += 1;
        let holding = simulation.driver().outside(at_s);
        if let Some(rule) = self.outside.forbids(holding, at) {
            self.must(false, rule, at, &lowering);
        }
    }

    fn note_launches(&mut self, world: &World) {
        for one in world.instances() {
            if let (InstanceState::Serving | InstanceState::Warming, Some(served)) =
                (one.state, one.in_service_s)
            {
                let took = (served - one.launched_s).unsigned_abs();
                self.holds.launched(std::time::Duration::from_secs(took));
            }
        }
    }

    /// Counts the instances of the last hour that left for another reason than the group's size.
    fn count_replaced(&mut self, world: &World) {
        let now_s = world.at_s();
        let own = |why| !matches!(why, Departure::ScaledIn | Departure::Cancelled);
        let lost = world.instances().filter(|one| {
            let lately = one.gone_s.is_some_and(|gone| gone > now_s - HOUR_S);
            let why = one.departure.filter(|why| *why != Departure::LaunchFailed);
            lately && why.is_some_and(own)
        });
        self.seen.replaced += lost.count() as u64;
    }

    fn record(&mut self, at: Timestamp, record: &Record) {
        self.must(
            at >= self.last_at,
            "records stand in order of time",
            at,
            record,
        );
        self.last_at = at;
        match record {
            Record::Decided(decision) => {
                self.decided(at, decision);
                if decision.desired.is_some() {
                    self.sent_at = at;
                }
            }
            Record::Settled {
                outcome: WriteOutcome::Accepted,
                ..
            } => {
                self.seen.writes += 1;
                self.changed_at = Some(self.sent_at);
            }
            Record::Observed(point) => self.outside.observed(point),
            Record::CallFailed(_) => self.seen.failures += 1,
            Record::ForeignChange(_) => self.seen.foreign += 1,
            Record::Alarm(alarm) => {
                self.seen.alarms += 1;
                if matches!(alarm, Alarm::BreakerOpened { .. }) {
                    self.holds.opened(at);
                }
                let sound = !matches!(alarm, Alarm::InvariantBroken { .. });
                self.must(sound, "no plan breaks an invariant of the audit", at, alarm);
            }
            _ => {}
        }
    }

    fn decided(&mut self, at: Timestamp, decision: &Decision) {
        self.seen.decisions += 1;
        let inputs = &decision.explanation.inputs;
        let own = inputs.forecast.is_some_and(|figures| figures.own_model);
        self.seen.forecasts += u64::from(own);
        let overdue = self.holds.is_overdue(at, decision);
        let rule = "no guard rail holds longer than it says";
        self.must(!overdue, rule, at, decision);
        let Some(desired) = decision.desired else {
            return;
        };
        let found: &dyn std::fmt::Debug = decision;
        self.must(
            inputs.bounds.contains(desired),
            "what is decided lies within the bounds",
            at,
            found,
        );
        // Bounds moved past desired force a change that no other rule may stop.
        if !inputs.bounds.contains(inputs.desired) {
            return;
        }
        if desired < inputs.desired {
            if self.mode != Mode::Observe {
                self.outside.lowers(at, (inputs.desired, desired));
            }
            let trusted = inputs.fresh && inputs.unaccounted.is_none();
            let calm = trusted && inputs.starting == 0 && !inputs.suspended.terminate;
            let rule = "capacity is taken only with fresh data of those that serve, none starting, \
                        terminating on";
            self.must(calm, rule, at, found);
            let by_mode = decision.explanation.bound_by == Some(Guard::Mode);
            let rule = "nothing is taken in mode scale-out-only";
            self.must(self.mode != Mode::ScaleOutOnly || by_mode, rule, at, found);
        } else {
            let rule = "nothing is added while launching is suspended";
            self.must(!inputs.suspended.launch, rule, at, found);
        }
        if self.policy == PolicyKind::Classifier {
            self.classified(at, decision, desired);
        }
    }

    fn classified(&mut self, at: Timestamp, decision: &Decision, desired: u32) {
        let explanation = &decision.explanation;
        let inputs = &explanation.inputs;
        let Rule::Classifier(rule) = explanation.proposal.rule else {
            return;
        };
        let found: &dyn std::fmt::Debug = decision;
        let one = desired.abs_diff(inputs.desired) == 1;
        self.must(one, "the classifier changes capacity by one", at, found);
        let warm = self
            .changed_at
            .is_none_or(|changed| at.since(changed) >= self.cooldown);
        self.must(warm, "no change within the cooldown of another", at, found);
        if rule == ClassifierRule::ScaleIn && desired < inputs.desired {
            let (votes, datapoints) = self.streak;
            let enough = inputs.streak >= votes && inputs.streak_datapoints >= datapoints;
            self.must(
                enough,
                "capacity is taken only after a full streak",
                at,
                found,
            );
        }
    }
}
