//! A reading of the group: changes by others, launches that ended, the effect of writes.

use foretide_domain::{CallId, GroupState, Record, Timestamp};

use crate::controller::Controller;
use crate::protocol::Effect;

impl Controller {
    /// Takes in a reading of the group. An answer that is not awaited is ignored.
    pub(crate) fn group_read(
        &mut self,
        call: CallId,
        group: GroupState,
        now: Timestamp,
    ) -> Vec<Effect> {
        if !self.look.as_mut().is_some_and(|look| look.take_group(call)) {
            return Vec::new();
        }
        self.follow_suspension(group.suspended.alarm_notification);
        let (state, config) = (&mut self.state, &self.config);
        let foreign = state.foreign_change(&group, now).map(Record::ForeignChange);
        let saturated = state.metrics.is_saturated(config);
        let alarm = state.group.follow_launches(&group, config, saturated, now);
        let lead_time = state.group.lead_time(config);
        let in_service = group.counts.in_service;
        let outcome = state.writes.take_outcome(in_service, lead_time, now);
        // A write that an obstacle held back does not wait for the next datapoint.
        state.cycle.decide_anyway |= alarm.is_some() || state.group.has_other_obstacles(&group);
        state.health.group_read(None);
        state.group.read(group, now);
        let records = [
            foreign,
            alarm.map(Record::Alarm),
            outcome.map(Record::OutcomeSeen),
        ];
        let records = records.into_iter().flatten().map(Effect::Record);
        self.go_on(now, records.collect())
    }
}
