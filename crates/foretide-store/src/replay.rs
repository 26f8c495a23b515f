//! Replays stored events to a controller of this version.
//!
//! With the same settings, each stored answer goes to the call of the same number. With other
//! settings the controller may make other calls at other times. Then a stored answer goes to the
//! open call of its kind. A call without a stored answer is answered from known data: no new
//! period, the given model, the stored observations. A write that was not made is not made in the
//! replay, as in a dry run.

use std::collections::{HashMap, VecDeque};

use foretide_classifier::Model;
use foretide_control::{
    ControlLoop, Controller, ControllerConfig, Effect, Event, FitJob, FitOutcome, Outside, Snapshot,
};
use foretide_domain::{
    Asked, CallFailure, CallId, Datapoint, Decision, FailureKind, Features, Mode, Plan, Record,
    Timestamp, WriteOutcome,
};
use foretide_runtime::Checkpoint;

use crate::read::Step;

/// The observed periods from a time (included) to a time (excluded).
type Observed<'a> = dyn Fn(Timestamp, Timestamp) -> Vec<Datapoint> + 'a;

/// The decisions of a controller with the settings `today` on `steps`, which begin with a
/// checkpoint. `recorded` are the stored decisions. `model` answers questions without a stored
/// answer. `past` gives stored observations.
pub fn replay(
    today: &ControllerConfig,
    recorded: &[Decision],
    model: &Model,
    past: &Observed<'_>,
    steps: &[(Timestamp, Step)],
) -> Vec<Decision> {
    Replay::new(today, recorded, model, past).run(steps)
}

/// A replay in progress.
struct Replay<'a> {
    control: Option<ControlLoop>,
    then: Then<'a>,
}

/// The stored data as the outside of a controller.
struct Then<'a> {
    today: &'a ControllerConfig,
    recorded: HashMap<Timestamp, &'a Decision>,
    model: &'a Model,
    past: &'a Observed<'a>,
    /// The stored steps after the present event.
    to_come: &'a [(Timestamp, Step)],
    /// Whether the settings equal the stored ones.
    same: bool,
    /// Whether any decision differs from the stored one so far.
    differs: bool,
    open: Open,
    /// Answers to calls without a stored answer.
    answers: VecDeque<Event>,
    decisions: Vec<Decision>,
}

/// The calls that wait for an answer.
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
    fn new(
        today: &'a ControllerConfig,
        recorded: &'a [Decision],
        model: &'a Model,
        past: &'a Observed<'a>,
    ) -> Self {
        Self {
            control: None,
            then: Then {
                today,
                recorded: recorded
                    .iter()
                    .map(|decision| (decision.at, decision))
                    .collect(),
                model,
                past,
                to_come: &[],
                same: true,
                differs: false,
                open: Open::default(),
                answers: VecDeque::new(),
                decisions: Vec::new(),
            },
        }
    }

    /// The decisions that follow from `steps`, which begin with a checkpoint.
    fn run(mut self, steps: &'a [(Timestamp, Step)]) -> Vec<Decision> {
        for (index, (at, step)) in steps.iter().enumerate() {
            self.then.to_come = steps.get(index + 1..).unwrap_or_default();
            match step {
                Step::Checkpoint(checkpoint) => self.begin(checkpoint, *at),
                Step::Event(event) => self.tell(event, *at),
            }
        }
        self.then.decisions
    }

    /// Starts or continues at a checkpoint: from the stored state while nothing differs, else from
    /// the replay's own state.
    fn begin(&mut self, checkpoint: &Checkpoint, at: Timestamp) {
        let then = &mut self.then;
        then.same = *checkpoint.controller == *then.today;
        then.open = Open::default();
        let mut snapshot = checkpoint.snapshot.clone();
        let differs = self.control.as_ref().filter(|_| then.differs);
        if let Some(own) = differs.and_then(|it| own_snapshot(it.controller(), then.today, at)) {
            snapshot = Snapshot {
                forecast: own.forecast.or(snapshot.forecast),
                ..own
            };
        }
        let mut control = ControlLoop::new(then.today.clone(), snapshot, at);
        control.run(then, at);
        self.control = Some(control);
    }

    fn tell(&mut self, event: &Event, at: Timestamp) {
        let Some(event) = self.then.addressed(event.clone()) else {
            return;
        };
        if let Some(control) = &mut self.control {
            control.tell(event, &mut self.then, at);
        }
    }
}

/// The snapshot from which a controller continues at `at`.
fn own_snapshot(
    controller: &Controller,
    today: &ControllerConfig,
    at: Timestamp,
) -> Option<Snapshot> {
    let asked = Event::Configured(Box::new(today.clone()));
    let effects = controller.clone().handle(asked, at);
    effects.into_iter().find_map(|effect| match effect {
        Effect::Snapshot { snapshot, .. } => Some(*snapshot),
        _ => None,
    })
}

impl Outside for Then<'_> {
    fn carry_out(&mut self, effect: Effect, _controller: &Controller, at: Timestamp) {
        match effect {
            Effect::ReadGroup { call } => {
                // A new cycle: the calls of the previous cycle are dropped.
                self.open.group = Some(call);
                self.open.metrics = None;
                self.open.prediction = None;
            }
            Effect::ReadMetrics { call, .. } => {
                self.open.metrics = Some(call);
                if !self.same && !answered(self.to_come, Asked::Metrics) {
                    let points = Vec::new();
                    let instance_metrics = 0;
                    self.answers.push_back(Event::MetricsRead {
                        call,
                        points,
                        instance_metrics,
                        signals: Vec::new(),
                    });
                }
            }
            Effect::ReadHistory { call, query } => {
                self.open.history = Some(call);
                if !self.same {
                    let points = (self.past)(query.from, query.to);
                    let signals = Vec::new();
                    self.answers.push_back(Event::HistoryRead {
                        call,
                        points,
                        signals,
                    });
                }
            }
            Effect::Predict { call, features } => {
                self.open.prediction = Some(call);
                if !self.same && !answered(self.to_come, Asked::Prediction) {
                    let answer = self.predicted(call, &features);
                    self.answers.push_back(answer);
                }
            }
            Effect::SetDesired { call, plan } => {
                self.open.write = Some(call);
                if !self.was_written(plan, at) {
                    let outcome = WriteOutcome::DryRun;
                    self.answers
                        .push_back(Event::WriteSettled { call, outcome });
                }
            }
            Effect::Fit { call, job } => {
                self.open.fits.insert(call, job);
                if !self.same {
                    let outcome = FitOutcome::NotKept;
                    self.answers.push_back(Event::Fitted { call, outcome });
                }
            }
            Effect::Record(Record::Decided(decision)) => self.decided(*decision),
            Effect::Record(_)
            | Effect::Save
            | Effect::SaveFirst
            | Effect::Snapshot { .. }
            | Effect::WakeAt(_) => {}
        }
    }

    fn next_event(&mut self, _now: Timestamp) -> Option<Event> {
        while let Some(answer) = self.answers.pop_front() {
            let addressed = self.addressed(answer);
            if addressed.is_some() {
                return addressed;
            }
        }
        None
    }
}

impl Then<'_> {
    /// The event as an answer to the open call of its kind; none if there is no such call.
    fn addressed(&mut self, event: Event) -> Option<Event> {
        let open = &mut self.open;
        Some(match event {
            Event::Woke | Event::Ordered { .. } | Event::SnapshotAsked | Event::Configured(_) => {
                event
            }
            Event::Fitted { call, .. } => {
                let outcome = open.fits.remove(&call)?.run();
                Event::Fitted { call, outcome }
            }
            Event::GroupRead { group, .. } => {
                let call = open.group.take()?;
                Event::GroupRead { call, group }
            }
            Event::MetricsRead {
                points,
                instance_metrics,
                signals,
                ..
            } => Event::MetricsRead {
                call: open.metrics.take()?,
                points,
                instance_metrics,
                signals,
            },
            Event::HistoryRead {
                points, signals, ..
            } => {
                let call = open.history.take()?;
                Event::HistoryRead {
                    call,
                    points,
                    signals,
                }
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

    /// Whether the stored run made the same write, whose answer is still to come.
    fn was_written(&self, plan: Plan, at: Timestamp) -> bool {
        match self.recorded.get(&at) {
            Some(then) => {
                then.desired == Some(plan.desired) && then.explanation.mode != Mode::Observe
            }
            // Before the time of the first stored decision, nothing can differ.
            None => self.same,
        }
    }
}

/// Whether an answer of the kind `asked` was stored before the next cycle.
fn answered(to_come: &[(Timestamp, Step)], asked: Asked) -> bool {
    let this_cycle = to_come
        .iter()
        .take_while(|(_, step)| !matches!(step, Step::Event(Event::Woke) | Step::Checkpoint(_)));
    this_cycle
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
