//! The circuit breaker: while launches fail, or new instances die, asking for more only raises a
//! debt that is launched all at once when they work again.

use std::collections::VecDeque;
use std::time::Duration;

use foretide_domain::{Alarm, Cause, EarlyDeath, GroupState, Launch, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::BreakerConfig;

/// Launches whose end is remembered, so that a repeated reading counts none twice.
const REMEMBERED: usize = 256;
/// Early deaths within [`DEATHS_WITHIN`] that open the breaker: one is an accident, and two may be.
const DEATHS: usize = 3;
/// Time for which an early death counts.
const DEATHS_WITHIN: Duration = Duration::from_mins(30);

/// State of the circuit breaker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Breaker {
    seen: VecDeque<u64>,
    failed_in_a_row: u32,
    open: Option<Open>,
    /// AWS's status message of the newest launch that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// The newest early deaths, by instance, the oldest first.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    deaths: VecDeque<(u64, Timestamp)>,
    /// Those that died while the serving instances were saturated.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    overloaded: VecDeque<(u64, Timestamp)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    retry_at: Timestamp,
    backoff: Duration,
    /// Growth is being tried again.
    trying: bool,
    /// Opened by instances that died, and by nothing else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    by_deaths: bool,
}

impl Breaker {
    /// The launches of a reading that were not seen before.
    pub(crate) fn take_new<'a>(
        &mut self,
        launches: &'a [Launch],
    ) -> impl Iterator<Item = &'a Launch> {
        launches.iter().filter(|launch| {
            let new = !self.seen.contains(&launch.id);
            if new {
                if self.seen.len() == REMEMBERED {
                    self.seen.pop_front();
                }
                self.seen.push_back(launch.id);
            }
            new
        })
    }

    /// Counts the end of a launch.
    pub(crate) fn count(&mut self, launch: &Launch) {
        if launch.succeeded {
            self.failed_in_a_row = 0;
            self.message = None;
        } else {
            self.message.clone_from(&launch.message);
            self.failed_in_a_row = self.failed_in_a_row.saturating_add(1);
        }
    }

    /// Counts the instances that left service soon after entering it. Returns whether one is new
    /// that speaks against growth. One that died while the others were `saturated` does not: it
    /// fell to the load, and more instances are the cure.
    pub(crate) fn count_deaths(
        &mut self,
        died: &[EarlyDeath],
        saturated: bool,
        now: Timestamp,
    ) -> bool {
        let mut new = false;
        let lately = |left: &Timestamp| now.since(*left) < DEATHS_WITHIN;
        for death in died.iter().filter(|death| lately(&death.left)) {
            let mut all = self.deaths.iter().chain(&self.overloaded);
            if all.any(|(id, _)| *id == death.id) {
                continue;
            }
            let counted = if saturated {
                &mut self.overloaded
            } else {
                new = true;
                &mut self.deaths
            };
            if counted.len() == REMEMBERED {
                counted.pop_front();
            }
            counted.push_back((death.id, death.left));
        }
        self.deaths.retain(|(_, left)| lately(left));
        self.overloaded.retain(|(_, left)| lately(left));
        new
    }

    /// Whether new instances die one after the other, by themselves.
    pub(crate) fn is_dying(&self, now: Timestamp) -> bool {
        many_lately(&self.deaths, now)
    }

    /// Whether instances fall to the load one after the other.
    pub(crate) fn is_cascading(&self, now: Timestamp) -> bool {
        many_lately(&self.overloaded, now)
    }

    /// Opens, retries or closes after a reading whose launches were counted; says what changed.
    ///
    /// `launched` and `failed` tell whether this reading brought a launch that succeeded or failed.
    pub(crate) fn update(
        &mut self,
        group: &GroupState,
        ends: Ends,
        lead_time: Duration,
        config: &BreakerConfig,
        now: Timestamp,
    ) -> Option<Alarm> {
        let patience = config.patience(lead_time);
        let hangs = group
            .oldest_pending_since
            .is_some_and(|since| now.since(since) > patience);
        let dying = self.is_dying(now);
        let stuck = hangs || dying;
        match &mut self.open {
            None if self.failed_in_a_row >= config.failed_launches || stuck => {
                Some(self.open(config.backoff, dying && !hangs, now))
            }
            None => None,
            Some(open) if !stuck && (ends.succeeded || open.by_deaths) => {
                self.open = None;
                self.failed_in_a_row = 0;
                Some(Alarm::BreakerClosed)
            }
            Some(open) if !open.trying => {
                open.trying = now >= open.retry_at;
                None
            }
            Some(open) => {
                let tried_long_enough = now.since(open.retry_at) > patience;
                let backoff = open.backoff.saturating_mul(2).min(config.backoff_max);
                if ends.failed || ends.died || (stuck && tried_long_enough) {
                    return Some(self.open(backoff, dying && !hangs, now));
                }
                if tried_long_enough {
                    self.open = None;
                    self.failed_in_a_row = 0;
                    return Some(Alarm::BreakerClosed);
                }
                None
            }
        }
    }

    /// Why launches fail, while they do and while growth is tried again.
    pub(crate) fn cause(&self, now: Timestamp) -> Option<Cause> {
        if self.is_dying(now) {
            let died = u32::try_from(self.deaths.len()).unwrap_or(u32::MAX);
            return Some(Cause::InstancesDie { died });
        }
        if self.is_cascading(now) {
            let died = u32::try_from(self.overloaded.len()).unwrap_or(u32::MAX);
            return Some(Cause::Cascade { died });
        }
        self.open.map(|open| Cause::LaunchesFail {
            failed: self.failed_in_a_row,
            message: self.message.clone(),
            retry_at: open.retry_at,
            retrying: open.trying,
        })
    }

    /// Whether only the end of a launch, or a launch that hangs, could change anything.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.open.is_none()
            && self.failed_in_a_row == 0
            && self.deaths.is_empty()
            && self.overloaded.is_empty()
    }

    /// The capacity above which desired is not raised: what is in service and the `coming` pending
    /// instances. None while the breaker lets growth through.
    pub(crate) fn cap(&self, group: &GroupState, coming: u32) -> Option<u32> {
        self.open
            .filter(|open| !open.trying)
            .map(|_| group.counts.in_service.saturating_add(coming))
    }

    fn open(&mut self, backoff: Duration, dying: bool, now: Timestamp) -> Alarm {
        let retry_at = now.plus(backoff);
        self.open = Some(Open {
            retry_at,
            backoff,
            trying: false,
            by_deaths: dying && self.failed_in_a_row == 0,
        });
        Alarm::BreakerOpened {
            failed_launches: self.failed_in_a_row,
            retry_at,
        }
    }
}

fn many_lately(died: &VecDeque<(u64, Timestamp)>, now: Timestamp) -> bool {
    let lately = died
        .iter()
        .filter(|(_, left)| now.since(*left) < DEATHS_WITHIN);
    lately.count() >= DEATHS
}

/// Which ends of launches a reading brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ends {
    pub(crate) succeeded: bool,
    pub(crate) failed: bool,
    /// Whether it showed that one more new instance has died.
    pub(crate) died: bool,
}

#[cfg(test)]
mod tests {
    use foretide_domain::{Bounds, LifecycleCounts};

    use super::*;

    const LEAD_TIME: Duration = Duration::from_secs(180);

    fn group(launches: Vec<Launch>, pending_since: Option<i64>) -> GroupState {
        GroupState {
            oldest_pending_since: pending_since.map(Timestamp::from_seconds),
            launches,
            counts: LifecycleCounts {
                in_service: 2,
                pending: 1,
                ..LifecycleCounts::default()
            },
            ..GroupState::at_rest(Bounds::new(1, 10).unwrap(), 4)
        }
    }

    fn ended(id: u64, succeeded: bool) -> Launch {
        let at = Timestamp::from_seconds(0);
        Launch {
            id,
            started: at,
            ended: at,
            succeeded,
            message: None,
        }
    }

    fn read(breaker: &mut Breaker, group: &GroupState, now: i64) -> Option<Alarm> {
        let new: Vec<Launch> = breaker.take_new(&group.launches).cloned().collect();
        let mut ends = Ends::default();
        for launch in &new {
            breaker.count(launch);
            ends.succeeded |= launch.succeeded;
            ends.failed |= !launch.succeeded;
        }
        let at = Timestamp::from_seconds(now);
        ends.died = breaker.count_deaths(&group.early_deaths, false, at);
        let config = BreakerConfig::default();
        breaker.update(
            group,
            ends,
            LEAD_TIME,
            &config,
            Timestamp::from_seconds(now),
        )
    }

    #[test]
    fn three_failures_in_a_row_open_it_and_a_repeat_counts_once() {
        let mut breaker = Breaker::default();
        assert_eq!(
            read(&mut breaker, &group(vec![ended(1, false)], None), 0),
            None
        );
        assert_eq!(
            read(&mut breaker, &group(vec![ended(1, false)], None), 10),
            None
        );
        let both = group(vec![ended(1, false), ended(2, false)], None);
        assert_eq!(read(&mut breaker, &both, 20), None);
        let third = group(vec![ended(3, false)], None);
        let opened = read(&mut breaker, &third, 30);
        assert!(matches!(
            opened,
            Some(Alarm::BreakerOpened {
                failed_launches: 3,
                ..
            })
        ));
        assert_eq!(breaker.cap(&third, 1), Some(3));
    }

    #[test]
    fn a_success_between_failures_keeps_it_closed() {
        let mut breaker = Breaker::default();
        for (id, succeeded) in [(1, false), (2, false), (3, true), (4, false), (5, false)] {
            assert_eq!(
                read(&mut breaker, &group(vec![ended(id, succeeded)], None), 0),
                None
            );
        }
    }

    fn dead(id: u64, left: i64) -> GroupState {
        GroupState {
            early_deaths: vec![EarlyDeath {
                id,
                entered: Timestamp::from_seconds(left - 60),
                left: Timestamp::from_seconds(left),
            }],
            launches: vec![ended(id, true)],
            ..group(vec![], None)
        }
    }

    #[test]
    fn new_instances_that_die_open_it_though_every_launch_succeeds() {
        let mut breaker = Breaker::default();
        assert_eq!(read(&mut breaker, &dead(1, 0), 0), None);
        assert_eq!(read(&mut breaker, &dead(2, 300), 300), None);
        assert_eq!(read(&mut breaker, &dead(2, 300), 310), None, "told again");
        let opened = read(&mut breaker, &dead(3, 600), 600);
        assert!(matches!(opened, Some(Alarm::BreakerOpened { .. })));
        assert!(breaker.is_dying(Timestamp::from_seconds(600)));
        // Half an hour after the first of three deaths it counts no longer.
        assert!(!breaker.is_dying(Timestamp::from_seconds(1800)));
    }

    #[test]
    fn instances_that_fall_to_the_load_do_not_stop_growth() {
        let mut breaker = Breaker::default();
        let at = Timestamp::from_seconds(600);
        for id in 1..=3 {
            assert!(!breaker.count_deaths(&dead(id, 600).early_deaths, true, at));
        }
        assert!(breaker.is_cascading(at) && !breaker.is_dying(at));
        assert_eq!(read(&mut breaker, &group(vec![], None), 610), None);
        assert!(matches!(
            breaker.cause(at),
            Some(Cause::Cascade { died: 3 })
        ));
    }

    #[test]
    fn deaths_far_apart_are_accidents() {
        let mut breaker = Breaker::default();
        for (id, left) in [(1, 0), (2, 1000), (3, 2000), (4, 3000)] {
            assert_eq!(read(&mut breaker, &dead(id, left), left), None);
        }
    }

    #[test]
    fn an_instance_pending_for_over_three_lead_times_opens_it() {
        let mut breaker = Breaker::default();
        assert_eq!(read(&mut breaker, &group(vec![], Some(0)), 540), None);
        assert!(read(&mut breaker, &group(vec![], Some(0)), 541).is_some());
    }

    #[test]
    fn it_tries_again_after_the_backoff_and_doubles_it_on_failure() {
        let mut breaker = Breaker::default();
        let idle = group(vec![], None);
        for id in 1..=3 {
            read(&mut breaker, &group(vec![ended(id, false)], None), 0);
        }
        assert_eq!(read(&mut breaker, &idle, 299), None);
        assert!(breaker.cap(&idle, 1).is_some());
        assert_eq!(read(&mut breaker, &idle, 300), None);
        assert_eq!(breaker.cap(&idle, 1), None);
        let again = read(&mut breaker, &group(vec![ended(4, false)], None), 310);
        let retry_at = Timestamp::from_seconds(310 + 600);
        assert_eq!(
            again,
            Some(Alarm::BreakerOpened {
                failed_launches: 4,
                retry_at
            })
        );
        assert_eq!(
            read(&mut breaker, &group(vec![ended(5, true)], None), 320),
            Some(Alarm::BreakerClosed)
        );
        assert_eq!(breaker.cap(&idle, 1), None);
    }
}
