//! The instances of a group by name, and the activities of `DescribeScalingActivities`.
//!
//! The simulated world only counts instances. The roster names them, following the counts: launches
//! join at the end, pending instances are cancelled newest first, instances in service end oldest
//! first.

use std::collections::VecDeque;

use foretide_sim::World;

/// Activities stored. AWS stores six weeks; an hour is enough here.
const ACTIVITIES_KEPT: usize = 500;

/// One instance.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) launched_s: i64,
    /// Second at which the instance came into service; none while pending.
    pub(crate) in_service_s: Option<i64>,
    /// Second at which the termination began; none before.
    pub(crate) ended_s: Option<i64>,
    activity: u64,
}

impl Instance {
    pub(crate) const fn state(&self) -> &'static str {
        match (self.ended_s, self.in_service_s) {
            (Some(_), _) => "Terminating",
            (None, Some(_)) => "InService",
            (None, None) => "Pending",
        }
    }
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

/// The instances and activities of one group.
#[derive(Debug)]
pub(crate) struct Roster {
    /// Seed of the instances' ids.
    salt: u64,
    launches: u64,
    activities_begun: u64,
    instances: Vec<Instance>,
    activities: VecDeque<Activity>,
    terminate_s: i64,
    cause: String,
}

impl Roster {
    pub(crate) fn new(group: &str, initial: u32, terminate_s: u32) -> Self {
        let mut roster = Self {
            salt: fnv(group.bytes()),
            launches: 0,
            activities_begun: 0,
            instances: Vec::new(),
            activities: VecDeque::new(),
            terminate_s: i64::from(terminate_s),
            cause: String::new(),
        };
        for _ in 0..initial {
            let mut instance = roster.named(0);
            instance.in_service_s = Some(0);
            roster.instances.push(instance);
        }
        roster
    }

    /// Sets the cause of the activities that follow.
    pub(crate) fn because(&mut self, cause: String) {
        self.cause = cause;
    }

    pub(crate) fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// Activities, newest first, as AWS lists them.
    pub(crate) fn activities(&self) -> impl Iterator<Item = &Activity> {
        self.activities.iter().rev()
    }

    /// Records the launches that ended at the beginning of a step of `world`.
    pub(crate) fn follow_boots(&mut self, world: &mut World) {
        for end in world.take_launches() {
            let is_it = |one: &Instance| {
                one.in_service_s.is_none()
                    && one.ended_s.is_none()
                    && one.launched_s == end.launched_s
            };
            let Some(place) = self.instances.iter().position(is_it) else {
                continue;
            };
            if end.succeeded {
                if let Some(instance) = self.instances.get_mut(place) {
                    instance.in_service_s = Some(end.ended_s);
                    let activity = instance.activity;
                    self.close(activity, end.ended_s, "Successful", None);
                }
            } else {
                let instance = self.instances.remove(place);
                let why =
                    "We currently do not have sufficient capacity. Launching EC2 instance failed.";
                self.close(instance.activity, end.ended_s, "Failed", Some(why));
            }
        }
    }

    /// Records launches, cancellations and terminations at the end of the step at `at_s`.
    pub(crate) fn follow_changes(&mut self, world: &World, at_s: i64) {
        let gone = at_s - self.terminate_s;
        self.instances
            .retain(|one| one.ended_s.is_none_or(|ended| ended > gone));
        let pending = |one: &&mut Instance| one.in_service_s.is_none() && one.ended_s.is_none();
        let have = self.instances.iter_mut().filter(pending).count();
        let want = world.pending() as usize;
        for _ in have..want {
            self.launch(at_s);
        }
        let mut cancelled = Vec::new();
        for instance in self
            .instances
            .iter_mut()
            .rev()
            .filter(pending)
            .take(have.saturating_sub(want))
        {
            instance.ended_s = Some(at_s);
            cancelled.push(instance.activity);
        }
        for activity in cancelled {
            self.close(activity, at_s, "Cancelled", None);
        }
        self.terminate(world.in_service() as usize, at_s);
    }

    fn terminate(&mut self, keep: usize, at_s: i64) {
        let serving = |one: &Instance| one.in_service_s.is_some() && one.ended_s.is_none();
        let surplus = self
            .instances
            .iter()
            .filter(|one| serving(one))
            .count()
            .saturating_sub(keep);
        let mut ended = Vec::new();
        for instance in self
            .instances
            .iter_mut()
            .filter(|one| serving(one))
            .take(surplus)
        {
            instance.ended_s = Some(at_s);
            ended.push(instance.id.clone());
        }
        for id in ended {
            let number = self.begin(format!("Terminating EC2 instance: {id}"), at_s);
            self.close(number, at_s, "Successful", None);
        }
    }

    fn launch(&mut self, at_s: i64) {
        let mut instance = self.named(at_s);
        let description = format!("Launching a new EC2 instance: {}", instance.id);
        instance.activity = self.begin(description, at_s);
        self.instances.push(instance);
    }

    fn named(&mut self, launched_s: i64) -> Instance {
        self.launches += 1;
        let hash = fnv(self
            .salt
            .to_be_bytes()
            .into_iter()
            .chain(self.launches.to_be_bytes()));
        Instance {
            id: format!("i-0{hash:016x}"),
            launched_s,
            in_service_s: None,
            ended_s: None,
            activity: 0,
        }
    }

    fn begin(&mut self, description: String, at_s: i64) -> u64 {
        self.activities_begun += 1;
        if self.activities.len() == ACTIVITIES_KEPT {
            self.activities.pop_front();
        }
        self.activities.push_back(Activity {
            number: self.activities_begun,
            description,
            cause: self.cause.clone(),
            started_s: at_s,
            ended_s: None,
            status: "PreInService",
            message: None,
        });
        self.activities_begun
    }

    fn close(
        &mut self,
        number: u64,
        at_s: i64,
        status: &'static str,
        message: Option<&'static str>,
    ) {
        let open = self
            .activities
            .iter_mut()
            .rev()
            .find(|activity| activity.number == number);
        if let Some(activity) = open {
            activity.ended_s = Some(at_s);
            activity.status = status;
            activity.message = message;
        }
    }

    /// A UUID for activity `number`, the same in every run.
    pub(crate) fn activity_id(&self, number: u64) -> String {
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

/// The hash FNV-1a, 64 bits.
fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
