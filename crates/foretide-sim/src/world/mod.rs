//! The simulated group: instances, what they serve, what is billed, what CloudWatch shows of it.
//!
//! One step at time t is [`World::begin_step`] (instances enter service, periods become visible),
//! any number of [`World::set_desired`], and [`World::finish_step`] (launches and terminations,
//! then the load is served). Refuses to know who decides, and why.

mod billing;
mod boot;
mod fleet;
mod metrics;

use foretide_domain::Bounds;

pub use boot::Boot;
pub use fleet::LaunchEnd;
pub use metrics::Period;

use crate::STEP_S;
use billing::Bill;
use fleet::Fleet;
use metrics::Metrics;

/// What a simulated group is like.
#[derive(Clone, Debug, PartialEq)]
pub struct WorldConfig {
    /// Bounds of desired capacity.
    pub bounds: Bounds,
    /// Load that one instance serves at 100 % CPU, in the trace's unit.
    pub unit: f64,
    /// Time from launch to service.
    pub boot: Boot,
    /// Probability that a launch fails, from 0 to 1.
    pub launch_failure: f64,
    /// Seconds from the end of a period to its being visible.
    pub delay_s: u32,
    /// Length of a period: 60 s, or 300 s with basic monitoring. A multiple of 10.
    pub period_s: u32,
    /// Seed of boot times and failures.
    pub seed: u64,
    /// When scoring starts; what ended before is not billed.
    pub scoring_from_s: i64,
    /// Instances in service at t = 0, clamped to the bounds.
    pub initial: u32,
}

/// What happened in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Start of the step, in seconds since t = 0.
    pub at_s: i64,
    /// Demand, in the trace's unit.
    pub demand: f64,
    /// Instances that serve.
    pub in_service: u32,
    /// Instances that are coming.
    pub pending: u32,
    /// Desired capacity.
    pub desired: u32,
    /// CPU in percent, the same on every instance; none where nothing serves.
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
}

impl World {
    /// The world at t = 0, before its first step.
    pub fn new(config: WorldConfig) -> Self {
        let desired = config.bounds.clamp(config.initial);
        Self {
            at_s: 0,
            desired,
            fleet: Fleet::new(desired, &config),
            metrics: Metrics::new(config.period_s, config.delay_s),
            bill: Bill::new(config.scoring_from_s),
            launching: true,
            terminating: true,
            config,
        }
    }

    /// Steps 1 and 2: instances whose boot has ended enter service, periods become visible.
    pub fn begin_step(&mut self) {
        self.fleet.boot(self.at_s, &mut self.bill);
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
        let in_service = self.fleet.in_service();
        let capacity = f64::from(in_service) * self.config.unit;
        let cpu = (in_service > 0).then(|| (100.0 * (demand / capacity)).min(100.0));
        self.metrics.observe(
            self.at_s,
            &metrics::Sample {
                cpu,
                in_service,
                served: demand.min(capacity),
                demand,
            },
        );
        let step = Step {
            at_s: self.at_s,
            demand,
            in_service,
            pending: self.fleet.pending(),
            desired: self.desired,
            cpu,
        };
        self.at_s += STEP_S;
        step
    }

    fn reconcile(&mut self) {
        let exists = self.fleet.in_service() + self.fleet.pending();
        if self.desired > exists && self.launching {
            self.fleet
                .launch(self.desired - exists, self.at_s, &self.config);
        } else if self.desired < exists && self.terminating {
            self.fleet
                .shrink(exists - self.desired, self.at_s, &mut self.bill);
        }
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

    /// Sets the probability that a launch fails from now on, and a factor on its boot time.
    pub const fn disturb_launches(&mut self, failure: f64, boot_factor: f64) {
        self.config.launch_failure = failure;
        self.fleet.boot_factor = boot_factor;
    }

    /// Load that one instance serves at 100 % CPU.
    pub const fn unit(&self) -> f64 {
        self.config.unit
    }

    /// Length of a CloudWatch period in seconds.
    pub const fn period_s(&self) -> u32 {
        self.config.period_s
    }

    /// Instances in service.
    pub fn in_service(&self) -> u32 {
        self.fleet.in_service()
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
mod tests;
