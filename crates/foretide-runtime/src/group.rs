//! The task of one group: waits for events and passes them to the group's controller.

use std::sync::Arc;

use foretide_control::{ControlLoop, Event, SavedState, Snapshot};
use foretide_domain::{PolicyKind, Timestamp};
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::account::Account;
use crate::awaited::{fitted, settled, woken};
use crate::entry::{Checkpoint, Notice};
use crate::fleet::GroupSetup;
use crate::history::stored_forecast;
use crate::journal::Journal;
use crate::message::{Mailbox, OrderMessage, Replacement};
use crate::outside::{GroupOutside, Shared};
use crate::status::SharedStatus;

/// The task of one group.
pub(crate) struct GroupTask {
    control: ControlLoop,
    outside: GroupOutside,
    mailbox: Mailbox,
    stop: CancellationToken,
}

/// The parts of a new task.
pub(crate) struct GroupStart {
    pub(crate) setup: GroupSetup,
    pub(crate) account: Arc<Account>,
    pub(crate) shared: Shared,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) state: Option<SavedState>,
    pub(crate) status: SharedStatus,
    pub(crate) mailbox: Mailbox,
    pub(crate) stop: CancellationToken,
}

impl GroupTask {
    /// Runs the group until `stop` is cancelled and no write is in flight.
    pub(crate) async fn run(start: GroupStart) {
        let mut task = Self::begin(start).await;
        task.show_mode();
        let now = task.outside.now();
        task.control.run(&mut task.outside, now);
        while !(task.stop.is_cancelled() && task.outside.write.is_none()) {
            task.step().await;
        }
        let now = task.outside.now();
        let state = task.control.controller().saved_state();
        let key = &task.outside.setup.key;
        task.outside.shared.journal.save(key, now, state);
        task.outside.notice(now, Notice::Stopped);
    }

    async fn begin(start: GroupStart) -> Self {
        let (key, journal) = (&start.setup.key, &start.shared.journal);
        let resumed = start.state.is_some();
        let (forecast, notices) = stored_forecast(&*start.journal, &start.setup).await;
        let now = start.shared.clock.now();
        journal.notice(key, now, Notice::Started { resumed });
        for notice in notices {
            journal.notice(key, now, notice);
        }
        let checkpoint = Checkpoint {
            snapshot: Snapshot {
                state: start.state,
                forecast: forecast.map(Arc::new),
            },
            controller: Arc::new(start.setup.controller.clone()),
            settings: Arc::clone(&start.setup.settings),
        };
        let control = checkpoint.go_on(now);
        journal.checkpoint(key, now, checkpoint);
        let outside = GroupOutside::new(
            start.setup,
            start.account,
            start.shared,
            start.status,
            start.stop.clone(),
            now,
        );
        Self {
            control,
            outside,
            mailbox: start.mailbox,
            stop: start.stop,
        }
    }

    /// Waits for the next event and handles the event.
    async fn step(&mut self) {
        let stopping = self.stop.is_cancelled();
        let outside = &mut self.outside;
        let writing = outside.write.is_some();
        let event = tokio::select! {
            biased;
            () = self.stop.cancelled(), if !stopping => {
                outside.calls.clear();
                return;
            }
            event = settled(&mut outside.write) => {
                outside.write = None;
                outside.status.update(|status| status.writing = false);
                event
            }
            Some(event) = outside.calls.next(), if !stopping => event,
            event = outside.history.read(), if !stopping => event,
            event = fitted(&mut outside.fit), if !stopping => {
                outside.fit = None;
                event
            }
            // Settings are replaced while no write is outstanding: the answer to a write belongs to
            // the controller that sent the write.
            Some(replacement) = self.mailbox.replacements.recv(), if !stopping && !writing => {
                return self.replace(replacement);
            }
            Some(order) = self.mailbox.orders.recv(), if !stopping => {
                return self.apply_order(order);
            }
            () = woken(outside.wake), if !stopping => self.woke(),
        };
        self.happened(event);
    }

    fn woke(&mut self) -> Event {
        let now = self.outside.now();
        if let Some(wake) = self.outside.wake.take() {
            let by = now.since(wake.asked);
            if by > self.control.controller().config().interval {
                self.outside.notice(now, Notice::Late { by });
            }
        }
        Event::Woke
    }

    fn happened(&mut self, event: Event) {
        let now = self.outside.now();
        self.tell(event, now);
        self.outside.end_cycle();
        if now.since(self.outside.snapshot_at) >= self.snapshot_every() {
            self.tell(Event::SnapshotAsked, now);
        }
    }

    fn tell(&mut self, event: Event, now: Timestamp) {
        if let Some(event) = event.journaled() {
            let key = &self.outside.setup.key;
            self.outside.shared.journal.event(key, now, event);
        }
        self.control.tell(event, &mut self.outside, now);
    }

    /// Time between two checkpoints of this group.
    fn snapshot_every(&self) -> std::time::Duration {
        let settings = &self.outside.shared.settings;
        match self.control.controller().config().policy {
            PolicyKind::Forecast => settings.forecast_checkpoint_every,
            PolicyKind::Classifier | PolicyKind::TargetTracking => settings.checkpoint_every,
        }
    }

    fn apply_order(&mut self, OrderMessage { order, by, receipt }: OrderMessage) {
        self.outside.receipt = Some(receipt);
        self.happened(Event::Ordered { order, by });
        self.show_mode();
    }

    fn replace(&mut self, replacement: Replacement) {
        let now = self.outside.now();
        self.outside.replace(replacement.setup, replacement.account);
        self.outside.notice(now, Notice::Reconfigured);
        let config = Box::new(self.outside.setup.controller.clone());
        self.tell(Event::Configured(config), now);
        self.show_mode();
    }

    fn show_mode(&self) {
        let mode = self.control.controller().mode();
        self.outside.status.update(|status| status.mode = mode);
    }
}
