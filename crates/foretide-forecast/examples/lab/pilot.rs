//! The forecast policy as a policy of the simulated group.

use std::time::{Duration, Instant};

use foretide_forecast::sizing::{
    CapacityOptimiser, Forecast, PricedPeriod, SizingConfig, SizingInputs, SizingOutput, try_prices,
};
use foretide_forecast::{FitParams, Fitted, Forecaster, LoadPoint, fit};

use crate::world::{Policy, Published};

/// A forecast with the demand that its period was taken for.
pub(crate) type Noted = (f64, Option<Forecast>);

pub(crate) struct Pilot {
    forecaster: Forecaster,
    optimiser: CapacityOptimiser,
    offset: i64,
    seed: u64,
    /// Forecasts noted in an earlier run, to try other constants without fitting anew.
    replayed: Option<Vec<Noted>>,
    pub(crate) noted: Vec<Noted>,
    pub(crate) outputs: Vec<(i64, SizingOutput)>,
    pub(crate) fit_time: Duration,
    pub(crate) step_time: Duration,
    pub(crate) fits: u32,
    config: SizingConfig,
    /// The group's maximum.
    pub(crate) max: u32,
    /// Whether a price list is made every day.
    pub(crate) lists: bool,
}

impl Pilot {
    pub(crate) fn new(
        config: SizingConfig,
        offset: i64,
        seed: u64,
        generic: Option<Fitted>,
        replayed: Option<Vec<Noted>>,
    ) -> Self {
        Self {
            forecaster: Forecaster::new(config.grid, generic),
            optimiser: CapacityOptimiser::new(config),
            offset,
            seed,
            replayed,
            noted: Vec::new(),
            outputs: Vec::new(),
            fit_time: Duration::ZERO,
            step_time: Duration::ZERO,
            fits: 0,
            config,
            max: 100,
            lists: false,
        }
    }

    fn forecast(&mut self, newest: Published) -> Noted {
        if let Some(replayed) = &self.replayed {
            return replayed[newest.period as usize];
        }
        self.forecaster.observe(LoadPoint {
            period: self.offset + newest.period,
            load: newest.cpu * newest.instances,
            saturated: newest.cpu >= 99.5,
        });
        (self.forecaster.log_demand(), self.forecaster.forecast())
    }

    /// The price list of the last week, from the second day on.
    fn price(&mut self, step: i64) {
        let (day, all) = ((1440 / step) as usize, self.noted.len());
        let week = &self.noted[all.saturating_sub(8 * day)..];
        if week.len() < 2 * day {
            return;
        }
        let period = |(log_demand, forecast): &Noted| PricedPeriod {
            log_demand: *log_demand,
            forecast: *forecast,
        };
        let periods: Vec<PricedPeriod> = week.iter().map(period).collect();
        if let Some(list) = try_prices(&self.config, (1, self.max), &periods, day) {
            self.optimiser.take_price_list(list);
        }
    }

    fn refit(&mut self) {
        if self.replayed.is_some() || !self.forecaster.fit_due() {
            return;
        }
        let began = Instant::now();
        match fit(self.forecaster.history(), &FitParams::default(), self.seed) {
            Ok(fitted) => {
                self.forecaster.install(fitted);
            }
            Err(error) => eprintln!("fit: {error}"),
        }
        self.fit_time += began.elapsed();
        self.fits += 1;
    }
}

impl Policy for Pilot {
    fn decide(&mut self, newest: Published, desired: u32, pending: bool) -> Option<u32> {
        let began = Instant::now();
        let (log_demand, forecast) = self.forecast(newest);
        let output = self.optimiser.step(&SizingInputs {
            missed: 0,
            cpu: newest.cpu,
            instances: newest.instances,
            log_demand,
            desired,
            bounds: (1, self.max),
            governs: true,
            pending,
            forecast,
            uplift: 1.0,
        });
        self.step_time += began.elapsed();
        self.refit();
        self.noted.push((log_demand, forecast));
        let step = i64::from(self.config.grid.step_minutes());
        if self.lists && self.noted.len() as i64 % (1440 / step) == 0 {
            self.price(step);
        }
        self.outputs.push((newest.period, output));
        output.desired
    }
}
