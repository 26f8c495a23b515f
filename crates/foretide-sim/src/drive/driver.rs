//! One controller and what becomes of its effects.

use std::collections::VecDeque;
use std::fmt;

use foretide_control::{Controller, ControllerConfig, ForecastSnapshot, SavedState};
use foretide_domain::{
    Asked, CallFailure, CallId, Effect, Event, Features, HistoryQuery, Launch, MetricsQuery, Plan,
    Prediction, Record, Timestamp, WriteOutcome,
};

use super::reading;
use crate::faults::{Call, Fate, Faults};
use crate::world::World;

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
    controller: Controller,
    config: ControllerConfig,
    epoch: Timestamp,
    request_count: bool,
    predict: &'p Predict<'p>,
    faults: Option<Faults>,
    saved: Option<SavedState>,
    /// Kept as a service does, after every fit and whenever history was taken in.
    forecast: Option<ForecastSnapshot>,
    wake_at: Option<Timestamp>,
    answers: VecDeque<Answer>,
    effects: VecDeque<Effect>,
    /// Ends of launches not yet told by an answer that arrived.
    launches: Vec<Launch>,
    changed: bool,
    down_until_s: i64,
    writes_lost: u64,
}

impl fmt::Debug for Driver<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("controller", &self.controller)
            .field("answers", &self.answers)
            .finish_non_exhaustive()
    }
}

impl<'p> Driver<'p> {
    /// A new controller with `config` (valid), for a world whose t = 0 is at `epoch`.
    pub fn new(
        config: ControllerConfig,
        epoch: Timestamp,
        request_count: bool,
        predict: &'p Predict<'p>,
        faults: Option<Faults>,
    ) -> Self {
        let (controller, effects) = Controller::new(config.clone(), epoch);
        Self {
            controller,
            config,
            epoch,
            request_count,
            predict,
            faults,
            saved: None,
            forecast: None,
            wake_at: None,
            answers: VecDeque::new(),
            effects: effects.into(),
            launches: Vec::new(),
            changed: false,
            down_until_s: 0,
            writes_lost: 0,
        }
    }

    /// The controller, between two steps.
    pub const fn controller(&self) -> &Controller {
        &self.controller
    }

    /// Writes that were asked for and not sent, because the controller died between the two.
    pub const fn writes_lost(&self) -> u64 {
        self.writes_lost
    }

    /// Carries out everything due at this step of the world; tells whether the controller changed
    /// desired capacity. Records go to `sink`.
    pub fn step(&mut self, world: &mut World, sink: &mut dyn FnMut(Timestamp, Record)) -> bool {
        let now_s = world.at_s();
        let now = reading::at(self.epoch, now_s);
        self.changed = false;
        if let Some(faults) = &mut self.faults {
            faults.disturb(world);
        }
        if now_s < self.down_until_s {
            return false;
        }
        self.carry_out(world, now, sink);
        while let Some(event) = self.next_event(now_s, now) {
            if self.crashes(now_s, now) {
                self.carry_out(world, now, sink);
                continue;
            }
            if matches!(event, Event::GroupRead { .. }) {
                self.launches.clear();
            }
            let effects = self.controller.handle(event, now);
            self.effects.extend(effects);
            if self.controller.history_is_there() {
                self.controller.take_in_history();
                self.keep_forecast();
            }
            self.carry_out(world, now, sink);
        }
        self.changed
    }

    fn next_event(&mut self, now_s: i64, now: Timestamp) -> Option<Event> {
        if now_s < self.down_until_s {
            return None;
        }
        // Nearly always the first one is due: only late answers wait.
        let due = self.answers.iter().position(|answer| answer.due_s <= now_s);
        if let Some(answer) = due.and_then(|index| self.answers.remove(index)) {
            return Some(answer.event);
        }
        self.wake_at.take_if(|wake| *wake <= now)?;
        Some(Event::Woke)
    }

    /// Whether the controller dies here; if so it is restored from what it saved last, and no
    /// answer to the dead one arrives.
    fn crashes(&mut self, now_s: i64, now: Timestamp) -> bool {
        let Some(down_s) = self.faults.as_mut().and_then(Faults::crash) else {
            return false;
        };
        let is_write = |effect: &&Effect| matches!(effect, Effect::SetDesired { .. });
        self.writes_lost += self.effects.iter().filter(is_write).count() as u64;
        self.answers.clear();
        self.effects.clear();
        self.wake_at = None;
        self.down_until_s = now_s + down_s;
        let up = reading::at(self.epoch, self.down_until_s).max(now);
        let (mut controller, effects) = match self.saved.clone() {
            Some(saved) => Controller::restore(self.config.clone(), saved, up),
            None => Controller::new(self.config.clone(), up),
        };
        if let Some(forecast) = self.forecast.clone() {
            controller.resume_forecast(forecast);
        }
        self.controller = controller;
        self.effects = effects.into();
        true
    }

    fn carry_out(
        &mut self,
        world: &mut World,
        now: Timestamp,
        sink: &mut dyn FnMut(Timestamp, Record),
    ) {
        while world.at_s() >= self.down_until_s
            && let Some(effect) = self.effects.pop_front()
        {
            match effect {
                Effect::WakeAt(at) => self.wake_at = Some(at),
                Effect::Record(record) => sink(now, record),
                Effect::Save if self.faults.is_some() => {
                    self.saved = Some(self.controller.saved_state().clone());
                }
                Effect::Save => {}
                Effect::ReadGroup { call } => self.read_group(world, call),
                Effect::ReadMetrics { call, query } => self.read_metrics(world, call, query),
                Effect::ReadHistory { call, query } => self.read_history(world, call, query),
                Effect::Fit { call } => self.fit(call, now),
                Effect::Predict { call, features } => self.ask(world, call, &features),
                Effect::SetDesired { call, plan } => self.write(world, call, plan),
            }
            // The first effects of a controller restored here go on in this loop.
            let _restored = self.crashes(world.at_s(), now);
        }
    }

    fn read_group(&mut self, world: &mut World, call: CallId) {
        for end in world.take_launches() {
            self.launches.push(Launch {
                id: end.ordinal,
                started: reading::at(self.epoch, end.launched_s),
                ended: reading::at(self.epoch, end.ended_s),
                succeeded: end.succeeded,
            });
        }
        let launches = if self.launches.is_empty() {
            Vec::new()
        } else {
            self.launches.clone()
        };
        let group = reading::group(world, self.epoch, launches);
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
        self.answer(world, call, Call::ReadMetrics, |call| Event::MetricsRead {
            call,
            points,
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
        self.answer(world, call, Call::ReadMetrics, |call| Event::HistoryRead {
            call,
            points,
        });
    }

    /// Virtual time stands still while a fit is made.
    fn fit(&mut self, call: CallId, now: Timestamp) {
        if let Some(job) = self.controller.fit_job() {
            let effects = self.controller.fitted(call, job.run(), now);
            self.effects.extend(effects);
            self.keep_forecast();
        }
    }

    /// Only who may die needs it.
    fn keep_forecast(&mut self) {
        if self.faults.is_some() {
            self.forecast = self.controller.forecast_snapshot();
        }
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
