//! Policy `forecast` between datapoints: history, model and capacity optimiser, fed with every
//! period.

mod ahead;
mod optimiser;
mod past;

use std::collections::BTreeMap;
use std::time::Duration;

use foretide_domain::{
    Alarm, Bounds, CallId, Datapoint, ForecastFigures, Load, LoadSource, Outlook, Percent,
    PriceLimit, PriceTable, Timestamp,
};
use foretide_forecast::sizing::{
    CapacityOptimiser, PriceList, SizingConfig, SizingInputs, SizingOutput, Standing,
    TRACKING_MINUTES,
};
use foretide_forecast::{Forecaster, Grid, ModelSource, Period};

use self::optimiser::{
    generic_model, grid, load_point, price_list_job, pricing, sizing_config, standing_changed,
};

use crate::backfill::Backfill;
use crate::calendar::{CalendarEvent, Learned};
use crate::config::ControllerConfig;
use crate::load::{Measured, measured};
use crate::policy::forecast::SavedOptimiser;
use crate::protocol::{FitJob, FitMade, FitOutcome, ForecastSnapshot, LatestForecast};

/// A failed fit is tried again after this many periods' worth of waiting, an hour.
const RETRY: Duration = Duration::from_secs(3600);

/// How far back most periods must be known, so that the recent level is one that was seen.
const LATELY_MINUTES: i64 = 30;

/// What is known of the group when a period comes in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    pub(crate) config: &'a ControllerConfig,
    pub(crate) lead_time: Duration,
    pub(crate) per_instance: Option<f64>,
    pub(crate) desired: u32,
    /// Whether launches are under way.
    pub(crate) pending: bool,
    /// Least and most desired capacity that the group may have.
    pub(crate) bounds: Bounds,
    /// Whether desired capacity is what was decided here, and nobody else's.
    pub(crate) governs: bool,
    /// Whether the period is the newest: the optimiser decides on it alone.
    pub(crate) decides: bool,
}

/// What a period has brought.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Observed {
    /// The risk price is bounded, or free, from now on.
    pub(crate) alarm: Option<Alarm>,
    /// The period that is forecast now, and the median of its load in instance-percent.
    pub(crate) expected: Option<(Timestamp, f64)>,
}

/// What the group's forecast rests on.
#[derive(Clone, Debug)]
pub(crate) struct Forecasting {
    forecaster: Forecaster,
    pub(crate) backfill: Backfill,
    /// Back to when history was asked for.
    read_from: Option<Timestamp>,
    /// Whether a model was taken over since the last snapshot.
    pub(crate) refitted: bool,
    grid: Grid,
    pub(crate) output: Option<SizingOutput>,
    /// What the newest load was measured by, and how far events lift the newest forecast.
    source: LoadSource,
    uplift: f64,
    lifting: Option<String>,
    /// Load of the next hours, made anew every six hours.
    outlook: Option<Outlook>,
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
            backfill: Backfill::default(),
            read_from: None,
            refitted: false,
            grid,
            output: None,
            source: LoadSource::Cpu,
            uplift: 1.0,
            lifting: None,
            outlook: None,
            fit: None,
            not_before: None,
        })
    }

    /// Goes on from a snapshot. `newest` is the start of the optimiser's newest period.
    pub(crate) fn resume(snapshot: ForecastSnapshot, newest: Option<Timestamp>) -> Self {
        let grid = snapshot.history.grid();
        let mut forecaster = Forecaster::resume(snapshot.history, generic_model(grid));
        // One for another lead was of no use before, and is none now.
        snapshot.own.map(|own| forecaster.install(own));
        let latest = snapshot.latest.filter(|it| Some(it.of) == newest);
        Self {
            forecaster,
            backfill: Backfill::default(),
            read_from: snapshot.read_from,
            refitted: false,
            grid,
            output: latest.as_ref().map(|it| it.output),
            source: latest.as_ref().map_or(LoadSource::Cpu, |it| it.source),
            uplift: latest.as_ref().map_or(1.0, |it| it.uplift),
            lifting: latest.and_then(|it| it.lifting),
            outlook: snapshot.outlook,
            fit: None,
            not_before: snapshot.not_before,
        }
    }

    /// The snapshot to keep. While history is still being read, a restart reads all of it again.
    /// `newest` is the start of the optimiser's newest period.
    pub(crate) fn snapshot(&self, newest: Option<Timestamp>) -> ForecastSnapshot {
        let latest = self.output.zip(newest).map(|(output, of)| LatestForecast {
            of,
            output,
            source: self.source,
            uplift: self.uplift,
            lifting: self.lifting.clone(),
        });
        ForecastSnapshot {
            history: self.forecaster.history().clone(),
            own: self.forecaster.own().cloned(),
            read_from: self.read_from.filter(|_| !self.backfill.is_reading()),
            not_before: self.not_before,
            latest,
            outlook: self.outlook.clone(),
            signals: BTreeMap::new(),
        }
    }

    /// Whether a model or history came that a snapshot should hold. While parts of the history are
    /// still to be read, a snapshot would let all of them be read again.
    pub(crate) fn has_learnt(&self) -> bool {
        (self.refitted && !self.backfill.is_reading()) || self.backfill.is_complete()
    }

    /// Learns what known events have brought from the whole history, where nothing is known yet.
    pub(crate) fn learn_events(&self, events: &[CalendarEvent], learned: &mut Learned) {
        let step = 60 * i64::from(self.grid.step_minutes());
        let start = |period: Period| Timestamp::from_seconds(period.saturating_mul(step));
        learned.begin(events, self.forecaster.history(), start);
    }

    /// Whether the forecast uses a model of the group's own.
    pub(crate) fn has_own_model(&self) -> bool {
        self.forecaster.source() == ModelSource::Own
    }

    /// Time that the history spans.
    pub(crate) fn history(&self) -> Duration {
        Duration::from_secs_f64(self.forecaster.history().days() * 86_400.0)
    }

    /// Load of the periods known, the oldest first.
    pub(crate) fn demands(&self) -> impl Iterator<Item = f64> + '_ {
        self.forecaster.history().demands()
    }

    /// Whether enough is seen to forecast from: the optimiser's first hour, and half of the last
    /// half hour. What fills a longer gap is a guess, such as the load of
    /// yesterday after a night without a service.
    fn is_seasoned(&self) -> bool {
        let step = i64::from(self.grid.step_minutes());
        let history = self.forecaster.history();
        let lately = LATELY_MINUTES / step;
        history.len() * step >= TRACKING_MINUTES && 2 * history.known_lately(lately) >= lately
    }

    /// Takes in a period; the newest steps the optimiser. None where the period brings nothing new.
    pub(crate) fn observe(
        &mut self,
        point: &Datapoint,
        told: &Told<'_>,
        saved: &mut Option<SavedOptimiser>,
    ) -> Option<Observed> {
        if !self.follow_lead(point.period, told.lead_time) {
            return None;
        }
        let measured = measured(point, told.per_instance)?;
        let load = load_point(self.grid, point, told.per_instance)?;
        let period = load.period;
        let taken = self.forecaster.observe(load);
        let sizing_config = sizing_config(self.grid, told.lead_time, told.config);
        let saved = saved.get_or_insert_with(|| SavedOptimiser {
            optimiser: CapacityOptimiser::new(sizing_config),
            newest_start: None,
            learned: Learned::default(),
        });
        if *saved.optimiser.config() != sizing_config {
            saved.optimiser.reconfigure(sizing_config);
        }
        if taken {
            let (events, history) = (&told.config.calendar, self.forecaster.history());
            saved.learned.observe(events, history, period, point.start);
        }
        let new = saved.newest_start.is_none_or(|seen| point.start > seen);
        if !(taken && new) {
            return None;
        }
        self.look_ahead(period);
        self.source = measured.source;
        let before = saved.optimiser.standing();
        let expected = self.step(point, &measured, period, told, saved);
        let output = self.output.as_ref();
        let alarm = output.and_then(|it| standing_changed(before, saved.optimiser.standing(), it));
        Some(Observed { alarm, expected })
    }

    /// Steps the optimiser. Returns the period that is forecast now, and the median of its load.
    fn step(
        &mut self,
        point: &Datapoint,
        measured: &Measured,
        period: Period,
        told: &Told<'_>,
        saved: &mut SavedOptimiser,
    ) -> Option<(Timestamp, f64)> {
        let missed = saved.newest_start.map_or(0, |seen| {
            let length = point.period.as_millis().max(1);
            let periods = point.start.since(seen).as_millis() / length;
            u32::try_from(periods.saturating_sub(1)).unwrap_or(u32::MAX)
        });
        saved.newest_start = Some(point.start);
        let forecast = self.forecaster.forecast().filter(|_| self.is_seasoned());
        let median = forecast.map(|f| (f.base + f.quantiles[0]).exp());
        self.lift(point, period, median, told, &saved.learned);
        let target = point
            .start
            .plus(point.period.saturating_mul(self.grid.lead_steps()));
        let inputs = SizingInputs {
            cpu: measured.utilisation,
            instances: point.instances,
            missed,
            log_demand: self.forecaster.log_demand(),
            desired: told.desired,
            bounds: (told.bounds.min(), told.bounds.max()),
            governs: told.governs,
            pending: told.pending,
            forecast,
            uplift: self.uplift,
        };
        if told.decides {
            self.output = Some(saved.optimiser.step(&inputs));
        } else {
            saved.optimiser.pass(&inputs);
        }
        // The generic model does not know this group's usual load.
        let own = median.filter(|_| self.has_own_model());
        own.map(|median| (target, median))
    }

    /// Finds the factor that lifts the median to what events bring; 1 where it is there without.
    fn lift(
        &mut self,
        point: &Datapoint,
        period: Period,
        median: Option<f64>,
        told: &Told<'_>,
        learned: &Learned,
    ) {
        let lead = self.grid.lead_steps();
        let target = point.start.plus(point.period.saturating_mul(lead));
        let expected = learned.expected(
            &told.config.calendar,
            self.forecaster.history(),
            period + i64::from(lead),
            target,
        );
        let lifted = expected
            .zip(median)
            .filter(|((load, _), median)| load > median);
        (self.uplift, self.lifting) = match lifted {
            Some(((load, event), median)) => (load / median, Some(event.name.clone())),
            None => (1.0, None),
        };
    }

    /// The event that lifts the newest forecast.
    pub(crate) fn lifting(&self) -> Option<&str> {
        self.lifting.as_deref()
    }

    /// Makes the outlook anew where it is due.
    fn look_ahead(&mut self, newest: Period) {
        let history = self.forecaster.history();
        if ahead::is_due(history, newest, self.outlook.as_ref()) {
            let made = ahead::look_ahead(history);
            self.outlook = made.or_else(|| self.outlook.take());
        }
    }

    /// The newest outlook; none before a day of history is known.
    pub(crate) fn outlook(&self) -> Option<&Outlook> {
        self.outlook.as_ref()
    }

    /// Whether a fit should be asked for now; `call` then names it.
    pub(crate) fn ask_fit(&mut self, call: CallId, now: Timestamp) -> bool {
        let due = self.is_fit_due(now);
        if due {
            self.fit = Some(call);
        }
        due
    }

    /// Whether a fit should be asked for now.
    pub(crate) fn is_fit_due(&self, now: Timestamp) -> bool {
        let waits = self.fit.is_some() || self.not_before.is_some_and(|at| now < at);
        !waits && self.forecaster.fit_due()
    }

    /// Whether a fit is under way.
    pub(crate) fn is_fitting(&self) -> bool {
        self.fit.is_some()
    }

    /// Whether `call` is the fit under way.
    pub(crate) fn awaits(&self, call: CallId) -> bool {
        self.fit == Some(call)
    }

    /// The fit asked for, with a price list where one is due.
    pub(crate) fn fit_job(&self, optimiser: Option<&CapacityOptimiser>, bounds: Bounds) -> FitJob {
        let history = self.forecaster.history();
        let due = |it: &&CapacityOptimiser| {
            let newest = history.newest();
            newest.is_some_and(|newest| it.is_price_list_due(newest))
        };
        let pricing = optimiser.filter(due).map(|it| price_list_job(it, bounds));
        FitJob::new(history.clone(), pricing)
    }

    /// The price list of the newest week, made now.
    pub(crate) fn price_list(
        &self,
        optimiser: &CapacityOptimiser,
        bounds: Bounds,
    ) -> Option<PriceTable> {
        let by_budget = optimiser.config().violation_price_ratio.is_none();
        let pricing = by_budget.then(|| price_list_job(optimiser, bounds));
        let made = FitJob::new(self.forecaster.history().clone(), pricing).prices();
        made.map(|list| list.table(self.grid))
    }

    /// The price list that the optimiser goes by, as people read it. Stated prices need none.
    pub(crate) fn known_prices(&self, optimiser: &CapacityOptimiser) -> Option<PriceTable> {
        let by_budget = optimiser.config().violation_price_ratio.is_none();
        let known = optimiser.price_list().filter(|_| by_budget);
        known.map(|list| list.table(self.grid))
    }

    /// Takes over a fit. Returns the price list that came with it.
    ///
    /// A failed fit, or one for a lead time that is no longer the group's, leaves
    /// the model as it is and is tried again later; the error says why.
    pub(crate) fn fitted(
        &mut self,
        call: CallId,
        outcome: FitOutcome,
        now: Timestamp,
    ) -> Result<Option<PriceList>, String> {
        if self.fit.take_if(|waiting| *waiting == call).is_none() {
            return Ok(None);
        }
        let installed = match outcome {
            FitOutcome::Made(made) => {
                let FitMade { fitted, prices } = *made;
                let fits = self.forecaster.install(fitted);
                fits.then_some(prices)
                    .ok_or_else(|| "the lead time has changed since".to_owned())
            }
            FitOutcome::Failed(error) => Err(error.to_string()),
            FitOutcome::NotKept => Err("the new one was not kept".to_owned()),
        };
        match installed {
            Ok(_) => self.refitted = true,
            Err(_) => self.not_before = Some(now.plus(RETRY)),
        }
        installed
    }

    /// What an explanation shows of it.
    pub(crate) fn figures(
        &self,
        output: &SizingOutput,
        sizing: &SizingConfig,
        lead_time: Duration,
    ) -> ForecastFigures {
        let quantiles = output.curve.and_then(|curve| {
            let [a, b, c, d, e] = curve.points().map(|log| Load::new(log.exp()));
            Some([a?, b?, c?, d?, e?])
        });
        let minutes = u64::from(self.grid.step_minutes()) * u64::from(self.grid.lead_steps());
        ForecastFigures {
            ahead: Duration::from_secs(60 * minutes),
            objective: Percent::new(sizing.objective),
            history: self.history(),
            reading_history: self.backfill.is_reading(),
            lead_time,
            quantiles,
            own_model: self.has_own_model(),
            load_source: self.source,
            uplift: self.uplift,
            pricing: pricing(output, sizing),
            price: output.price.lambda,
            short_chance: output.violation_chance,
            low_chance: output.low_chance(sizing.objective),
            low: output.low,
            high: output.high,
            need: output.need,
            kept: [output.day, output.week],
            against_tracking: output.means,
            limit: match output.standing {
                Standing::Free => None,
                Standing::CostLimit => Some(PriceLimit::MaxCost),
                Standing::Overspent => Some(PriceLimit::Overspent),
            },
        }
    }

    /// Follows a lead time that was measured anew; tells whether the group can be forecast.
    fn follow_lead(&mut self, period: Duration, lead_time: Duration) -> bool {
        let Some(grid) = grid(period, lead_time) else {
            return false;
        };
        if grid != self.grid {
            let forecaster = self.forecaster.clone().with_lead(grid, generic_model(grid));
            if forecaster.is_none() {
                // Periods of another length: their history is another one.
                self.backfill = Backfill::default();
                self.read_from = None;
                self.output = None;
            }
            let fresh = || Forecaster::new(grid, generic_model(grid));
            self.forecaster = forecaster.unwrap_or_else(fresh);
            self.grid = grid;
            self.fit = None;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use foretide_forecast::LoadPoint;

    use super::*;

    fn forecasting() -> Forecasting {
        Forecasting::start(Duration::from_secs(60), Duration::from_secs(180)).unwrap()
    }

    /// Takes in periods of a load that is twice as high from noon on.
    fn pass(forecasting: &mut Forecasting, periods: impl Iterator<Item = i64>) -> Vec<i64> {
        periods
            .filter(|&period| {
                forecasting.forecaster.observe(LoadPoint {
                    period,
                    load: if period % 1440 < 720 { 200.0 } else { 400.0 },
                    saturated: false,
                });
                let before = forecasting.outlook().map(|it| it.of);
                forecasting.look_ahead(period);
                forecasting.outlook().map(|it| it.of) != before
            })
            .collect()
    }

    #[test]
    fn the_outlook_is_made_every_six_hours_also_where_the_first_period_is_missing() {
        let mut forecasting = forecasting();
        let made = pass(&mut forecasting, (0..3 * 1440).filter(|it| it % 360 > 2));
        // The first with a day of history, from period 3 on.
        assert_eq!(made[..3], [1443, 1803, 2163], "{made:?}");
        assert_eq!(made.len(), 8);
        let outlook = forecasting.outlook().unwrap();
        assert_eq!(outlook.hours.len(), 48);
        assert_eq!(outlook.hours[0].from, Timestamp::from_seconds(67 * 3600));
    }

    #[test]
    fn the_outlook_goes_on_from_a_snapshot() {
        let mut forecasting = forecasting();
        pass(&mut forecasting, 0..2 * 1440);
        let snapshot = forecasting.snapshot(None);
        let mut resumed = Forecasting::resume(snapshot, None);
        assert!(resumed.outlook().is_some());
        assert_eq!(resumed.outlook(), forecasting.outlook());
        let made = pass(&mut resumed, 2 * 1440..3 * 1440);
        assert_eq!(
            made,
            [2880, 3240, 3600, 3960],
            "and is made as it would have been"
        );
    }
}
