//! One group's task: its controller, its timer, its calls.

use std::sync::Arc;
use std::time::Duration;

use foretide_control::{Controller, SavedState};
use foretide_domain::{
    Asked, CallId, Datapoint, Effect, Event, FailureKind, GroupState, Plan, PolicyKind, Timestamp,
    WriteOutcome,
};
use foretide_forecast::{FitError, Fitted};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::actuator::{Actuator, Write};
use crate::answers::Reply;
use crate::awaited::{FitUnderWay, Wake, failed, fitted, settled, woken};
use crate::batch::Batcher;
use crate::clock::Clock;
use crate::cloud::MetricsAsk;
use crate::entry::{Checkpoint, Notice};
use crate::fleet::GroupSetup;
use crate::history::{Histories, Past, kept_forecast};
use crate::journal::Journal;
use crate::scribe::ToScribe;
use crate::settings::RuntimeSettings;
use crate::status::SharedStatus;
use crate::told::{Ordered, Replacement, Told, acknowledge};

/// How a group's account is reached.
pub(crate) struct Account {
    pub(crate) groups: Batcher<Arc<str>, GroupState>,
    pub(crate) metrics: Batcher<MetricsAsk, Vec<Datapoint>>,
    pub(crate) histories: Histories,
    pub(crate) actuator: Actuator,
}

/// What all groups share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) settings: Arc<RuntimeSettings>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) scribe: ToScribe,
    pub(crate) predictions: Arc<Semaphore>,
}

/// The look under way.
#[derive(Clone, Copy)]
struct Look {
    began: Instant,
    deadline: Instant,
}

/// One group, looked after.
pub(crate) struct GroupTask {
    setup: GroupSetup,
    account: Arc<Account>,
    shared: Shared,
    controller: Controller,
    status: SharedStatus,
    told: Told,
    stop: CancellationToken,
    /// Readings and questions to the model.
    calls: FuturesUnordered<BoxFuture<'static, Event>>,
    write: Option<BoxFuture<'static, Event>>,
    /// What is read of the past, beside the looks.
    past: Past,
    /// A fit under way, on a thread of its own.
    fit: Option<FitUnderWay>,
    wake: Option<Wake>,
    look: Option<Look>,
    checkpoint_at: Timestamp,
}

/// What a group's task is made of.
pub(crate) struct GroupStart {
    pub(crate) setup: GroupSetup,
    pub(crate) account: Arc<Account>,
    pub(crate) shared: Shared,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) state: Option<SavedState>,
    pub(crate) status: SharedStatus,
    pub(crate) told: Told,
    pub(crate) stop: CancellationToken,
}

impl GroupTask {
    /// Looks after the group until `stop` is cancelled and no write is in flight.
    pub(crate) async fn run(start: GroupStart) {
        let (mut task, effects) = Self::begin(start).await;
        task.show_mode();
        task.carry_out(effects).await;
        while !(task.stop.is_cancelled() && task.write.is_none()) {
            task.step().await;
        }
        let now = task.now();
        task.save(now);
        task.notice(now, Notice::Stopped);
    }

    async fn begin(start: GroupStart) -> (Self, Vec<Effect>) {
        let key = &start.setup.key;
        let resumed = start.state.is_some();
        let (forecast, notices) = kept_forecast(&*start.journal, &start.setup).await;
        let now = start.shared.clock.now();
        start
            .shared
            .scribe
            .notice(key, now, Notice::Started { resumed });
        for notice in notices {
            start.shared.scribe.notice(key, now, notice);
        }
        let checkpoint = Checkpoint {
            state: start.state,
            forecast: forecast.map(Arc::new),
            controller: Arc::new(start.setup.controller.clone()),
            settings: Arc::clone(&start.setup.settings),
        };
        let (controller, effects) = checkpoint.go_on(now);
        start.shared.scribe.checkpoint(key, now, checkpoint);
        let task = Self {
            past: Past::new(start.setup.history_from.clone()),
            setup: start.setup,
            account: start.account,
            shared: start.shared,
            controller,
            status: start.status,
            told: start.told,
            stop: start.stop,
            calls: FuturesUnordered::new(),
            write: None,
            fit: None,
            wake: None,
            look: None,
            checkpoint_at: now,
        };
        (task, effects)
    }

    /// Waits for the next thing to happen, and deals with it.
    async fn step(&mut self) {
        let stopping = self.stop.is_cancelled();
        let writing = self.write.is_some();
        let event = tokio::select! {
            biased;
            () = self.stop.cancelled(), if !stopping => {
                self.calls.clear();
                return;
            }
            event = settled(&mut self.write) => {
                self.write = None;
                self.status.update(|status| status.writing = false);
                event
            }
            Some(event) = self.calls.next(), if !stopping => event,
            event = self.past.read(), if !stopping => return self.past_read(event).await,
            (call, fitted) = fitted(&mut self.fit), if !stopping => {
                self.fit = None;
                return self.fitted(call, fitted).await;
            }
            // Settings are replaced while no write is outstanding: its answer belongs to the
            // controller that asked for it.
            Some(replacement) = self.told.replacements.recv(), if !stopping && !writing => {
                return self.replace(replacement).await;
            }
            Some(ordered) = self.told.orders.recv(), if !stopping => {
                return self.ordered(ordered).await;
            }
            () = woken(self.wake), if !stopping => self.woke(),
        };
        self.happened(event).await;
    }

    fn woke(&mut self) -> Event {
        let now = self.now();
        if let Some(wake) = self.wake.take() {
            let by = now.since(wake.asked);
            if by > self.controller.config().interval {
                self.notice(now, Notice::Late { by });
            }
        }
        Event::Woke
    }

    async fn happened(&mut self, event: Event) {
        let now = self.now();
        self.shared
            .scribe
            .event(&self.setup.key, now, event.clone());
        let effects = self.controller.handle(event, now);
        self.carry_out(effects).await;
        self.end_look();
        self.keep_checkpoint().await;
    }

    async fn ordered(&mut self, Ordered { order, by, taken }: Ordered) {
        self.happened(Event::Ordered { order, by }).await;
        self.show_mode();
        let (now, state) = (self.now(), self.controller.saved_state());
        let kept = self.shared.scribe.save_now(&self.setup.key, now, state);
        tokio::spawn(acknowledge(taken, state.next_look(), kept));
    }

    fn show_mode(&self) {
        self.status
            .update(|status| status.mode = self.controller.mode());
    }

    /// A part of the past is there. Its points are kept in the checkpoint that follows, not here.
    async fn past_read(&mut self, event: Event) {
        let now = self.now();
        let kept = match &event {
            Event::HistoryRead { call, .. } => Event::HistoryRead {
                call: *call,
                points: Vec::new(),
            },
            other => other.clone(),
        };
        self.shared.scribe.event(&self.setup.key, now, kept);
        let effects = self.controller.handle(event, now);
        self.carry_out(effects).await;
        self.keep_checkpoint().await;
    }

    async fn fitted(&mut self, call: CallId, fitted: Result<Fitted, FitError>) {
        let now = self.now();
        let event = Event::Fitted { call };
        self.shared.scribe.event(&self.setup.key, now, event);
        let effects = self.controller.fitted(call, fitted, now);
        self.carry_out(effects).await;
        self.keep_checkpoint().await;
    }

    /// Carries `effects` out, in order.
    async fn carry_out(&mut self, effects: Vec<Effect>) {
        let mut writes = effects
            .iter()
            .any(|effect| matches!(effect, Effect::SetDesired { .. }));
        let now = self.now();
        let mut reads = false;
        for effect in effects {
            match effect {
                Effect::ReadGroup { call } => {
                    if !std::mem::replace(&mut reads, true) {
                        self.begin_look();
                    }
                    let reply = self.account.groups.ask(self.setup.key.shared_name());
                    self.read(call, Asked::Group, reply, |call, group| Event::GroupRead {
                        call,
                        group,
                    });
                }
                Effect::ReadMetrics { call, query } => {
                    let name = self.setup.key.shared_name();
                    let reply = self.account.metrics.ask(MetricsAsk { name, query });
                    self.read(call, Asked::Metrics, reply, |call, points| {
                        Event::MetricsRead { call, points }
                    });
                }
                Effect::ReadHistory { call, query } => {
                    let histories = &self.account.histories;
                    self.past
                        .ask(histories, self.setup.key.shared_name(), call, query);
                }
                Effect::Fit { call } => self.start_fit(call),
                Effect::Predict { call, features } => self.predict(call, features),
                Effect::SetDesired { call, plan } => {
                    writes = false;
                    self.write(call, plan, now);
                }
                Effect::Record(record) => {
                    self.status.saw_record(now, &record);
                    self.shared.scribe.record(&self.setup.key, now, record);
                }
                Effect::Save if writes => self.save_before_write(now).await,
                Effect::Save => self.save(now),
                Effect::WakeAt(at) => self.wake = Some(self.wake_at(at)),
            }
        }
    }

    /// A fit takes a third of a second: off the threads that calls wait on.
    fn start_fit(&mut self, call: CallId) {
        if let Some(job) = self.controller.fit_job() {
            self.fit = Some((call, tokio::task::spawn_blocking(move || job.run())));
        }
    }

    fn begin_look(&mut self) {
        // The controller has given up what it still waited for.
        self.calls.clear();
        let began = Instant::now();
        let limit = self
            .shared
            .settings
            .look_deadline(self.controller.config().interval);
        self.look = Some(Look {
            began,
            deadline: began + limit,
        });
    }

    /// A look ends when nothing is outstanding any more.
    fn end_look(&mut self) {
        let Some(look) = self.look.take_if(|_| self.calls.is_empty()) else {
            return;
        };
        let (now, took) = (self.now(), look.began.elapsed());
        self.status.update(|status| {
            status.looked_at = Some(now);
            status.look_took = took;
        });
        let limit = look.deadline - look.began;
        let interval = self.controller.config().interval;
        if took >= limit {
            self.notice(now, Notice::overrun(took, limit, interval));
        }
    }

    /// When a call that may take `span` has to have ended.
    fn deadline(&self, span: Duration) -> Instant {
        let own = Instant::now() + span;
        self.look.map_or(own, |look| own.min(look.deadline))
    }

    fn read<T: Send + 'static>(
        &self,
        call: CallId,
        asked: Asked,
        reply: oneshot::Receiver<Reply<T>>,
        event: impl FnOnce(CallId, T) -> Event + Send + 'static,
    ) {
        let span = self.shared.settings.read_deadline;
        // The batch has the same deadline and knows better why: it may answer a moment later.
        let deadline = self.deadline(span + self.shared.settings.gather * 2);
        self.calls.push(Box::pin(async move {
            match timeout_at(deadline, reply).await {
                Ok(Ok(Ok(answer))) => event(call, answer),
                Ok(Ok(Err(failure))) => Event::CallFailed {
                    call,
                    asked,
                    failure,
                },
                Ok(Err(_)) => failed(
                    call,
                    asked,
                    FailureKind::Unavailable,
                    "the call ended unanswered",
                ),
                Err(_) => failed(
                    call,
                    asked,
                    FailureKind::TimedOut,
                    "no answer before the look's end",
                ),
            }
        }));
    }

    fn predict(&self, call: CallId, features: foretide_domain::Features) {
        let deadline = self.deadline(self.shared.settings.predict_deadline);
        let predictor = Arc::clone(&self.setup.predictor);
        let turns = Arc::clone(&self.shared.predictions);
        let (status, began) = (self.status.clone(), Instant::now());
        self.calls.push(Box::pin(async move {
            let asked = async {
                let _turn = turns.acquire().await;
                predictor.predict(&features).await
            };
            match timeout_at(deadline, asked).await {
                Ok(Ok(prediction)) => {
                    let took = Some(began.elapsed());
                    status.update(|status| status.prediction_took = took);
                    Event::Predicted { call, prediction }
                }
                Ok(Err(failure)) => Event::CallFailed {
                    call,
                    asked: Asked::Prediction,
                    failure,
                },
                Err(_) => failed(
                    call,
                    Asked::Prediction,
                    FailureKind::TimedOut,
                    "no answer from the model in time",
                ),
            }
        }));
    }

    fn write(&mut self, call: CallId, plan: Plan, now: Timestamp) {
        let account = Arc::clone(&self.account);
        let write = Write {
            key: self.setup.key.clone(),
            plan,
            mode: self.controller.mode(),
            permit: Arc::clone(&self.setup.permit),
            now,
            stop: self.stop.clone(),
        };
        self.status.update(|status| status.writing = true);
        self.write = Some(Box::pin(async move {
            let outcome: WriteOutcome = account.actuator.carry_out(write).await;
            Event::WriteSettled { call, outcome }
        }));
    }

    fn save(&self, now: Timestamp) {
        let state = self.controller.saved_state();
        self.shared.scribe.save(&self.setup.key, now, state);
    }

    /// Between looks, from time to time, a point is kept from which a replay can start.
    async fn keep_checkpoint(&mut self) {
        let age = self.now().since(self.checkpoint_at);
        let settings = &self.shared.settings;
        let every = match self.controller.config().policy {
            PolicyKind::Forecast => settings.forecast_checkpoint_every,
            PolicyKind::Classifier | PolicyKind::TargetTracking => settings.checkpoint_every,
        };
        let between_looks = self.calls.is_empty() && self.look.is_none() && self.write.is_none();
        if between_looks && (age >= every || self.controller.asks_for_snapshot()) {
            self.begin_anew().await;
        }
    }

    /// Keeps a checkpoint and goes on from it as a replay would, so that both do the same.
    async fn begin_anew(&mut self) {
        let now = self.now();
        self.checkpoint_at = now;
        let all_there = self.controller.history_is_there();
        self.controller.take_in_history();
        let forecast = self.controller.forecast_snapshot().map(Arc::new);
        if let Some(forecast) = forecast.as_ref().filter(|_| all_there) {
            let notice = self.past.told(forecast);
            self.notice(now, notice);
        }
        let checkpoint = Checkpoint {
            state: Some(self.controller.saved_state().clone()),
            forecast,
            controller: Arc::new(self.setup.controller.clone()),
            settings: Arc::clone(&self.setup.settings),
        };
        let (controller, effects) = checkpoint.go_on(now);
        self.shared
            .scribe
            .checkpoint(&self.setup.key, now, checkpoint);
        // What the controller before this one has asked of the past, this one asks anew.
        self.past.give_up();
        self.controller = controller;
        self.carry_out(effects).await;
    }

    /// The state that knows of the write is durable before the write is sent. Where that fails, the
    /// write goes out all the same: a full disk must not keep a group from growing.
    async fn save_before_write(&mut self, now: Timestamp) {
        let state = self.controller.saved_state();
        let saved = self.shared.scribe.save_now(&self.setup.key, now, state);
        if !saved.await {
            self.notice(self.now(), Notice::UnsavedWrite);
        }
    }

    async fn replace(&mut self, replacement: Replacement) {
        self.setup = replacement.setup;
        self.account = replacement.account;
        self.past = Past::new(self.setup.history_from.clone());
        self.calls.clear();
        self.look = None;
        self.notice(self.now(), Notice::Reconfigured);
        self.begin_anew().await;
        self.show_mode();
    }

    fn notice(&self, now: Timestamp, notice: Notice) {
        self.status.saw_notice(&notice);
        self.shared.scribe.notice(&self.setup.key, now, notice);
    }

    fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// The moment at or after `asked` that lies on the grid of looks.
    fn wake_at(&self, asked: Timestamp) -> Wake {
        let grid = self.shared.settings.grid.as_millis().max(1);
        let grid = i64::try_from(grid).unwrap_or(1);
        let behind = asked.as_millis().rem_euclid(grid);
        let wait = if behind == 0 { 0 } else { grid - behind };
        let on_grid = asked.plus(Duration::from_millis(u64::try_from(wait).unwrap_or(0)));
        Wake {
            asked,
            at: Instant::now() + on_grid.since(self.now()),
        }
    }
}
