//! Notifications: messages about groups, posted to a webhook.
//!
//! Messages are a pure function of the entries of a run (`message.rs`), limits a pure function of
//! time (`limit.rs`). Both run in one task; a second task sends (`sender.rs`). The group's loop
//! never
//! waits for these tasks. If a webhook is so slow that the queue is full, further messages are
//! counted and not sent.
//!
//! The address is a secret: only its origin is shown, and no answer is quoted.

mod limit;
mod message;
mod sender;
mod template;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use foretide_http::{NoCertificates, Webhook, WebhookUrl};
use foretide_outbound::Outbound;
use foretide_runtime::{Clock, Entry, GroupKey, Notice};
use thiserror::Error;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};

pub use limit::Limits;
pub use message::Topic;
pub use sender::Outlet;
pub use template::{DEFAULT as DEFAULT_TEMPLATE, Fields, NoTemplate, Template};

use limit::Limiter;
use message::{Message, Watcher};
use sender::{Sender, Tally, count};

/// Length of the queue. A webhook that hangs takes a minute for each message, so the last message
/// of a longer queue would be older than an hour.
const QUEUE: usize = 64;
/// Length of the queue of notices; the loop of the process takes them at once.
const NOTICES: usize = 16;
/// Time between two checks for stalled groups and for limits that have room again.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Longest that the end of the process waits for the last messages.
const LAST_MESSAGES: Duration = Duration::from_millis(500);

/// Settings of notifications.
#[derive(Clone, Debug, PartialEq)]
pub struct NotifySettings {
    /// Address of the webhook.
    pub url: Option<WebhookUrl>,
    /// File that holds the address.
    pub url_file: Option<std::path::PathBuf>,
    /// Kinds of messages to send.
    pub events: BTreeSet<Topic>,
    /// Template of the body.
    pub template: String,
    /// Hourly limits.
    pub limits: Limits,
}

impl Default for NotifySettings {
    fn default() -> Self {
        Self {
            url: None,
            url_file: None,
            events: Topic::ALL.into_iter().collect(),
            template: DEFAULT_TEMPLATE.to_owned(),
            limits: Limits { group: 12, all: 60 },
        }
    }
}

impl NotifySettings {
    /// The webhook at `url`, with the template of these settings. It is called as `outbound` says.
    pub fn outlet(&self, url: WebhookUrl, outbound: &Outbound) -> Result<Outlet, OutletError> {
        Ok(Outlet {
            webhook: Webhook::new(url, outbound).map_err(OutletError::Webhook)?,
            template: Template::new(&self.template).map_err(OutletError::Template)?,
        })
    }

    /// The kinds of messages as text.
    pub fn topics(&self) -> String {
        let names: Vec<String> = self.events.iter().map(ToString::to_string).collect();
        names.join(", ")
    }
}

/// Why notifications cannot start.
#[derive(Debug, Error)]
pub enum OutletError {
    /// The connection cannot be prepared.
    #[error(transparent)]
    Webhook(NoCertificates),
    /// The body is no template.
    #[error(transparent)]
    Template(NoTemplate),
}

/// The settings that a reload changes.
#[derive(Debug)]
struct Renewed {
    settings: NotifySettings,
    groups: BTreeMap<GroupKey, Duration>,
}

/// Notifications of a run.
#[derive(Debug)]
pub struct Notifier {
    outlet: watch::Sender<Option<Arc<Outlet>>>,
    renew: mpsc::UnboundedSender<Renewed>,
    notices: mpsc::Receiver<Notice>,
    tally: Arc<Tally>,
    sending: JoinHandle<()>,
}

impl Notifier {
    /// Starts the notifications that `live` selects, of `groups` with their intervals.
    pub fn start(
        settings: &NotifySettings,
        outlet: Option<Outlet>,
        groups: &BTreeMap<GroupKey, Duration>,
        live: broadcast::Receiver<Arc<Entry>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (outlet, current) = watch::channel(outlet.map(Arc::new));
        let (renew, renewed) = mpsc::unbounded_channel();
        let (say, notices) = mpsc::channel(NOTICES);
        let (queue, waiting) = mpsc::channel(QUEUE);
        let tally = Arc::new(Tally::default());
        let sender = Sender {
            queue: waiting,
            outlet: current.clone(),
            tally: Arc::clone(&tally),
            notices: say.clone(),
        };
        let mut watcher = Watcher::default();
        watcher.set_groups(groups);
        let teller = Teller {
            watcher,
            limiter: Limiter::new(settings.limits),
            events: settings.events.clone(),
            outlet: current,
            queue,
            tally: Arc::clone(&tally),
            notices: say,
            clock,
            overflowing: false,
            behind: false,
        };
        tokio::spawn(teller.run(live, renewed));
        Self {
            outlet,
            renew,
            notices,
            tally,
            sending: tokio::spawn(sender.run()),
        }
    }

    /// Replaces settings and groups.
    pub fn renew(
        &self,
        settings: &NotifySettings,
        outlet: Option<Outlet>,
        groups: BTreeMap<GroupKey, Duration>,
    ) {
        self.outlet.send_replace(outlet.map(Arc::new));
        let settings = settings.clone();
        // The teller ends with the run, and then nothing is to be told.
        self.renew.send(Renewed { settings, groups }).ok();
    }

    /// Notices about the notifications themselves, for the journal.
    pub async fn notice(&mut self) -> Notice {
        match self.notices.recv().await {
            Some(notice) => notice,
            None => std::future::pending().await,
        }
    }

    /// Counts of messages by outcome, by name.
    pub fn outcomes(&self) -> [(&'static str, u64); 4] {
        self.tally.outcomes()
    }

    /// Waits for the last messages, for a bounded time. Returns whether every message was sent.
    pub async fn finish(self) -> bool {
        let ended = timeout(LAST_MESSAGES, self.sending).await;
        matches!(ended, Ok(Ok(())))
    }
}

/// Takes entries and queues messages. Waits only for the next entry.
struct Teller {
    watcher: Watcher,
    limiter: Limiter,
    events: BTreeSet<Topic>,
    outlet: watch::Receiver<Option<Arc<Outlet>>>,
    queue: mpsc::Sender<Fields>,
    tally: Arc<Tally>,
    notices: mpsc::Sender<Notice>,
    clock: Arc<dyn Clock>,
    /// Whether a full queue was logged; reset when the queue is empty.
    overflowing: bool,
    /// Whether missed entries were logged; reset when no entry waits.
    behind: bool,
}

impl Teller {
    async fn run(
        mut self,
        mut live: broadcast::Receiver<Arc<Entry>>,
        mut renewed: mpsc::UnboundedReceiver<Renewed>,
    ) {
        let mut look = interval(LOOK_EVERY);
        loop {
            tokio::select! {
                entry = live.recv() => match entry {
                    Ok(entry) => {
                        self.behind &= !live.is_empty();
                        let messages = self.watcher.hear(&entry);
                        self.tell(&messages);
                    }
                    Err(RecvError::Lagged(missed)) => self.missed(missed),
                    Err(RecvError::Closed) => break,
                },
                Some(next) = renewed.recv() => {
                    self.watcher.set_groups(&next.groups);
                    self.limiter.set_limits(next.settings.limits);
                    self.events = next.settings.events;
                }
                _ = look.tick() => self.look(),
            }
        }
    }

    fn look(&mut self) {
        let now = self.clock.now();
        let messages = self.watcher.look(now);
        self.tell(&messages);
        for kept_back in self.limiter.opened(now) {
            self.put(Fields::of_kept_back(&kept_back, now));
        }
    }

    fn tell(&mut self, messages: &[Message]) {
        let now = self.clock.now();
        for message in messages {
            // Where nobody is to be told, nothing is kept back either.
            if !self.events.contains(&message.topic) || self.outlet.borrow().is_none() {
                continue;
            }
            let is_alarm = message.topic != Topic::Scaling;
            match self.limiter.ask(&message.group, is_alarm, now) {
                Some(kept_back) => self.put(Fields::of(message, kept_back)),
                None => count(&self.tally.suppressed, 1),
            }
        }
    }

    fn put(&mut self, fields: Fields) {
        self.overflowing &= self.queue.capacity() < QUEUE;
        if self.queue.try_send(fields).is_ok() {
            return;
        }
        count(&self.tally.dropped, 1);
        if !std::mem::replace(&mut self.overflowing, true) {
            self.say(format!(
                "{QUEUE} messages wait already; further messages are dropped"
            ));
        }
    }

    /// Logged once: the notice is an entry too, and one notice for each missed entry would cause
    /// further notices.
    fn missed(&mut self, entries: u64) {
        if self.outlet.borrow().is_none() {
            return;
        }
        count(&self.tally.dropped, entries);
        if !std::mem::replace(&mut self.behind, true) {
            self.say(format!(
                "{entries} entries came too fast and were not checked for messages"
            ));
        }
    }

    fn say(&self, why: String) {
        // Full only while the loop that takes notices stands still itself.
        self.notices.try_send(Notice::NotifyFailed { why }).ok();
    }
}

#[cfg(test)]
mod tests {
    use foretide_domain::Timestamp;
    use foretide_runtime::AnchoredClock;

    use super::*;

    fn teller(with_outlet: bool) -> (Teller, mpsc::Receiver<Notice>, mpsc::Receiver<Fields>) {
        let outlet = with_outlet.then(|| {
            let url = "https://example.org/hook".parse().unwrap();
            Arc::new(Outlet {
                webhook: Webhook::new(url, &Outbound::default()).unwrap(),
                template: Template::new(DEFAULT_TEMPLATE).unwrap(),
            })
        });
        let (_, outlet) = watch::channel(outlet);
        let (queue, waiting) = mpsc::channel(QUEUE);
        let (say, notices) = mpsc::channel(NOTICES);
        let settings = NotifySettings::default();
        let teller = Teller {
            watcher: Watcher::default(),
            limiter: Limiter::new(settings.limits),
            events: settings.events,
            outlet,
            queue,
            tally: Arc::default(),
            notices: say,
            clock: Arc::new(AnchoredClock::at(Timestamp::from_seconds(0))),
            overflowing: false,
            behind: false,
        };
        (teller, notices, waiting)
    }

    #[tokio::test]
    async fn where_nobody_is_to_be_told_nothing_is_missed() {
        let (mut teller, mut notices, _waiting) = teller(false);
        teller.missed(7);
        assert!(notices.try_recv().is_err());
        assert!(teller.tally.outcomes().iter().all(|(_, count)| *count == 0));
    }

    #[tokio::test]
    async fn being_behind_is_said_once_until_it_is_caught_up() {
        let (mut teller, mut notices, _waiting) = teller(true);
        teller.missed(7);
        teller.missed(9);
        assert!(notices.try_recv().is_ok());
        assert!(notices.try_recv().is_err(), "once");
        teller.behind = false;
        teller.missed(1);
        assert!(notices.try_recv().is_ok());
    }
}
