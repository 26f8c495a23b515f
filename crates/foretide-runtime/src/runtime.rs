//! The runtime's public handle: start, reload, status, stop.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, PoisonError};

use tokio::sync::{Semaphore, broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::clock::Clock;
use crate::entry::{Entry, Notice};
use crate::fleet::Fleet;
use crate::journal::Journal;
use crate::journal_writer::{JournalSender, JournalWriter};
use crate::key::GroupKey;
use crate::message::{Message, Reload, States};
use crate::order_handle::OrderHandle;
use crate::outside::Shared;
use crate::reload::{ReloadError, Reloaded, StartError};
use crate::settings::RuntimeSettings;
use crate::status::{GroupStatus, SharedStatus};
use crate::supervisor::{Statuses, Supervisor};

/// A running autoscaler over a fleet. Dropping the handle stops the runtime without waiting.
#[derive(Debug)]
pub struct Runtime {
    messages: mpsc::Sender<Message>,
    notices: NoticeSender,
    journal: JournalHandle,
    statuses: Statuses,
    supervisor: JoinHandle<()>,
    journal_writer: JoinHandle<bool>,
    settings: Arc<RuntimeSettings>,
    stop: CancellationToken,
    _stopped_when_dropped: DropGuard,
}

/// Sends notices of the runtime's owner to the journal writer.
struct NoticeSender {
    journal: JournalSender,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for NoticeSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoticeSender")
    }
}

#[derive(Clone)]
struct JournalHandle(Arc<dyn Journal>);

impl fmt::Debug for JournalHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journal")
    }
}

impl Runtime {
    /// Starts to control the groups of `fleet`. Each group begins with its state in `journal`.
    ///
    /// Call this within a tokio runtime that has a timer.
    ///
    /// # Errors
    /// The fleet is inconsistent, or the journal cannot read the state of a group.
    pub async fn start(
        settings: RuntimeSettings,
        fleet: Fleet,
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let (runtime, []) = Self::start_with_listeners(settings, fleet, journal, clock).await?;
        Ok(runtime)
    }

    /// Like [`Runtime::start`], and returns `N` receivers of all entries from the first one on.
    pub async fn start_with_listeners<const N: usize>(
        settings: RuntimeSettings,
        fleet: Fleet,
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, [broadcast::Receiver<Arc<Entry>>; N]), StartError> {
        let states = load(&*journal, &fleet, |_| true).await?;
        let settings = Arc::new(settings);
        let (sender, writer) = JournalWriter::new(
            Arc::clone(&journal),
            Arc::clone(&clock),
            Arc::clone(&settings),
            fleet.groups.len(),
        );
        let notices = NoticeSender {
            journal: sender.clone(),
            clock: Arc::clone(&clock),
        };
        let shared = Shared {
            predictions: Arc::new(Semaphore::new(settings.predictions)),
            settings: Arc::clone(&settings),
            clock,
            journal: sender,
        };
        let stop = CancellationToken::new();
        let statuses = Statuses::default();
        let supervisor = Supervisor::new(
            shared,
            Arc::clone(&journal),
            stop.clone(),
            Arc::clone(&statuses),
        );
        let (messages, received) = mpsc::channel(1);
        let listeners = std::array::from_fn(|_| notices.journal.live().subscribe());
        let runtime = Self {
            messages,
            notices,
            journal: JournalHandle(journal),
            statuses,
            supervisor: tokio::spawn(supervisor.run(received, fleet, states)),
            journal_writer: tokio::spawn(writer.run()),
            settings,
            stop: stop.clone(),
            _stopped_when_dropped: stop.drop_guard(),
        };
        Ok((runtime, listeners))
    }

    /// A receiver of all entries from now on. The receiver gets each entry at once, whether or not
    /// the journal works.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.notices.journal.live().subscribe()
    }

    /// Writes `notice` to log and journal, for one group or for the whole process.
    pub fn note(&self, group: Option<&GroupKey>, notice: Notice) {
        self.notices
            .journal
            .note(group, self.notices.clock.now(), notice);
    }

    /// A handle through which operators give orders to groups.
    pub fn order_handle(&self) -> OrderHandle {
        OrderHandle::new(self.messages.clone())
    }

    /// The present status of all groups, sorted by key.
    pub fn status(&self) -> Vec<GroupStatus> {
        let statuses = self.statuses.read().unwrap_or_else(PoisonError::into_inner);
        statuses.values().map(SharedStatus::get).collect()
    }

    /// Replaces accounts, groups and settings. A group in both the old and the new fleet keeps its
    /// state.
    ///
    /// # Errors
    /// With an error the old fleet stays in force as a whole.
    pub async fn reload(&self, fleet: Fleet) -> Result<Reloaded, ReloadError> {
        let known = |key: &GroupKey| {
            let statuses = self.statuses.read().unwrap_or_else(PoisonError::into_inner);
            statuses.contains_key(key)
        };
        let states = load(&*self.journal.0, &fleet, |key| !known(key))
            .await
            .map_err(ReloadError::Refused)?;
        let (done, answer) = oneshot::channel();
        let reload = Reload {
            fleet,
            states,
            done,
        };
        self.messages
            .send(Message::Reload(reload))
            .await
            .map_err(|_| ReloadError::Stopping)?;
        answer.await.map_err(|_| ReloadError::Stopping)?
    }

    /// Stops the runtime and waits for the writes in flight. Returns whether the journal has stored
    /// every entry.
    pub async fn stop(self) -> bool {
        self.stop.cancel();
        let supervised = self.supervisor.await.is_ok();
        // The journal writer ends once the last sender is dropped.
        drop(self.notices);
        let flushed = timeout(self.settings.flush_deadline, self.journal_writer).await;
        supervised && matches!(flushed, Ok(Ok(true)))
    }

    /// Runs until `shutdown` completes, then stops; returns the result of [`Runtime::stop`].
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) -> bool {
        shutdown.await;
        self.stop().await
    }
}

/// Validates `fleet` and loads the states of the groups that `wanted` accepts.
async fn load(
    journal: &dyn Journal,
    fleet: &Fleet,
    wanted: impl Fn(&GroupKey) -> bool,
) -> Result<States, StartError> {
    fleet.validate().map_err(StartError::Fleet)?;
    let mut states = States::new();
    for group in fleet.groups.iter().filter(|group| wanted(&group.key)) {
        match journal.load(&group.key).await {
            Ok(Some(state)) => {
                states.insert(group.key.clone(), state);
            }
            Ok(None) => {}
            Err(error) => {
                let group = group.key.clone();
                return Err(StartError::State { group, error });
            }
        }
    }
    Ok(states)
}
