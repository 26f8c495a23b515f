//! When each instance of a group served, so that the CPU of a period can be that of the serving
//! instances.
//!
//! An instance serves while it is ready and warmed up. It is ready in service, or, where target
//! groups decide, in service and healthy in all of them. The warm-up is the configured one, else
//! the group's default instance warm-up, else the one learnt here: a new instance serves once its
//! CPU is like that of the others.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use foretide_domain::{EarlyDeath, InTransition, InstanceCpu, Served, Timestamp, is_alike};

use crate::activity::launch_id;
use crate::group::Lifecycle;

/// The warm-up that is assumed while the configuration and the group have none and none is learnt:
/// AWS's recommendation for the default instance warm-up.
const ASSUMED: Duration = Duration::from_secs(300);
/// Time after the assumed warm-up until its last period has been read.
const READ_LATE: Duration = Duration::from_mins(5);
/// An instance that leaves service sooner than this after entering it has died early.
const EARLY: Duration = Duration::from_mins(10);
/// Launches that must be known before a learnt warm-up is used.
const LAUNCHES: usize = 3;
/// Launches that are remembered for it.
const REMEMBERED: usize = 20;
/// Time for which an instance that is gone is remembered: metrics are read again for some periods.
const GONE_KEPT: Duration = Duration::from_mins(30);
/// Share of a period from which an instance served throughout: one, but for rounding.
const THROUGHOUT: f64 = 1.0 - 1e-9;
/// Periods that ended before the first reading are judged by that reading if they are not older.
const BEFORE_FIRST: Duration = Duration::from_mins(15);

/// The stays of a group's instances.
#[derive(Clone, Debug, Default)]
pub(crate) struct Duty {
    stays: BTreeMap<String, Stay>,
    first_reading: Option<Timestamp>,
    learnt: VecDeque<Duration>,
    /// The warm-up of the configuration, else of the group. Where target groups decide: of the
    /// configuration, else none at all.
    given: Option<Duration>,
}

/// One instance's stay in the group.
#[derive(Clone, Debug)]
struct Stay {
    lifecycle: Lifecycle,
    /// None if the instance was there at the first reading and its launch is not known.
    launched: Option<Timestamp>,
    /// Times in service, the oldest first.
    service: Vec<Span>,
    /// Times ready to serve, the oldest first.
    ready: Vec<Span>,
    gone: Option<Timestamp>,
    /// Since when its CPU is like that of the others, or its warm-up is over; none before.
    warm_from: Option<Timestamp>,
    /// Whether its CPU was compared with that of the others and was another.
    unlike: bool,
}

/// A time in service, or ready; no start: since before the first reading.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

/// One instance in a reading of the group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Present<'a> {
    pub(crate) id: &'a str,
    pub(crate) lifecycle: Lifecycle,
    /// Start of its launch; none if not known.
    pub(crate) launched: Option<Timestamp>,
    /// Entry into service as its launch's activity says; none if not known.
    pub(crate) entered: Option<Timestamp>,
    /// Whether it is healthy in all target groups; none where in service is ready.
    pub(crate) healthy: Option<bool>,
}

/// An instance that did not serve throughout a period.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Placed {
    pub(crate) id: String,
    served: Served,
    starting: bool,
}

impl Placed {
    /// With the instance's own CPU, if it was read.
    pub(crate) fn with(&self, cpu: Option<InstanceCpu>) -> InTransition {
        InTransition {
            served: self.served,
            starting: self.starting,
            cpu,
        }
    }
}

impl Duty {
    /// Takes in a reading of the group. `given` is the warm-up of the configuration, else of the
    /// group. Returns the instances that died early. `lowered`: somebody asked for less capacity
    /// lately, so that instances may leave.
    pub(crate) fn read<'a>(
        &mut self,
        given: Option<Duration>,
        instances: impl IntoIterator<Item = Present<'a>>,
        lowered: bool,
        now: Timestamp,
    ) -> Vec<EarlyDeath> {
        self.given = given;
        let is_first = self.first_reading.is_none();
        self.first_reading.get_or_insert(now);
        let mut before = std::mem::take(&mut self.stays);
        let mut died = Vec::new();
        for one in instances {
            let seen = (!is_first).then_some(now);
            let new = || Stay::new(&one, seen);
            let mut stay = before.remove(one.id).unwrap_or_else(new);
            if one.lifecycle == Lifecycle::Terminating {
                died.extend(stay.early_death(one.id, now));
            }
            stay.follow(&one, seen, now);
            self.stays.insert(one.id.to_owned(), stay);
        }
        for (id, mut stay) in before {
            died.extend(stay.early_death(&id, now));
            stay.leave(now);
            let gone = *stay.gone.get_or_insert(now);
            if now.since(gone) <= GONE_KEPT {
                self.stays.insert(id, stay);
            }
        }
        self.end_warm_ups(now);
        died.retain(|_| !lowered);
        died
    }

    /// Time from in service until an instance serves, given or learnt; none while it is assumed.
    pub(crate) fn known_warm_up(&self) -> Option<Duration> {
        self.given.or_else(|| self.learnt())
    }

    /// Whether the configuration or the group states the warm-up.
    pub(crate) const fn is_given(&self) -> bool {
        self.given.is_some()
    }

    fn warm_up(&self) -> Duration {
        self.known_warm_up().unwrap_or(ASSUMED)
    }

    /// 90th percentile of the learnt warm-ups; none before enough launches.
    fn learnt(&self) -> Option<Duration> {
        let mut sorted: Vec<Duration> = self.learnt.iter().copied().collect();
        sorted.sort_unstable();
        let rank = (sorted.len() * 9).div_ceil(10).saturating_sub(1);
        (sorted.len() >= LAUNCHES).then(|| sorted.get(rank).copied())?
    }

    /// Whether the instance is ready and has warmed up.
    pub(crate) fn serves(&self, id: &str, now: Timestamp) -> bool {
        let warm_up = self.warm_up();
        self.stays.get(id).is_some_and(|stay| {
            stay.lifecycle == Lifecycle::InService
                && (stay.is_alike(self.given) || stay.warm_since(warm_up, now))
        })
    }

    /// The instances that ran in the period from `start` to `end` and did not serve throughout.
    pub(crate) fn in_transition(&self, start: Timestamp, end: Timestamp) -> Vec<Placed> {
        let warm_up = self.warm_up();
        let placed = |(id, stay): (&String, &Stay)| {
            let (served, starting) = stay.place(warm_up, self.given, start, end)?;
            Some(Placed {
                id: id.clone(),
                served,
                starting,
            })
        };
        self.stays.iter().filter_map(placed).collect()
    }

    /// Mean number of instances that surely served from `start` to `end`; none for a period too
    /// long before the first reading.
    pub(crate) fn on_duty(&self, start: Timestamp, end: Timestamp) -> Option<f64> {
        let first = self.first_reading?;
        if start < first.minus(BEFORE_FIRST) {
            return None;
        }
        let warm_up = self.warm_up();
        let stays = self.stays.values();
        Some(
            stays
                .map(|stay| stay.served(warm_up, self.given, start, end))
                .sum(),
        )
    }

    /// Whether the instance served from `start` to `end`.
    pub(crate) fn served_throughout(&self, id: &str, start: Timestamp, end: Timestamp) -> bool {
        let (stay, warm_up) = (self.stays.get(id), self.warm_up());
        stay.is_some_and(|stay| stay.served(warm_up, self.given, start, end) >= THROUGHOUT)
    }

    /// Learns from a period in which the serving instances had this mean CPU: an instance whose
    /// CPU is like it serves.
    pub(crate) fn learn(&mut self, id: &str, cpu: &InstanceCpu, mean: f64, start: Timestamp) {
        if self.given.is_some() {
            return;
        }
        let Some(stay) = self.stays.get_mut(id) else {
            return;
        };
        let entered = stay.ready.last().and_then(|span| span.from);
        let learns = |entered: &Timestamp| *entered <= start && stay.warm_from.is_none();
        let Some(entered) = entered.filter(learns) else {
            return;
        };
        match is_alike(cpu, mean) {
            Some(true) => {
                stay.warm_from = Some(start);
                self.remember(start.since(entered));
            }
            Some(false) => stay.unlike = true,
            None => {}
        }
    }

    /// An instance that never worked like the others has warmed up once the assumed time is over.
    /// Only an instance that was compared with them teaches that the warm-up is so long.
    fn end_warm_ups(&mut self, now: Timestamp) {
        let mut ended = 0;
        for stay in self.stays.values_mut() {
            let entered = stay.ready.last().filter(|span| span.to.is_none());
            if let Some(entered) = entered.and_then(|span| span.from)
                && stay.warm_from.is_none()
                && now.since(entered) >= ASSUMED + READ_LATE
            {
                stay.warm_from = Some(entered.plus(ASSUMED));
                ended += usize::from(stay.unlike);
            }
        }
        for _ in 0..ended {
            self.remember(ASSUMED);
        }
    }

    fn remember(&mut self, warm_up: Duration) {
        if self.learnt.len() == REMEMBERED {
            self.learnt.pop_front();
        }
        self.learnt.push_back(warm_up);
    }
}

impl Stay {
    fn new(one: &Present<'_>, first_seen: Option<Timestamp>) -> Self {
        Self {
            lifecycle: one.lifecycle,
            launched: one.launched.or(first_seen),
            service: Vec::new(),
            ready: Vec::new(),
            gone: None,
            warm_from: None,
            unlike: false,
        }
    }

    /// Its death, if it was in service until now and for a short time only.
    fn early_death(&self, id: &str, now: Timestamp) -> Option<EarlyDeath> {
        let span = self.service.last().filter(|span| span.to.is_none())?;
        let entered = span.from.filter(|from| now.since(*from) <= EARLY)?;
        Some(EarlyDeath {
            id: launch_id(id),
            entered,
            left: now,
        })
    }

    /// `seen`: now, or none at the first reading of the group.
    fn follow(&mut self, one: &Present<'_>, seen: Option<Timestamp>, now: Timestamp) {
        self.lifecycle = one.lifecycle;
        self.gone = None;
        let in_service = one.lifecycle == Lifecycle::InService;
        follow(&mut self.service, in_service, one.entered.or(seen), now);
        // When a target became healthy is known by the readings alone.
        let (is_ready, since) = match one.healthy {
            None => (in_service, self.service.last().and_then(|span| span.from)),
            Some(healthy) => (in_service && healthy, seen),
        };
        follow(&mut self.ready, is_ready, since, now);
    }

    fn leave(&mut self, now: Timestamp) {
        follow(&mut self.service, false, None, now);
        follow(&mut self.ready, false, None, now);
    }

    /// Whether the instance was seen to work like the others. A given warm-up rules that out.
    fn is_alike(&self, given: Option<Duration>) -> bool {
        given.is_none() && self.warm_from.is_some()
    }

    fn warm_since(&self, warm_up: Duration, now: Timestamp) -> bool {
        let span = self.ready.last().filter(|span| span.to.is_none());
        span.is_some_and(|span| span.from.is_none_or(|from| now.since(from) >= warm_up))
    }

    /// Share of the period for which the instance served. Without a given warm-up that is since its
    /// CPU is like that of the others, if it was seen to be.
    fn served(
        &self,
        warm_up: Duration,
        given: Option<Duration>,
        start: Timestamp,
        end: Timestamp,
    ) -> f64 {
        match self.warm_from.filter(|_| given.is_none()) {
            Some(warm) => self.share(|from| from.max(warm), start, end),
            None => self.share(|from| from.plus(warm_up), start, end),
        }
    }

    /// Share of the period for which the instance was in service and ready; `ready` gives the time
    /// for an entry into service.
    fn share(
        &self,
        ready: impl Fn(Timestamp) -> Timestamp,
        start: Timestamp,
        end: Timestamp,
    ) -> f64 {
        let period = end.since(start).as_secs_f64();
        let overlap = |span: &Span| {
            let from = span.from.map_or(start, |from| ready(from).max(start));
            let to = span.to.map_or(end, |to| to.min(end));
            to.since(from).as_secs_f64()
        };
        let served: f64 = self.ready.iter().map(overlap).sum();
        // Times overlap where in service counts after target groups have decided.
        let share = if period > 0.0 { served / period } else { 0.0 };
        share.min(1.0)
    }

    /// What the instance was in the period; none if it served throughout, or did not exist.
    fn place(
        &self,
        warm_up: Duration,
        given: Option<Duration>,
        start: Timestamp,
        end: Timestamp,
    ) -> Option<(Served, bool)> {
        let existed = self.launched.is_none_or(|launched| launched < end)
            && self.gone.is_none_or(|gone| gone > start);
        let share = self.served(warm_up, given, start, end);
        if !existed || share >= THROUGHOUT {
            return None;
        }
        let ready = |from: Timestamp| match self.warm_from.filter(|_| given.is_none()) {
            Some(warm) => warm,
            None => from.plus(warm_up),
        };
        // One in service that is not ready may be busy with its start, or with what ails it.
        let unready = self.gone.is_none()
            && self.lifecycle == Lifecycle::InService
            && self.ready.last().is_none_or(has_ended);
        let starting = match self.ready.first() {
            _ if unready => true,
            None => self.lifecycle == Lifecycle::Pending,
            Some(span) => span.from.is_some_and(|from| ready(from) > start),
        };
        let served = if starting && given.is_none() && self.warm_from.is_none() {
            Served::IfAlike(self.share(|from| from, start, end))
        } else {
            Served::For(share)
        };
        Some((served, starting))
    }
}

const fn has_ended(span: &Span) -> bool {
    span.to.is_some()
}

/// Begins a time of `spans` at `from`, or ends the newest one `now`, as `holds` says.
fn follow(spans: &mut Vec<Span>, holds: bool, from: Option<Timestamp>, now: Timestamp) {
    match spans.last_mut().filter(|span| !has_ended(span)) {
        None if holds => spans.push(Span { from, to: None }),
        Some(span) if !holds => span.to = Some(now),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn present(id: &str, lifecycle: Lifecycle) -> Present<'_> {
        Present {
            id,
            lifecycle,
            launched: None,
            entered: None,
            healthy: None,
        }
    }

    const OLD: Present<'static> = Present {
        id: "i-old",
        lifecycle: Lifecycle::InService,
        launched: None,
        entered: None,
        healthy: None,
    };

    fn read(duty: &mut Duty, given: Option<u64>, instances: &[Present<'_>], now: i64) -> usize {
        let given = given.map(Duration::from_secs);
        let died = duty.read(given, instances.iter().copied(), false, at(now));
        died.len()
    }

    /// Share served by the instances that did not serve from `start` for a minute.
    fn shares(duty: &Duty, start: i64) -> Vec<(String, Served, bool)> {
        let placed = duty.in_transition(at(start), at(start + 60));
        let all = placed.into_iter();
        all.map(|one| (one.id, one.served, one.starting)).collect()
    }

    #[test]
    fn an_instance_serves_once_its_given_warm_up_is_over() {
        let mut duty = Duty::default();
        read(&mut duty, Some(90), &[OLD], 0);
        let new = present("i-new", Lifecycle::InService);
        read(&mut duty, Some(90), &[OLD, new], 30);
        assert!(!duty.serves("i-new", at(119)) && duty.serves("i-new", at(120)));
        let served = |start| shares(&duty, start);
        assert_eq!(served(0), [("i-new".into(), Served::For(0.0), true)]);
        assert_eq!(served(90), [("i-new".into(), Served::For(0.5), true)]);
        assert_eq!(served(120), []);
        assert_eq!(duty.on_duty(at(90), at(150)), Some(1.5));
    }

    #[test]
    fn an_instance_that_drains_or_stands_by_does_not_serve() {
        let mut duty = Duty::default();
        let other = present("i-b", Lifecycle::InService);
        read(&mut duty, Some(0), &[OLD, other], 0);
        read(
            &mut duty,
            Some(0),
            &[OLD, present("i-b", Lifecycle::Terminating)],
            60,
        );
        assert_eq!(shares(&duty, 30), [("i-b".into(), Served::For(0.5), false)]);
        assert_eq!(shares(&duty, 60), [("i-b".into(), Served::For(0.0), false)]);
        read(&mut duty, Some(0), &[OLD], 120);
        assert_eq!(shares(&duty, 90).len(), 1, "it ran in this period");
        assert_eq!(shares(&duty, 120), [], "it is gone");
        assert_eq!(duty.on_duty(at(120), at(180)), Some(1.0));
    }

    #[test]
    fn without_a_given_warm_up_one_is_learnt_from_three_launches() {
        let mut duty = Duty::default();
        read(&mut duty, None, &[OLD], 0);
        let alike = InstanceCpu {
            mean: 58.0,
            reported: 1.0,
        };
        for (number, id) in ["i-1", "i-2", "i-3"].into_iter().enumerate() {
            assert_eq!(duty.known_warm_up(), None);
            let start = i64::try_from(number).unwrap() * 1000 + 60;
            read(
                &mut duty,
                None,
                &[OLD, present(id, Lifecycle::InService)],
                start,
            );
            assert_eq!(
                shares(&duty, start),
                [(id.into(), Served::IfAlike(1.0), true)]
            );
            assert!(!duty.serves(id, at(start + 120)));
            let busy = InstanceCpu {
                mean: 100.0,
                ..alike
            };
            duty.learn(id, &busy, 60.0, at(start + 60));
            assert!(!duty.serves(id, at(start + 120)), "it only boots");
            duty.learn(id, &alike, 60.0, at(start + 120));
            assert!(duty.serves(id, at(start + 120)));
            assert_eq!(shares(&duty, start + 120), []);
            // The periods in which it booted are read once more, and are none of its service.
            let booted = (id.into(), Served::For(0.0), true);
            assert_eq!(shares(&duty, start + 60), [booted]);
        }
        assert_eq!(duty.known_warm_up(), Some(Duration::from_secs(120)));
    }

    #[test]
    fn an_unknown_warm_up_ends_after_five_minutes() {
        let mut duty = Duty::default();
        read(&mut duty, None, &[OLD], 0);
        read(
            &mut duty,
            None,
            &[OLD, present("i-1", Lifecycle::InService)],
            60,
        );
        assert!(!duty.serves("i-1", at(359)) && duty.serves("i-1", at(360)));
        assert_eq!(duty.known_warm_up(), None, "an assumption is no knowledge");
    }

    /// Three launches whose CPU was `cpu` while the others had a mean of 60 %, or was not read.
    fn after_three_launches(cpu: Option<f64>) -> Option<u64> {
        let mut duty = Duty::default();
        read(&mut duty, None, &[OLD], 0);
        for (start, id) in [(60, "i-1"), (1060, "i-2"), (2060, "i-3")] {
            let both = [OLD, present(id, Lifecycle::InService)];
            read(&mut duty, None, &both, start);
            if let Some(mean) = cpu {
                let reported = 1.0;
                duty.learn(id, &InstanceCpu { mean, reported }, 60.0, at(start + 60));
            }
            read(&mut duty, None, &both, start + 700);
        }
        duty.known_warm_up().map(|warm_up| warm_up.as_secs())
    }

    #[test]
    fn an_instance_whose_cpu_was_never_compared_teaches_nothing() {
        assert_eq!(after_three_launches(None), None);
        assert_eq!(after_three_launches(Some(100.0)), Some(300));
    }

    #[test]
    fn an_instance_that_leaves_soon_after_it_came_has_died() {
        let both = [OLD, present("i-1", Lifecycle::InService)];
        let mut duty = Duty::default();
        read(&mut duty, None, &[OLD], 0);
        read(&mut duty, None, &both, 60);
        assert_eq!(read(&mut duty, None, &[OLD], 360), 1);
        assert_eq!(read(&mut duty, None, &[OLD], 370), 0, "told once");
        // The control: one that served for eleven minutes, and one that scale-in took.
        read(&mut duty, None, &both, 400);
        assert_eq!(read(&mut duty, None, &[OLD], 400 + 660), 0);
        read(&mut duty, None, &both, 2000);
        let died = duty.read(None, [OLD], true, at(2060));
        assert_eq!(died, []);
    }

    #[test]
    fn instances_there_at_the_first_reading_served_before_it() {
        let mut duty = Duty::default();
        let draining = present("i-b", Lifecycle::Terminating);
        read(&mut duty, Some(300), &[OLD, draining], 1000);
        assert_eq!(
            shares(&duty, 900),
            [("i-b".into(), Served::For(0.0), false)]
        );
        assert_eq!(duty.on_duty(at(900), at(960)), Some(1.0));
        assert_eq!(duty.on_duty(at(0), at(60)), None, "too long ago to say");
    }

    const fn target(id: &str, healthy: bool) -> Present<'_> {
        Present {
            id,
            lifecycle: Lifecycle::InService,
            launched: None,
            entered: None,
            healthy: Some(healthy),
        }
    }

    /// What AWS calls its warm-up is over when a target is healthy: none is added.
    #[test]
    fn an_instance_of_a_target_group_serves_while_it_is_healthy() {
        let mut duty = Duty::default();
        let old = target("i-old", true);
        read(&mut duty, Some(0), &[old], 0);
        read(&mut duty, Some(0), &[old, target("i-new", false)], 60);
        assert!(duty.serves("i-old", at(60)) && !duty.serves("i-new", at(600)));
        assert_eq!(
            shares(&duty, 60),
            [("i-new".into(), Served::For(0.0), true)]
        );
        read(&mut duty, Some(0), &[old, target("i-new", true)], 150);
        assert!(duty.serves("i-new", at(150)));
        assert_eq!(
            shares(&duty, 120),
            [("i-new".into(), Served::For(0.5), true)]
        );
        assert_eq!(shares(&duty, 150), [], "both serve");
        let sick = target("i-old", false);
        read(&mut duty, Some(0), &[sick, target("i-new", true)], 180);
        assert!(!duty.serves("i-old", at(180)));
        assert_eq!(duty.on_duty(at(180), at(240)), Some(1.0));
    }

    #[test]
    fn an_unhealthy_target_that_ends_soon_after_it_came_has_died() {
        let old = target("i-old", true);
        let mut duty = Duty::default();
        read(&mut duty, Some(0), &[old], 0);
        read(&mut duty, Some(0), &[old, target("i-1", true)], 60);
        read(&mut duty, Some(0), &[old, target("i-1", false)], 120);
        assert_eq!(shares(&duty, 120), [("i-1".into(), Served::For(0.0), true)]);
        assert_eq!(read(&mut duty, Some(0), &[old], 180), 1);
    }
}
