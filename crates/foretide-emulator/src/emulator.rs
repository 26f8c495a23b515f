//! The handle of a running emulator. The protocols query it; tests and people change it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use foretide_domain::{Bounds, Timestamp};
use serde_json::{Map, Value};

use crate::custom::Custom;
use crate::fault::{Fault, Faults, Strike};
use crate::group::Group;
use crate::scenario::{Demand, GroupSpec, Scenario, ScenarioError, Scripted};

/// Deleted groups whose activities stay readable. One with 15 days of history takes some megabytes.
const DELETED_KEPT: usize = 20;

/// Emulated groups. Cheap to clone; all clones are the same emulator.
#[derive(Clone)]
pub struct Emulator {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    start: Timestamp,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) groups: BTreeMap<String, Group>,
    /// Groups that were deleted, the newest last.
    pub(crate) deleted: VecDeque<Group>,
    /// What groups that clients create are like.
    pub(crate) created: GroupSpec,
    pub(crate) launch_configurations: BTreeMap<String, Map<String, Value>>,
    pub(crate) custom: Custom,
    /// Groups to create or delete, in order of time.
    to_come: VecDeque<Comer>,
    faults: Faults,
    calls: BTreeMap<String, u64>,
    requests: u64,
}

/// A group that is created or deleted at a time.
#[derive(Debug)]
struct Comer {
    at: Timestamp,
    /// Start of the emulator, or the time at which the group was added.
    start: Timestamp,
    create: bool,
    spec: GroupSpec,
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("start", &self.inner.start)
            .finish_non_exhaustive()
    }
}

impl Emulator {
    /// Starts an emulator of `scenario` at the time of `clock`. The clock must not run backwards:
    /// the emulator does not repeat time.
    ///
    /// # Errors
    /// The scenario cannot be emulated.
    pub fn new(
        scenario: &Scenario,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<Self, ScenarioError> {
        let start = clock();
        let specs = scenario.check()?;
        let mut state = State {
            groups: BTreeMap::new(),
            deleted: VecDeque::new(),
            created: scenario.created.clone(),
            launch_configurations: BTreeMap::new(),
            custom: Custom::default(),
            to_come: VecDeque::new(),
            faults: Faults::new(scenario.faults.clone()),
            calls: BTreeMap::new(),
            requests: 0,
        };
        state.add(specs, start);
        Ok(Self {
            inner: Arc::new(Inner {
                clock: Box::new(clock),
                start,
                state: Mutex::new(state),
            }),
        })
    }

    /// The emulator's present time.
    pub fn now(&self) -> Timestamp {
        (self.inner.clock)()
    }

    /// The time at which the emulator started.
    pub fn start(&self) -> Timestamp {
        self.inner.start
    }

    /// Names of the groups.
    pub fn groups(&self) -> Vec<String> {
        self.with(|state, _| state.groups.keys().cloned().collect())
    }

    /// Desired capacity of `group`.
    pub fn desired(&self, group: &str) -> Option<u32> {
        self.with_group(group, |group, _| group.desired())
    }

    /// Adds a group that starts now, or replaces the group of the same name.
    ///
    /// # Errors
    /// The group cannot be emulated.
    pub fn add_group(&self, spec: GroupSpec) -> Result<(), ScenarioError> {
        let single = Scenario::of(spec).check()?;
        self.with(|state, now| state.add(single, now));
        Ok(())
    }

    /// Removes `group`, as if somebody had deleted the group. Returns whether there was one.
    pub fn remove_group(&self, group: &str) -> bool {
        self.with(|state, _| state.remove(group))
    }

    /// Changes the demand of `group` from the next step on. Returns whether there is such a group.
    pub fn set_demand(&self, group: &str, demand: Demand) -> bool {
        self.with_group(group, |group, _| group.spec.demand = demand)
            .is_some()
    }

    /// Adds scripted points to `group`. Returns whether there is such a group.
    pub fn script(&self, group: &str, scripted: Scripted) -> bool {
        self.with_group(group, |group, _| group.spec.scripted.push(scripted))
            .is_some()
    }

    /// Changes the bounds of `group`, as an operator would, and moves desired capacity into the
    /// bounds. Returns whether there is such a group.
    pub fn set_bounds(&self, group: &str, bounds: Bounds) -> bool {
        self.with_group(group, |group, _| group.set_bounds(bounds))
            .is_some()
    }

    /// Sets desired capacity of `group` within its bounds, as another writer would. Returns whether
    /// there is such a group.
    pub fn force_desired(&self, group: &str, desired: u32) -> bool {
        self.with_group(group, |group, _| group.force_desired(desired))
            .is_some()
    }

    /// Suspends exactly these processes of `group`. Returns whether there is such a group.
    pub fn suspend(&self, group: &str, processes: &[&str]) -> bool {
        let suspend = |group: &mut Group, _| {
            group.spec.suspended = processes.iter().map(|&name| name.into()).collect();
            group.apply_suspensions();
        };
        self.with_group(group, suspend).is_some()
    }

    /// Sets the share of launches of `group` that fail from now on, 0 to 1.
    pub fn set_launch_failure(&self, group: &str, share: f64) -> bool {
        self.with_group(group, |group, _| group.set_launch_failure(share))
            .is_some()
    }

    /// Shows an instance refresh of `group` as under way, or as ended.
    pub fn set_refreshing(&self, group: &str, refreshing: bool) -> bool {
        self.with_group(group, |group, _| group.spec.refreshing = refreshing)
            .is_some()
    }

    /// Lets so many instances of `group`, the oldest first, fail the health check of
    /// `target_group`. Returns whether there is such a target group.
    pub fn set_unhealthy(&self, group: &str, target_group: &str, unhealthy: u32) -> bool {
        let set = |group: &mut Group, _| {
            let mut all = group.spec.target_groups.iter_mut();
            let found = all.find(|one| one.name == target_group);
            found.map(|one| one.unhealthy = unhealthy).is_some()
        };
        self.with_group(group, set) == Some(true)
    }

    /// Adds a fault after the existing ones.
    pub fn add_fault(&self, fault: Fault) {
        self.with(|state, _| state.faults.add(fault));
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.with(|state, _| state.faults.clear());
    }

    /// Calls received, by operation. Calls with a fault and calls of unknown operations count as
    /// well.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.with(|state, _| state.calls.clone())
    }

    /// Counts a call of `operation`. Returns the call's number and the fault that strikes it, if
    /// any. Callers use one name for all unknown operations, so that the counts cannot fill memory.
    pub(crate) fn meet(&self, operation: &str) -> (u64, Option<Strike>) {
        let start = self.inner.start;
        self.with(|state, now| {
            *state.calls.entry(operation.to_owned()).or_default() += 1;
            state.requests += 1;
            (state.requests, state.faults.strike(operation, start, now))
        })
    }

    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut State, Timestamp) -> T) -> T {
        let now = self.now();
        let mut state = self
            .inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.keep_up(now);
        work(&mut state, now)
    }

    fn with_group<T>(
        &self,
        name: &str,
        work: impl FnOnce(&mut Group, Timestamp) -> T,
    ) -> Option<T> {
        self.with(|state, now| state.group(name, now).map(|group| work(group, now)))
    }
}

impl State {
    /// Adds groups at `now`, and notes when each is created or deleted.
    fn add(&mut self, specs: Vec<GroupSpec>, now: Timestamp) {
        for spec in specs {
            let mut comers: Vec<Comer> = spec
                .changes
                .iter()
                .filter(|change| change.create || change.delete)
                .map(|change| Comer {
                    at: Timestamp::from_seconds(now.as_seconds().saturating_add(change.at_s)),
                    start: now,
                    create: change.create,
                    spec: spec.clone(),
                })
                .collect();
            comers.sort_by_key(|comer| comer.at);
            if comers.first().is_none_or(|first| !first.create) {
                let group = Group::new(spec, now, now);
                self.groups.insert(group.spec.name.clone(), group);
            }
            self.to_come.extend(comers);
        }
        self.to_come.make_contiguous().sort_by_key(|comer| comer.at);
    }

    /// Creates and deletes the groups that are due at `now`.
    fn keep_up(&mut self, now: Timestamp) {
        while let Some(due) = self.to_come.pop_front_if(|next| next.at <= now) {
            let name = due.spec.name.clone();
            if due.create {
                let spec = GroupSpec {
                    history_s: 0,
                    ..due.spec
                };
                self.groups
                    .insert(name, Group::new(spec, due.start, due.at));
            } else {
                self.remove(&name);
            }
        }
    }

    /// Carries out at once what a call asked for, in groups whose instances boot in no time.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        for group in self.groups.values_mut() {
            group.settle(now);
        }
    }

    /// Deletes the group `name`. Its activities stay readable. Returns whether there was one.
    pub(crate) fn remove(&mut self, name: &str) -> bool {
        let Some(mut group) = self.groups.remove(name) else {
            return false;
        };
        if self.deleted.len() == DELETED_KEPT {
            self.deleted.pop_front();
        }
        group.deleted = true;
        self.deleted.push_back(group);
        true
    }

    /// The group `name`, advanced to `now`.
    pub(crate) fn group(&mut self, name: &str, now: Timestamp) -> Option<&mut Group> {
        let group = self.groups.get_mut(name)?;
        group.advance(now);
        Some(group)
    }
}
