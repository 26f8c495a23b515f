//! The supervisor starts and stops the groups' tasks, replaces their settings, and restarts a task
//! that panicked.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use foretide_control::SavedState;
use tokio::sync::mpsc;
use tokio::task::{self, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::account::Account;
use crate::actuator::Actuator;
use crate::batch::{Gathering, batcher};
use crate::cloud::Cloud;
use crate::entry::Notice;
use crate::fleet::{Fleet, GroupSetup};
use crate::group::{GroupStart, GroupTask};
use crate::history::HistoryReader;
use crate::journal::Journal;
use crate::key::GroupKey;
use crate::message::{
    Mailbox, MailboxSender, Message, OrderError, OrderMessage, Reload, Replacement, States, mailbox,
};
use crate::outside::Shared;
use crate::reload::{ReloadError, Reloaded};
use crate::status::SharedStatus;

/// The status of every group, shared with the callers of `Runtime::status`.
pub(crate) type Statuses = Arc<RwLock<BTreeMap<GroupKey, SharedStatus>>>;

/// Owns the tasks of all groups.
pub(crate) struct Supervisor {
    shared: Shared,
    journal: Arc<dyn Journal>,
    stop: CancellationToken,
    statuses: Statuses,
    accounts: BTreeMap<String, Reached>,
    groups: HashMap<GroupKey, Running>,
    /// Groups that a reload removed and whose task has not ended yet.
    leaving: HashSet<GroupKey>,
    tasks: JoinSet<()>,
    keys: HashMap<task::Id, GroupKey>,
    batchers: JoinSet<()>,
}

struct Reached {
    cloud: Arc<dyn Cloud>,
    account: Arc<Account>,
}

struct Running {
    setup: GroupSetup,
    account: Arc<Account>,
    mailbox: MailboxSender,
    stop: CancellationToken,
    status: SharedStatus,
}

impl Supervisor {
    pub(crate) fn new(
        shared: Shared,
        journal: Arc<dyn Journal>,
        stop: CancellationToken,
        statuses: Statuses,
    ) -> Self {
        Self {
            shared,
            journal,
            stop,
            statuses,
            accounts: BTreeMap::new(),
            groups: HashMap::new(),
            leaving: HashSet::new(),
            tasks: JoinSet::new(),
            keys: HashMap::new(),
            batchers: JoinSet::new(),
        }
    }

    /// Runs until `stop` is cancelled. Returns when every task has ended, or has outlasted its
    /// deadlines.
    pub(crate) async fn run(
        mut self,
        mut messages: mpsc::Receiver<Message>,
        fleet: Fleet,
        states: States,
    ) {
        self.apply(fleet, states);
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                Some(ended) = self.tasks.join_next_with_id() => match ended {
                    Ok((id, ())) => self.ended(id, false),
                    Err(error) => self.ended(error.id(), error.is_panic()),
                },
                Some(_) = self.batchers.join_next() => {}
                // The sender may have stopped waiting for the answer; the answer is dropped then.
                Some(message) = messages.recv() => match message {
                    Message::Reload(Reload { fleet, states, done }) => {
                        drop(done.send(self.reload(fleet, states)));
                    }
                    Message::Order(key, order, passed) => {
                        drop(passed.send(self.pass_on(&key, order)));
                    }
                },
            }
        }
        let longest = self.shared.settings.write_deadline + self.shared.settings.save_deadline;
        let all = async { while self.tasks.join_next().await.is_some() {} };
        // A task that outlasts its own deadlines ends with the process.
        drop(timeout(longest, all).await);
    }

    fn pass_on(&self, key: &GroupKey, order: OrderMessage) -> Result<(), OrderError> {
        let Some(running) = self.groups.get(key) else {
            return Err(OrderError::Unknown(key.clone()));
        };
        let passed = running.mailbox.orders.try_send(order);
        passed.map_err(|_| OrderError::Busy(key.clone()))
    }

    fn reload(&mut self, fleet: Fleet, states: States) -> Result<Reloaded, ReloadError> {
        for group in &fleet.groups {
            if self.leaving.contains(&group.key) {
                return Err(ReloadError::StillStopping(group.key.clone()));
            }
        }
        Ok(self.apply(fleet, states))
    }

    fn apply(&mut self, fleet: Fleet, mut states: States) -> Reloaded {
        let mut reloaded = Reloaded::default();
        self.reach(fleet.accounts);
        let kept: HashSet<_> = fleet.groups.iter().map(|group| group.key.clone()).collect();
        self.drop_all_but(&kept, &mut reloaded);
        for setup in fleet.groups {
            let Some(reached) = self.accounts.get(setup.key.account()) else {
                continue;
            };
            let account = Arc::clone(&reached.account);
            match self.groups.get_mut(&setup.key) {
                None => {
                    let state = states.remove(&setup.key);
                    reloaded.added += 1;
                    self.start(setup, account, state);
                }
                Some(running) => {
                    let same = running.setup.is_same(&setup);
                    if same && Arc::ptr_eq(&running.account, &account) {
                        continue;
                    }
                    reloaded.changed += 1;
                    running.setup = setup.clone();
                    running.account = Arc::clone(&account);
                    // A task that has just panicked reads the new settings at its restart.
                    drop(
                        running
                            .mailbox
                            .replacements
                            .send(Replacement { setup, account }),
                    );
                }
            }
        }
        reloaded
    }

    /// Connects the accounts that are new or have another [`Cloud`]; disconnects the accounts that
    /// `clouds` does not name.
    fn reach(&mut self, clouds: BTreeMap<String, Arc<dyn Cloud>>) {
        let mut accounts = BTreeMap::new();
        for (label, cloud) in clouds {
            let reached = match self.accounts.remove(&label) {
                Some(reached) if Arc::ptr_eq(&reached.cloud, &cloud) => reached,
                _ => Reached {
                    account: Arc::new(self.open(&cloud)),
                    cloud,
                },
            };
            accounts.insert(label, reached);
        }
        self.accounts = accounts;
    }

    fn open(&mut self, cloud: &Arc<dyn Cloud>) -> Account {
        let settings = &self.shared.settings;
        let limits = cloud.limits();
        let gathering = |size| Gathering {
            size,
            calls: settings.batches_per_account,
            gather: settings.gather,
            deadline: settings.read_deadline,
        };
        let (reader, clock) = (Arc::clone(cloud), Arc::clone(&self.shared.clock));
        let (groups, gather_groups) = batcher(
            gathering(limits.groups),
            move |names: Vec<Arc<str>>, answers| {
                let (cloud, now) = (Arc::clone(&reader), clock.now());
                async move { cloud.read_groups(&names, now, &answers).await }
            },
        );
        let (reader, clock) = (Arc::clone(cloud), Arc::clone(&self.shared.clock));
        let (metrics, gather_metrics) =
            batcher(gathering(limits.metrics), move |asks: Vec<_>, answers| {
                let (cloud, now) = (Arc::clone(&reader), clock.now());
                async move { cloud.read_metrics(&asks, now, &answers).await }
            });
        let histories = HistoryReader::new(cloud, settings);
        let slots = settings.writes_per_account;
        let actuator = Actuator::new(Arc::clone(cloud), slots, settings.write_deadline);
        self.batchers.spawn(gather_groups);
        self.batchers.spawn(gather_metrics);
        Account {
            groups,
            metrics,
            histories,
            actuator,
        }
    }

    fn drop_all_but(&mut self, kept: &HashSet<GroupKey>, reloaded: &mut Reloaded) {
        let leaving = &mut self.leaving;
        self.groups.retain(|key, running| {
            let keep = kept.contains(key);
            if !keep {
                running.stop.cancel();
                leaving.insert(key.clone());
                reloaded.removed += 1;
            }
            keep
        });
        self.statuses
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|key, _| kept.contains(key));
    }

    fn start(&mut self, setup: GroupSetup, account: Arc<Account>, state: Option<SavedState>) {
        let key = setup.key.clone();
        let status = SharedStatus::new(key.clone(), setup.controller.mode);
        self.statuses
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key.clone(), status.clone());
        let (sender, mailbox) = mailbox();
        let running = Running {
            setup,
            account,
            mailbox: sender,
            stop: self.stop.child_token(),
            status,
        };
        let start = self.task(&running, mailbox, state);
        let handle = self.tasks.spawn(GroupTask::run(start));
        self.keys.insert(handle.id(), key.clone());
        self.groups.insert(key, running);
    }

    fn task(&self, running: &Running, mailbox: Mailbox, state: Option<SavedState>) -> GroupStart {
        GroupStart {
            setup: running.setup.clone(),
            account: Arc::clone(&running.account),
            shared: self.shared.clone(),
            journal: Arc::clone(&self.journal),
            state,
            status: running.status.clone(),
            mailbox,
            stop: running.stop.clone(),
        }
    }

    fn ended(&mut self, id: task::Id, by_defect: bool) {
        let Some(key) = self.keys.remove(&id) else {
            return;
        };
        self.leaving.remove(&key);
        let Some(mut running) = self.groups.remove(&key).filter(|_| by_defect) else {
            return;
        };
        let now = self.shared.clock.now();
        self.shared.journal.notice(&key, now, Notice::Failed);
        let (sender, mailbox) = mailbox();
        running.mailbox = sender;
        let start = self.task(&running, mailbox, None);
        let handle = self.tasks.spawn(restart(Arc::clone(&self.journal), start));
        self.keys.insert(handle.id(), key.clone());
        self.groups.insert(key, running);
    }
}

/// Waits one interval and restarts a task with the state that the journal stored last. The wait
/// keeps a panic at every start from spinning.
async fn restart(journal: Arc<dyn Journal>, mut start: GroupStart) {
    let stop = start.stop.clone();
    let state = async {
        loop {
            sleep(start.setup.controller.interval).await;
            // Without its state a group would forget its cooldown, so wait until the journal can be
            // read.
            if let Ok(state) = journal.load(&start.setup.key).await {
                return state;
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => return,
        state = state => start.state = state,
    }
    Box::pin(GroupTask::run(start)).await;
}
