//! The loop of a run: what it listens to, and how it takes another configuration.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use foretide_config::Config;
use foretide_connect::{Found, Search, search_repeatedly};
use foretide_notify::Notifier;
use foretide_process::service_manager;
use foretide_runtime::{GroupKey, Notice, Runtime};
use foretide_terminal::{Exit, Failure};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, interval_at};

use crate::cli::{ConfigFlags, RunArgs};
use crate::clock;
use crate::command::calendars::{Brought, Calendars, Fetched, fetch, fetch_repeatedly, places};
use crate::command::remote;
use crate::outlet;

use super::fleet::Wiring;
use super::page::Pages;
use super::signals::{Signal, Signals};
use super::{Configured, announce, controls};

/// Time between two records of the price of calls.
const BILL_EVERY: Duration = Duration::from_hours(1);
/// Time between two checks of how groups are read: their metrics come every minute.
const REMARK_EVERY: Duration = Duration::from_mins(1);
/// Time between two updates of the page's figures of cycles.
const SHOWN_EVERY: Duration = Duration::from_secs(1);

/// A configuration with the groups that were searched for.
pub(super) struct Searched {
    pub(super) configured: Configured,
    found: Found,
    search: Search,
    /// The configuration before the events of its calendars were added.
    bare: Config,
    calendars: Calendars,
    told: Told,
}

impl Searched {
    /// Searches for the first time, if `config` says so.
    pub(super) async fn first(
        args: &RunArgs,
        flags: &ConfigFlags,
        configured: Configured,
    ) -> Result<Self, Failure> {
        let mut searched = Self {
            bare: configured.config.clone(),
            configured,
            found: Found::default(),
            search: Search::default(),
            calendars: Calendars::default(),
            told: Told::default(),
        };
        let config = &searched.configured.config;
        if config.discover.enabled {
            let tag = Some(config.discover.tag.as_str());
            searched.found = searched.search.find(config, tag).await;
            searched.configured = Configured::read(args, flags, &searched.found)?;
            nothing_found(&searched.configured.config, &searched.found)?;
        }
        let config = &mut searched.configured.config;
        searched.bare = config.clone();
        let fetched = fetch(places(config), config.outbound()).await;
        searched.calendars.take(fetched, clock::now());
        let brought = searched.calendars.fill(config, clock::now()).await;
        searched
            .configured
            .said
            .extend(searched.told.news(&brought));
        Ok(searched)
    }
}

/// What was said of calendars.
#[derive(Clone, Debug, Default)]
struct Told {
    said: BTreeSet<String>,
    failing: BTreeSet<String>,
}

impl Told {
    /// Sentences on what calendars brought that were not said yet.
    fn news(&mut self, brought: &[(String, Brought)]) -> Vec<String> {
        let brought = brought.iter().map(|(_, brought)| brought);
        let said: BTreeSet<String> = brought
            .clone()
            .flat_map(|brought| brought.said.iter().cloned())
            .collect();
        let failing = brought.clone().filter(|brought| brought.failed);
        let failing: BTreeSet<String> = failing.map(|brought| brought.name.clone()).collect();
        let names: BTreeSet<&String> = brought.map(|brought| &brought.name).collect();
        let ended = self.failing.difference(&failing);
        let ended = ended.filter(|name| names.contains(name));
        let news = ended.map(|name| format!("calendar {name} can be read again"));
        let news = news.chain(said.difference(&self.said).cloned()).collect();
        (self.said, self.failing) = (said, failing);
        news
    }
}

/// Fails if nothing could be searched and no table names a group.
fn nothing_found(config: &Config, found: &Found) -> Result<(), Failure> {
    let searched = !found.groups.is_empty();
    match found.failures.iter().next() {
        Some((label, why)) if config.groups.is_empty() && !searched => {
            let what = format!("no group to manage: {label} could not be searched: {why}");
            Err(Failure::new(Exit::Unavailable, what).hint(
                "allow autoscaling:DescribeAutoScalingGroups, or name groups in foretide.toml",
            ))
        }
        _ => Ok(()),
    }
}

/// Which calendars a reload reads.
#[derive(Clone, Copy)]
enum Reading {
    /// All of them: a person asked.
    All,
    /// Those that were never read.
    New,
}

/// The parts of a run that were started.
pub(super) struct Parts {
    pub(super) wiring: Wiring,
    pub(super) runtime: Runtime,
    pub(super) notifier: Notifier,
    pub(super) pages: Option<Pages>,
}

/// The loop.
pub(super) struct RunLoop<'a> {
    args: &'a RunArgs,
    flags: &'a ConfigFlags,
    parts: Parts,
    /// The configuration that the process began with.
    started: Config,
    found: Found,
    said: Vec<String>,
    /// The newest configuration, for the search.
    newest: watch::Sender<Arc<Config>>,
    searched: mpsc::Receiver<Found>,
    /// The newest configuration before the events of its calendars were added.
    bare: Config,
    calendars: Calendars,
    told: Told,
    fetched: mpsc::Receiver<Vec<Fetched>>,
    /// Another version of the configuration was pushed.
    pushed: mpsc::Receiver<()>,
    /// The groups, for orders from a terminal.
    keys: watch::Sender<Vec<GroupKey>>,
    control: Option<JoinHandle<()>>,
}

impl<'a> RunLoop<'a> {
    pub(super) fn new(
        args: &'a RunArgs,
        flags: &'a ConfigFlags,
        searched: Searched,
        parts: Parts,
    ) -> Self {
        let Searched {
            configured,
            found,
            search,
            bare,
            calendars,
            told,
        } = searched;
        let Configured {
            config,
            said,
            remote,
        } = configured;
        let (keys, keys_seen) = watch::channel(parts.wiring.keys());
        let control = controls::socket(&config.run, parts.runtime.order_handle(), keys_seen);
        let (newest, newest_seen) = watch::channel(Arc::new(config.clone()));
        for what in told.said.iter().cloned() {
            parts.runtime.note(None, Notice::Remark { what });
        }
        Self {
            args,
            flags,
            parts,
            started: config,
            found,
            said,
            newest,
            searched: search_repeatedly(search, newest_seen.clone()),
            bare,
            calendars,
            told,
            fetched: fetch_repeatedly(newest_seen),
            pushed: remote::watched(remote),
            keys,
            control,
        }
    }

    /// One line for `systemctl status`.
    pub(super) fn status(&self) -> String {
        format!("groups: {}", self.parts.wiring.groups.len())
    }

    /// Runs until a signal ends it. Returns whether the signal was Ctrl-C.
    pub(super) async fn run(&mut self, signals: &mut Signals) -> bool {
        let mut bill = interval_at(Instant::now() + BILL_EVERY, BILL_EVERY);
        let mut remarked = announce::Remarked::new();
        let mut remark = interval(REMARK_EVERY);
        let mut shown = interval(SHOWN_EVERY);
        loop {
            let Parts {
                wiring,
                runtime,
                notifier,
                pages,
            } = &mut self.parts;
            tokio::select! {
                signal = signals.next() => match signal {
                    Signal::Reload => self.reload(Reading::All).await,
                    Signal::Stop { interrupted } => return interrupted,
                },
                Some(()) = self.pushed.recv() => self.reload(Reading::All).await,
                Some(newly) = self.searched.recv() => {
                    self.found = newly;
                    self.reload(Reading::New).await;
                }
                Some(fetched) = self.fetched.recv() => self.reread(fetched).await,
                _ = shown.tick() => {
                    service_manager::alive();
                    if let Some(pages) = pages {
                        pages.look(wiring, runtime);
                        pages.notified(&notifier.outcomes());
                    }
                }
                _ = remark.tick() => {
                    announce::remarks(wiring, &mut remarked, runtime, clock::now());
                }
                notice = notifier.notice() => runtime.note(None, notice),
                _ = bill.tick() => announce::bill(wiring, runtime),
            }
        }
    }

    /// Takes no more orders. Returns what has work in flight.
    pub(super) fn end(self) -> (Runtime, Notifier) {
        if let Some(control) = self.control {
            control.abort();
        }
        (self.parts.runtime, self.parts.notifier)
    }

    /// Takes in readings of the calendars. If they bring other events, the groups get them as they
    /// get other settings.
    async fn reread(&mut self, fetched: Vec<Fetched>) {
        self.calendars.take(fetched, clock::now());
        let mut next = self.bare.clone();
        let brought = self.calendars.fill(&mut next, clock::now()).await;
        let in_force = Arc::clone(&self.newest.borrow());
        let same = next.groups.iter().all(|(name, group)| {
            let known = in_force.groups.get(name);
            known.is_some_and(|known| known.controller.calendar == group.controller.calendar)
        });
        for what in self.told.news(&brought) {
            self.parts.runtime.note(None, Notice::Remark { what });
        }
        if !same {
            self.reload(Reading::New).await;
        }
    }

    /// Reloads the configuration. If that fails, logs the reason and continues with the old one.
    async fn reload(&mut self, reading: Reading) {
        let notice = match Box::pin(self.renewed(reading)).await {
            Ok(notice) => notice,
            Err(failure) => Notice::ReloadRefused {
                why: failure.in_one_line(),
            },
        };
        self.parts.runtime.note(None, notice);
    }

    async fn renewed(&mut self, reading: Reading) -> Result<Notice, Failure> {
        let mut configured = Configured::read(self.args, self.flags, &self.found)?;
        let bare = configured.config.clone();
        let places = match reading {
            Reading::All => places(&bare),
            Reading::New => self.calendars.unread(&bare),
        };
        let fetched = fetch(places, bare.outbound()).await;
        self.calendars.take(fetched, clock::now());
        let filled = self.calendars.fill(&mut configured.config, clock::now());
        let brought = filled.await;
        let config = &configured.config;
        let outlet = outlet::configured(&config.notify, config.outbound())?;
        let dry_run = self.args.dry_run;
        let next = self.parts.wiring.renewed(config, dry_run).await?;
        let fleet = next.fleet.clone().unwrap_or_default();
        let reloaded = self.parts.runtime.reload(fleet).await;
        let reloaded = reloaded.map_err(|error| Failure::of(Exit::Config, &error))?;
        let notifier = &self.parts.notifier;
        notifier.renew(&config.notify, outlet, next.intervals());
        // The journal and the page, with its token, are what the process began with.
        let changed = self.started.run.changed(&config.run);
        let restarts = changed
            .into_iter()
            .chain(self.started.page.changed(&config.page))
            .chain((self.started.metrics != config.metrics).then_some("metrics.legacy_names"))
            .map(|key| format!("`{key}` changed: takes a restart"));
        let said = configured.said.iter();
        let news = said.filter(|what| !self.said.contains(what)).cloned();
        let calendars = self.told.news(&brought).into_iter();
        for what in restarts.chain(news).chain(calendars) {
            self.parts.runtime.note(None, Notice::Remark { what });
        }
        configured.keep();
        let Configured { config, said, .. } = configured;
        self.said = said;
        self.bare = bare;
        self.parts.wiring = next;
        self.keys.send_replace(self.parts.wiring.keys());
        if let Some(pages) = &self.parts.pages {
            pages.regroup(&self.parts.wiring, dry_run);
        }
        self.newest.send_replace(Arc::new(config));
        Ok(Notice::Reloaded(reloaded))
    }
}
