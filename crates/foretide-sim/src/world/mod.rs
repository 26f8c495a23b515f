//! The simulated group: instances, what they serve, what is billed, what CloudWatch shows of it.
//!
//! One step at time t is [`World::begin_step`] (instances enter service, periods become visible),
//! any number of [`World::set_desired`], and [`World::finish_step`] (launches and terminations,
//! then the load is served). Refuses to know who decides, and why.

mod billing;
mod boot;
mod config;
mod fleet;
mod health;
mod instance;
mod life;
mod load;
mod metrics;
mod named;

use foretide_domain::Bounds;

pub use boot::Boot;
pub use config::WorldConfig;
pub use fleet::LaunchEnd;
pub use instance::{Departure, Instance, InstanceState, OwnCpu};
pub use life::{Crash, Credits, Life};
pub use metrics::Period;

use crate::STEP_S;
use billing::Bill;
use fleet::Fleet;
use health::Checks;
use instance::SoFar;
use metrics::Metrics;

/// What happened in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Start of the step, in seconds since t = 0.
    pub at_s: i64,
    /// Demand, in the trace's unit.
    pub demand: f64,
    /// Instances in service, as the group counts them.
    pub in_service: u32,
    /// Instances that serve: those in service that have warmed up and are alive.
    pub serving: u32,
    /// Load that the serving instances can serve, in the trace's unit.
    pub capacity: f64,
    /// Instances that are coming.
    pub pending: u32,
    /// Desired capacity.
    pub desired: u32,
    /// Mean CPU of the serving instances, in percent; none where nothing serves.
    pub cpu: Option<f64>,
}

/// A simulated group in virtual time.
#[derive(Clone, Debug)]
pub struct World {
    config: WorldConfig,
    at_s: i64,
    desired: u32,
    fleet: Fleet,
    metrics: Metrics,
    bill: Bill,
    launching: bool,
    terminating: bool,
    /// Since when more instances exist than desired capacity asks for; none while no more do.
    surplus_since_s: Option<i64>,
    checks: Checks,
}

impl World {
    /// The world at t = 0, before its first step.
    pub fn new(config: WorldConfig) -> Self {
        let desired = config.bounds.clamp(config.initial);
        Self {
            at_s: 0,
            desired,
            fleet: Fleet::new(desired.div_ceil(config.life.weight.max(1)), &config),
            metrics: Metrics::new(config.period_s, config.delay_s),
            bill: Bill::new(config.scoring_from_s),
            launching: true,
            terminating: true,
            surplus_since_s: None,
            checks: Checks::new(),
            config,
        }
    }

    /// Steps 1 and 2: instances whose boot has ended enter service, those that ended leave, periods
    /// become visible.
    pub fn begin_step(&mut self) {
        let so_far = self.so_far();
        let life = &self.config.life;
        self.fleet.advance(self.at_s, &so_far, life, &mut self.bill);
        if self.fleet.counts.unhealthy > 0 {
            let replacing = self.checks.replacing && self.terminating;
            self.fleet.check_health(
                (self.checks.checking, replacing),
                self.at_s,
                &so_far,
                life.drain_s,
                &mut self.bill,
            );
        }
        self.metrics.publish(self.at_s);
    }

    /// Step 3: sets desired capacity, clamped to the bounds. Tells whether that changed it.
    pub fn set_desired(&mut self, desired: u32) -> bool {
        let desired = self.config.bounds.clamp(desired);
        let changed = desired != self.desired;
        self.desired = desired;
        changed
    }

    /// Steps 4 and 5: launches or terminates, then serves `demand` over the step.
    pub fn finish_step(&mut self, demand: f64) -> Step {
        self.reconcile();
        let life = &self.config.life;
        let load = self.fleet.serve(demand, self.config.unit, life);
        let (in_service, serving) = (self.fleet.counts.in_service, self.fleet.counts.serving);
        let last = self.metrics.observe(
            self.at_s,
            &metrics::Sample {
                serving_cpu: load.cpu,
                serving,
                reported_cpu: load.reported_cpu,
                reporting: load.reporting,
                in_service,
                served: load.served,
                demand,
            },
        );
        if last {
            let so_far = self.so_far();
            let cpu_range = self.fleet.close_period(&so_far, life);
            self.metrics.close(cpu_range);
        }
        if let Some(after_s) = life.health_kill_s {
            let saturated = serving > 0 && demand >= load.capacity;
            self.fleet
                .fail_health(self.checks.failing(saturated, after_s));
        }
        let step = Step {
            at_s: self.at_s,
            demand,
            in_service,
            serving,
            capacity: load.capacity,
            pending: self.fleet.pending(),
            desired: self.desired,
            cpu: load.cpu,
        };
        self.at_s += STEP_S;
        step
    }

    fn reconcile(&mut self) {
        let wanted = self.desired.div_ceil(self.config.life.weight.max(1));
        let exists = self.exists();
        if wanted > exists && self.launching {
            self.fleet.launch(wanted - exists, self.at_s, &self.config);
        } else if wanted < exists && self.terminating && self.surplus_is_due() {
            let so_far = self.so_far();
            let (surplus, drain_s) = (exists - wanted, self.config.life.drain_s);
            self.fleet
                .shrink(surplus, self.at_s, &so_far, drain_s, &mut self.bill);
        }
        if self.exists() <= wanted {
            self.surplus_since_s = None;
        }
    }

    /// Whether the group has had more instances than it wants for long enough to end them.
    fn surplus_is_due(&mut self) -> bool {
        let since_s = *self.surplus_since_s.get_or_insert(self.at_s);
        self.at_s - since_s >= i64::from(self.config.life.scale_in_s)
    }

    /// Instances in service or pending.
    fn exists(&self) -> u32 {
        self.fleet.counts.in_service + self.fleet.pending()
    }

    const fn so_far(&self) -> SoFar {
        self.metrics.so_far()
    }

    /// Seconds since t = 0 of the step under way, or of the next one.
    pub const fn at_s(&self) -> i64 {
        self.at_s
    }

    /// Desired capacity.
    pub const fn desired(&self) -> u32 {
        self.desired
    }

    /// Bounds of desired capacity.
    pub const fn bounds(&self) -> Bounds {
        self.config.bounds
    }

    /// Changes the bounds, as an operator would; desired is moved into them.
    pub fn set_bounds(&mut self, bounds: Bounds) {
        self.config.bounds = bounds;
        self.desired = bounds.clamp(self.desired);
    }

    /// Suspends or resumes launching and terminating.
    pub const fn suspend(&mut self, launch: bool, terminate: bool) {
        self.launching = !launch;
        self.terminating = !terminate;
    }

    /// Whether launching, and whether terminating, is suspended.
    pub const fn suspended(&self) -> (bool, bool) {
        (!self.launching, !self.terminating)
    }

    /// Suspends or resumes health checks, and the replacement of unhealthy instances.
    pub const fn suspend_health(&mut self, check: bool, replace: bool) {
        self.checks.checking = !check;
        self.checks.replacing = !replace;
    }

    /// Sets the probability that a launch fails from now on, and a factor on its boot time.
    pub const fn disturb_launches(&mut self, failure: f64, boot_factor: f64) {
        self.config.launch_failure = failure;
        self.fleet.boot_factor = boot_factor;
    }

    /// Sets the share of launches that hang from now on, 0 to 1.
    pub const fn set_hang(&mut self, share: f64) {
        self.config.life.hang = share;
    }

    /// Protects all instances from scale-in, those launched later too, or ends the protection.
    pub fn protect(&mut self, protected: bool) {
        self.config.life.protected = protected;
        self.fleet.protect(protected);
    }

    /// Moves serving instances into standby, the oldest first, or back, until `count` are there.
    ///
    /// As with `EnterStandby` and its decrement, desired capacity falls by each instance, but not
    /// below the minimum: the group then launches another one. As with `ExitStandby`, desired
    /// capacity rises by each instance that comes back; at the maximum none comes back.
    pub fn set_standby(&mut self, count: u32) {
        let so_far = self.so_far();
        let (bounds, weight) = (self.config.bounds, self.config.life.weight.max(1));
        while self.fleet.counts.standby < count && self.fleet.enter_standby(&so_far) {
            let fewer = self.desired.saturating_sub(weight);
            self.desired = if bounds.contains(fewer) {
                fewer
            } else {
                self.desired
            };
        }
        while self.fleet.counts.standby > count
            && bounds.contains(self.desired.saturating_add(weight))
            && self.fleet.leave_standby(&so_far)
        {
            self.desired += weight;
        }
    }

    /// Sends load to the instances that `gets_requests` names by their ordinals, as a load balancer
    /// does by its health checks: of those in service and warmed up, the others report 0 % CPU and
    /// serve nothing.
    pub fn route(&mut self, gets_requests: impl Fn(u64) -> bool) {
        let so_far = self.so_far();
        self.fleet.route(gets_requests, &so_far);
    }

    /// Lets the oldest `count` serving instances die. They are noticed at the next step.
    pub fn crash(&mut self, count: u32) {
        self.fleet.crash(count, self.at_s);
    }

    /// Lets the oldest `count` serving instances fail their health check.
    pub fn fail_health(&mut self, count: u32) {
        self.fleet.fail_health(count);
    }

    /// Terminates the instance `ordinal` without a change of desired capacity: the group replaces
    /// the instance. Returns whether there was such an instance to terminate.
    pub fn terminate(&mut self, ordinal: u64) -> bool {
        let so_far = self.so_far();
        let drain_s = self.config.life.drain_s;
        let (why, bill) = (Departure::Terminated, &mut self.bill);
        self.fleet
            .terminate(ordinal, why, self.at_s, &so_far, drain_s, bill)
    }

    /// How instances live.
    pub const fn life(&self) -> &Life {
        &self.config.life
    }

    /// Load that one instance serves at 100 % CPU.
    pub const fn unit(&self) -> f64 {
        self.config.unit
    }

    /// Length of a CloudWatch period in seconds.
    pub const fn period_s(&self) -> u32 {
        self.config.period_s
    }

    /// Instances in service, as the group counts them: warming up and crashed ones included.
    pub const fn in_service(&self) -> u32 {
        self.fleet.counts.in_service
    }

    /// Instances that serve.
    pub const fn serving(&self) -> u32 {
        self.fleet.counts.serving
    }

    /// Instances in service that are protected from scale-in.
    pub const fn protected(&self) -> u32 {
        self.fleet.counts.protected
    }

    /// Instances in service that the group regards as unhealthy.
    pub fn unhealthy(&self) -> u32 {
        if self.fleet.counts.unhealthy == 0 {
            return 0;
        }
        let members = self.fleet.members.iter().map(|one| one.view);
        let unhealthy = |one: &Instance| !one.healthy && one.state != InstanceState::Standby;
        u32::try_from(members.filter(unhealthy).count()).unwrap_or(u32::MAX)
    }

    /// Instances in standby.
    pub const fn standby(&self) -> u32 {
        self.fleet.counts.standby
    }

    /// Instances that drain.
    pub fn terminating(&self) -> u32 {
        self.fleet.terminating()
    }

    /// Every instance, those that left within the last hour included, in no particular order.
    pub fn instances(&self) -> impl Iterator<Item = Instance> {
        self.fleet.all().map(|one| one.view)
    }

    /// When the group last lost an instance without a change of desired capacity, in seconds since
    /// t = 0; none if it never did.
    pub const fn lost_s(&self) -> Option<i64> {
        self.fleet.lost_s
    }

    /// What the instance `ordinal` reported of the closed period that starts at `start_s`; none if
    /// it reported nothing, is not known any more, or the period is not closed.
    pub fn instance_cpu(&self, ordinal: u64, start_s: i64) -> Option<OwnCpu> {
        let period = self.metrics.closed(start_s)?;
        let one = self.fleet.all().find(|one| one.view.ordinal == ordinal)?;
        let end_s = start_s + i64::from(self.config.period_s);
        let (cpu, steps) = one.part((start_s, end_s), period.serving_cpu)?;
        let all = f64::from(self.config.period_s) / STEP_S as f64;
        let share = steps.map_or(1.0, |steps| f64::from(steps) / all);
        Some(OwnCpu { cpu, share })
    }

    /// Instances launched and not yet in service.
    pub fn pending(&self) -> u32 {
        self.fleet.pending()
    }

    /// Launch time of the oldest instance still pending, in seconds since t = 0.
    pub fn oldest_pending_s(&self) -> Option<i64> {
        self.fleet.oldest_pending_s()
    }

    /// Launches that ended, in order, since the last call; what is not fetched is kept to the
    /// newest thousand.
    pub fn take_launches(&mut self) -> Vec<LaunchEnd> {
        self.fleet.take_ended()
    }

    /// All periods visible at this step, oldest first.
    pub fn published(&self) -> &[Period] {
        self.metrics.published()
    }

    /// The periods that became visible in this step.
    pub fn fresh(&self) -> &[Period] {
        self.metrics.fresh()
    }

    /// Instance-hours billed since scoring started, were all instances terminated now.
    pub fn instance_hours(&self) -> f64 {
        self.bill.hours(self.at_s, self.fleet.launch_times())
    }
}

#[cfg(test)]
mod life_tests;
#[cfg(test)]
mod tests;
