//! The runtime as the binary holds it: start, reload, look, stop.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, PoisonError};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::clock::Clock;
use crate::entry::{Entry, Notice};
use crate::fleet::{Fleet, FleetError};
use crate::journal::{Journal, JournalError};
use crate::journal_writer::{JournalSender, JournalWriter};
use crate::key::GroupKey;
use crate::orderly::Orderly;
use crate::outside::Shared;
use crate::settings::RuntimeSettings;
use crate::status::{GroupStatus, SharedStatus};
use crate::supervisor::{Ask, Reload, States, Statuses, Supervisor};

/// A running autoscaler over a fleet. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Runtime {
    asks: mpsc::Sender<Ask>,
    said: Said,
    journal: JournalHandle,
    statuses: Statuses,
    supervisor: JoinHandle<()>,
    journal_writer: JoinHandle<bool>,
    settings: Arc<RuntimeSettings>,
    stop: CancellationToken,
    _stopped_when_dropped: DropGuard,
}

/// Why it does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The fleet makes no sense.
    #[error("the groups cannot be looked after")]
    Fleet(#[source] FleetError),
    /// A group's state cannot be read. Without it, a cooldown could be lost.
    #[error("cannot read the state of group {group}")]
    State {
        /// Whose.
        group: GroupKey,
        /// Why.
        #[source]
        error: JournalError,
    },
}

/// Why a new configuration is not taken; the old one goes on.
#[derive(Debug, Error)]
pub enum ReloadError {
    /// As at start.
    #[error("the old configuration stays")]
    Refused(#[source] StartError),
    /// The group was dropped a moment ago and still finishes a write.
    #[error("group {0} was dropped and is still finishing a write: try again in a moment")]
    StillStopping(GroupKey),
    /// The runtime is stopping.
    #[error("stopping")]
    Stopping,
}

/// What a reload changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// Groups that are new.
    pub added: usize,
    /// Groups with other settings than before.
    pub changed: usize,
    /// Groups that are gone.
    pub removed: usize,
}

/// The way to the journal for whoever runs this.
struct Said {
    journal: JournalSender,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Said")
    }
}

impl fmt::Display for Reloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            added,
            changed,
            removed,
        } = self;
        write!(f, "{added} added, {changed} changed, {removed} removed")
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
    /// Looks after `fleet` from now on, each group with the state that `journal` has for it.
    ///
    /// Must be called within a tokio runtime with time enabled.
    pub async fn start(
        settings: RuntimeSettings,
        fleet: Fleet,
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let (runtime, []) = Self::start_told(settings, fleet, journal, clock).await?;
        Ok(runtime)
    }

    /// The same, with everything that happens from the first moment on, for `N` listeners.
    pub async fn start_told<const N: usize>(
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
        let said = Said {
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
        let (asks, asked) = mpsc::channel(1);
        let told = std::array::from_fn(|_| said.journal.live().subscribe());
        let runtime = Self {
            asks,
            said,
            journal: JournalHandle(journal),
            statuses,
            supervisor: tokio::spawn(supervisor.run(asked, fleet, states)),
            journal_writer: tokio::spawn(writer.run()),
            settings,
            stop: stop.clone(),
            _stopped_when_dropped: stop.drop_guard(),
        };
        Ok((runtime, told))
    }

    /// Everything that happens from now on, as it happens, whether or not the journal works.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.said.journal.live().subscribe()
    }

    /// Keeps what whoever runs this has to say, of a group or of the whole.
    pub fn note(&self, group: Option<&GroupKey>, notice: Notice) {
        self.said.journal.note(group, self.said.clock.now(), notice);
    }

    /// The way by which an operator's orders come.
    pub fn orderly(&self) -> Orderly {
        Orderly::new(self.asks.clone())
    }

    /// All groups as they are now, by key.
    pub fn status(&self) -> Vec<GroupStatus> {
        let statuses = self.statuses.read().unwrap_or_else(PoisonError::into_inner);
        statuses.values().map(SharedStatus::get).collect()
    }

    /// Replaces accounts, groups and settings; keeps the state of every group that stays. All of
    /// `fleet` is taken, or nothing.
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
        self.asks
            .send(Ask::Reload(reload))
            .await
            .map_err(|_| ReloadError::Stopping)?;
        answer.await.map_err(|_| ReloadError::Stopping)?
    }

    /// Stops: at once, or when the writes in flight have ended. Answers whether the journal has
    /// everything that happened.
    pub async fn stop(self) -> bool {
        self.stop.cancel();
        let supervised = self.supervisor.await.is_ok();
        // The journal writer ends once nobody is left to say anything.
        drop(self.said);
        let flushed = timeout(self.settings.flush_deadline, self.journal_writer).await;
        supervised && matches!(flushed, Ok(Ok(true)))
    }

    /// Runs until `shutdown` completes, then stops.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) -> bool {
        shutdown.await;
        self.stop().await
    }
}

/// The states of the groups of `fleet` that are wanted, and whether the fleet makes sense.
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
