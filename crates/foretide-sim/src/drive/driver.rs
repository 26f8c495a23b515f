//! One controller and what becomes of its effects.

use std::collections::VecDeque;
use std::fmt;

use foretide_control::{
    ControlLoop, Controller, ControllerConfig, Effect, Event, FitJob, Outside, Snapshot,
};
use foretide_domain::{
    Asked, CallFailure, CallId, Features, HistoryQuery, Launch, MetricsQuery, Order, Plan,
    Prediction, Record, SignalReading, Timestamp, WriteOutcome,
};

use super::reading;
use crate::backtest::CaseSignal;
use crate::faults::{Call, Fate, Faults, OutsideFact};
use crate::world::{Period, World};

/// The model that a controller asks; its failure is one of the controller's events.
pub type Predict<'p> = dyn Fn(&Features) -> Result<Prediction, CallFailure> + Send + Sync + 'p;

/// An answer under way.
#[derive(Clone, Debug)]
struct Answer {
    due_s: i64,
    event: Event,
}

/// A controller whose effects are carried out on a simulated group.
pub struct Driver<'p> {
    control: ControlLoop,
    calls: Calls<'p>,
}

/// What becomes of a controller's effects, beside the world itself.
struct Calls<'p> {
    config: ControllerConfig,
    epoch: Timestamp,
    request_count: bool,
    signals: Vec<CaseSignal>,
    predict: &'p Predict<'p>,
    faults: Option<Faults>,
    /// What a controller that dies goes on from. Only who may die keeps it.
    saved: Snapshot,
    wake_at: Option<Timestamp>,
    answers: VecDeque<Answer>,
    /// Ends of launches not yet reported by an answer that arrived.
    launches: Vec<Launch>,
    /// Those that the answer under way reports: a crash before it is handled loses it.
    reported: Vec<Launch>,
    changed: bool,
    down_until_s: i64,
    writes_lost: u64,
}

/// One step of the world.
struct Step<'s, 'p> {
    calls: &'s mut Calls<'p>,
    world: &'s mut World,
    sink: &'s mut dyn FnMut(Timestamp, Record),
}

impl fmt::Debug for Driver<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("control", &self.control)
            .field("answers", &self.calls.answers)
            .finish_non_exhaustive()
    }
}

impl<'p> Driver<'p> {
    /// A controller with `config` (valid) that starts at `start`, for a world whose t = 0 is at
    /// `epoch`.
    pub fn new(
        config: ControllerConfig,
        (epoch, start): (Timestamp, Timestamp),
        request_count: bool,
        predict: &'p Predict<'p>,
        faults: Option<Faults>,
    ) -> Self {
        Self {
            control: ControlLoop::new(config.clone(), Snapshot::default(), start),
            calls: Calls {
                config,
                epoch,
                request_count,
                signals: Vec::new(),
                predict,
                faults,
                saved: Snapshot::default(),
                wake_at: None,
                answers: VecDeque::new(),
                launches: Vec::new(),
                reported: Vec::new(),
                changed: false,
                down_until_s: 0,
                writes_lost: 0,
            },
        }
    }

    /// The same, with further loads that the group's signals measure.
    #[must_use]
    pub fn with_signals(mut self, signals: Vec<CaseSignal>) -> Self {
        self.calls.signals = signals;
        self
    }

    /// The controller, between two steps.
    pub const fn controller(&self) -> &Controller {
        self.control.controller()
    }

    /// The facts outside that hold at `now_s`, with the seconds for which they have held.
    pub fn outside(&self, now_s: i64) -> impl Iterator<Item = (OutsideFact, i64)> {
        let faults = self.calls.faults.iter();
        faults.flat_map(move |faults| faults.outside(now_s))
    }

    /// Writes that were asked for and not sent, because the controller died between the two.
    pub const fn writes_lost(&self) -> u64 {
        self.calls.writes_lost
    }

    /// Carries out everything due at this step of the world; tells whether the controller changed
    /// desired capacity. Records go to `sink`.
    pub fn step(&mut self, world: &mut World, sink: &mut dyn FnMut(Timestamp, Record)) -> bool {
        let calls = &mut self.calls;
        let now = reading::at(calls.epoch, world.at_s());
        calls.changed = false;
        if let Some(faults) = &mut calls.faults {
            faults.disturb(world);
            let paused = self
                .control
                .controller()
                .saved_state()
                .orders()
                .paused
                .is_some();
            calls.pause(paused, world.at_s());
        }
        self.control.run(&mut Step { calls, world, sink }, now);
        self.calls.changed
    }
}

impl Outside for Step<'_, '_> {
    fn carry_out(&mut self, effect: Effect, controller: &Controller, now: Timestamp) {
        let (calls, world) = (&mut *self.calls, &mut *self.world);
        calls.reported.clear();
        match effect {
            Effect::WakeAt(at) => calls.wake_at = Some(at),
            Effect::Record(record) => (self.sink)(now, record),
            Effect::Save | Effect::SaveFirst if calls.faults.is_some() => {
                calls.saved.state = Some(controller.saved_state().clone());
            }
            Effect::Snapshot { snapshot, .. } if calls.faults.is_some() => calls.saved = *snapshot,
            Effect::Save | Effect::SaveFirst | Effect::Snapshot { .. } => {}
            Effect::ReadGroup { call } => calls.read_group(world, call),
            Effect::ReadMetrics { call, query } => calls.read_metrics(world, call, query),
            Effect::ReadHistory { call, query } => calls.read_history(world, call, query),
            Effect::Fit { call, job } => calls.fit(world, call, &job),
            Effect::Predict { call, features } => calls.ask(world, call, &features),
            Effect::SetDesired { call, plan } => calls.write(world, call, plan),
        }
    }

    fn next_event(&mut self, now: Timestamp) -> Option<Event> {
        let now_s = self.world.at_s();
        let calls = &mut *self.calls;
        calls.reported.clear();
        if now_s < calls.down_until_s {
            return None;
        }
        // Nearly always the first one is due: only late answers wait.
        let due = calls
            .answers
            .iter()
            .position(|answer| answer.due_s <= now_s);
        let event = if let Some(answer) = due.and_then(|index| calls.answers.remove(index)) {
            answer.event
        } else {
            calls.wake_at.take_if(|wake| *wake <= now)?;
            Event::Woke
        };
        if matches!(event, Event::GroupRead { .. }) {
            calls.reported = std::mem::take(&mut calls.launches);
        }
        Some(event)
    }

    /// Whether the controller dies here; if so it is restored from what it saved last, and no
    /// answer to the dead one arrives.
    fn restarted(&mut self, lost: &VecDeque<Effect>, now: Timestamp) -> Option<ControlLoop> {
        let calls = &mut *self.calls;
        let down_s = calls.faults.as_mut().and_then(Faults::crash)?;
        let is_write = |effect: &&Effect| matches!(effect, Effect::SetDesired { .. });
        calls.writes_lost += lost.iter().filter(is_write).count() as u64;
        calls.launches.append(&mut calls.reported);
        calls.answers.clear();
        calls.wake_at = None;
        calls.down_until_s = self.world.at_s() + down_s;
        let up = reading::at(calls.epoch, calls.down_until_s).max(now);
        let (config, saved) = (calls.config.clone(), calls.saved.clone());
        Some(ControlLoop::new(config, saved, up))
    }

    fn is_up(&self) -> bool {
        self.world.at_s() >= self.calls.down_until_s
    }
}

impl Calls<'_> {
    /// Lets the operator pause or resume the group, again and again until the order stands.
    fn pause(&mut self, paused: bool, now_s: i64) {
        let faults = self.faults.as_ref();
        let wanted = faults.is_some_and(|faults| faults.wants_pause(now_s));
        if now_s < self.down_until_s || paused == wanted {
            return;
        }
        let order = if wanted {
            Order::Pause { until: None }
        } else {
            Order::Resume
        };
        let by = "operator".into();
        self.answers.push_front(Answer {
            due_s: now_s,
            event: Event::Ordered { order, by },
        });
    }

    fn read_group(&mut self, world: &mut World, call: CallId) {
        for end in world.take_launches() {
            self.launches.push(Launch {
                id: end.ordinal,
                started: reading::at(self.epoch, end.launched_s),
                ended: reading::at(self.epoch, end.ended_s),
                succeeded: end.succeeded,
                message: None,
            });
        }
        let launches = if self.launches.is_empty() {
            Vec::new()
        } else {
            self.launches.clone()
        };
        let mut group = reading::group(world, self.epoch, launches);
        if let Some(faults) = &self.faults {
            faults.show_outside(&mut group, world.at_s());
        }
        self.answer(world, call, Call::ReadGroup, |call| Event::GroupRead {
            call,
            group,
        });
    }

    fn read_metrics(&mut self, world: &World, call: CallId, query: MetricsQuery) {
        let published = world.published();
        let from = published
            .partition_point(|period| reading::at(self.epoch, period.start_s) < query.from);
        let wanted = published.get(from..).unwrap_or_default().iter();
        let mut points: Vec<_> = wanted
            .map(|period| reading::datapoint(period, world, self.epoch, self.request_count))
            .collect();
        if let Some(faults) = &mut self.faults {
            faults.distort(world.at_s(), from, &mut points);
        }
        let signals = self.readings(published.get(from..).unwrap_or_default(), world);
        // What single instances cost is not simulated.
        let instance_metrics = 0;
        self.answer(world, call, Call::ReadMetrics, |call| Event::MetricsRead {
            call,
            points,
            instance_metrics,
            signals,
        });
    }

    /// What the world has published is its history.
    fn read_history(&mut self, world: &World, call: CallId, query: HistoryQuery) {
        let published = world.published();
        let before =
            |end| published.partition_point(|it| reading::at(self.epoch, it.start_s) < end);
        let (from, to) = (before(query.from), before(query.to));
        let wanted = published.get(from..to).unwrap_or_default().iter();
        let points = wanted
            .map(|period| reading::datapoint(period, world, self.epoch, self.request_count))
            .collect();
        let signals = self.readings(published.get(from..to).unwrap_or_default(), world);
        self.answer(world, call, Call::ReadMetrics, |call| Event::HistoryRead {
            call,
            points,
            signals,
        });
    }

    /// What the signals say of `periods`.
    fn readings(&self, periods: &[Period], world: &World) -> Vec<SignalReading> {
        let signals = self.signals.iter();
        signals
            .map(|signal| reading::signal(signal, periods, world, self.epoch))
            .collect()
    }

    /// Virtual time stands still while a fit is made.
    fn fit(&mut self, world: &World, call: CallId, job: &FitJob) {
        let outcome = job.run();
        let event = Event::Fitted { call, outcome };
        self.deliver(world.at_s(), &Fate::Answered, event);
    }

    fn ask(&mut self, world: &World, call: CallId, features: &Features) {
        let answer = (self.predict)(features);
        self.answer(world, call, Call::Predict, |call| match answer {
            Ok(prediction) => Event::Predicted { call, prediction },
            Err(failure) => Event::CallFailed {
                call,
                asked: Asked::Prediction,
                failure,
            },
        });
    }

    fn write(&mut self, world: &mut World, call: CallId, plan: Plan) {
        let fate = self.fate(Call::SetDesired);
        let outcome = match &fate {
            Fate::Failed(failure) => WriteOutcome::Failed(failure.clone()),
            Fate::Unanswered { carried_out: false } => return,
            _ => self.set_desired(world, plan),
        };
        let event = Event::WriteSettled { call, outcome };
        self.deliver(world.at_s(), &fate, event);
    }

    fn set_desired(&mut self, world: &mut World, plan: Plan) -> WriteOutcome {
        let (bounds, desired) = (world.bounds(), world.desired());
        if bounds != plan.expected_bounds || desired != plan.expected_desired {
            return WriteOutcome::Moved { bounds, desired };
        }
        self.changed |= world.set_desired(plan.desired);
        WriteOutcome::Accepted
    }

    fn answer(
        &mut self,
        world: &World,
        call: CallId,
        kind: Call,
        event: impl FnOnce(CallId) -> Event,
    ) {
        let fate = self.fate(kind);
        let answer = event(call);
        let event = match &fate {
            Fate::Failed(failure) => failed(&answer, call, failure),
            _ => answer,
        };
        self.deliver(world.at_s(), &fate, event);
    }

    fn fate(&mut self, call: Call) -> Fate {
        let faults = self.faults.as_mut();
        faults.map_or(Fate::Answered, |faults| faults.fate(call))
    }

    fn deliver(&mut self, now_s: i64, fate: &Fate, event: Event) {
        let due_s = match fate {
            Fate::Unanswered { .. } => return,
            Fate::Late { seconds } => now_s + seconds,
            Fate::Answered | Fate::Failed(_) => now_s,
        };
        self.answers.push_back(Answer { due_s, event });
    }
}

/// The failure of the call that `answer` would have answered.
fn failed(answer: &Event, call: CallId, failure: &CallFailure) -> Event {
    let asked = match answer {
        Event::GroupRead { .. } => Asked::Group,
        Event::HistoryRead { .. } => Asked::History,
        Event::Predicted { .. } | Event::CallFailed { .. } => Asked::Prediction,
        _ => Asked::Metrics,
    };
    Event::CallFailed {
        call,
        asked,
        failure: failure.clone(),
    }
}
