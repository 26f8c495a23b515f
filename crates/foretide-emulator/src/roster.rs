//! The instances of a group by name, and the activities of `DescribeScalingActivities`.
//!
//! The simulated world knows the instances by ordinal. The roster derives a name from each ordinal,
//! and records launches and terminations as the world carries them out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use foretide_domain::Timestamp;
use foretide_sim::{Departure, Instance as Life, InstanceState, World};

/// Activities stored. AWS stores six weeks; an hour is enough here.
const ACTIVITIES_KEPT: usize = 500;

/// Seconds of the stages of an instance's life that AWS names.
#[expect(
    clippy::struct_field_names,
    reason = "every name ends with its unit, as everywhere"
)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stages {
    pub(crate) boot_s: i64,
    pub(crate) launch_hook_s: i64,
    pub(crate) drain_s: i64,
    pub(crate) termination_hook_s: i64,
    /// Seconds for which an instance shows as terminating after it stopped running.
    pub(crate) terminate_s: i64,
}

/// One instance, as AWS shows it.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) state: &'static str,
    pub(crate) healthy: bool,
    pub(crate) protected: bool,
    /// Second of the world at which it entered service; none before.
    pub(crate) in_service_s: Option<i64>,
    /// State in the simulated world.
    pub(crate) life: InstanceState,
}

/// One scaling activity.
#[derive(Clone, Debug)]
pub(crate) struct Activity {
    pub(crate) number: u64,
    pub(crate) description: String,
    pub(crate) cause: String,
    pub(crate) started_s: i64,
    pub(crate) ended_s: Option<i64>,
    pub(crate) status: &'static str,
    pub(crate) message: Option<&'static str>,
}

/// The names and activities of one group.
#[derive(Debug)]
pub(crate) struct Roster {
    /// Seed of the instances' ids.
    salt: u64,
    stages: Stages,
    /// Instances known; the next one has this ordinal.
    known: u64,
    /// Instances whose departure is recorded.
    departed: BTreeSet<u64>,
    /// Open activity of each instance that is pending or terminating.
    open: BTreeMap<u64, u64>,
    /// Departed instances that the group has not replaced yet.
    to_replace: u64,
    activities_begun: u64,
    activities: VecDeque<Activity>,
    cause: String,
}

impl Roster {
    pub(crate) fn new(group: &str, stages: Stages, world: &World) -> Self {
        Self {
            salt: fnv(group.bytes()),
            stages,
            known: world.instances().count() as u64,
            departed: BTreeSet::new(),
            open: BTreeMap::new(),
            to_replace: 0,
            activities_begun: 0,
            activities: VecDeque::new(),
            cause: String::new(),
        }
    }

    /// Gives the instances other ids than those of an earlier group of the same name, whose
    /// successor was created at `when`.
    pub(crate) fn begin_anew(&mut self, when: Timestamp) {
        let name = self.salt.to_be_bytes().into_iter();
        self.salt = fnv(name.chain(when.as_millis().to_be_bytes()));
    }

    /// Sets how long lifecycle hooks make launches and terminations wait.
    pub(crate) const fn set_hooks(&mut self, launch_s: i64, termination_s: i64) {
        self.stages.launch_hook_s = launch_s;
        self.stages.termination_hook_s = termination_s;
    }

    /// Number of the newest activity.
    pub(crate) const fn begun(&self) -> u64 {
        self.activities_begun
    }

    /// Takes back that the group has an instance to replace: desired capacity fell with it.
    pub(crate) const fn forget_loss(&mut self) {
        self.to_replace = self.to_replace.saturating_sub(1);
    }

    /// Sets the cause of the activities that follow.
    pub(crate) fn because(&mut self, cause: String) {
        self.cause = cause;
    }

    /// The instances that AWS shows, the oldest first. `at_s` is the world's newest step.
    pub(crate) fn shown(&self, world: &World, at_s: i64) -> Vec<Instance> {
        let is_shown = |one: &Life| {
            let failed = one.departure == Some(Departure::LaunchFailed);
            let shown_until = |gone: i64| gone + self.stages.terminate_s;
            let shows = |gone: i64| self.stages.terminate_s > 0 && shown_until(gone) > at_s;
            !failed && one.gone_s.is_none_or(shows)
        };
        let mut lives: Vec<Life> = world.instances().filter(is_shown).collect();
        lives.sort_unstable_by_key(|one| one.ordinal);
        let named = lives.iter().map(|one| Instance {
            id: self.id(one.ordinal),
            state: self.stages.state(one, at_s),
            healthy: one.healthy,
            protected: one.protected,
            in_service_s: one.in_service_s,
            life: one.state,
        });
        named.collect()
    }

    /// Ids of all instances that the world remembers, the oldest first.
    pub(crate) fn ids(&self, world: &World) -> Vec<String> {
        let mut ordinals: Vec<u64> = world.instances().map(|one| one.ordinal).collect();
        ordinals.sort_unstable();
        ordinals.into_iter().map(|one| self.id(one)).collect()
    }

    /// The instance of `world` with this id.
    pub(crate) fn ordinal(&self, world: &World, id: &str) -> Option<u64> {
        let mut ordinals = world.instances().map(|one| one.ordinal);
        ordinals.find(|&ordinal| self.id(ordinal) == id)
    }

    /// Activities, newest first, as AWS lists them.
    pub(crate) fn activities(&self) -> impl Iterator<Item = &Activity> {
        self.activities.iter().rev()
    }

    /// Records what happened in the newest step of `world`, whose time is `when`.
    pub(crate) fn follow(&mut self, world: &mut World, when: Timestamp) {
        for end in world.take_launches() {
            let (status, message) = if end.succeeded {
                ("Successful", None)
            } else {
                let why =
                    "We currently do not have sufficient capacity. Launching EC2 instance failed.";
                ("Failed", Some(why))
            };
            self.close(end.instance, end.ended_s, status, message);
        }
        let mut news: Vec<Life> = world.instances().filter(|one| self.is_news(one)).collect();
        news.sort_unstable_by_key(|one| (one.ordinal >= self.known, one.ordinal));
        for one in &news {
            if one.ordinal >= self.known {
                self.launched(one, when);
            }
            if let Some(departure) = one.departure {
                self.left(one, departure, when);
            }
        }
        if !news.is_empty() {
            let present: BTreeSet<u64> = world.instances().map(|one| one.ordinal).collect();
            self.departed.retain(|ordinal| present.contains(ordinal));
        }
    }

    fn is_news(&self, one: &Life) -> bool {
        let left = one.departure.is_some() && !self.departed.contains(&one.ordinal);
        let ended = one.gone_s.is_some() && self.open.contains_key(&one.ordinal);
        one.ordinal >= self.known || left || ended
    }

    fn launched(&mut self, one: &Life, when: Timestamp) {
        self.known = one.ordinal + 1;
        let cause = if self.to_replace > 0 {
            self.to_replace -= 1;
            format!(
                "At {when} an instance was launched in response to an unhealthy instance needing \
                 to be replaced."
            )
        } else {
            self.cause.clone()
        };
        let description = format!("Launching a new EC2 instance: {}", self.id(one.ordinal));
        self.begin(one.ordinal, description, cause, one.launched_s);
    }

    fn left(&mut self, one: &Life, departure: Departure, when: Timestamp) {
        let left_s = one.leaving_s.unwrap_or(one.launched_s);
        if self.departed.insert(one.ordinal) {
            let replaced = matches!(
                departure,
                Departure::Crashed | Departure::Unhealthy | Departure::Terminated
            );
            self.to_replace += u64::from(replaced);
            if one.in_service_s.is_none() {
                self.close(one.ordinal, left_s, "Cancelled", None);
                return;
            }
            let cause = match departure {
                Departure::Crashed => format!(
                    "At {when} an instance was taken out of service in response to an EC2 health \
                     check indicating it has been terminated or stopped."
                ),
                Departure::Unhealthy => format!(
                    "At {when} an instance was taken out of service in response to an EC2 health \
                     check indicating it is impaired."
                ),
                Departure::Terminated => format!(
                    "At {when} an instance was taken out of service in response to a user request."
                ),
                _ => self.cause.clone(),
            };
            let description = format!("Terminating EC2 instance: {}", self.id(one.ordinal));
            self.begin(one.ordinal, description, cause, left_s);
        }
        if let Some(gone_s) = one.gone_s {
            self.close(one.ordinal, gone_s, "Successful", None);
        }
    }

    /// Records an activity that is over at once.
    pub(crate) fn note(&mut self, description: &str, cause: String, at_s: i64) {
        self.push(description.to_owned(), cause, at_s);
        if let Some(activity) = self.activities.back_mut() {
            (activity.status, activity.ended_s) = ("Successful", Some(at_s));
        }
    }

    fn begin(&mut self, ordinal: u64, description: String, cause: String, at_s: i64) {
        self.push(description, cause, at_s);
        self.open.insert(ordinal, self.activities_begun);
    }

    fn push(&mut self, description: String, cause: String, at_s: i64) {
        self.activities_begun += 1;
        if self.activities.len() == ACTIVITIES_KEPT {
            self.activities.pop_front();
        }
        self.activities.push_back(Activity {
            number: self.activities_begun,
            description,
            cause,
            started_s: at_s,
            ended_s: None,
            status: "PreInService",
            message: None,
        });
    }

    /// Closes the open activity of the instance `ordinal`, if there is one.
    fn close(
        &mut self,
        ordinal: u64,
        at_s: i64,
        status: &'static str,
        message: Option<&'static str>,
    ) {
        let number = self.open.remove(&ordinal);
        let open = self
            .activities
            .iter_mut()
            .rev()
            .find(|activity| Some(activity.number) == number);
        if let Some(activity) = open {
            activity.ended_s = Some(at_s);
            activity.status = status;
            activity.message = message;
        }
    }

    fn id(&self, ordinal: u64) -> String {
        let salt = self.salt.to_be_bytes().into_iter();
        let hash = fnv(salt.chain((ordinal + 1).to_be_bytes()));
        format!("i-0{hash:016x}")
    }

    /// The id of the instance at `place` of the warm pool.
    pub(crate) fn warm_id(&self, place: u32) -> String {
        let salt = self.salt.to_be_bytes().into_iter();
        format!("i-1{:016x}", fnv(salt.chain(place.to_be_bytes())))
    }

    /// A UUID for activity `number`, the same in every run.
    pub(crate) fn activity_id(&self, number: u64) -> String {
        self.uuid(number)
    }

    /// A UUID for instance refresh `number`, the same in every run.
    pub(crate) fn refresh_id(&self, number: u64) -> String {
        self.uuid(u64::MAX - number)
    }

    fn uuid(&self, number: u64) -> String {
        let (a, b) = (self.salt, fnv(number.to_be_bytes().into_iter()));
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff,
        )
    }
}

impl Stages {
    /// The lifecycle state of an instance at `at_s`, as AWS names it.
    fn state(&self, one: &Life, at_s: i64) -> &'static str {
        let since = |from: Option<i64>| at_s - from.unwrap_or(at_s);
        match one.state {
            InstanceState::Warming
            | InstanceState::Serving
            | InstanceState::Unrouted
            | InstanceState::Crashed => "InService",
            InstanceState::Standby => "Standby",
            InstanceState::Pending => {
                let hook = since(Some(one.launched_s)) - self.boot_s;
                let last = self.launch_hook_s - foretide_sim::STEP_S;
                match hook {
                    _ if self.launch_hook_s == 0 || hook < 0 => "Pending",
                    _ if (last..self.launch_hook_s).contains(&hook) => "Pending:Proceed",
                    _ => "Pending:Wait",
                }
            }
            InstanceState::Draining if since(one.leaving_s) >= self.drain_s => "Terminating:Wait",
            InstanceState::Gone if self.termination_hook_s > 0 => "Terminating:Proceed",
            InstanceState::Draining | InstanceState::Gone => "Terminating",
        }
    }
}

/// The hash FNV-1a, 64 bits.
pub(crate) fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
