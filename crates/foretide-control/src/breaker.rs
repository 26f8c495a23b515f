//! The circuit breaker: while launches fail, asking for more only raises a debt that is launched
//! all at once when they work again.

use std::collections::VecDeque;
use std::time::Duration;

use foretide_domain::{Alarm, Cause, GroupState, Launch, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::BreakerConfig;

/// Launches whose end is remembered, so that a repeated reading counts none twice.
const REMEMBERED: usize = 256;

/// State of the circuit breaker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Breaker {
    seen: VecDeque<u64>,
    failed_in_a_row: u32,
    open: Option<Open>,
    /// AWS's status message of the newest launch that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    retry_at: Timestamp,
    backoff: Duration,
    /// Growth is being tried again.
    trying: bool,
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
        let patience = lead_time.saturating_mul(config.pending_lead_times);
        let stuck = group
            .oldest_pending_since
            .is_some_and(|since| now.since(since) > patience);
        match &mut self.open {
            None if self.failed_in_a_row >= config.failed_launches || stuck => {
                Some(self.open(config.backoff, now))
            }
            None => None,
            Some(_) if ends.succeeded && !stuck => {
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
                if ends.failed || (stuck && tried_long_enough) {
                    return Some(self.open(backoff, now));
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
    pub(crate) fn cause(&self) -> Option<Cause> {
        self.open.map(|open| Cause::LaunchesFail {
            failed: self.failed_in_a_row,
            message: self.message.clone(),
            retry_at: open.retry_at,
            retrying: open.trying,
        })
    }

    /// Whether only the end of a launch, or a launch that hangs, could change anything.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.open.is_none() && self.failed_in_a_row == 0
    }

    /// The capacity above which desired is not raised; none while the breaker lets growth through.
    pub(crate) fn cap(&self, group: &GroupState) -> Option<u32> {
        self.open
            .filter(|open| !open.trying)
            .map(|_| group.counts.in_service_and_pending())
    }

    fn open(&mut self, backoff: Duration, now: Timestamp) -> Alarm {
        let retry_at = now.plus(backoff);
        self.open = Some(Open {
            retry_at,
            backoff,
            trying: false,
        });
        Alarm::BreakerOpened {
            failed_launches: self.failed_in_a_row,
            retry_at,
        }
    }
}

/// Which ends of launches a reading brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ends {
    pub(crate) succeeded: bool,
    pub(crate) failed: bool,
}

#[cfg(test)]
mod tests {
    use foretide_domain::{Bounds, LifecycleCounts, SuspendedProcesses};

    use super::*;

    const LEAD_TIME: Duration = Duration::from_secs(180);

    fn group(launches: Vec<Launch>, pending_since: Option<i64>) -> GroupState {
        GroupState {
            bounds: Bounds::new(1, 10).unwrap(),
            desired: 4,
            counts: LifecycleCounts {
                in_service: 2,
                pending: 1,
                ..LifecycleCounts::default()
            },
            oldest_pending_since: pending_since.map(Timestamp::from_seconds),
            suspended: SuspendedProcesses::default(),
            refreshing: false,
            launches,
            obstacles: Vec::new(),
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
        assert_eq!(breaker.cap(&third), Some(3));
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
        assert!(breaker.cap(&idle).is_some());
        assert_eq!(read(&mut breaker, &idle, 300), None);
        assert_eq!(breaker.cap(&idle), None);
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
        assert_eq!(breaker.cap(&idle), None);
    }
}
