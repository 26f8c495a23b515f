//! What a reading of the group tells: changes by others, launches that ended, the effect of writes.

use foretide_domain::{CallId, ForeignChange, GroupState, Outcome, Record, Timestamp};

use crate::breaker::Ends;
use crate::controller::Controller;
use crate::protocol::Effect;
use crate::state::{Known, Reading};

impl Controller {
    /// Takes in a reading of the group; anything but the answer awaited says nothing.
    pub(crate) fn group_read(
        &mut self,
        call: CallId,
        group: GroupState,
        now: Timestamp,
    ) -> Vec<Effect> {
        if !self.look.as_mut().is_some_and(|look| look.take_group(call)) {
            return Vec::new();
        }
        let mut effects = Vec::new();
        self.notice_foreign_change(&group, &mut effects);
        self.follow_launches(&group, now, &mut effects);
        self.watch_outcome(&group, now, &mut effects);
        self.notice_obstacles(&group);
        self.state.health.group_read(None);
        self.state.remember_in_service(now, group.counts.in_service);
        self.state.group = Some(Reading { at: now, group });
        self.go_on(now, effects)
    }

    fn notice_foreign_change(&mut self, group: &GroupState, effects: &mut Vec<Effect>) {
        let (desired, bounds) = (group.desired, group.bounds);
        if let Some(known) = self.state.known {
            let ours = desired == known.desired || known.perhaps_desired == Some(desired);
            if !ours || bounds != known.bounds {
                self.state.votes.reset();
                self.state.decide_anyway = true;
                effects.push(Effect::Record(Record::ForeignChange(ForeignChange {
                    desired_before: known.desired,
                    desired,
                    bounds_before: known.bounds,
                    bounds,
                })));
            }
        }
        self.state.known = Some(Known {
            desired,
            bounds,
            perhaps_desired: None,
        });
    }

    /// A write that an obstacle held back does not wait for the next datapoint.
    fn notice_obstacles(&mut self, group: &GroupState) {
        let before = self.state.group.as_ref();
        let before = before.map_or(&[][..], |reading| &reading.group.obstacles);
        self.state.decide_anyway |= before != group.obstacles;
    }

    fn follow_launches(&mut self, group: &GroupState, now: Timestamp, effects: &mut Vec<Effect>) {
        let state = &mut self.state;
        let quiet = group.launches.is_empty() && group.oldest_pending_since.is_none();
        if quiet && state.breaker.is_at_rest() {
            return;
        }
        let mut ends = Ends::default();
        let new: Vec<_> = state.breaker.take_new(&group.launches).cloned().collect();
        for launch in &new {
            state.breaker.count(launch);
            state.lead_time.observe(launch);
            ends.succeeded |= launch.succeeded;
            ends.failed |= !launch.succeeded;
        }
        let lead_time = state.lead_time(&self.config);
        let alarm = state
            .breaker
            .update(group, ends, lead_time, &self.config.breaker, now);
        if let Some(alarm) = alarm {
            state.decide_anyway = true;
            effects.push(Effect::Record(Record::Alarm(alarm)));
        }
    }

    fn watch_outcome(&mut self, group: &GroupState, now: Timestamp, effects: &mut Vec<Effect>) {
        let Some(watched) = self.state.watched else {
            return;
        };
        let in_service = group.counts.in_service;
        let reached = if watched.raises {
            in_service >= watched.desired
        } else {
            in_service <= watched.desired
        };
        let outcome = if reached {
            Outcome::Reached {
                desired: watched.desired,
            }
        } else if now.since(watched.since) > self.state.lead_time(&self.config) * 3 {
            Outcome::Partly {
                desired: watched.desired,
                in_service,
            }
        } else {
            return;
        };
        self.state.watched = None;
        effects.push(Effect::Record(Record::OutcomeSeen(outcome)));
    }
}
