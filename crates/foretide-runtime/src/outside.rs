//! What carries out the effects of one group's controller: its calls, its timer, the journal.

use std::sync::Arc;
use std::time::Duration;

use foretide_control::{Controller, Effect, Event, Outside, Snapshot};
use foretide_domain::{Asked, CallId, FailureKind, GroupState, Mode, Plan, Timestamp};
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::account::Account;
use crate::actuator::Write;
use crate::answers::Reply;
use crate::awaited::{FitUnderWay, Wake, failed};
use crate::clock::Clock;
use crate::cloud::MetricsAsk;
use crate::entry::{Checkpoint, Notice};
use crate::fleet::GroupSetup;
use crate::history::Past;
use crate::journal_writer::JournalSender;
use crate::message::{OrderReceipt, acknowledge};
use crate::settings::RuntimeSettings;
use crate::status::SharedStatus;

/// What all groups share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) settings: Arc<RuntimeSettings>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) journal: JournalSender,
    pub(crate) predictions: Arc<Semaphore>,
}

/// The look under way.
#[derive(Clone, Copy)]
struct Cycle {
    began: Instant,
    deadline: Instant,
}

/// Where the effects of one group's controller go, and where its events come from.
pub(crate) struct GroupOutside {
    pub(crate) setup: GroupSetup,
    pub(crate) account: Arc<Account>,
    pub(crate) shared: Shared,
    pub(crate) status: SharedStatus,
    pub(crate) stop: CancellationToken,
    /// Readings and questions to the model.
    pub(crate) calls: FuturesUnordered<BoxFuture<'static, Event>>,
    /// The write in flight.
    pub(crate) write: Option<BoxFuture<'static, Event>>,
    /// What is read of the past, beside the looks.
    pub(crate) past: Past,
    /// A fit under way, on a thread of its own.
    pub(crate) fit: Option<FitUnderWay>,
    /// When the controller wants to be woken.
    pub(crate) wake: Option<Wake>,
    cycle: Option<Cycle>,
    /// Interval of the looks.
    interval: Duration,
    /// When the newest snapshot was made.
    pub(crate) snapshot_at: Timestamp,
    /// Whether the state that the next write depends on is durable.
    saving: Option<BoxFuture<'static, bool>>,
    /// Who waits for the order under way to be durable.
    pub(crate) receipt: Option<oneshot::Sender<OrderReceipt>>,
}

impl Outside for GroupOutside {
    fn carry_out(&mut self, effect: Effect, controller: &Controller, now: Timestamp) {
        match effect {
            Effect::ReadGroup { call } => {
                self.begin_cycle(controller.config().interval);
                let reply = self.account.groups.ask(self.setup.key.shared_name());
                let permit = Arc::clone(&self.setup.permit);
                self.read(
                    call,
                    Asked::Group,
                    reply,
                    move |call, mut group: GroupState| {
                        group.obstacles.retain(|obstacle| !permit.allows(obstacle));
                        Event::GroupRead { call, group }
                    },
                );
            }
            Effect::ReadMetrics { call, query } => {
                let name = self.setup.key.shared_name();
                let reply = self.account.metrics.ask(MetricsAsk { name, query });
                self.read(call, Asked::Metrics, reply, |call, points| {
                    Event::MetricsRead { call, points }
                });
            }
            Effect::ReadHistory { call, query } => {
                let name = self.setup.key.shared_name();
                self.past.ask(&self.account.histories, name, call, query);
            }
            // A fit takes a third of a second: off the threads that calls wait on.
            Effect::Fit { call, job } => {
                self.fit = Some((call, tokio::task::spawn_blocking(move || job.run())));
            }
            Effect::Predict { call, features } => self.predict(call, features),
            Effect::SetDesired { call, plan } => self.write(call, plan, controller.mode(), now),
            Effect::Record(record) => {
                self.status.saw_record(now, &record);
                self.shared.journal.record(&self.setup.key, now, record);
            }
            Effect::Save => {
                let state = controller.saved_state();
                self.shared.journal.save(&self.setup.key, now, state);
            }
            Effect::SaveFirst => self.save_first(controller, now),
            Effect::Snapshot {
                snapshot,
                history_complete,
            } => self.keep(*snapshot, history_complete, now),
            Effect::WakeAt(at) => self.wake = Some(self.wake_at(at)),
        }
    }

    /// Events come from the task, which waits for them.
    fn next_event(&mut self, _now: Timestamp) -> Option<Event> {
        None
    }
}

impl GroupOutside {
    pub(crate) fn new(
        setup: GroupSetup,
        account: Arc<Account>,
        shared: Shared,
        status: SharedStatus,
        stop: CancellationToken,
        now: Timestamp,
    ) -> Self {
        Self {
            past: Past::new(setup.history_from.clone()),
            interval: setup.controller.interval,
            setup,
            account,
            shared,
            status,
            stop,
            calls: FuturesUnordered::new(),
            write: None,
            fit: None,
            wake: None,
            cycle: None,
            snapshot_at: now,
            saving: None,
            receipt: None,
        }
    }

    /// Takes other settings, and the way to an account that may be another one. What was read for
    /// the old ones is given up.
    pub(crate) fn replace(&mut self, setup: GroupSetup, account: Arc<Account>) {
        self.past = Past::new(setup.history_from.clone());
        self.interval = setup.controller.interval;
        self.setup = setup;
        self.account = account;
        self.calls.clear();
        self.cycle = None;
    }

    /// Makes the state durable for whoever depends on it: the one that gave an order, or else the
    /// write that follows.
    fn save_first(&mut self, controller: &Controller, now: Timestamp) {
        let state = controller.saved_state();
        let saved = self.shared.journal.save_now(&self.setup.key, now, state);
        match self.receipt.take() {
            Some(receipt) => {
                tokio::spawn(acknowledge(receipt, state.next_look(), saved));
            }
            None => self.saving = Some(Box::pin(saved)),
        }
    }

    /// Keeps a snapshot, with the settings that the controller goes on by.
    fn keep(&mut self, snapshot: Snapshot, history_complete: bool, now: Timestamp) {
        self.snapshot_at = now;
        if let Some(forecast) = snapshot.forecast.as_ref().filter(|_| history_complete) {
            let notice = self.past.notice(forecast);
            self.notice(now, notice);
        }
        // What the controller before this one has asked of the past, this one asks anew.
        self.past.give_up();
        let checkpoint = Checkpoint {
            snapshot,
            controller: Arc::new(self.setup.controller.clone()),
            settings: Arc::clone(&self.setup.settings),
        };
        let journal = &self.shared.journal;
        journal.checkpoint(&self.setup.key, now, checkpoint);
    }

    fn begin_cycle(&mut self, interval: Duration) {
        // The controller has given up what it still waited for.
        self.calls.clear();
        let began = Instant::now();
        let limit = self.shared.settings.cycle_deadline(interval);
        self.cycle = Some(Cycle {
            began,
            deadline: began + limit,
        });
    }

    /// A look ends when nothing is outstanding any more.
    pub(crate) fn end_cycle(&mut self) {
        let Some(cycle) = self.cycle.take_if(|_| self.calls.is_empty()) else {
            return;
        };
        let (now, took) = (self.now(), cycle.began.elapsed());
        self.status.update(|status| {
            status.cycle_ended_at = Some(now);
            status.cycle_took = took;
        });
        let limit = cycle.deadline - cycle.began;
        let interval = self.interval;
        if took >= limit {
            self.notice(now, Notice::overrun(took, limit, interval));
        }
    }

    /// When a call that may take `span` has to have ended.
    fn deadline(&self, span: Duration) -> Instant {
        let own = Instant::now() + span;
        self.cycle.map_or(own, |cycle| own.min(cycle.deadline))
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

    /// Sends a write once the state that knows of it is durable. Where that fails, the write goes
    /// out all the same: a full disk must not keep a group from growing.
    fn write(&mut self, call: CallId, plan: Plan, mode: Mode, now: Timestamp) {
        let account = Arc::clone(&self.account);
        let write = Write {
            key: self.setup.key.clone(),
            plan,
            mode,
            permit: Arc::clone(&self.setup.permit),
            now,
            stop: self.stop.clone(),
        };
        self.status.update(|status| status.writing = true);
        let saving = self.saving.take();
        let (shared, status) = (self.shared.clone(), self.status.clone());
        self.write = Some(Box::pin(async move {
            let saved = match saving {
                Some(saving) => saving.await,
                None => false,
            };
            if !saved {
                let (notice, now) = (Notice::UnsavedWrite, shared.clock.now());
                status.saw_notice(&notice);
                shared.journal.notice(&write.key, now, notice);
            }
            let outcome = account.actuator.carry_out(write).await;
            Event::WriteSettled { call, outcome }
        }));
    }

    pub(crate) fn notice(&self, now: Timestamp, notice: Notice) {
        self.status.saw_notice(&notice);
        self.shared.journal.notice(&self.setup.key, now, notice);
    }

    pub(crate) fn now(&self) -> Timestamp {
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
