//! What policy `forecast` learns beside the looks: every period, the past, and its model.

use foretide_domain::{
    Bounds, CPU_SIGNAL, CallFailure, CallId, Datapoint, FailureKind, PriceTable, Record,
    SignalReading, Timestamp,
};

use crate::controller::Controller;
use crate::forecasting::{Forecasting, Observed, Told};
use crate::load::measured;
use crate::policy;
use crate::protocol::{Effect, FitOutcome, ForecastSnapshot};
use crate::safe_start::{SafeStart, Waits, waits};

/// Outlook, by the newest period that it is made of, and price list that were recorded.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecordedAhead {
    outlook_of: Option<Timestamp>,
    prices: Option<PriceTable>,
}

impl Controller {
    /// Policy `forecast` learns from every period in order, and decides on the newest.
    pub(crate) fn feed_forecast(
        &mut self,
        points: &[Datapoint],
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        if !policy::of(&self.config).forecasts() {
            return;
        }
        let Some(reading) = &self.state.group.reading else {
            return;
        };
        let desired = reading.group.desired;
        let pending = self.state.group.starting(&self.config, now) > 0;
        let bounds = reading.group.bounds;
        let governs = self.governs(CPU_SIGNAL);
        let lead_time = self.state.group.lead_time(&self.config);
        let mut sorted: Vec<&Datapoint> = points
            .iter()
            .filter(|point| point.end() <= now && !point.period.is_zero())
            .collect();
        sorted.sort_by_key(|point| point.start);
        let per_instance = self.state.metrics.per_instance(&self.config);
        sorted.retain(|point| measured(point, per_instance).is_some());
        let newest = sorted.last().map(|point| point.start);
        for point in sorted {
            if self.forecasting.is_none() {
                self.forecasting = Forecasting::start(point.period, lead_time);
            }
            let Some(forecasting) = &mut self.forecasting else {
                continue;
            };
            let start = &mut self.state.policies.forecast.start;
            if forecasting.notice_gap(point, now) {
                *start = Some(SafeStart::begin(*start, &self.config.forecast, now));
            } else if forecasting.has_used_past(now) {
                *start = None;
            }
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
            let policy = &mut self.state.policies.forecast;
            let observed = forecasting.observe(point, &told, &mut policy.optimiser);
            let Observed { alarm, expected } = observed.unwrap_or_default();
            effects.extend(alarm.map(|alarm| Effect::Record(Record::Alarm(alarm))));
            if let Some(measured) = measured(point, per_instance) {
                policy.drop.observe(point.start, point.end(), measured.load);
            }
            if let Some((start, median)) = expected {
                policy.drop.note_forecast(start, median);
            }
        }
        effects.extend(self.ask_fit(bounds, now));
        effects.extend(self.ask_history(now));
    }

    /// Asks for a fit where one is due.
    fn ask_fit(&mut self, bounds: Bounds, now: Timestamp) -> Option<Effect> {
        let call = self.state.next_call();
        let other = self.signal_forecasts.is_fitting();
        let forecasting = self.forecasting.as_mut().filter(|_| !other)?;
        if !forecasting.ask_fit(call, now) {
            return None;
        }
        let optimiser = &self.state.policies.forecast.optimiser;
        let optimiser = optimiser.as_ref().map(|it| &it.optimiser);
        let job = forecasting.fit_job(optimiser, bounds);
        Some(Effect::Fit { call, job })
    }

    /// Lets the forecast begin with the points that are known, where none was fed yet: the first
    /// points may come before the group is read, and would be missing until the next period.
    pub(crate) fn begin_forecast(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.forecasting.is_some() {
            return;
        }
        let points: Vec<Datapoint> = self.state.metrics.series.points().copied().collect();
        if !points.is_empty() {
            self.feed_forecast(&points, now, effects);
        }
    }

    /// What is left of the waits of a start.
    pub(crate) fn start_waits(&self, now: Timestamp) -> Waits {
        waits(
            self.start(),
            self.is_reading_past(),
            &self.config.forecast,
            now,
        )
    }

    /// The start whose past is not used yet; none where nothing is forecast.
    pub(crate) fn start(&self) -> Option<SafeStart> {
        self.forecasting.as_ref()?;
        self.state.policies.forecast.start
    }

    /// Whether parts of the past are still to be read.
    pub(crate) fn is_reading_past(&self) -> bool {
        let forecasting = self.forecasting.as_ref();
        forecasting.is_some_and(|it| it.backfill.is_reading())
    }

    /// What was held back until the past is read is decided on again once it is, and not only at
    /// the next datapoint.
    pub(crate) fn end_start_wait(&mut self, now: Timestamp) {
        let over = self.start_waits(now).write.is_zero();
        let start = self.state.policies.forecast.start.as_mut();
        if let Some(start) = start.filter(|start| over && start.held) {
            start.held = false;
            self.state.cycle.decide_anyway = true;
        }
    }

    fn ask_history(&mut self, now: Timestamp) -> Option<Effect> {
        let (forecasting, state) = (self.forecasting.as_mut()?, &mut self.state);
        forecasting.backfill.ask(now, || state.next_call())
    }

    /// Takes in a part of the past and asks for the next one. All of it is held back until
    /// it is complete or a snapshot is made.
    pub(crate) fn history_read(
        &mut self,
        call: CallId,
        points: Vec<Datapoint>,
        signals: Vec<SignalReading>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let forecasting = self.forecasting.as_mut();
        if forecasting.is_some_and(|it| it.backfill.answered(call, points)) {
            self.signal_forecasts.keep_past(signals);
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

    /// Lets the forecast rest on the history read so far; whether that is all that was asked for.
    pub(crate) fn take_in_history(&mut self, now: Timestamp) -> bool {
        let Some(forecasting) = &mut self.forecasting else {
            return false;
        };
        let is_complete = forecasting.backfill.is_complete();
        let points = forecasting.take_in(self.state.metrics.per_instance(&self.config));
        if let Some(saved) = &mut self.state.policies.forecast.optimiser {
            saved.optimiser.prime(forecasting.demands());
            forecasting.learn_events(&self.config.calendar, &mut saved.learned);
        }
        self.take_in_signal_past(&points, now);
        is_complete
    }

    /// What the forecast rests on, to be kept beside the state; none where nothing is forecast.
    pub(crate) fn forecast_snapshot(&self) -> Option<ForecastSnapshot> {
        let newest = self.state.policies.forecast.newest_start();
        let mut snapshot = self.forecasting.as_ref()?.snapshot(newest);
        snapshot.signals = self.signal_snapshots();
        Some(snapshot)
    }

    /// Goes on with a forecast that was kept.
    pub(crate) fn resume_forecast(&mut self, snapshot: Option<&ForecastSnapshot>) {
        if policy::of(&self.config).forecasts() {
            let newest = self.state.policies.forecast.newest_start();
            self.forecasting = snapshot.map(|kept| Forecasting::resume(kept.clone(), newest));
        }
    }

    /// The price list of the group's newest week, made now, which takes about a second. None where
    /// capacity does not follow a violation budget, or the history is shorter than three days.
    pub fn price_list(&self) -> Option<PriceTable> {
        let saved = self.state.policies.forecast.optimiser.as_ref()?;
        let bounds = self.state.group.newest()?.bounds;
        self.forecasting
            .as_ref()?
            .price_list(&saved.optimiser, bounds)
    }

    /// Records outlook and price list where they are others than this controller has recorded.
    ///
    /// At the end of a look: then a replay does the same, since what history and fits bring is
    /// known to the checkpoint that follows them and to no event. Those who follow the records
    /// alone know both after a restart, although a price list may be a week old.
    pub(crate) fn record_ahead(&mut self, effects: &mut Vec<Effect>) {
        let outlook = self.forecasting.as_ref().and_then(Forecasting::outlook);
        let outlook = outlook.filter(|it| self.recorded.outlook_of != Some(it.of));
        if let Some(outlook) = outlook.cloned() {
            self.recorded.outlook_of = Some(outlook.of);
            effects.push(Effect::Record(Record::Outlook(outlook)));
        }
        let prices = self.known_prices();
        if let Some(prices) = prices.filter(|it| self.recorded.prices.as_ref() != Some(it)) {
            self.recorded.prices = Some(prices.clone());
            effects.push(Effect::Record(Record::Prices(prices)));
        }
    }

    fn known_prices(&self) -> Option<PriceTable> {
        let saved = self.state.policies.forecast.optimiser.as_ref()?;
        self.forecasting.as_ref()?.known_prices(&saved.optimiser)
    }

    /// Takes over the outcome of a fit; a failed one keeps the model in use and is recorded.
    pub(crate) fn fitted(
        &mut self,
        call: CallId,
        outcome: FitOutcome,
        now: Timestamp,
    ) -> Vec<Effect> {
        if self.signal_forecasts.awaits(call) {
            return self.signal_fitted(call, outcome, now);
        }
        let Some(forecasting) = &mut self.forecasting else {
            return Vec::new();
        };
        match forecasting.fitted(call, outcome, now) {
            Ok(prices) => {
                let saved = &mut self.state.policies.forecast.optimiser;
                if let Some((prices, saved)) = prices.zip(saved.as_mut()) {
                    saved.optimiser.take_price_list(prices);
                }
                Vec::new()
            }
            Err(why) => {
                let failure = CallFailure {
                    kind: FailureKind::Rejected,
                    detail: format!("the forecast keeps its model: {why}"),
                };
                vec![Effect::Record(Record::CallFailed(failure))]
            }
        }
    }
}
