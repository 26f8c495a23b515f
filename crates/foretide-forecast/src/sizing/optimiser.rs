//! One step of the capacity optimiser per published period.

use std::collections::VecDeque;

use foretide_domain::ForecastRule;
use serde::{Deserialize, Serialize};

use super::budget::{Budget, Standing};
use super::calibration::CalibrationRecord;
use super::curve::Curve;
use super::live_error::LiveError;
use super::price::{Price, cheapest, instances, newsvendor};
use super::price_list::PriceList;
use super::tracking::{Baseline, Tracking};
use super::types::{SizingConfig, SizingInputs, SizingOutput};
use crate::grid::Period;
use crate::normal;

/// Minutes from the start in which target tracking decides: no features reach back yet.
pub const TRACKING_MINUTES: i64 = 60;
/// CPU from which a period counts as saturated, in percent.
const SATURATED_CPU: f64 = 99.5;
/// Capacity grows by this factor at once while CPU is saturated: the unserved demand is unknown.
const SURGE_FACTOR: f64 = 1.5;
/// Capacity beyond this times the week's peak has no evidence.
const PEAK_FACTOR: f64 = 1.25;
const PEAK_HOURS: usize = 168;
/// Price steps between the price for scale-out and the price for scale-in.
const BAND: i32 = 2;
/// The same band where the user states the prices.
const PRICE_BAND: f64 = 0.45;
/// Least mean need that prices scale with.
const LEAST_MEAN_NEED: f64 = 0.3;
const DAY_MINUTES: f64 = 1440.0;
const HOUR_MINUTES: i64 = 60;
/// Upper bound on forecasts whose load is not known yet.
const MISSED_MAX: u32 = 64;

/// The capacity optimiser of one group, with everything that must survive a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CapacityOptimiser {
    /// The constants in force.
    config: SizingConfig,
    /// Periods seen, those without data included.
    periods: i64,
    /// The price step that follows the violation budget.
    budget: Budget,
    /// Spare capacity since the last scale-in, in instance-minutes.
    surplus: f64,
    /// Error of the median lately, in log load.
    live_error: LiveError,
    /// How often loads stayed below their quantiles, and time in violation.
    #[serde(rename = "ledger")]
    calibration: CalibrationRecord,
    /// Mean over about a day of the instances that the load needs.
    mean_need: f64,
    /// Mean absolute change of log load from one period to the next, over about a day.
    roughness: f64,
    /// Log load of the newest period; none before the first and after a gap.
    last_log_load: Option<f64>,
    /// `(capacity wanted at the dearer price, instances needed)` of the newest periods. Oldest
    /// first.
    held: VecDeque<(u32, u32)>,
    /// Highest load of each of the last 168 hours, the newest last.
    peaks: VecDeque<f64>,
    /// Fallback target tracking, which decides in the first hour.
    tracking: Tracking,
    /// Capacity that the newest step asked for; none before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<u32>,
    /// Baseline target tracking on the same load; none before the first period.
    #[serde(rename = "shadow")]
    baseline: Option<Baseline>,
}

impl CapacityOptimiser {
    /// An optimiser for a group without any history.
    pub fn new(config: SizingConfig) -> Self {
        Self {
            budget: Budget::new(&config.budget),
            config,
            periods: 0,
            surplus: 0.0,
            live_error: LiveError::new(),
            calibration: CalibrationRecord::new(),
            mean_need: 0.0,
            roughness: 0.0,
            last_log_load: None,
            held: VecDeque::new(),
            peaks: VecDeque::new(),
            tracking: Tracking::new(config.target, config.tracking),
            asked: None,
            baseline: None,
        }
    }

    /// The constants in force.
    pub fn config(&self) -> &SizingConfig {
        &self.config
    }

    /// Whether and how far the price is bounded.
    pub fn standing(&self) -> Standing {
        self.budget.standing()
    }

    /// Goes by the price list of the group's own history. While the budget of the last seven days
    /// is overspent, capacity is bought at the list's price for the budget and no higher: what is
    /// past cannot be bought back.
    pub fn take_price_list(&mut self, list: PriceList) {
        self.budget.take_price_list(list);
    }

    /// Whether the group's price list should be made anew with the fit on a history up to `newest`.
    pub fn is_price_list_due(&self, newest: Period) -> bool {
        // Stated prices need no list.
        let by_budget = self.config.violation_price_ratio.is_none();
        by_budget
            && self
                .budget
                .is_list_due(newest, self.config.grid.periods(1440))
    }

    /// The newest price list.
    pub fn price_list(&self) -> Option<&PriceList> {
        self.budget.price_list()
    }

    /// Takes over changed constants, such as a newly measured boot, keeping what was learned.
    pub fn reconfigure(&mut self, config: SizingConfig) {
        if config.grid != self.config.grid {
            self.live_error.clear();
            self.calibration.clear();
            self.held.clear();
            self.budget.forget_price_list();
            let minutes = self.periods * i64::from(self.config.grid.step_minutes());
            self.periods = minutes / i64::from(config.grid.step_minutes());
        }
        self.tracking.aim_at(config.target, config.tracking);
        if let Some(baseline) = &mut self.baseline {
            baseline.aim_at(config.target, config.tracking);
        }
        self.config = config;
    }

    /// Whether it has seen enough to go by a forecast.
    fn has_started(&self) -> bool {
        self.periods * i64::from(self.config.grid.step_minutes()) >= TRACKING_MINUTES
    }

    /// Whether it had before the newest period.
    fn had_started(&self) -> bool {
        (self.periods - 1) * i64::from(self.config.grid.step_minutes()) >= TRACKING_MINUTES
    }

    /// Learns level, roughness and peaks of the last week from past loads, so that a group with a
    /// history needs no first hour. Does nothing once that hour is over.
    ///
    /// `loads`: instance-percent of each period, oldest first, including the periods already passed
    /// to [`Self::step`].
    pub fn prime(&mut self, loads: impl IntoIterator<Item = f64>) {
        if self.has_started() {
            return;
        }
        self.periods = 0;
        self.last_log_load = None;
        self.peaks.clear();
        for load in loads {
            self.follow_load(load);
            self.note_peak(load);
            self.periods += 1;
        }
    }

    /// Decides on one newly published period.
    pub fn step(&mut self, inputs: &SizingInputs) -> SizingOutput {
        let tracked = self.take_in(inputs);
        let curve = self.foresee(inputs);
        let curve = curve.map(|c| c.raised(inputs.uplift));
        let need = instances(inputs.cpu * inputs.instances / self.config.objective);
        let output = match curve {
            Some(curve) => self.decide(inputs, &curve, need, tracked),
            None => self.track(inputs, need, tracked),
        };
        self.asked = Some(output.desired.unwrap_or(inputs.desired));
        output
    }

    /// Learns from a period that arrived together with newer ones. It is too late to decide on it.
    pub fn pass(&mut self, inputs: &SizingInputs) {
        self.take_in(inputs);
        self.foresee(inputs);
    }

    /// Learns, charges the budget and compares. Returns the instances that the baseline has in
    /// service.
    fn take_in(&mut self, inputs: &SizingInputs) -> u32 {
        self.pass_over(inputs.missed);
        let started = self.has_started();
        let load = inputs.cpu * inputs.instances;
        self.learn(inputs, load);
        let (tracked, tracked_violates) = self.follow_baseline(inputs, load);
        let minutes = self.config.step_minutes();
        let violation = self.violation_share(inputs.cpu);
        self.calibration
            .observe(inputs.log_demand, violation, self.config.grid);
        // In the first hour fallback target tracking decides: it would be compared with itself.
        if started && inputs.governs {
            self.budget.compare(
                minutes,
                (f64::from(self.own(inputs)), violation),
                (f64::from(tracked), f64::from(u8::from(tracked_violates))),
                self.config.budget_share,
                &self.config.budget,
            );
            let config = &self.config;
            let aimed = config.aim * config.budget_share;
            // At the group's maximum no price would have bought more.
            let could_have_more = inputs.desired < inputs.bounds.1;
            if could_have_more || violation < aimed {
                let shares = (aimed, config.budget_share);
                let measured = inputs.cpu > config.objective;
                self.budget
                    .charge(minutes, (violation, measured), shares, &config.budget);
            }
        }
        self.note_peak(load);
        self.periods += 1;
        tracked
    }

    /// Capacity that is here by the optimiser's own will: what guard rails keep beyond that and
    /// headroom are not bought against risk.
    fn own(&self, inputs: &SizingInputs) -> u32 {
        let (min, max) = inputs.bounds;
        let asked = self.asked.map(|asked| asked.min(max).max(min));
        let own = asked.map_or(inputs.desired, |asked| asked.min(inputs.desired));
        self.config.headroom.left_of(own)
    }

    /// The curve of the load one lead ahead. It is judged when that load comes.
    fn foresee(&mut self, inputs: &SizingInputs) -> Option<Curve> {
        let started = self.had_started();
        let forecast = inputs
            .forecast
            .filter(|f| started && f.base.is_finite() && f.quantiles.iter().all(|q| q.is_finite()));
        let curve = forecast.map(|f| {
            Curve::new(
                f.base,
                f.quantiles,
                self.live_error.sigma(),
                self.config.widening,
            )
        });
        self.live_error.remember(curve.as_ref());
        self.calibration.remember(curve.as_ref());
        curve
    }

    /// Periods without data: time passes, nothing is learned from them or charged for them.
    fn pass_over(&mut self, missed: u32) {
        for _ in 0..missed.min(MISSED_MAX) {
            self.live_error.pass_over(self.config.grid);
            self.calibration.pass_over(self.config.grid);
        }
        if missed > 0 {
            self.last_log_load = None;
        }
        self.periods += i64::from(missed);
        if let Some(baseline) = &mut self.baseline {
            baseline.pass_over(missed);
        }
    }

    /// The answer of the newest step as it stands `late_minutes` after the next period should have
    /// been seen: the forecast reaches further by that much, and its spread grows with the root of
    /// what it reaches, as that of a random walk. It may ask for more, never for less.
    pub fn late(&self, newest: &SizingOutput, desired: u32, late_minutes: f64) -> SizingOutput {
        let Some(curve) = newest.curve else {
            return *newest;
        };
        let mut output = SizingOutput {
            from: desired,
            desired: None,
            ..*newest
        };
        let lead_minutes = f64::from(self.config.grid.lead_steps()) * self.config.step_minutes();
        let curve = curve.widened((1.0 + late_minutes.max(0.0) / lead_minutes).sqrt());
        let (outward, inward) = self.wants(&curve, self.budget.price_step());
        let headroom = self.config.headroom;
        let low = headroom.with(outward.min(newest.cap)).max(newest.low);
        output.curve = Some(curve);
        output.low = low;
        let high = headroom.with(inward.min(newest.cap));
        output.high = newest.high.max(high).max(low);
        output.violation_chance = Some(self.violation_chance(&curve, output.high));
        if desired < low {
            output.desired = Some(low);
            output.binding = ForecastRule::Late;
        } else if desired > output.high {
            output.binding = ForecastRule::Waiting;
        } else {
            output.binding = ForecastRule::Band;
        }
        output
    }

    fn violation_chance(&self, curve: &Curve, capacity: u32) -> f64 {
        curve.violation_chance(capacity, self.config.objective)
    }

    /// Running means and the live error of the median.
    fn learn(&mut self, inputs: &SizingInputs, load: f64) {
        self.follow_load(load);
        self.live_error.observe(inputs.log_demand, self.config.grid);
        self.tracking.observe(inputs.cpu);
    }

    fn follow_load(&mut self, load: f64) {
        let minutes = self.config.step_minutes();
        let seen = (self.periods + 1) as f64;
        let share = (1.0 / seen).max(minutes / DAY_MINUTES);
        self.mean_need += share * (load / self.config.objective - self.mean_need);
        let log_load = load.max(1.0).ln();
        if let Some(last) = self.last_log_load.replace(log_load) {
            self.roughness += share * ((log_load - last).abs() - self.roughness);
        }
    }

    fn follow_baseline(&mut self, inputs: &SizingInputs, load: f64) -> (u32, bool) {
        let lead = self.config.lead_periods();
        self.baseline
            .get_or_insert_with(|| self.tracking.baseline(inputs.desired))
            .step(load, self.config.objective, lead, inputs.bounds)
    }

    /// The expected share of a period in violation, 0 to 1. A minute is in violation or not. Within
    /// five minutes the load moves, above the objective as below: the share follows from how much
    /// it moves from period to period.
    pub(super) fn violation_share(&self, cpu: f64) -> f64 {
        if self.config.grid.step_minutes() == 1 || cpu <= 0.0 || self.roughness <= 0.0 {
            return f64::from(u8::from(cpu > self.config.objective));
        }
        1.0 - normal::cdf((self.config.objective / cpu).ln() / self.roughness)
    }

    fn note_peak(&mut self, load: f64) {
        let minute = self.periods * i64::from(self.config.grid.step_minutes());
        if self.peaks.is_empty() || minute % HOUR_MINUTES == 0 {
            self.peaks.push_back(load);
            if self.peaks.len() > PEAK_HOURS {
                self.peaks.pop_front();
            }
        } else if let Some(newest) = self.peaks.back_mut() {
            *newest = newest.max(load);
        }
    }

    fn track(&mut self, inputs: &SizingInputs, need: u32, tracked: u32) -> SizingOutput {
        let headroom = self.config.headroom;
        let (wanted, run) =
            self.tracking
                .wanted(inputs.instances, inputs.desired, inputs.pending, headroom);
        self.surplus = 0.0;
        let mut output = self.output(inputs, need, tracked, ForecastRule::Tracking);
        output.tracking_run = Some(run);
        output.low = wanted;
        output.high = wanted;
        output.desired = (wanted != inputs.desired).then_some(wanted);
        output
    }

    fn decide(
        &mut self,
        inputs: &SizingInputs,
        curve: &Curve,
        need: u32,
        tracked: u32,
    ) -> SizingOutput {
        let price_step = self.budget.price_step();
        let peak = self.peaks.iter().copied().fold(0.0, f64::max) * inputs.uplift.max(1.0);
        let cap = instances(PEAK_FACTOR * peak / self.config.objective);
        let (outward, inward) = self.wants(curve, price_step);
        self.held.push_back((inward.min(cap), need));
        while self.held.len() > self.config.hold_periods() + 1 {
            self.held.pop_front();
        }
        let surge = if inputs.cpu >= SATURATED_CPU {
            instances(SURGE_FACTOR * inputs.instances)
        } else {
            0
        };
        let needed = outward.min(cap).max(need).max(surge);
        let high = self.held.iter().fold(needed, |h, (w, n)| h.max(*w).max(*n));
        // What is here for a loss is not weighed against risk: it comes on top.
        let [low, high] = [needed, high].map(|it| self.config.headroom.with(it));
        let (desired, binding) = self.settle(inputs.desired, low, high);
        let binding = match binding {
            ForecastRule::Forecast if surge == needed => ForecastRule::Surge,
            ForecastRule::Forecast if need == needed => ForecastRule::Load,
            other => other,
        };
        let mut output = self.output(inputs, need, tracked, binding);
        output.violation_chance = Some(self.violation_chance(curve, high));
        output.cap = cap;
        output.capped = inward > cap;
        output.curve = Some(*curve);
        output.low = low;
        output.high = high;
        output.desired = (desired != inputs.desired).then_some(desired);
        output
    }

    /// Capacity by the cheaper and by the dearer price.
    fn wants(&self, curve: &Curve, price_step: i32) -> (u32, u32) {
        let per_instance = self.config.objective;
        match self.config.violation_price_ratio {
            None => (
                cheapest(curve, self.price(price_step - BAND), per_instance),
                cheapest(curve, self.price(price_step), per_instance),
            ),
            Some(ratio) => (
                newsvendor(curve, ratio * PRICE_BAND, per_instance),
                newsvendor(curve, ratio, per_instance),
            ),
        }
    }

    /// Ski rental: spare instances above `high` stay until keeping them has cost as much as
    /// relaunching them would.
    fn settle(&mut self, desired: u32, low: u32, high: u32) -> (u32, ForecastRule) {
        let minutes = self.config.step_minutes();
        if desired <= high {
            self.surplus = 0.0;
        } else {
            self.surplus += minutes * f64::from(desired - high);
        }
        if desired < low {
            (low, ForecastRule::Forecast)
        } else if desired <= high {
            (desired, ForecastRule::Band)
        } else if self.surplus >= self.config.surplus_due() * f64::from(desired) {
            self.surplus = 0.0;
            (high, ForecastRule::Surplus)
        } else {
            (desired, ForecastRule::Waiting)
        }
    }

    fn price(&self, price_step: i32) -> Price {
        Price::at(price_step, self.mean_need.max(LEAST_MEAN_NEED))
    }

    fn output(
        &self,
        inputs: &SizingInputs,
        need: u32,
        tracked: u32,
        binding: ForecastRule,
    ) -> SizingOutput {
        let price_step = self.budget.price_step();
        let [day, week] = self.calibration.kept();
        SizingOutput {
            from: inputs.desired,
            desired: None,
            low: inputs.desired,
            high: inputs.desired,
            need,
            curve: None,
            price_step,
            price: match self.config.violation_price_ratio {
                None => self.price(price_step),
                Some(ratio) => Price {
                    lambda: ratio,
                    offset: 0.0,
                },
            },
            violation_chance: None,
            sigma: self.live_error.sigma(),
            cap: u32::MAX,
            capped: false,
            standing: self.budget.standing(),
            price_step_max: self
                .budget
                .max(self.config.budget_share, &self.config.budget),
            means: self.budget.means(),
            day,
            week,
            tracking: tracked,
            binding,
            tracking_run: None,
        }
    }
}
