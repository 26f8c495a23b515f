//! The control cycle of one group as a state machine: events in, effects out.
//!
//! One look is: read the group and, where a new period can exist, its metrics; ask the model, if
//! the policy needs it; decide; write at most once. Every answer, failure and time-out is an event,
//! so the same code decides live, in the simulator and in replay. It is called with the time and
//! never asks for it.

use std::sync::Arc;
use std::time::Duration;

use foretide_domain::{
    CallFailure, CallId, Datapoint, FailureKind, Hours, Mode, Prediction, Record, SignalReading,
    Timestamp,
};

use crate::config::ControllerConfig;
use crate::facts::{Facts, stale_limit};
use crate::features;
use crate::forecasting::Forecasting;
use crate::learning::RecordedAhead;
use crate::look::{Look, Question};
use crate::policy;
use crate::policy::classifier::Answer;
use crate::protocol::{Effect, Event, Snapshot};
use crate::signals::{Judged, SignalForecasts};
use crate::state::SavedState;

/// A silence of more than this many intervals ends the streak.
pub(crate) const GAP_INTERVALS: u32 = 3;

/// The controller of one group.
#[derive(Clone, Debug)]
pub struct Controller {
    pub(crate) config: ControllerConfig,
    pub(crate) state: SavedState,
    /// The look under way. Not saved: a controller that restarts looks again.
    pub(crate) look: Option<Look>,
    /// Policy `forecast`: history and model.
    pub(crate) forecasting: Option<Forecasting>,
    /// Whether a snapshot was asked for during a look or a write.
    snapshot_asked: bool,
    /// Outlook and price list that this controller has recorded. Not saved: one that goes on from a
    /// snapshot records both again.
    pub(crate) recorded: RecordedAhead,
    /// Policy `forecast`: history and model of each signal.
    pub(crate) signal_forecasts: SignalForecasts,
    /// The signals as the newest cycle judged them. Not saved: every cycle judges anew.
    pub(crate) judged: Vec<Judged>,
}

impl Controller {
    /// A controller that knows nothing yet, and its first effects.
    ///
    /// `config` must be valid (`ControllerConfig::validate`).
    pub fn new(config: ControllerConfig, now: Timestamp) -> (Self, Vec<Effect>) {
        Self::resume(config, Snapshot::default(), now)
    }

    /// A controller that goes on from `snapshot`, and its first effects. The state may also be one
    /// that was kept later, at `Effect::Save`.
    ///
    /// `config` must be valid. A write without an answer counts as carried out, so that the
    /// cooldown holds.
    pub fn resume(
        config: ControllerConfig,
        snapshot: Snapshot,
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        let is_new = snapshot.state.is_none();
        let fresh = SavedState::new(&config, now);
        let mut controller = Self {
            config,
            state: snapshot.state.unwrap_or(fresh),
            look: None,
            forecasting: None,
            snapshot_asked: false,
            recorded: RecordedAhead::default(),
            signal_forecasts: SignalForecasts::default(),
            judged: Vec::new(),
        };
        controller.resume_signals(snapshot.forecast.as_deref());
        controller.resume_forecast(snapshot.forecast.as_deref());
        let effects = if is_new {
            controller.begin_look(now)
        } else {
            controller.state.metrics.resize(&controller.config);
            // Another model may answer now.
            controller.state.policies.classifier.prediction = None;
            controller.go_on_looking(now)
        };
        (controller, effects)
    }

    /// The first effects of a controller that goes on from a state.
    fn go_on_looking(&mut self, now: Timestamp) -> Vec<Effect> {
        if let Some(write) = self.state.writes.take_lost() {
            self.state.write_is_unknown(&write);
        }
        let early = self.is_early(now);
        if early && !self.state.metrics.pace.is_lost() {
            return vec![Effect::WakeAt(self.state.cycle.due)];
        }
        if early {
            // The look whose reading was lost is made again, and the next one comes as planned.
            self.state.cycle.due = self.state.cycle.due.minus(self.config.interval);
        }
        self.begin_look(now)
    }

    /// Whether the next look is still to come. One further away than an interval was planned by a
    /// clock that has been put back since: whoever waited for it would not look for hours.
    fn is_early(&self, now: Timestamp) -> bool {
        let ahead = self.state.cycle.due.since(now);
        !ahead.is_zero() && ahead <= self.config.interval
    }

    /// The settings it works by.
    pub fn config(&self) -> &ControllerConfig {
        &self.config
    }

    /// The mode in force: as an operator ordered, else as configured.
    pub fn mode(&self) -> Mode {
        self.state.mode(&self.config)
    }

    /// Instance-hours and time in violation of the last seven days of UTC, today included.
    pub fn week(&self) -> Hours {
        self.state.hours.week()
    }

    /// What must be kept whenever `Effect::Save` is asked for.
    pub fn saved_state(&self) -> &SavedState {
        &self.state
    }

    /// Takes in what happened at `now`; answers what is to be done, in order.
    ///
    /// An event that says nothing new (a repeated or late answer, an early wake) asks for nothing
    /// new.
    pub fn handle(&mut self, event: Event, now: Timestamp) -> Vec<Effect> {
        let mut effects = match event {
            Event::Woke => self.woke(now),
            Event::GroupRead { call, group } => self.group_read(call, group, now),
            Event::MetricsRead {
                call,
                points,
                instance_metrics,
                signals,
            } => self.metrics_read(call, (&points, &signals), instance_metrics, now),
            Event::HistoryRead {
                call,
                points,
                signals,
            } => self.history_read(call, points, signals, now),
            Event::Fitted { call, outcome } => self.fitted(call, outcome, now),
            Event::Predicted { call, prediction } => self.predicted(call, prediction, now),
            Event::CallFailed { call, failure, .. } => self.call_failed(call, failure, now),
            Event::WriteSettled { call, outcome } => self.write_settled(call, outcome, now),
            Event::Ordered { order, by } => self.ordered(order, by),
            Event::SnapshotAsked => {
                self.snapshot_asked = true;
                Vec::new()
            }
            Event::Configured(config) => return self.configured(*config, now),
        };
        if self.is_between_looks() && (self.snapshot_asked || self.has_learnt()) {
            let config = self.config.clone();
            self.go_on_from_snapshot(config, now, &mut effects);
        }
        effects
    }

    /// Nothing is outstanding: what a snapshot holds is all that is known.
    fn is_between_looks(&self) -> bool {
        self.look.is_none() && !self.state.is_writing()
    }

    /// Whether the forecast has learnt what would have to be read or fitted again after a restart.
    /// While history is still being read, all of it would have to be.
    fn has_learnt(&self) -> bool {
        let refitted = self.signal_forecasts.has_refitted();
        let forecasting = self.forecasting.as_ref();
        forecasting.is_some_and(|it| it.has_learnt() || (refitted && !it.backfill.is_reading()))
    }

    /// Other settings. Whoever carries out a write waits for its answer before.
    fn configured(&mut self, config: ControllerConfig, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.go_on_from_snapshot(config, now, &mut effects);
        effects
    }

    /// Makes a snapshot and goes on from it, so that a replay that begins there does the same.
    fn go_on_from_snapshot(
        &mut self,
        config: ControllerConfig,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let history_complete = self.take_in_history(now);
        let snapshot = Snapshot {
            state: Some(self.state.clone()),
            forecast: self.forecast_snapshot().map(Arc::new),
        };
        effects.push(Effect::Snapshot {
            snapshot: Box::new(snapshot.clone()),
            history_complete,
        });
        let (controller, first) = Self::resume(config, snapshot, now);
        *self = controller;
        effects.extend(first);
    }

    fn woke(&mut self, now: Timestamp) -> Vec<Effect> {
        if self.is_early(now) {
            return vec![Effect::WakeAt(self.state.cycle.due)];
        }
        let mut effects = self.give_up_look(now);
        effects.append(&mut self.begin_look(now));
        effects
    }

    /// What has not been answered by the next look will not be waited for.
    fn give_up_look(&mut self, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Some(look) = &mut self.look {
            look.ask_no_more();
        }
        while let Some(call) = self.look.as_ref().and_then(Look::outstanding) {
            let detail = format!("no answer within {} s", self.config.interval.as_secs());
            let failure = CallFailure {
                kind: FailureKind::TimedOut,
                detail,
            };
            effects.append(&mut self.call_failed(call, failure, now));
        }
        self.look = None;
        effects
    }

    fn begin_look(&mut self, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::with_capacity(3);
        self.give_up_write(now, &mut effects);
        self.state.forget_the_future(&self.config, now);
        self.state.cycle.due = next_due(self.state.cycle.due, self.config.interval, now);
        let group = self.state.next_call();
        effects.push(Effect::ReadGroup { call: group });
        let metrics = self.state.metrics.pace.is_due(now).then(|| {
            let call = self.state.next_call();
            self.state.metrics.pace.ask(now);
            // Paid for before it is asked, so that a process that dies and starts again and again
            // does not ask again and again.
            effects.push(Effect::Save);
            let mut query = self.state.metrics.query(&self.config, now);
            let signals = self.state.signals.read_from(now);
            query.from = signals.map_or(query.from, |from| query.from.min(from));
            effects.push(Effect::ReadMetrics { call, query });
            call
        });
        self.look = Some(Look::new(group, metrics));
        effects.push(Effect::WakeAt(self.state.cycle.due));
        effects
    }

    fn metrics_read(
        &mut self,
        call: CallId,
        (points, signals): (&[Datapoint], &[SignalReading]),
        instance_metrics: u32,
        now: Timestamp,
    ) -> Vec<Effect> {
        if !self
            .look
            .as_mut()
            .is_some_and(|look| look.take_metrics(call))
        {
            return Vec::new();
        }
        let mut effects = Vec::new();
        self.state.metrics.instance_reads.used(instance_metrics);
        let before = self.state.metrics.series.newest_start();
        let observed = self.state.metrics.take(points, &self.config, now);
        self.state.cycle.decide_anyway |= !observed.is_empty();
        let observed = observed.into_iter().map(Record::Observed);
        effects.extend(observed.map(Effect::Record));
        self.take_signals(signals, points, now);
        self.feed_forecast(points, now, &mut effects);
        self.feed_signals(now, &mut effects);
        if let Some(delay) = self.state.metrics.answered(before, &self.config, now) {
            let metric_delay = self.config.metric_delay;
            effects.push(Effect::Record(Record::MetricsLate {
                delay,
                metric_delay,
            }));
        }
        self.go_on(now, effects)
    }

    fn predicted(&mut self, call: CallId, prediction: Prediction, now: Timestamp) -> Vec<Effect> {
        let Some(question) = self
            .look
            .as_mut()
            .and_then(|look| look.take_prediction(call))
        else {
            return Vec::new();
        };
        self.state.policies.classifier.prediction = Some(Answer {
            question,
            prediction,
        });
        let mut effects = Vec::new();
        self.predictor_fails(false, &mut effects);
        self.go_on(now, effects)
    }

    /// Remembers whether the model answers, and records it where that has changed.
    fn predictor_fails(&mut self, failing: bool, effects: &mut Vec<Effect>) {
        let alarm = self.state.policies.classifier.note_failing(failing);
        effects.extend(alarm.map(|alarm| Effect::Record(Record::Alarm(alarm))));
    }

    fn call_failed(&mut self, call: CallId, failure: CallFailure, now: Timestamp) -> Vec<Effect> {
        let metrics = self
            .look
            .as_mut()
            .is_some_and(|look| look.take_metrics(call));
        let prediction = self
            .look
            .as_mut()
            .is_some_and(|look| look.take_prediction(call).is_some());
        let known =
            metrics || prediction || self.look.as_mut().is_some_and(|look| look.fail_group(call));
        if !known {
            return self.history_failed(call, failure, now);
        }
        if metrics {
            self.state.metrics.failed(failure.kind, &self.config, now);
        }
        if !(metrics || prediction) {
            self.state.health.group_read(Some(&failure));
        }
        let mut effects = vec![Effect::Record(Record::CallFailed(failure))];
        if prediction {
            self.predictor_fails(true, &mut effects);
        }
        self.go_on(now, effects)
    }

    /// Takes the look a step further once nothing is outstanding.
    pub(crate) fn go_on(&mut self, now: Timestamp, mut effects: Vec<Effect>) -> Vec<Effect> {
        let Some(look) = self
            .look
            .as_mut()
            .filter(|look| look.outstanding().is_none())
        else {
            return effects;
        };
        if !look.group_is_fresh() {
            self.look = None;
            self.judge(None, now, &mut effects);
            effects.push(Effect::Save);
            return effects;
        }
        let may_ask = !look.has_asked();
        if policy::of(&self.config).asks_model() {
            let question = self.question(now);
            let known = &mut self.state.policies.classifier.prediction;
            if known.map(|answer| answer.question) != question {
                *known = None;
                if let Some(question) = question.filter(|_| may_ask) {
                    let call = self.state.next_call();
                    if let Some(look) = &mut self.look {
                        look.ask(call, question);
                    }
                    let features = question.features;
                    effects.push(Effect::Predict { call, features });
                    return effects;
                }
            }
        }
        self.look = None;
        self.finish_look(now, &mut effects);
        effects.push(Effect::Save);
        effects
    }

    /// What to ask the model: the newest datapoint, as long as it is not stale. So an answer is
    /// never older than data may be.
    fn question(&self, now: Timestamp) -> Option<Question> {
        let group = self.state.group.newest()?;
        let newest = self.state.metrics.series.newest()?;
        if now.since(newest.end()) > stale_limit(&self.config, newest.period) {
            return None;
        }
        Some(Question {
            datapoint: newest.start,
            features: features::observe(newest, group)?,
        })
    }

    fn finish_look(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if !policy::of(&self.config).asks_model() {
            // A policy that asks no model has none that could be silent.
            self.predictor_fails(false, effects);
        }
        self.begin_forecast(now, effects);
        self.begin_signals(now, effects);
        self.record_ahead(effects);
        self.notice_gap(now, effects);
        self.notice_staleness(now, effects);
        self.notice_lateness(now);
        self.notice_schedule(now);
        self.end_orders(now, effects);
        self.count_hours(now);
        self.end_start_wait(now);
        self.judge_signals(now);
        self.decide(now, effects);
    }

    fn notice_gap(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let before = self.state.cycle.ended_at.replace(now);
        let longest = self.config.interval.saturating_mul(GAP_INTERVALS);
        if let Some(since) = before.filter(|before| now.since(*before) > longest) {
            self.state.policies.classifier.votes.reset();
            effects.push(Effect::Record(Record::Gap { since }));
        }
    }

    fn notice_staleness(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let Some(group) = self.state.group.newest() else {
            return;
        };
        let serves = group.counts.in_service > 0;
        let started_at = self.state.cycle.started_at;
        let stale = serves && self.state.metrics.is_stale(&self.config, started_at, now);
        if let Some(alarm) = self.state.metrics.note_stale(stale) {
            self.state.cycle.decide_anyway = true;
            effects.push(Effect::Record(Record::Alarm(alarm)));
        }
    }

    /// The world as a decision sees it; none before the group was read.
    pub(crate) fn facts(&self, now: Timestamp) -> Option<Facts<'_>> {
        let state = &self.state;
        let classifier = &state.policies.classifier;
        let reading = state.group.reading.as_ref()?;
        let newest = state.metrics.series.newest();
        let sizing = self.sizing_output(now);
        let memory = newest.and_then(|point| features::memory(point, &reading.group));
        let coming = state.group.coming(&self.config, now);
        Some(Facts {
            now,
            config: &self.config,
            forecasts: policy::of(&self.config).forecasts(),
            group: &reading.group,
            group_read_at: reading.at,
            series: &state.metrics.series,
            features: classifier.prediction.map(|answer| answer.question.features),
            prediction: classifier.prediction.map(|answer| answer.prediction),
            predictor_failing: classifier.predictor_failing,
            sizing,
            forecast: self.forecast_figures(sizing.as_ref()),
            per_instance: state.metrics.per_instance(&self.config),
            signals: &self.judged,
            cpu_paid: state.signals.cpu_paid,
            orders: &state.orders,
            mode: self.mode(),
            scheduled: self.scheduled(now),
            start: self.start_waits(now),
            lifting: self.forecasting.as_ref().and_then(Forecasting::lifting),
            memory,
            coverage: state.coverage(),
            starting: state.group.starting(&self.config, now),
            dying: state.group.breaker.is_dying(now) || state.group.breaker.is_cascading(now),
            dropped: state.policies.forecast.drop.holds(now).is_some(),
            hands_off: self.is_hands_off(),
            streak: classifier.votes.streak(),
            streak_datapoints: classifier.votes.datapoints(),
            last_change_at: state.writes.last_change_at,
            own_changes: state.recent.own(),
            wanted_lately: state.recent.wanted(),
            breaker_cap: state.group.breaker.cap(&reading.group, coming),
            write_in_flight: state.is_writing(),
            write_backoff_until: state.writes.backoff_until,
        })
    }
}

/// The first point on the grid of looks that is still to come.
fn next_due(due: Timestamp, interval: Duration, now: Timestamp) -> Timestamp {
    let step = interval.as_millis().max(1);
    let behind = now.since(due).as_millis();
    let steps = behind / step + 1;
    let ahead = u64::try_from(steps.saturating_mul(step)).unwrap_or(u64::MAX);
    due.plus(Duration::from_millis(ahead))
}
