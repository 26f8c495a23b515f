//! The journal writer receives the entries and states of all groups, commits them to the journal in
//! few batches, and holds them in memory while the journal fails.
//!
//! Only a write, and the receipt of an order, wait for the journal writer: for the save of a state,
//! and for a bounded time.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use foretide_control::{Event, SavedState};
use foretide_domain::{Record, Timestamp};
use futures_util::future::BoxFuture;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use crate::clock::Clock;
use crate::entry::{Checkpoint, Entry, Notice, What};
use crate::journal::{Batch, Journal, StateToKeep};
use crate::journal_error::{JournalError, JournalErrorKind};
use crate::key::GroupKey;
use crate::settings::RuntimeSettings;

/// Longest time for which an entry waits for a state, to be committed with it. Nothing depends on
/// an entry.
const ENTRY_DELAY: Duration = Duration::from_secs(1);
/// Longest time between two commits. If there is nothing to commit, the journal writer commits an
/// empty batch, which proves that the journal still has the data of earlier commits. 10 s, because
/// readiness may be 10 s old.
const PROOF_EVERY: Duration = Duration::from_secs(10);
/// Most messages received at once.
const MESSAGES: usize = 1024;
/// Entries by which a listener may lag before it misses entries: 16 a group, which is two cycles,
/// because all groups begin a cycle together at the start and after a suspension. The minimum
/// serves one group with a slow listener. The maximum bounds memory: a waiting entry takes a few
/// hundred bytes.
const LIVE_PER_GROUP: usize = 16;
const LIVE_MIN: usize = 4096;
const LIVE_MAX: usize = 65_536;

/// Sends messages to the journal writer. Cheap to clone. Once the last sender is dropped, the
/// journal writer commits its backlog and ends.
#[derive(Clone)]
pub(crate) struct JournalSender {
    messages: mpsc::UnboundedSender<Message>,
    live: broadcast::Sender<Arc<Entry>>,
    save_deadline: Duration,
}

/// A message to the journal writer.
enum Message {
    Entry(Arc<Entry>),
    State {
        state: StateToKeep,
        /// Receives whether the state is durable.
        saved: Option<oneshot::Sender<bool>>,
    },
}

impl JournalSender {
    /// The channel that sends every entry to the listeners at once.
    pub(crate) fn live(&self) -> broadcast::Sender<Arc<Entry>> {
        self.live.clone()
    }

    pub(crate) fn event(&self, group: &GroupKey, at: Timestamp, event: Event) {
        self.say(Some(group), at, What::Event(event));
    }

    pub(crate) fn record(&self, group: &GroupKey, at: Timestamp, record: Record) {
        self.say(Some(group), at, What::Record(record));
    }

    pub(crate) fn notice(&self, group: &GroupKey, at: Timestamp, notice: Notice) {
        self.note(Some(group), at, notice);
    }

    /// Records a notice of one group, or of the whole process.
    pub(crate) fn note(&self, group: Option<&GroupKey>, at: Timestamp, notice: Notice) {
        self.say(group, at, What::Notice(notice));
    }

    pub(crate) fn checkpoint(&self, group: &GroupKey, at: Timestamp, checkpoint: Checkpoint) {
        self.say(Some(group), at, What::Checkpoint(Arc::new(checkpoint)));
    }

    fn say(&self, group: Option<&GroupKey>, at: Timestamp, what: What) {
        let entry = Arc::new(Entry {
            group: group.cloned(),
            at,
            what,
        });
        tell(&self.live, &entry);
        // The journal writer outlives every group, so the send succeeds.
        drop(self.messages.send(Message::Entry(entry)));
    }

    /// Stores `state` with the next commit.
    pub(crate) fn save(&self, group: &GroupKey, at: Timestamp, state: &SavedState) {
        self.send_state(group, at, state, None);
    }

    /// Stores `state` now. The future gives whether the state is durable, after the save deadline
    /// at the latest.
    pub(crate) fn save_now(
        &self,
        group: &GroupKey,
        at: Timestamp,
        state: &SavedState,
    ) -> impl Future<Output = bool> + Send + use<> {
        let (saved, receiver) = oneshot::channel();
        self.send_state(group, at, state, Some(saved));
        let longest = self.save_deadline;
        async move { matches!(timeout(longest, receiver).await, Ok(Ok(true))) }
    }

    fn send_state(
        &self,
        group: &GroupKey,
        at: Timestamp,
        state: &SavedState,
        saved: Option<oneshot::Sender<bool>>,
    ) {
        let state = StateToKeep {
            group: group.clone(),
            at,
            state: Arc::new(state.clone()),
        };
        drop(self.messages.send(Message::State { state, saved }));
    }
}

fn tell(live: &broadcast::Sender<Arc<Entry>>, entry: &Arc<Entry>) {
    if live.receiver_count() > 0 {
        // The last listener may have left in this moment; nothing is lost.
        drop(live.send(Arc::clone(entry)));
    }
}

/// Entries and states that are not committed yet.
#[derive(Default)]
struct Backlog {
    entries: VecDeque<Arc<Entry>>,
    states: HashMap<GroupKey, StateToKeep>,
    waiting: Vec<oneshot::Sender<bool>>,
    lost: u64,
}

impl Backlog {
    fn push(&mut self, entry: Arc<Entry>, most: usize) {
        self.entries.push_back(entry);
        self.shed(most);
    }

    /// Drops the oldest entries above `most`. States stay: there is one a group.
    fn shed(&mut self, most: usize) {
        while self.entries.len() > most {
            self.entries.pop_front();
            self.lost = self.lost.saturating_add(1);
        }
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.states.is_empty()
    }

    fn take(&mut self) -> Batch {
        Batch {
            entries: self.entries.drain(..).collect(),
            states: self.states.drain().map(|(_, state)| state).collect(),
        }
    }

    /// Puts a failed batch back, before the entries that have come since.
    fn put_back(&mut self, batch: &Batch, most: usize) {
        for entry in batch.entries.iter().rev() {
            self.entries.push_front(Arc::clone(entry));
        }
        self.shed(most);
        for state in &batch.states {
            self.states
                .entry(state.group.clone())
                .or_insert_with(|| state.clone());
        }
    }

    fn answer(waiting: &mut Vec<oneshot::Sender<bool>>, durable: bool) {
        for saved in waiting.drain(..) {
            saved.send(durable).ok();
        }
    }
}

type Committing = BoxFuture<'static, Result<(), JournalError>>;

/// A commit under way.
struct UnderWay {
    batch: Arc<Batch>,
    waiting: Vec<oneshot::Sender<bool>>,
    done: Committing,
    /// From this moment on the commit counts as failing. The journal writer waits for the commit
    /// all the same: a second commit of the same batch could store the batch twice.
    late_at: Instant,
}

/// Receives messages and commits them to the journal.
pub(crate) struct JournalWriter {
    messages: mpsc::UnboundedReceiver<Message>,
    live: broadcast::Sender<Arc<Entry>>,
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    settings: Arc<RuntimeSettings>,
    backlog: Backlog,
    under_way: Option<UnderWay>,
    /// Time of the next commit.
    due: Option<Instant>,
    /// Start of the journal's failure; none while the journal works.
    failing: Option<Timestamp>,
}

impl JournalWriter {
    /// A journal writer and its sender, sized for `groups` groups.
    pub(crate) fn new(
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        settings: Arc<RuntimeSettings>,
        groups: usize,
    ) -> (JournalSender, Self) {
        let (messages, receiver) = mpsc::unbounded_channel();
        let capacity = groups.saturating_mul(LIVE_PER_GROUP);
        let (live, _) = broadcast::channel(capacity.clamp(LIVE_MIN, LIVE_MAX));
        let sender = JournalSender {
            messages,
            live: live.clone(),
            save_deadline: settings.save_deadline,
        };
        let writer = Self {
            messages: receiver,
            live,
            journal,
            clock,
            settings,
            backlog: Backlog::default(),
            under_way: None,
            due: Some(Instant::now() + PROOF_EVERY),
            failing: None,
        };
        (sender, writer)
    }

    /// Runs until the last sender is dropped. Returns whether the journal has stored everything.
    pub(crate) async fn run(mut self) -> bool {
        let mut messages = Vec::new();
        loop {
            messages.clear();
            let due = self.due.filter(|_| self.under_way.is_none());
            let late = self.under_way.as_ref().map(|it| it.late_at);
            let late = late.filter(|_| self.failing.is_none());
            tokio::select! {
                result = finished(&mut self.under_way) => self.ended(result),
                count = self.messages.recv_many(&mut messages, MESSAGES) => {
                    if count == 0 {
                        return self.finish().await;
                    }
                    messages.drain(..).for_each(|message| self.take_in(message));
                }
                () = at(due) => self.begin(),
                () = at(late) => self.late(),
            }
        }
    }

    fn take_in(&mut self, message: Message) {
        let delay = match message {
            Message::Entry(entry) => {
                self.backlog.push(entry, self.settings.held_entries);
                ENTRY_DELAY
            }
            Message::State { state, saved } => {
                self.backlog.states.insert(state.group.clone(), state);
                match saved {
                    Some(saved) if self.failing.is_some() => {
                        saved.send(false).ok();
                        self.settings.commit_delay
                    }
                    Some(saved) => {
                        self.backlog.waiting.push(saved);
                        Duration::ZERO
                    }
                    None => self.settings.commit_delay,
                }
            }
        };
        if self.failing.is_none() {
            let due = Instant::now() + delay;
            self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
        }
    }

    fn begin(&mut self) {
        self.due = None;
        let batch = Arc::new(self.backlog.take());
        let (journal, handed) = (Arc::clone(&self.journal), Arc::clone(&batch));
        let done = Box::pin(async move { journal.commit(handed).await });
        self.under_way = Some(UnderWay {
            batch,
            waiting: std::mem::take(&mut self.backlog.waiting),
            done,
            late_at: Instant::now() + self.settings.commit_deadline,
        });
    }

    /// The commit under way exceeds its deadline.
    fn late(&mut self) {
        if let Some(under_way) = &mut self.under_way {
            Backlog::answer(&mut under_way.waiting, false);
        }
        Backlog::answer(&mut self.backlog.waiting, false);
        let deadline = self.settings.commit_deadline.as_secs();
        self.failed(JournalError {
            kind: JournalErrorKind::Unavailable,
            detail: format!("no answer within {deadline} s"),
        });
    }

    fn ended(&mut self, result: Result<(), JournalError>) {
        let Some(mut ended) = self.under_way.take() else {
            return;
        };
        Backlog::answer(&mut ended.waiting, result.is_ok());
        match result {
            Ok(()) => self.recovered(),
            Err(error) => {
                self.backlog
                    .put_back(&ended.batch, self.settings.held_entries);
                Backlog::answer(&mut self.backlog.waiting, false);
                self.failed(error);
            }
        }
    }

    /// Schedules the next try. Records one notice for each failure, however often commits fail.
    fn failed(&mut self, error: JournalError) {
        self.due = Some(Instant::now() + self.settings.journal_retry);
        if self.failing.is_none() {
            self.failing = Some(self.clock.now());
            self.say(Notice::JournalFailed(error));
        }
    }

    fn recovered(&mut self) {
        if let Some(since) = self.failing.take() {
            let lost = std::mem::take(&mut self.backlog.lost);
            self.say(Notice::JournalRecovered { since, lost });
        }
        if self.due.is_none() {
            let delay = if self.backlog.is_empty() {
                PROOF_EVERY
            } else {
                self.settings.commit_delay
            };
            self.due = Some(Instant::now() + delay);
        }
    }

    fn say(&mut self, notice: Notice) {
        let entry = Arc::new(Entry {
            group: None,
            at: self.clock.now(),
            what: What::Notice(notice),
        });
        tell(&self.live, &entry);
        self.backlog.push(entry, self.settings.held_entries);
    }

    async fn finish(mut self) -> bool {
        if self.under_way.is_some() {
            let result = finished(&mut self.under_way).await;
            self.ended(result);
        }
        if !self.backlog.is_empty() {
            self.begin();
        }
        if self.under_way.is_some() {
            let result = finished(&mut self.under_way).await;
            self.ended(result);
        }
        self.failing.is_none()
    }
}

/// The result of the commit under way. Waits forever if there is none.
async fn finished(under_way: &mut Option<UnderWay>) -> Result<(), JournalError> {
    match under_way {
        Some(under_way) => (&mut under_way.done).await,
        None => std::future::pending().await,
    }
}

/// Sleeps until `due`. Sleeps forever if `due` is none.
async fn at(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
