//! Hourly limits of messages, for one group and for all groups, and counts of messages beyond the
//! limits. Time is an argument. Scaling and alarms have separate limits, so that frequent scaling
//! does not suppress alarms.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use foretide_domain::Timestamp;
use foretide_runtime::GroupKey;

/// Window of the limits.
const WINDOW: Duration = Duration::from_secs(3600);

/// Messages in any hour, for scaling and for alarms each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Limit of one group.
    pub group: u32,
    /// Limit of all groups together.
    pub all: u32,
}

/// Messages that share a limit: of one group, or of all groups if none is named; alarms or scaling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Lane {
    group: Option<GroupKey>,
    alarm: bool,
}

/// Messages of one lane: sent and suppressed.
#[derive(Debug, Default)]
struct Flow {
    /// Times of sent messages within the window, the oldest first.
    sent: VecDeque<Timestamp>,
    kept_back: u64,
}

/// Suppressed messages that are reported now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptBack {
    /// The group; none if the limit of all groups suppressed them.
    pub group: Option<GroupKey>,
    /// Number of suppressed messages.
    pub count: u64,
}

/// Counts messages against the limits.
#[derive(Debug)]
pub(crate) struct Limiter {
    limits: Limits,
    flows: BTreeMap<Lane, Flow>,
}

impl Limiter {
    /// With no message sent yet.
    pub(crate) const fn new(limits: Limits) -> Self {
        Self {
            limits,
            flows: BTreeMap::new(),
        }
    }

    /// Replaces the limits.
    pub(crate) const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Whether a message of `group` may be sent; if so, the number of suppressed messages before
    /// it.
    pub(crate) fn ask(&mut self, group: &GroupKey, alarm: bool, now: Timestamp) -> Option<u64> {
        let own = Lane {
            group: Some(group.clone()),
            alarm,
        };
        let all = Lane { group: None, alarm };
        let full = [&own, &all]
            .into_iter()
            .find(|lane| !self.is_open(lane, now));
        if let Some(full) = full.cloned() {
            self.flow(&full).kept_back += 1;
            return None;
        }
        self.flow(&all).sent.push_back(now);
        let own = self.flow(&own);
        own.sent.push_back(now);
        Some(std::mem::take(&mut own.kept_back))
    }

    /// The suppressed messages of lanes whose limit has room again. Each report counts as a
    /// message.
    pub(crate) fn opened(&mut self, now: Timestamp) -> Vec<KeptBack> {
        let lanes: Vec<Lane> = self.flows.keys().cloned().collect();
        let mut told = Vec::new();
        for lane in lanes {
            let all = Lane {
                group: None,
                alarm: lane.alarm,
            };
            if self.flow(&lane).kept_back > 0 && self.is_open(&lane, now) && self.is_open(&all, now)
            {
                if lane.group.is_some() {
                    self.flow(&all).sent.push_back(now);
                }
                let flow = self.flow(&lane);
                flow.sent.push_back(now);
                let count = std::mem::take(&mut flow.kept_back);
                let group = lane.group;
                told.push(KeptBack { group, count });
            }
        }
        self.flows
            .retain(|_, flow| flow.kept_back > 0 || !flow.sent.is_empty());
        told
    }

    fn flow(&mut self, lane: &Lane) -> &mut Flow {
        self.flows.entry(lane.clone()).or_default()
    }

    fn is_open(&mut self, lane: &Lane, now: Timestamp) -> bool {
        let most = if lane.group.is_some() {
            self.limits.group
        } else {
            self.limits.all
        };
        let sent = &mut self.flow(lane).sent;
        while sent.front().is_some_and(|at| now.since(*at) >= WINDOW) {
            sent.pop_front();
        }
        sent.len() < most as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn key(name: &str) -> GroupKey {
        GroupKey::new("eu-west-1", name)
    }

    fn limiter(group: u32, all: u32) -> Limiter {
        Limiter::new(Limits { group, all })
    }

    #[test]
    fn a_group_has_so_many_an_hour_and_then_says_how_many_were_kept_back() {
        let mut limiter = limiter(2, 10);
        let web = key("web");
        let asked: Vec<_> = (0..5).map(|i| limiter.ask(&web, false, at(i))).collect();
        assert_eq!(asked, [Some(0), Some(0), None, None, None]);
        assert_eq!(limiter.ask(&key("api"), false, at(5)), Some(0));
        assert_eq!(
            limiter.ask(&web, true, at(5)),
            Some(0),
            "alarms are counted apart"
        );
        assert!(limiter.opened(at(3599)).is_empty());
        let opened = limiter.opened(at(3600));
        let web_held = KeptBack {
            group: Some(web.clone()),
            count: 3,
        };
        assert_eq!(opened, [web_held]);
        assert!(limiter.opened(at(3601)).is_empty());
    }

    #[test]
    fn the_next_message_that_may_go_out_carries_the_count() {
        let mut limiter = limiter(1, 10);
        let web = key("web");
        assert_eq!(limiter.ask(&web, true, at(0)), Some(0));
        assert_eq!(limiter.ask(&web, true, at(1)), None);
        assert_eq!(limiter.ask(&web, true, at(3600)), Some(1));
        assert!(limiter.opened(at(9000)).is_empty());
    }

    #[test]
    fn what_the_limit_for_all_keeps_back_is_one_line() {
        let mut limiter = limiter(5, 3);
        let asked = (0..9).map(|i| limiter.ask(&key(&format!("g{i}")), true, at(0)));
        assert_eq!(asked.flatten().count(), 3);
        let held = KeptBack {
            group: None,
            count: 6,
        };
        assert_eq!(limiter.opened(at(3600)), [held]);
    }

    proptest! {
        /// Whatever is asked when: no hour has more than allowed, and nothing kept back is lost.
        #[test]
        fn no_hour_has_more_and_every_message_is_accounted_for(
            asks in prop::collection::vec((0_u8..4, any::<bool>(), 0_i64..900), 0..200),
        ) {
            let limits = Limits { group: 3, all: 7 };
            let mut limiter = Limiter::new(limits);
            let (mut now, mut sent, mut told) = (0, Vec::new(), 0);
            for (group, alarm, pause) in &asks {
                now += pause;
                let group = key(&group.to_string());
                let opened = limiter.opened(at(now));
                told += opened.iter().map(|it| it.count).sum::<u64>();
                // Of which lane a line on what was kept back is, the total alone tells.
                sent.extend(opened.iter().map(|_| (now, None)));
                if let Some(before) = limiter.ask(&group, *alarm, at(now)) {
                    told += before + 1;
                    sent.push((now, Some((group, *alarm))));
                }
            }
            for (start, _) in &sent {
                let hour = sent.iter().filter(|(at, _)| (*start..start + 3600).contains(at));
                let hour: Vec<_> = hour.collect();
                prop_assert!(hour.len() <= 2 * limits.all as usize);
                for (_, lane) in &hour {
                    let same = hour.iter().filter(|(_, it)| lane.is_some() && it == lane);
                    prop_assert!(same.count() <= limits.group as usize);
                }
            }
            let mut end = now;
            for _ in 0..10 {
                end += 3600;
                told += limiter.opened(at(end)).iter().map(|it| it.count).sum::<u64>();
            }
            prop_assert_eq!(told, asks.len() as u64);
        }
    }
}
