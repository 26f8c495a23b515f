//! What policy `forecast` learns beside the looks: every period, the past, and its model.

use foretide_domain::{
    CallFailure, CallId, Datapoint, Effect, FailureKind, Mode, PolicyKind, Record, Timestamp,
};
use foretide_forecast::{FitError, Fitted};

use crate::controller::Controller;
use crate::forecasting::{FitJob, ForecastSnapshot, Forecasting, Told};
use crate::load::measured;

impl Controller {
    /// Policy `forecast` learns from every period in order, and decides on the newest.
    pub(crate) fn feed_forecast(
        &mut self,
        points: &[Datapoint],
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        if self.config.policy != PolicyKind::Forecast {
            return;
        }
        let Some(reading) = &self.state.group else {
            return;
        };
        let (desired, pending) = (reading.group.desired, reading.group.counts.pending > 0);
        let bounds = reading.group.bounds;
        let orders = &self.state.orders;
        let ordered = orders.paused.is_some() || orders.pinned.is_some();
        let governs = self.state.mode(&self.config) == Mode::Enforce && !ordered;
        let lead_time = self.state.lead_time(&self.config);
        let mut sorted: Vec<&Datapoint> = points
            .iter()
            .filter(|point| point.end() <= now && !point.period.is_zero())
            .collect();
        sorted.sort_by_key(|point| point.start);
        let per_instance = self.state.per_instance(&self.config);
        sorted.retain(|point| measured(point, per_instance).is_some());
        let newest = sorted.last().map(|point| point.start);
        for point in sorted {
            if self.forecasting.is_none() {
                self.forecasting = Forecasting::start(point.period, lead_time);
            }
            let Some(forecasting) = &mut self.forecasting else {
                continue;
            };
            forecasting.notice_gap(point, now);
            let told = Told {
                config: &self.config,
                lead_time,
                per_instance,
                desired,
                bounds,
                governs,
                pending,
                decides: newest == Some(point.start),
            };
            let alarm = forecasting.observe(point, &told, &mut self.state.law);
            effects.extend(alarm.map(|alarm| Effect::Record(Record::Alarm(alarm))));
        }
        let call = self.state.next_call();
        if self
            .forecasting
            .as_mut()
            .is_some_and(|forecasting| forecasting.ask_fit(call, now))
        {
            effects.push(Effect::Fit { call });
        }
        effects.extend(self.ask_history(now));
    }

    fn ask_history(&mut self, now: Timestamp) -> Option<Effect> {
        let (forecasting, state) = (self.forecasting.as_mut()?, &mut self.state);
        forecasting.backfill.ask(now, || state.next_call())
    }

    /// Takes in a part of the past and asks for the next one. All of it is held back until
    /// [`Controller::take_in_history`].
    pub(crate) fn history_read(
        &mut self,
        call: CallId,
        points: Vec<Datapoint>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let forecasting = self.forecasting.as_mut();
        if forecasting.is_some_and(|it| it.backfill.answered(call, points)) {
            self.ask_history(now).into_iter().collect()
        } else {
            Vec::new()
        }
    }

    pub(crate) fn history_failed(
        &mut self,
        call: CallId,
        failure: CallFailure,
        now: Timestamp,
    ) -> Vec<Effect> {
        let forecasting = self.forecasting.as_mut();
        if forecasting.is_some_and(|it| it.backfill.failed(call, now)) {
            vec![Effect::Record(Record::CallFailed(failure))]
        } else {
            Vec::new()
        }
    }

    /// Lets the forecast rest on the history read so far. Not part of any event, so that a world
    /// that keeps snapshots can take one right after it: what was read is then in the snapshot and
    /// need not be kept beside it.
    pub fn take_in_history(&mut self) {
        if let Some(forecasting) = &mut self.forecasting {
            forecasting.take_in(self.state.per_instance(&self.config));
            if let Some(saved) = &mut self.state.law {
                saved.law.prime(forecasting.demands());
                forecasting.learn_events(&self.config.calendar, &mut saved.learned);
            }
        }
    }

    /// Whether all the history asked for is there and waits for [`Controller::take_in_history`].
    pub fn history_is_there(&self) -> bool {
        let forecasting = self.forecasting.as_ref();
        forecasting.is_some_and(|it| it.backfill.is_complete())
    }

    /// Whether the forecast has learnt what would have to be read or fitted again after a restart.
    pub fn asks_for_snapshot(&self) -> bool {
        let fitted = self.forecasting.as_ref().is_some_and(|it| it.refitted);
        fitted || self.history_is_there()
    }

    /// What the forecast rests on, to be kept beside the state; none where nothing is forecast.
    pub fn forecast_snapshot(&self) -> Option<ForecastSnapshot> {
        self.forecasting.as_ref().map(Forecasting::snapshot)
    }

    /// Goes on with a forecast that was kept; to be called right after the controller was made.
    pub fn resume_forecast(&mut self, snapshot: ForecastSnapshot) {
        if self.config.policy == PolicyKind::Forecast {
            self.forecasting = Some(Forecasting::resume(snapshot));
        }
    }

    /// The job of an `Effect::Fit`; none where nothing is forecast.
    pub fn fit_job(&self) -> Option<FitJob> {
        self.forecasting.as_ref().map(Forecasting::fit_job)
    }

    /// Takes over the result of a fit; a failed one keeps the model in use and is recorded.
    pub fn fitted(
        &mut self,
        call: CallId,
        result: Result<Fitted, FitError>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let Some(forecasting) = &mut self.forecasting else {
            return Vec::new();
        };
        match forecasting.fitted(call, result, now) {
            Ok(()) => Vec::new(),
            Err(error) => {
                let why = error.map_or("the lead time has changed since".to_owned(), |error| {
                    error.to_string()
                });
                let detail = format!("the forecast keeps its model: {why}");
                let failure = CallFailure {
                    kind: FailureKind::Rejected,
                    detail,
                };
                vec![Effect::Record(Record::CallFailed(failure))]
            }
        }
    }
}
