//! What the signals learn beside the looks: values, and under policy `forecast` each its own
//! history, model and capacity optimiser.

use std::collections::BTreeMap;

use foretide_domain::{
    CPU_SIGNAL, CallFailure, CallId, Datapoint, FailureKind, Mode, Record, SignalReading, Timestamp,
};

use super::PER_INSTANCE;
use crate::config::{Carries, SignalConfig};
use crate::controller::Controller;
use crate::forecasting::{Forecasting, Told};
use crate::policy;
use crate::policy::forecast::SavedOptimiser;
use crate::protocol::{Effect, FitOutcome, ForecastSnapshot};
use crate::state::{Seen, SignalSide, closed};

/// Periods, back from the newest, whose values may still change: as for CPU.
const UNSETTLED: u32 = 3;

impl Controller {
    /// Takes in what a reading says of the signals. `points` are the datapoints of that reading.
    pub(crate) fn take_signals(
        &mut self,
        readings: &[SignalReading],
        points: &[Datapoint],
        now: Timestamp,
    ) {
        if self.config.signals.is_empty() {
            return;
        }
        let series = &self.state.metrics.series;
        let at = |start: Timestamp| {
            let of_start = |point: &&Datapoint| point.start == start;
            let read = points.iter().find(of_start);
            read.or_else(|| series.points().find(of_start)).copied()
        };
        let group = self.state.group.newest();
        let serving = group.map_or(0, |group| group.counts.in_service);
        let (signals, config) = (&mut self.state.signals, &self.config);
        self.state.cycle.decide_anyway |= signals.take(readings, &at, serving, config, now);
    }

    /// Lets the forecast of each signal learn from the values known. One that begins asks for the
    /// past of the group, which that of the signals comes with.
    pub(crate) fn feed_signals(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.config.signals.is_empty() || !policy::of(&self.config).forecasts() {
            return;
        }
        let Some(group) = self.state.group.newest() else {
            return;
        };
        let (desired, bounds) = (group.desired, group.bounds);
        let pending = self.state.group.starting(&self.config, now) > 0;
        let lead_time = self.state.group.lead_time(&self.config);
        let mut wants_past = false;
        for signal in &self.config.signals.list {
            let governs = self.governs(&signal.name);
            let Some(side) = self.state.signals.get_mut(&signal.name) else {
                continue;
            };
            let newest = side.optimiser.as_ref().and_then(|it| it.newest_start);
            let mut new: Vec<Seen> = side.newest().copied().collect();
            // Values of the newest periods may still have changed.
            let settles = |seen: &Seen| seen.value.period.saturating_mul(UNSETTLED);
            new.retain(|seen| {
                newest.is_none_or(|newest| seen.value.start.plus(settles(seen)) > newest)
            });
            new.reverse();
            let last = new.last().map(|seen| seen.value.start);
            for seen in new {
                let Some(point) = side.datapoint(&seen) else {
                    continue;
                };
                let forecasts = &mut self.signal_forecasts;
                let Some(forecasting) = forecasts.of(&signal.name, point.period, lead_time) else {
                    continue;
                };
                wants_past |= forecasting.begin_past(now);
                let told = Told {
                    config: &self.config,
                    lead_time,
                    per_instance: Some(PER_INSTANCE),
                    desired,
                    bounds,
                    governs,
                    pending,
                    decides: last == Some(point.start),
                };
                forecasting.observe(&point, &told, &mut side.optimiser);
                side.note_paid(forecasting);
            }
        }
        self.note_cpu_paid();
        if wants_past && let Some(forecasting) = &mut self.forecasting {
            forecasting.want_past(now);
        }
        effects.extend(self.ask_signal_fit(now));
    }

    /// Lets the forecasts begin with the values that are known: the first may come before the group
    /// is read.
    pub(crate) fn begin_signals(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let begins = |it: &SignalConfig| {
            let forecasts = it.carries != Carries::Thresholds;
            forecasts && self.signal_forecasts.get(&it.name).is_none()
        };
        if self.config.signals.list.iter().any(begins) {
            self.feed_signals(now, effects);
        }
    }

    /// Whether desired capacity is what this controller decided by the signal `name`.
    pub(crate) fn governs(&self, name: &str) -> bool {
        let orders = &self.state.orders;
        let ordered = orders.paused.is_some() || orders.pinned.is_some();
        let bound = self.state.signals.bound.as_deref();
        let governs = self.state.mode(&self.config) == Mode::Enforce && !ordered;
        governs && (self.config.signals.is_empty() || bound.unwrap_or(CPU_SIGNAL) == name)
    }

    /// Whether what CPU does not ask for has paid for its end.
    fn note_cpu_paid(&mut self) {
        let output = self.forecasting.as_ref().and_then(|it| it.output.as_ref());
        if let Some(output) = output {
            let fires = output.desired.is_some_and(|it| it < output.from);
            let before = self.state.signals.cpu_paid;
            self.state.signals.cpu_paid = fires || (before && output.from > output.high);
        }
    }

    /// A fit that is due. One is made at a time, and whoever makes it keeps no second one.
    fn ask_signal_fit(&mut self, now: Timestamp) -> Option<Effect> {
        let bounds = self.state.group.newest()?.bounds;
        let fitting = self
            .forecasting
            .as_ref()
            .is_some_and(Forecasting::is_fitting);
        if fitting || self.signal_forecasts.is_fitting() {
            return None;
        }
        let mut of = self.signal_forecasts.of.iter_mut();
        let (name, forecasting) = of.find(|(_, it)| it.is_fit_due(now))?;
        let call = self.state.next_call();
        forecasting.ask_fit(call, now);
        let side = self.state.signals.get(name);
        let optimiser = side.and_then(|side| side.optimiser.as_ref());
        let job = forecasting.fit_job(optimiser.map(|it| &it.optimiser), bounds);
        Some(Effect::Fit { call, job })
    }

    /// Takes over the outcome of a fit of a signal.
    pub(crate) fn signal_fitted(
        &mut self,
        call: CallId,
        outcome: FitOutcome,
        now: Timestamp,
    ) -> Vec<Effect> {
        let mut of = self.signal_forecasts.of.iter_mut();
        let Some((name, forecasting)) = of.find(|(_, it)| it.awaits(call)) else {
            return Vec::new();
        };
        match forecasting.fitted(call, outcome, now) {
            Ok(prices) => {
                let side = self.state.signals.get_mut(name);
                let saved = side.and_then(|side| side.optimiser.as_mut());
                if let Some((prices, saved)) = prices.zip(saved) {
                    saved.optimiser.take_price_list(prices);
                }
                Vec::new()
            }
            Err(why) => {
                let failure = CallFailure {
                    kind: FailureKind::Rejected,
                    detail: format!("the forecast of signal `{name}` keeps its model: {why}"),
                };
                vec![Effect::Record(Record::CallFailed(failure))]
            }
        }
    }

    /// Lets the forecasts of the signals rest on what was read of their past.
    pub(crate) fn take_in_signal_past(&mut self, points: &[Datapoint], now: Timestamp) {
        let past = std::mem::take(&mut self.signal_forecasts.past);
        if past.is_empty() {
            return;
        }
        let instances: BTreeMap<Timestamp, f64> = points
            .iter()
            .map(|point| (point.start, point.instances))
            .collect();
        let calendar = &self.config.calendar;
        for (name, forecasting) in &mut self.signal_forecasts.of {
            let Some(side) = self.state.signals.get_mut(name) else {
                continue;
            };
            let readings = past.iter().filter(|it| it.name == *name);
            let values = readings.flat_map(|it| closed(&it.values, now));
            let seen = values.map(|value| Seen {
                value,
                // Where it is not known on how many instances a mean fell, it shows no load.
                instances: instances.get(&value.start).copied().unwrap_or(f64::NAN),
            });
            let loads: Vec<(Timestamp, f64)> = seen
                .filter_map(|seen| Some((seen.value.start, side.past_load(&seen)?)))
                .collect();
            forecasting.fill(&loads);
            if let Some(SavedOptimiser {
                optimiser, learned, ..
            }) = &mut side.optimiser
            {
                optimiser.prime(forecasting.demands());
                forecasting.learn_events(calendar, learned);
            }
        }
    }

    /// What the forecasts of the signals rest on.
    pub(crate) fn signal_snapshots(&self) -> BTreeMap<String, ForecastSnapshot> {
        let kept = |(name, forecasting): (&String, &Forecasting)| {
            let side = self.state.signals.get(name)?;
            let newest = side.optimiser.as_ref().and_then(|it| it.newest_start);
            Some((name.clone(), forecasting.snapshot(newest)))
        };
        self.signal_forecasts.of.iter().filter_map(kept).collect()
    }

    /// Goes on with the forecasts of the signals that were kept, but for signals whose loads were
    /// made with other settings.
    pub(crate) fn resume_signals(&mut self, kept: Option<&ForecastSnapshot>) {
        let anew = self.state.signals.follow(&self.config);
        if !policy::of(&self.config).forecasts() {
            return;
        }
        let kept = kept.into_iter().flat_map(|kept| &kept.signals);
        for (name, snapshot) in kept.filter(|(name, _)| !anew.contains(name)) {
            if let Some(side) = self.state.signals.get(name) {
                let newest = side.optimiser.as_ref().and_then(|it| it.newest_start);
                let resumed = Forecasting::resume(snapshot.clone(), newest);
                self.signal_forecasts.of.insert(name.clone(), resumed);
            }
        }
    }
}

impl SignalSide {
    /// Whether what it does not ask for has paid for its end, after a step of its optimiser.
    fn note_paid(&mut self, forecasting: &Forecasting) {
        if let Some(output) = &forecasting.output {
            let fires = output.desired.is_some_and(|it| it < output.from);
            self.paid = fires || (self.paid && output.from > output.high);
        }
    }

    /// Load of a value of the past, in instance-percent.
    fn past_load(&self, seen: &Seen) -> Option<f64> {
        self.load(seen.value.value, seen.instances)
            .filter(|load| load.is_finite())
    }
}
