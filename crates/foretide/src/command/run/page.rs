//! The page of `foretide run`: fills the read model from the runtime's entries, and serves it.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use foretide_config::{Config, RunSettings};
use foretide_console::{
    Answer, Board, Calls, Controls, GroupFacts, History, Limits, Looked, MarkKind, Page, Price,
    StoreHealth,
};
use foretide_control::Event;
use foretide_domain::{Record, Timestamp};
use foretide_http::{ServeConfig, ServeError};
use foretide_runtime::{Clock, Entry, GroupKey, GroupStatus, Notice, OrderHandle, Runtime, What};
use foretide_store::{Reader, StoreError};
use foretide_terminal::{Exit, Failure};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, oneshot};
use tokio::task::JoinHandle;

use crate::command::input::token_warned;

use super::announce;
use super::controls::Way;
use super::fleet::Wiring;
use super::lines;

/// Most groups for which the read model is filled from the store at the start. With more groups,
/// filling takes so long that entries would be missed meanwhile.
const FILLED_GROUPS: usize = 50;

/// The page, served until this value is dropped.
pub(super) struct Pages {
    board: Arc<Board>,
    address: SocketAddr,
    way: Way,
    looked: HashSet<(GroupKey, Timestamp)>,
    _stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Pages {
    /// Binds the port. None if no address is configured and the default port is in use; this is
    /// logged.
    pub(super) async fn open(
        config: &Config,
        wiring: &Wiring,
        dry_run: bool,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Self>, Failure> {
        let run = &config.run;
        let limits = Limits::for_groups(wiring.groups.len());
        let board = Arc::new(Board::new(Arc::new(move || clock.now()), limits));
        board.set_groups(facts(wiring, dry_run));
        board.set_store(StoreHealth::Writable);
        let serve = serve_config(config)?;
        let way = Way::default();
        let controls = run
            .controls
            .then(|| Arc::new(way.clone()) as Arc<dyn Controls>);
        let page = Page {
            board: Arc::clone(&board),
            history: Some(Arc::new(Journal(run.store()))),
            controls,
            legacy_names: config.metrics.legacy_names,
        };
        let server = match foretide_console::bind(serve, page).await {
            Ok(server) => server,
            Err(error @ ServeError::AddressInUse { .. }) if run.listen.is_none() => {
                lines::warn(&format!("no page: {error}; --listen names another address"));
                return Ok(None);
            }
            Err(error) => return Err(refused(&error)),
        };
        let address = server.local_addr();
        let (stop, stopped) = oneshot::channel();
        Ok(Some(Self {
            board,
            address,
            way,
            looked: HashSet::new(),
            _stop: stop,
            // A sender that is gone stops as well as one that says so.
            serving: tokio::spawn(server.run(async { drop(stopped.await) })),
        }))
    }

    /// Address of the page.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Passes orders on, if the page accepts orders.
    pub(super) fn takes_orders(&self, handle: OrderHandle) {
        self.way.leads_to(handle);
    }

    /// Sets the groups to show.
    pub(super) fn regroup(&self, wiring: &Wiring, dry_run: bool) {
        self.board.set_groups(facts(wiring, dry_run));
    }

    /// Shows the entries of `live`, after the store's entries of the hours before.
    pub(super) fn follow(&self, config: &Config, wiring: &Wiring, live: Live) {
        let board = Arc::clone(&self.board);
        let now = board.now();
        let hours = Limits::for_groups(wiring.groups.len()).hours;
        let from = now.minus(Duration::from_secs(u64::from(hours) * 3600));
        let groups: Vec<GroupKey> = wiring.groups.keys().cloned().collect();
        let store = config.run.store();
        tokio::spawn(async move {
            if groups.len() <= FILLED_GROUPS {
                let board = Arc::clone(&board);
                let filling = move || fill(&board, &store, &groups, from, now);
                if let Ok(Err(error)) = tokio::task::spawn_blocking(filling).await {
                    let warning = Failure::of(Exit::Data, &error).in_one_line();
                    lines::warn(&format!("the page begins without some history: {warning}"));
                }
            }
            tell(&board, live).await;
        });
    }

    /// Updates the counts of notifications.
    pub(super) fn notified(&self, outcomes: &[(&'static str, u64)]) {
        self.board.set_notifications(outcomes);
    }

    /// Updates figures of cycles and the price of calls.
    pub(super) fn look(&mut self, wiring: &Wiring, runtime: &Runtime) {
        let statuses = runtime.status();
        let mut looked = HashSet::with_capacity(statuses.len());
        for status in statuses {
            let Some(at) = status.cycle_ended_at else {
                continue;
            };
            let look = (status.key.clone(), at);
            if !self.looked.contains(&look) {
                self.board
                    .looked(&status.key.to_string(), took(at, &status));
            }
            looked.insert(look);
        }
        self.looked = looked;
        let (calls, bill) = calls(wiring);
        self.board.set_calls(calls, bill);
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

type Live = broadcast::Receiver<Arc<Entry>>;

fn took(at: Timestamp, status: &GroupStatus) -> Looked {
    Looked {
        at,
        took: status.cycle_took,
        overruns: status.overruns,
        prediction: status.prediction_took,
    }
}

fn serve_config(config: &Config) -> Result<ServeConfig, Failure> {
    let Config { run, page, .. } = config;
    Ok(ServeConfig {
        listen: run.listen.unwrap_or(RunSettings::LISTEN),
        token: run.token_file.as_deref().map(token_warned).transpose()?,
        allowed_hosts: run.hosts.clone(),
        public_origin: page.public_origin.clone(),
        connections_per_peer: page.connections_per_peer,
        trusted_proxies: page.trusted_proxies.clone(),
        ..ServeConfig::default()
    })
}

fn refused(error: &ServeError) -> Failure {
    match error {
        ServeError::RemoteWithoutToken { .. } => Failure::of(Exit::Config, error)
            .hint("`run.token_file` names a file with the token that callers then need"),
        _ => Failure::of(Exit::Unavailable, error)
            .hint("--listen 127.0.0.1:0 takes a free port, --no-page goes without"),
    }
}

fn facts(wiring: &Wiring, dry_run: bool) -> Vec<GroupFacts> {
    let groups = wiring.groups.iter();
    let facts = groups.map(|(key, group)| {
        let controller = &group.controller;
        let price = group.live.price.as_ref();
        GroupFacts {
            id: key.to_string(),
            account: Some(key.account().to_owned()),
            name: key.name().to_owned(),
            mode: controller.mode,
            policy: controller.policy,
            interval: controller.interval,
            objective: controller.forecast.objective,
            budget: controller.forecast.budget,
            price: price.map(|price| Price {
                amount: price.per_hour(),
                currency: price.currency().to_owned(),
            }),
            dry_run,
        }
    });
    facts.collect()
}

/// Fills the read model from the store.
fn fill(
    board: &Board,
    store: &std::path::Path,
    groups: &[GroupKey],
    from: Timestamp,
    to: Timestamp,
) -> Result<(), StoreError> {
    let reader = Reader::open(store)?;
    let mut filled = Ok(());
    for key in groups {
        match records(&reader, key, from, to) {
            Ok(records) => records
                .iter()
                .for_each(|(at, record)| board.record(&key.to_string(), *at, record)),
            // The other groups have their history all the same.
            Err(error) => filled = Err(error),
        }
    }
    filled
}

async fn tell(board: &Board, mut live: Live) {
    loop {
        match live.recv().await {
            Ok(entry) => note(board, &entry),
            Err(RecvError::Lagged(missed)) => board.missed(missed),
            Err(RecvError::Closed) => break,
        }
    }
}

fn note(board: &Board, entry: &Entry) {
    let group = entry.group.as_ref().map(ToString::to_string);
    match (&entry.what, group) {
        (What::Event(Event::GroupRead { group, .. }), Some(id)) => {
            board.read(&id, entry.at, group);
        }
        (What::Record(record), Some(id)) => board.record(&id, entry.at, record),
        (What::Checkpoint(kept), Some(id)) => {
            if let Some(known) = &kept.snapshot.forecast {
                board.history(&id, known.period(), known.loads());
            }
        }
        (What::Notice(notice), group) => {
            match notice {
                Notice::JournalFailed(error) => board.set_store(StoreHealth::Failing {
                    since_ms: entry.at.as_millis(),
                    why: error.to_string(),
                }),
                Notice::JournalRecovered { .. } => board.set_store(StoreHealth::Writable),
                _ => {}
            }
            if let Some(id) = group.filter(|_| notice.is_warning()) {
                board.mark(&id, entry.at, MarkKind::Note, notice.to_string());
            }
        }
        _ => {}
    }
}

/// Calls by account and operation, and the price of a month of calls.
fn calls(wiring: &Wiring) -> (Vec<Calls>, Option<f64>) {
    let mut calls = Vec::new();
    let mut bill = None;
    let mut accounts: Vec<&str> = wiring.groups.keys().map(GroupKey::account).collect();
    accounts.dedup();
    for account in accounts {
        let Some(collector) = wiring.collector(account) else {
            continue;
        };
        let counts = collector.clients().bill().snapshot();
        calls.extend(counts.calls.iter().map(|(operation, total)| Calls {
            account: account.to_owned(),
            operation: (*operation).to_owned(),
            total: *total,
            errors: Some(counts.errors.get(operation).copied().unwrap_or(0)),
            throttled: Some(counts.throttled.get(operation).copied().unwrap_or(0)),
        }));
        let groups = wiring.groups.iter();
        let read = groups.filter(|(key, _)| {
            key.account() == account && counts.counted_for.contains_key(key.name())
        });
        for (key, group) in read {
            let most = announce::metrics_a_reading(group);
            *bill.get_or_insert(0.0) += counts.usd_per_month(key.name(), most);
        }
    }
    (calls, bill)
}

/// The store, read for times before the read model begins.
struct Journal(PathBuf);

impl History for Journal {
    fn records(
        &self,
        group: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Answer<Result<Vec<(Timestamp, Record)>, String>> {
        let path = self.0.clone();
        let group = group.to_owned();
        Box::pin(async move {
            let read = move || {
                let reader = Reader::open(&path)?;
                let groups = reader.groups()?;
                match groups.iter().find(|key| key.to_string() == group) {
                    Some(key) => records(&reader, key, from, to),
                    None => Ok(Vec::new()),
                }
            };
            let read = tokio::task::spawn_blocking(read).await;
            let read = read.map_err(|_| "reading the journal failed".to_owned())?;
            read.map_err(|error: StoreError| error.to_string())
        })
    }
}

/// Observations, decisions and notices of a group, by time.
fn records(
    reader: &Reader,
    key: &GroupKey,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(Timestamp, Record)>, StoreError> {
    let mut records = Vec::new();
    for point in reader.observations(key, from, to)? {
        records.push((point.end(), Record::Observed(point)));
    }
    for decision in reader.decisions(key, from, to)? {
        records.push((decision.at, Record::Decided(Box::new(decision))));
    }
    for said in reader.records_and_notices(Some(key), from, to)? {
        if let What::Record(record) = said.what {
            records.push((said.at, record));
        }
    }
    records.sort_by_key(|(at, _)| *at);
    Ok(records)
}
