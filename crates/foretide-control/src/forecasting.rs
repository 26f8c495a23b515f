//! Policy `forecast` between datapoints: history, model and the capacity law, fed with every
//! period.

use std::time::Duration;

use foretide_domain::{CallId, Datapoint, ForecastFigures, Load, Timestamp};
use foretide_forecast::law::{LawConfig, LawInputs, LawOutput, LawState, Standing};
use foretide_forecast::{
    FitError, FitParams, Fitted, Forecaster, Grid, History, LoadPoint, ModelSource, fit, generic,
};

use crate::config::ControllerConfig;
use crate::state::SavedLaw;

/// CPU from which a period counts as saturated: what it served is a lower bound of demand.
const SATURATED_CPU: f64 = 99.5;
/// Seed of the trees: the one that the published figures were measured with.
const SEED: u64 = 1;
/// A failed fit is tried again after this many periods' worth of waiting, an hour.
const RETRY: Duration = Duration::from_secs(3600);

/// A fit to be made away from the controller.
#[derive(Clone, Debug)]
pub struct FitJob {
    history: History,
}

impl FitJob {
    /// Fits. Takes about a third of a second for 14 days of one-minute periods.
    ///
    /// # Errors
    /// Where the history is too short or the fit answers no numbers.
    pub fn run(&self) -> Result<Fitted, FitError> {
        fit(&self.history, &FitParams::default(), SEED)
    }
}

/// What the group's forecast rests on. Not saved: it is made again from CloudWatch.
#[derive(Clone, Debug)]
pub(crate) struct Forecasting {
    forecaster: Forecaster,
    grid: Grid,
    pub(crate) output: Option<LawOutput>,
    fit: Option<CallId>,
    not_before: Option<Timestamp>,
}

impl Forecasting {
    /// Starts with the length of the group's periods and its lead time; none where the periods are
    /// neither of one nor of five minutes.
    pub(crate) fn start(period: Duration, lead_time: Duration) -> Option<Self> {
        let grid = grid(period, lead_time)?;
        Some(Self {
            forecaster: Forecaster::new(grid, generic_model(grid)),
            grid,
            output: None,
            fit: None,
            not_before: None,
        })
    }

    /// Takes in a period; `decides` tells whether it is the newest one, on which the law is
    /// stepped.
    pub(crate) fn observe(
        &mut self,
        point: &Datapoint,
        group: (u32, bool),
        lead_time: Duration,
        config: &ControllerConfig,
        saved: &mut Option<SavedLaw>,
        decides: bool,
    ) {
        let (Some(cpu), Some(load)) = (point.cpu, point.load()) else {
            return;
        };
        if !self.follow_lead(point.period, lead_time) {
            return;
        }
        let period = self.grid.period_at(point.start.as_seconds());
        let saturated = cpu.get() >= SATURATED_CPU;
        let taken = self.forecaster.observe(LoadPoint {
            period,
            load: load.get(),
            saturated,
        });
        let law_config = law_config(self.grid, lead_time, config);
        let saved = saved.get_or_insert_with(|| SavedLaw {
            law: LawState::new(law_config),
            through: None,
        });
        if *saved.law.config() != law_config {
            saved.law.reconfigure(law_config);
        }
        let new = saved.through.is_none_or(|through| period > through);
        if !(taken && decides && new) {
            return;
        }
        saved.through = Some(period);
        let (desired, pending) = group;
        self.output = Some(saved.law.step(&LawInputs {
            cpu: cpu.get(),
            instances: point.instances,
            log_demand: self.forecaster.log_demand(),
            desired,
            pending,
            forecast: self.forecaster.forecast(),
            uplift: 1.0,
        }));
    }

    /// Whether a fit should be asked for now; `call` then names it.
    pub(crate) fn ask_fit(&mut self, call: CallId, now: Timestamp) -> bool {
        let waits = self.fit.is_some() || self.not_before.is_some_and(|at| now < at);
        if waits || !self.forecaster.fit_due() {
            return false;
        }
        self.fit = Some(call);
        true
    }

    /// The fit asked for.
    pub(crate) fn fit_job(&self) -> FitJob {
        FitJob {
            history: self.forecaster.history().clone(),
        }
    }

    /// Takes over a fit. A failed one, or one for a lead time that is no longer the group's, leaves
    /// the model as it is and is tried again later.
    pub(crate) fn fitted(
        &mut self,
        call: CallId,
        result: Result<Fitted, FitError>,
        now: Timestamp,
    ) -> Result<(), Option<FitError>> {
        if self.fit.take_if(|waiting| *waiting == call).is_none() {
            return Ok(());
        }
        let done = match result.map(|fitted| self.forecaster.install(fitted)) {
            Ok(true) => return Ok(()),
            Ok(false) => Err(None),
            Err(error) => Err(Some(error)),
        };
        self.not_before = Some(now.plus(RETRY));
        done
    }

    /// What an explanation shows of it.
    pub(crate) fn figures(&self) -> Option<ForecastFigures> {
        let output = self.output.as_ref()?;
        let quantiles = output.curve.and_then(|curve| {
            let [a, b, c, d, e] = curve.points().map(|log| Load::new(log.exp()));
            Some([a?, b?, c?, d?, e?])
        });
        let minutes = u64::from(self.grid.step_minutes()) * u64::from(self.grid.lead_steps());
        Some(ForecastFigures {
            ahead: Duration::from_secs(60 * minutes),
            quantiles,
            own_model: self.forecaster.source() == ModelSource::Own,
            price: output.price.lambda,
            position: output.position,
            short_chance: output.short_chance,
            need: output.need,
            tracking: output.tracking,
            demoted: output.standing != Standing::Free,
        })
    }

    /// Follows a lead time that was measured anew; tells whether the group can be forecast.
    fn follow_lead(&mut self, period: Duration, lead_time: Duration) -> bool {
        let Some(grid) = grid(period, lead_time) else {
            return false;
        };
        if grid != self.grid {
            let forecaster = self.forecaster.clone().with_lead(grid, generic_model(grid));
            let fresh = || Forecaster::new(grid, generic_model(grid));
            self.forecaster = forecaster.unwrap_or_else(fresh);
            self.grid = grid;
            self.fit = None;
        }
        true
    }
}

fn grid(period: Duration, lead_time: Duration) -> Option<Grid> {
    let step_minutes = u32::try_from(period.as_secs() / 60).ok()?;
    Grid::for_boot(step_minutes, boot_minutes(lead_time)).ok()
}

fn boot_minutes(lead_time: Duration) -> u32 {
    u32::try_from(lead_time.as_secs().div_ceil(60)).unwrap_or(u32::MAX)
}

/// The file of generic models is part of the program and tested; were it broken, the law would
/// track the target until the group has a model of its own.
fn generic_model(grid: Grid) -> Option<Fitted> {
    generic(grid).ok().flatten()
}

fn law_config(grid: Grid, lead_time: Duration, config: &ControllerConfig) -> LawConfig {
    LawConfig {
        objective: config.forecast.objective.get(),
        budget_share: config.forecast.budget,
        ..LawConfig::new(grid, boot_minutes(lead_time))
    }
}
