//! The instances: the order in which they come and go, and the counts of each state.

use std::collections::VecDeque;

use super::billing::Bill;
use super::boot::Draws;
use super::config::WorldConfig;
use super::instance::{Departure, Instance, InstanceState, Member, SoFar};
use super::life::Life;

/// Ends of launches kept for a reader that comes later; more would only grow.
const ENDED_KEPT: usize = 1000;
/// Seconds for which an instance that is gone is remembered. A reader of metrics asks for periods
/// of the last half hour, some minutes late.
const GONE_KEPT_S: i64 = 3600;

/// How one launch ended, in seconds since t = 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaunchEnd {
    /// Number of the launch, counted from 0.
    pub ordinal: u64,
    /// Ordinal of the launched instance. Those of t = 0 are counted before the first launch.
    pub instance: u64,
    /// Launched at.
    pub launched_s: i64,
    /// In service, or failed, at.
    pub ended_s: i64,
    /// Whether the instance came into service.
    pub succeeded: bool,
}

/// How many instances there are of each kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// In service as the group sees it: warming and crashed ones included.
    pub(super) in_service: u32,
    pub(super) serving: u32,
    pub(super) standby: u32,
    /// In service and protected from scale-in.
    pub(super) protected: u32,
    /// Crashed, or failing their health check.
    pub(super) unhealthy: u32,
    /// With own sums of the period under way.
    pub(super) measured: u32,
}

/// All instances of the group. Every queue stands in order of launch, `gone` in order of leaving.
#[derive(Clone, Debug)]
pub(super) struct Fleet {
    pub(super) pending: VecDeque<Member>,
    /// In service or standby.
    pub(super) members: VecDeque<Member>,
    pub(super) draining: VecDeque<Member>,
    pub(super) gone: VecDeque<Member>,
    pub(super) counts: Counts,
    /// Lowest and highest own mean CPU of instances that left in the period under way.
    pub(super) left: Option<(f64, f64)>,
    /// When an instance was lost last, not asked for; none if none ever was.
    pub(super) lost_s: Option<i64>,
    /// Earliest change that comes by itself, so that a step without one costs a comparison.
    next_s: i64,
    initial: u64,
    launches: u64,
    ended: VecDeque<LaunchEnd>,
    pub(super) boot_factor: f64,
}

impl Fleet {
    pub(super) fn new(initial: u32, config: &WorldConfig) -> Self {
        let life = &config.life;
        let mut members = VecDeque::with_capacity(config.bounds.max().min(4096) as usize);
        members.extend((0..u64::from(initial)).map(|ordinal| {
            let mut member = Member::new(ordinal, 0);
            member.view.in_service_s = Some(0);
            member.view.serves_from_s = Some(0);
            member.view.state = InstanceState::Serving;
            member.view.protected = life.protected;
            member.minutes = life.credits.map_or(0.0, |credits| credits.initial_minutes);
            if life.credits.is_some() {
                member.measure();
            }
            member
        }));
        let mut fleet = Self {
            pending: VecDeque::new(),
            members,
            draining: VecDeque::new(),
            gone: VecDeque::new(),
            counts: Counts::default(),
            left: None,
            lost_s: None,
            next_s: i64::MAX,
            initial: u64::from(initial),
            launches: 0,
            ended: VecDeque::new(),
            boot_factor: 1.0,
        };
        fleet.recount();
        fleet
    }

    pub(super) fn pending(&self) -> u32 {
        count(self.pending.len())
    }

    pub(super) fn terminating(&self) -> u32 {
        count(self.draining.len())
    }

    pub(super) fn oldest_pending_s(&self) -> Option<i64> {
        self.pending.front().map(|one| one.view.launched_s)
    }

    pub(super) fn launch_times(&self) -> impl Iterator<Item = i64> {
        let running = self.members.iter().chain(&self.draining);
        let all = running.chain(&self.pending);
        all.filter(|one| one.view.state != InstanceState::Crashed)
            .map(|one| one.view.launched_s)
    }

    pub(super) fn take_ended(&mut self) -> Vec<LaunchEnd> {
        if self.ended.is_empty() {
            Vec::new()
        } else {
            self.ended.drain(..).collect()
        }
    }

    /// All instances that are remembered, in no particular order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Member> {
        let running = self.members.iter().chain(&self.draining);
        running.chain(&self.pending).chain(&self.gone)
    }

    /// Carries out the changes that come by themselves at `now_s`.
    pub(super) fn advance(&mut self, now_s: i64, so_far: &SoFar, life: &Life, bill: &mut Bill) {
        if now_s < self.next_s {
            return;
        }
        self.end_boots(now_s, so_far, life, bill);
        for one in &mut self.members {
            if one.crash_s <= now_s {
                bill.close(one.view.launched_s, now_s);
                one.turn(InstanceState::Crashed, so_far);
                one.view.leaving_s = Some(now_s);
                (one.crash_s, one.next_s) = (i64::MAX, i64::MAX);
            } else if one.next_s <= now_s {
                if one.view.state == InstanceState::Warming {
                    one.turn(InstanceState::Serving, so_far);
                }
                one.next_s = i64::MAX;
            }
        }
        while let Some(place) = self.draining.iter().position(|one| one.next_s <= now_s) {
            if let Some(mut one) = self.draining.remove(place) {
                one.turn(InstanceState::Gone, so_far);
                self.bury(one, now_s, so_far, bill);
            }
        }
        let old = |one: &Member| {
            one.view
                .gone_s
                .is_some_and(|gone| gone + GONE_KEPT_S <= now_s)
        };
        while self.gone.front().is_some_and(old) {
            self.gone.pop_front();
        }
        self.recount();
    }

    /// Moves what is ready into service, or out where its launch fails.
    fn end_boots(&mut self, now_s: i64, so_far: &SoFar, life: &Life, bill: &mut Bill) {
        if !self.pending.iter().any(|one| one.next_s <= now_s) {
            return;
        }
        let mut waiting = VecDeque::with_capacity(self.pending.len());
        for mut one in std::mem::take(&mut self.pending) {
            if one.next_s > now_s {
                waiting.push_back(one);
                continue;
            }
            self.note_end(&one, now_s);
            if one.fails {
                let why = Departure::LaunchFailed;
                self.leave(one, why, now_s, so_far, bill, 0);
            } else {
                enter(&mut one, now_s, so_far, life);
                let place = |other: &Member| other.view.ordinal < one.view.ordinal;
                let place = self.members.partition_point(place);
                self.members.insert(place, one);
            }
        }
        self.pending = waiting;
    }

    /// Launches `count` instances now.
    pub(super) fn launch(&mut self, count: u32, now_s: i64, config: &WorldConfig) {
        for _ in 0..count {
            let number = self.launches;
            self.launches += 1;
            let draws = Draws::of(config, number, self.boot_factor);
            let mut one = Member::new(self.initial + number, now_s);
            one.fails = draws.fails;
            if !draws.hangs {
                one.next_s = now_s + draws.boot_s;
            }
            one.dies_after_s = draws.dies_after_s;
            if config.life.pending_cpu.is_some() {
                one.measure();
            }
            self.pending.push_back(one);
        }
        self.recount();
    }

    /// Ends up to `count` instances: pending ones first, newest first; then those in service that
    /// are not protected, oldest first.
    pub(super) fn shrink(
        &mut self,
        count: u32,
        now_s: i64,
        so_far: &SoFar,
        drain_s: u32,
        bill: &mut Bill,
    ) {
        for _ in 0..count {
            if let Some(one) = self.pending.pop_back() {
                self.leave(one, Departure::Cancelled, now_s, so_far, bill, 0);
                continue;
            }
            let free =
                |one: &Member| !one.view.protected && one.view.state != InstanceState::Standby;
            let Some(place) = self.members.iter().position(free) else {
                break;
            };
            if let Some(one) = self.members.remove(place) {
                self.leave(one, Departure::ScaledIn, now_s, so_far, bill, drain_s);
            }
        }
        self.recount();
    }

    /// Terminates the instance `ordinal`. Returns whether there was one to terminate.
    pub(super) fn terminate(
        &mut self,
        ordinal: u64,
        why: Departure,
        now_s: i64,
        so_far: &SoFar,
        drain_s: u32,
        bill: &mut Bill,
    ) -> bool {
        let is_it = |one: &Member| one.view.ordinal == ordinal;
        if let Some(place) = self.pending.iter().position(is_it)
            && let Some(one) = self.pending.remove(place)
        {
            self.leave(one, why, now_s, so_far, bill, 0);
        } else if let Some(place) = self.members.iter().position(is_it)
            && let Some(one) = self.members.remove(place)
        {
            let dead = one.view.state == InstanceState::Crashed;
            self.leave(
                one,
                why,
                now_s,
                so_far,
                bill,
                if dead { 0 } else { drain_s },
            );
        } else {
            return false;
        }
        self.recount();
        true
    }

    /// Lets `one`, taken from its queue, drain for `drain_s` or end at once.
    fn leave(
        &mut self,
        mut one: Member,
        why: Departure,
        now_s: i64,
        so_far: &SoFar,
        bill: &mut Bill,
        drain_s: u32,
    ) {
        one.view.departure = Some(why);
        if why.is_loss() {
            self.lost_s = Some(now_s);
        }
        (one.crash_s, one.next_s) = (i64::MAX, now_s + i64::from(drain_s));
        if drain_s > 0 {
            one.view.leaving_s = Some(now_s);
            one.turn(InstanceState::Draining, so_far);
            let place = |other: &Member| other.view.ordinal < one.view.ordinal;
            let place = self.draining.partition_point(place);
            self.draining.insert(place, one);
            return;
        }
        let crashed = one.view.state == InstanceState::Crashed;
        one.turn(InstanceState::Gone, so_far);
        one.view.leaving_s.get_or_insert(now_s);
        if crashed {
            // The bill ended when the instance died.
            self.remember(one, now_s, so_far);
        } else {
            self.bury(one, now_s, so_far, bill);
        }
    }

    fn bury(&mut self, one: Member, now_s: i64, so_far: &SoFar, bill: &mut Bill) {
        bill.close(one.view.launched_s, now_s);
        self.remember(one, now_s, so_far);
    }

    fn remember(&mut self, mut one: Member, now_s: i64, so_far: &SoFar) {
        one.view.gone_s = Some(now_s);
        if let Some(cpu) = one.close(so_far.start_s) {
            self.left = Some(widen(self.left, cpu));
        }
        self.gone.push_back(one);
    }

    fn note_end(&mut self, one: &Member, now_s: i64) {
        if self.ended.len() == ENDED_KEPT {
            self.ended.pop_front();
        }
        self.ended.push_back(LaunchEnd {
            ordinal: one.view.ordinal - self.initial,
            instance: one.view.ordinal,
            launched_s: one.view.launched_s,
            ended_s: now_s,
            succeeded: !one.fails,
        });
    }

    /// Counts anew, after any change of state.
    pub(super) fn recount(&mut self) {
        let mut counts = Counts::default();
        let mut next_s = i64::MAX;
        for one in &self.members {
            let Instance { state, healthy, .. } = one.view;
            let standby = state == InstanceState::Standby;
            counts.standby += u32::from(standby);
            counts.in_service += u32::from(!standby);
            counts.serving += u32::from(state == InstanceState::Serving);
            counts.protected += u32::from(one.view.protected && !standby);
            counts.unhealthy += u32::from(!healthy || state == InstanceState::Crashed);
            counts.measured += u32::from(one.is_measured());
            next_s = next_s.min(one.due_s());
        }
        for one in self.pending.iter().chain(&self.draining) {
            counts.measured += u32::from(one.is_measured());
            next_s = next_s.min(one.next_s);
        }
        if let Some(gone_s) = self.gone.front().and_then(|one| one.view.gone_s) {
            next_s = next_s.min(gone_s + GONE_KEPT_S);
        }
        (self.counts, self.next_s) = (counts, next_s);
    }
}

/// Puts a booted instance into service.
fn enter(one: &mut Member, now_s: i64, so_far: &SoFar, life: &Life) {
    let serves_from_s = now_s + i64::from(life.warm_up_s);
    one.view.in_service_s = Some(now_s);
    one.view.serves_from_s = Some(serves_from_s);
    one.view.protected = life.protected;
    one.minutes = life.credits.map_or(0.0, |credits| credits.initial_minutes);
    one.crash_s = one.dies_after_s.map_or(i64::MAX, |after| now_s + after);
    one.next_s = i64::MAX;
    if life.warm_up_s > 0 {
        one.next_s = serves_from_s;
        one.turn(InstanceState::Warming, so_far);
    } else {
        one.turn(InstanceState::Serving, so_far);
    }
}

/// `range` with `value` in it.
pub(super) fn widen(range: Option<(f64, f64)>, value: f64) -> (f64, f64) {
    range.map_or((value, value), |(low, high)| {
        (low.min(value), high.max(value))
    })
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
