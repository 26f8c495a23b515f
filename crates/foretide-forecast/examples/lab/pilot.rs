//! The forecast policy as a policy of the simulated group.

use foretide_forecast::law::{LawConfig, LawInputs, LawOutput, LawState};
use foretide_forecast::{FitParams, Fitted, Forecaster, Grid, LoadPoint, fit};

use crate::world::{Policy, Published};

pub(crate) struct Pilot {
    pub(crate) forecaster: Forecaster,
    pub(crate) law: LawState,
    pub(crate) offset: i64,
    pub(crate) seed: u64,
    pub(crate) fit_params: FitParams,
    pub(crate) outputs: Vec<(i64, LawOutput, Option<[f64; 5]>)>,
    pub(crate) fit_time: std::time::Duration,
    pub(crate) step_time: std::time::Duration,
    pub(crate) fits: u32,
}

impl Pilot {
    pub(crate) fn new(config: LawConfig, offset: i64, seed: u64, generic: Option<Fitted>) -> Self {
        let grid: Grid = config.grid;
        Self {
            forecaster: Forecaster::new(grid, generic),
            law: LawState::new(config),
            offset,
            seed,
            fit_params: FitParams::default(),
            outputs: Vec::new(),
            fit_time: std::time::Duration::ZERO,
            step_time: std::time::Duration::ZERO,
            fits: 0,
        }
    }
}

impl Policy for Pilot {
    fn decide(&mut self, newest: Published, desired: u32, pending: bool) -> Option<u32> {
        let began = std::time::Instant::now();
        self.forecaster.observe(LoadPoint {
            period: self.offset + newest.period,
            load: newest.cpu * newest.instances,
            saturated: newest.cpu >= 99.5,
        });
        let forecast = self.forecaster.forecast();
        let output = self.law.step(&LawInputs {
            cpu: newest.cpu,
            instances: newest.instances,
            log_demand: self.forecaster.log_demand(),
            desired,
            pending,
            forecast,
        });
        self.step_time += began.elapsed();
        if self.forecaster.fit_due() {
            let began = std::time::Instant::now();
            match fit(self.forecaster.history(), &self.fit_params, self.seed) {
                Ok(fitted) => {
                    self.forecaster.install(fitted);
                }
                Err(error) => eprintln!("fit: {error}"),
            }
            self.fit_time += began.elapsed();
            self.fits += 1;
        }
        let raw = forecast.map(|f| f.quantiles.map(|q| q + f.base));
        self.outputs.push((newest.period, output, raw));
        output.desired
    }
}
