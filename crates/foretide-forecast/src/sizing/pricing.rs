//! Prices a history: the capacity optimiser is run over it once for each of some fixed price steps,
//! on a simulated group.

use super::optimiser::CapacityOptimiser;
use super::price_list::{PriceList, PricePoint};
use super::simulated::SimulatedGroup;
use super::tracking::Baseline;
use super::types::{Forecast, SizingConfig, SizingInputs};

/// The price steps that are tried. Closer where most groups end.
const STEPS: [f64; 12] = [
    0.0, 4.0, 7.0, 10.0, 13.0, 16.0, 19.0, 22.0, 25.0, 28.0, 32.0, 39.0,
];

/// A period of the history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PricedPeriod {
    /// Logarithm of the load, in instance-percent.
    pub log_demand: f64,
    /// The forecast that there was from this period; none without a model.
    pub forecast: Option<Forecast>,
}

/// Tries the price steps on `periods`, oldest first. Only the periods from index `scored_from` on
/// count. `bounds` are the least and most desired capacity. None if no period counts.
pub fn try_prices(
    config: &SizingConfig,
    bounds: (u32, u32),
    periods: &[PricedPeriod],
    scored_from: usize,
) -> Option<PriceList> {
    let scored = periods
        .len()
        .checked_sub(scored_from)
        .filter(|it| *it > 0)?;
    let tried = STEPS.map(|step| at_step(step, config, bounds, periods, scored_from));
    let baseline = tracked(config, bounds, periods, scored_from);
    let minutes = config.step_minutes() * scored as f64;
    Some(PriceList::new(
        minutes,
        (config.target, baseline),
        tried.to_vec(),
    ))
}

fn at_step(
    step: f64,
    config: &SizingConfig,
    bounds: (u32, u32),
    periods: &[PricedPeriod],
    scored_from: usize,
) -> PricePoint {
    let mut config = *config;
    config.budget.start = step;
    config.budget.gain = 0.0;
    config.budget.max_cost = f64::INFINITY;
    let mut optimiser = CapacityOptimiser::new(config);
    let mut group = SimulatedGroup::new(bounds.0.max(1));
    let mut sums = Sums::default();
    for (index, period) in periods.iter().enumerate() {
        let in_service = group.serve();
        let load = period.log_demand.exp();
        let utilisation = load / f64::from(in_service);
        let output = optimiser.step(&SizingInputs {
            cpu: utilisation.min(100.0),
            instances: f64::from(in_service),
            log_demand: period.log_demand,
            missed: 0,
            desired: group.desired(),
            bounds,
            governs: true,
            pending: group.is_launching(),
            forecast: period.forecast,
            uplift: 1.0,
        });
        if index >= scored_from {
            sums.add(group.desired(), optimiser.violation_share(utilisation));
        }
        let wanted = output.desired.unwrap_or(group.desired());
        group.set(wanted, config.lead_periods(), bounds);
    }
    sums.point(Some(step))
}

fn tracked(
    config: &SizingConfig,
    bounds: (u32, u32),
    periods: &[PricedPeriod],
    scored_from: usize,
) -> PricePoint {
    let mut baseline = Baseline::new(config.target, config.tracking, bounds.0.max(1));
    let mut sums = Sums::default();
    for (index, period) in periods.iter().enumerate() {
        let running = baseline.running();
        let load = period.log_demand.exp();
        let (_, violates) = baseline.step(load, config.objective, config.lead_periods(), bounds);
        if index >= scored_from {
            sums.add(running, f64::from(u8::from(violates)));
        }
    }
    sums.point(None)
}

/// Sums over the periods that count.
#[derive(Default)]
struct Sums {
    periods: f64,
    instances: f64,
    violations: f64,
}

impl Sums {
    fn add(&mut self, instances: u32, violation: f64) {
        self.periods += 1.0;
        self.instances += f64::from(instances);
        self.violations += violation;
    }

    fn point(&self, price_step: Option<f64>) -> PricePoint {
        PricePoint {
            price_step,
            instances: self.instances / self.periods,
            violation_share: self.violations / self.periods,
        }
    }
}
