//! The controller of today, told what was recorded.
//!
//! By the settings of then, every answer goes to the call that it answered. By other settings the
//! controller may ask other things at other times: an answer goes to the open call of its kind;
//! what was not asked then is answered from what is known (no new period, the model of today, the
//! observations kept); a write that was not made then is withheld, as in a dry run.

use std::collections::{HashMap, VecDeque};

use foretide_classifier::Model;
use foretide_control::{Controller, ControllerConfig, FitJob};
use foretide_domain::{
    Asked, CallFailure, CallId, Datapoint, Decision, Effect, Event, FailureKind, Features, Mode,
    Plan, Record, Timestamp, WriteOutcome,
};
use foretide_runtime::Checkpoint;
use foretide_store::Step;

/// Periods observed from a time, included, to a time, excluded.
type Observed<'a> = dyn Fn(Timestamp, Timestamp) -> Vec<Datapoint> + 'a;

/// A replay under way.
pub(super) struct Replay<'a> {
    today: &'a ControllerConfig,
    recorded: HashMap<Timestamp, &'a Decision>,
    model: &'a Model,
    past: &'a Observed<'a>,
    controller: Option<Controller>,
    /// Whether settings are those of then.
    same: bool,
    /// Whether anything was decided otherwise so far.
    differs: bool,
    open: Open,
    decisions: Vec<Decision>,
}

/// Calls that are not answered.
#[derive(Default)]
struct Open {
    group: Option<CallId>,
    metrics: Option<CallId>,
    history: Option<CallId>,
    prediction: Option<CallId>,
    write: Option<CallId>,
    fits: HashMap<CallId, FitJob>,
}

impl<'a> Replay<'a> {
    pub(super) fn new(
        today: &'a ControllerConfig,
        recorded: &'a [Decision],
        model: &'a Model,
        past: &'a Observed<'a>,
    ) -> Self {
        Self {
            today,
            recorded: recorded
                .iter()
                .map(|decision| (decision.at, decision))
                .collect(),
            model,
            past,
            controller: None,
            same: true,
            differs: false,
            open: Open::default(),
            decisions: Vec::new(),
        }
    }

    /// The decisions that `steps` lead to; the first step is a checkpoint.
    pub(super) fn run(mut self, steps: &[(Timestamp, Step)]) -> Vec<Decision> {
        for (index, (at, step)) in steps.iter().enumerate() {
            let to_come = steps.get(index + 1..).unwrap_or_default();
            match step {
                Step::Checkpoint(checkpoint) => self.begin(checkpoint, *at, to_come),
                Step::Event(event) => self.tell(event, *at, to_come),
            }
        }
        self.decisions
    }

    /// Begins here, or goes on from here: as then, while nothing differs, else from where the
    /// replay stands.
    fn begin(&mut self, checkpoint: &Checkpoint, at: Timestamp, to_come: &[(Timestamp, Step)]) {
        self.same = *checkpoint.controller == *self.today;
        let mut from = checkpoint.clone();
        from.controller = std::sync::Arc::new(self.today.clone());
        if let Some(controller) = self.controller.as_mut().filter(|_| self.differs) {
            controller.take_in_history();
            from.state = Some(controller.saved_state().clone());
            let own = controller.forecast_snapshot().map(std::sync::Arc::new);
            from.forecast = own.or(from.forecast);
        }
        let (controller, effects) = from.go_on(at);
        self.controller = Some(controller);
        self.open = Open::default();
        self.carry_out(effects, at, to_come);
    }

    fn tell(&mut self, event: &Event, at: Timestamp, to_come: &[(Timestamp, Step)]) {
        if let Event::Fitted { call } = event {
            if let Some(job) = self.open.fits.remove(call) {
                self.fitted(*call, &job, at, to_come);
            }
            return;
        }
        if let Some(event) = self.addressed(event.clone()) {
            self.handle(event, at, to_come);
        }
    }

    fn handle(&mut self, event: Event, at: Timestamp, to_come: &[(Timestamp, Step)]) {
        if let Some(controller) = &mut self.controller {
            let effects = controller.handle(event, at);
            if !self.same && controller.history_is_there() {
                controller.take_in_history();
            }
            self.carry_out(effects, at, to_come);
        }
    }

    fn fitted(&mut self, call: CallId, job: &FitJob, at: Timestamp, to_come: &[(Timestamp, Step)]) {
        if let Some(controller) = &mut self.controller {
            let effects = controller.fitted(call, job.run(), at);
            self.carry_out(effects, at, to_come);
        }
    }

    /// The event as an answer to the open call of its kind; none where nothing was asked.
    fn addressed(&mut self, event: Event) -> Option<Event> {
        let open = &mut self.open;
        Some(match event {
            Event::Woke | Event::Fitted { .. } | Event::Ordered { .. } => event,
            Event::GroupRead { group, .. } => {
                let call = open.group.take()?;
                Event::GroupRead { call, group }
            }
            Event::MetricsRead { points, .. } => {
                let call = open.metrics.take()?;
                Event::MetricsRead { call, points }
            }
            Event::HistoryRead { points, .. } => {
                let call = open.history.take()?;
                Event::HistoryRead { call, points }
            }
            Event::Predicted { prediction, .. } => {
                let call = open.prediction.take()?;
                Event::Predicted { call, prediction }
            }
            Event::WriteSettled { outcome, .. } => {
                let call = open.write.take()?;
                Event::WriteSettled { call, outcome }
            }
            Event::CallFailed { asked, failure, .. } => {
                let call = match asked {
                    Asked::Group => open.group.take(),
                    Asked::Metrics => open.metrics.take(),
                    Asked::History => open.history.take(),
                    Asked::Prediction => open.prediction.take(),
                };
                Event::CallFailed {
                    call: call?,
                    asked,
                    failure,
                }
            }
        })
    }

    fn carry_out(&mut self, effects: Vec<Effect>, at: Timestamp, to_come: &[(Timestamp, Step)]) {
        let mut answers = VecDeque::new();
        for effect in effects {
            match effect {
                Effect::ReadGroup { call } => {
                    // A new look: what the one before had asked is given up.
                    self.open.group = Some(call);
                    self.open.metrics = None;
                    self.open.prediction = None;
                }
                Effect::ReadMetrics { call, .. } => {
                    self.open.metrics = Some(call);
                    if !self.same && !answered(to_come, Asked::Metrics) {
                        let points = Vec::new();
                        answers.push_back(Event::MetricsRead { call, points });
                    }
                }
                Effect::ReadHistory { call, query } => {
                    self.open.history = Some(call);
                    if !self.same {
                        let points = (self.past)(query.from, query.to);
                        answers.push_back(Event::HistoryRead { call, points });
                    }
                }
                Effect::Predict { call, features } => {
                    self.open.prediction = Some(call);
                    if !self.same && !answered(to_come, Asked::Prediction) {
                        answers.push_back(self.predicted(call, &features));
                    }
                }
                Effect::SetDesired { call, plan } => {
                    self.open.write = Some(call);
                    if !self.was_written(plan, at) {
                        let outcome = WriteOutcome::DryRun;
                        answers.push_back(Event::WriteSettled { call, outcome });
                    }
                }
                Effect::Fit { call } => self.fit(call, at, to_come),
                Effect::Record(Record::Decided(decision)) => self.decided(*decision),
                Effect::Record(_) | Effect::Save | Effect::WakeAt(_) => {}
            }
        }
        while let Some(answer) = answers.pop_front() {
            if let Some(answer) = self.addressed(answer) {
                self.handle(answer, at, to_come);
            }
        }
    }

    fn fit(&mut self, call: CallId, at: Timestamp, to_come: &[(Timestamp, Step)]) {
        let Some(job) = self.controller.as_ref().and_then(Controller::fit_job) else {
            return;
        };
        if self.same {
            self.open.fits.insert(call, job);
        } else {
            self.fitted(call, &job, at, to_come);
        }
    }

    fn decided(&mut self, decision: Decision) {
        let then = self.recorded.get(&decision.at);
        self.differs |= then.is_some_and(|then| **then != decision);
        self.decisions.push(decision);
    }

    fn predicted(&self, call: CallId, features: &Features) -> Event {
        match self.model.predict(features) {
            Ok(prediction) => Event::Predicted { call, prediction },
            Err(error) => Event::CallFailed {
                call,
                asked: Asked::Prediction,
                failure: CallFailure {
                    kind: FailureKind::Rejected,
                    detail: error.to_string(),
                },
            },
        }
    }

    /// Whether the same was written then: its answer is still to come.
    fn was_written(&self, plan: Plan, at: Timestamp) -> bool {
        match self.recorded.get(&at) {
            Some(then) => {
                then.desired == Some(plan.desired) && then.explanation.mode != Mode::Observe
            }
            // Before the time whose decisions were asked for, all is as it was.
            None => self.same,
        }
    }
}

/// Whether an answer of the kind `asked` was recorded before the next look.
fn answered(to_come: &[(Timestamp, Step)], asked: Asked) -> bool {
    let this_look = to_come
        .iter()
        .take_while(|(_, step)| !matches!(step, Step::Event(Event::Woke) | Step::Checkpoint(_)));
    this_look
        .filter_map(|(_, step)| match step {
            Step::Event(event) => Some(event),
            Step::Checkpoint(_) => None,
        })
        .any(|event| match event {
            Event::MetricsRead { .. } => asked == Asked::Metrics,
            Event::Predicted { .. } => asked == Asked::Prediction,
            Event::CallFailed { asked: of, .. } => *of == asked,
            _ => false,
        })
}
