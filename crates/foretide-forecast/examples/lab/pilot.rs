//! The forecast policy as a policy of the simulated group.

use std::time::{Duration, Instant};

use foretide_forecast::sizing::{
    CapacityOptimiser, Forecast, SizingConfig, SizingInputs, SizingOutput,
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
            bounds: (1, 100),
            governs: true,
            pending,
            forecast,
            uplift: 1.0,
        });
        self.step_time += began.elapsed();
        self.refit();
        self.noted.push((log_demand, forecast));
        self.outputs.push((newest.period, output));
        output.desired
    }
}
