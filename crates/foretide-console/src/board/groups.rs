//! All groups of the board, and the bell that readers wait for.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use foretide_domain::{GroupState, Record, Timestamp};
use foretide_http::lock;
use tokio::sync::watch;

use super::marks::{Mark, MarkKind};
use super::system::{Calls, StoreHealth, System};
use super::track::{GroupFacts, Limits, Looked, Track};

/// Tells what time it is for the groups: virtual time in a simulation.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

type Tracks = BTreeMap<Arc<str>, Arc<Mutex<Track>>>;

/// What is shown of all groups.
pub struct Board {
    clock: Clock,
    limits: Limits,
    tracks: RwLock<Tracks>,
    system: Mutex<System>,
    versions: AtomicU64,
    bell: watch::Sender<u64>,
}

impl fmt::Debug for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Board").finish_non_exhaustive()
    }
}

impl Board {
    /// A board without groups.
    pub fn new(clock: Clock, limits: Limits) -> Self {
        let system = System {
            started: Some(clock()),
            ..System::default()
        };
        Self {
            clock,
            limits,
            tracks: RwLock::default(),
            system: Mutex::new(system),
            versions: AtomicU64::new(0),
            bell: watch::Sender::new(0),
        }
    }

    /// Shows these groups from now on; what is known of those that stay is kept.
    pub fn set_groups(&self, groups: Vec<GroupFacts>) {
        let mut tracks = self.tracks.write().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *tracks);
        for facts in groups {
            let id: Arc<str> = facts.id.as_str().into();
            let track = match before.remove(&id) {
                Some(track) => {
                    let mut known = lock(&track);
                    known.set_facts(facts);
                    known.version = self.next_version();
                    drop(known);
                    track
                }
                None => Arc::new(Mutex::new(Track::new(facts, self.limits))),
            };
            tracks.insert(id, track);
        }
        drop(tracks);
        self.ring();
    }

    /// A record of a group's controller.
    pub fn record(&self, group: &str, at: Timestamp, record: &Record) {
        self.update(group, |track| track.record(at, record));
    }

    /// The past that the forecast of a group rests on: starts of periods, each `period` long, with
    /// their loads in instance-percent. A minute whose load is known already keeps it.
    pub fn history(
        &self,
        group: &str,
        period: Duration,
        loads: impl Iterator<Item = (Timestamp, f64)>,
    ) {
        self.update(group, |track| track.history(period, loads));
    }

    /// A reading of a group.
    pub fn read(&self, group: &str, at: Timestamp, state: &GroupState) {
        self.update(group, |track| track.read(at, state));
    }

    /// A look at a group ended.
    pub fn looked(&self, group: &str, looked: Looked) {
        self.update(group, |track| track.looked = Some(looked));
    }

    /// Something else to be marked: an operator's order, a notice of the runtime.
    pub fn mark(&self, group: &str, at: Timestamp, kind: MarkKind, text: String) {
        let mark = Mark {
            at_ms: at.as_millis(),
            kind,
            from: None,
            to: None,
            text,
        };
        self.update(group, |track| track.mark(mark));
    }

    /// How the store is.
    pub fn set_store(&self, store: StoreHealth) {
        lock(&self.system).store = store;
        self.ring();
    }

    /// Calls of AWS since the start, and what those of a month cost at the present pace.
    pub fn set_calls(&self, calls: Vec<Calls>, bill_usd_per_month: Option<f64>) {
        let mut system = lock(&self.system);
        system.calls = calls;
        system.bill_usd_per_month = bill_usd_per_month;
    }

    /// Notifications since the start, by the name of what became of them.
    pub fn set_notifications(&self, outcomes: &[(&'static str, u64)]) {
        lock(&self.system).notifications = outcomes.to_vec();
    }

    /// So many entries came too fast to be shown.
    pub fn missed(&self, entries: u64) {
        let mut system = lock(&self.system);
        system.missed = system.missed.saturating_add(entries);
    }

    fn update(&self, group: &str, change: impl FnOnce(&mut Track)) {
        // What is told of a group that has just been dropped concerns nobody.
        let Some(track) = self.track(group) else {
            return;
        };
        let mut track = lock(&track);
        track.version = self.next_version();
        change(&mut track);
        drop(track);
        self.ring();
    }

    fn next_version(&self) -> u64 {
        self.versions.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn ring(&self) {
        self.bell.send_replace(self.version());
    }

    /// The time, as the groups have it.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The version that the last change got. A change holds its track's lock from when it gets its
    /// version until it is made, so that who reads a track after this sees all up to it.
    pub(crate) fn version(&self) -> u64 {
        self.versions.load(Ordering::SeqCst)
    }

    /// A bell that rings after every change.
    pub(crate) fn bell(&self) -> watch::Receiver<u64> {
        self.bell.subscribe()
    }

    pub(crate) fn track(&self, group: &str) -> Option<Arc<Mutex<Track>>> {
        let tracks = self.tracks.read().unwrap_or_else(PoisonError::into_inner);
        tracks.get(group).cloned()
    }

    /// All tracks, by id.
    pub(crate) fn tracks(&self) -> Vec<Arc<Mutex<Track>>> {
        let tracks = self.tracks.read().unwrap_or_else(PoisonError::into_inner);
        tracks.values().cloned().collect()
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    pub(crate) fn system(&self) -> System {
        lock(&self.system).clone()
    }
}
