//! Carries out the effects of one group's controller: calls, timer, journal.

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
use crate::cloud::{MetricsAnswer, MetricsAsk};
use crate::entry::{Checkpoint, Notice};
use crate::fleet::GroupSetup;
use crate::history::HistoryReading;
use crate::journal_writer::JournalSender;
use crate::message::{OrderReceipt, acknowledge};
use crate::settings::RuntimeSettings;
use crate::status::SharedStatus;

/// Settings and services that all groups share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) settings: Arc<RuntimeSettings>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) journal: JournalSender,
    pub(crate) predictions: Arc<Semaphore>,
}

/// Carries out the effects of one group's controller, and holds the futures of its next events.
pub(crate) struct GroupOutside {
    pub(crate) setup: GroupSetup,
    pub(crate) account: Arc<Account>,
    pub(crate) shared: Shared,
    pub(crate) status: SharedStatus,
    pub(crate) stop: CancellationToken,
    /// Readings and predictions under way.
    pub(crate) calls: FuturesUnordered<BoxFuture<'static, Event>>,
    /// The write in flight, if any.
    pub(crate) write: Option<BoxFuture<'static, Event>>,
    /// The reading of the group's history. No cycle waits for history.
    pub(crate) history: HistoryReading,
    /// The fit under way, on a thread of its own.
    pub(crate) fit: Option<FitUnderWay>,
    /// Start of the next cycle, as the controller wants.
    pub(crate) wake: Option<Wake>,
    cycle: Option<Cycle>,
    /// Interval of the group's cycles.
    interval: Duration,
    /// Time of the newest snapshot.
    pub(crate) snapshot_at: Timestamp,
    /// The save that the next write waits for. Resolves to whether the state is durable.
    saving: Option<BoxFuture<'static, bool>>,
    /// Receives the receipt of the order that the controller is about to save.
    pub(crate) receipt: Option<oneshot::Sender<OrderReceipt>>,
}

/// The cycle under way.
#[derive(Clone, Copy)]
struct Cycle {
    began: Instant,
    deadline: Instant,
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
                let event = |call, answer: MetricsAnswer| Event::MetricsRead {
                    call,
                    points: answer.points,
                    instance_metrics: answer.instance_metrics,
                    signals: answer.signals,
                };
                self.read(call, Asked::Metrics, reply, event);
            }
            Effect::ReadHistory { call, query } => {
                let name = self.setup.key.shared_name();
                self.history.ask(&self.account.histories, name, call, query);
            }
            // A fit takes about 0.3 s of CPU, too long for the threads that serve calls.
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

    /// Returns none: the group's task waits for events itself.
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
            history: HistoryReading::new(setup.history_from.clone()),
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

    /// Takes new settings, and the account that reaches the group from now on. Drops the calls that
    /// were made under the old settings.
    pub(crate) fn replace(&mut self, setup: GroupSetup, account: Arc<Account>) {
        self.history = HistoryReading::new(setup.history_from.clone());
        self.interval = setup.controller.interval;
        self.setup = setup;
        self.account = account;
        self.calls.clear();
        self.cycle = None;
    }

    /// Saves the state. If an order is under way, its operator gets the receipt after the save;
    /// otherwise the next write waits for the save.
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

    /// Records a checkpoint: the snapshot and the settings that the controller continues with.
    fn keep(&mut self, snapshot: Snapshot, history_complete: bool, now: Timestamp) {
        self.snapshot_at = now;
        if let Some(forecast) = snapshot.forecast.as_ref().filter(|_| history_complete) {
            let notice = self.history.notice(forecast);
            self.notice(now, notice);
        }
        // The controller that continues from the snapshot asks for its history anew.
        self.history.give_up();
        let checkpoint = Checkpoint {
            snapshot,
            controller: Arc::new(self.setup.controller.clone()),
            settings: Arc::clone(&self.setup.settings),
        };
        let journal = &self.shared.journal;
        journal.checkpoint(&self.setup.key, now, checkpoint);
    }

    fn begin_cycle(&mut self, interval: Duration) {
        // The controller no longer waits for the calls of the previous cycle.
        self.calls.clear();
        let began = Instant::now();
        let limit = self.shared.settings.cycle_deadline(interval);
        self.cycle = Some(Cycle {
            began,
            deadline: began + limit,
        });
    }

    /// Ends the cycle if no call is outstanding.
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

    /// The deadline of a call that may take `span`: the end of the cycle at the latest.
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
        // The batch has the same deadline and names the cause, so its answer gets a moment more.
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

    /// Sends a write once the journal has stored the state that knows of the write. If the journal
    /// fails, the write goes out all the same: a full disk must not keep a group from growing.
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

    /// The first moment at or after `asked` that lies on the grid of cycle starts.
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
