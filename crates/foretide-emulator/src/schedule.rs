//! Scheduled actions at work.

use foretide_domain::Timestamp;
use jiff::tz::TimeZone;

use crate::actors::ScheduledActionSpec;

/// A scheduled action with the times between which it recurs, in its zone.
#[derive(Clone, Debug)]
pub(crate) struct Scheduled {
    pub(crate) spec: ScheduledActionSpec,
    from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) zone_name: Option<String>,
    zone: Option<TimeZone>,
}

impl Scheduled {
    /// The action `spec`, which recurs from `from` until `until`, by the clock of `zone_name`; UTC
    /// without a name. None if there is no such zone.
    pub(crate) fn new(
        spec: ScheduledActionSpec,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
        zone_name: Option<String>,
    ) -> Option<Self> {
        let zone = match &zone_name {
            None => None,
            Some(name) => Some(TimeZone::get(name).ok()?),
        };
        Some(Self {
            spec,
            from,
            until,
            zone_name,
            zone,
        })
    }

    /// The actions of a scenario, which recur in UTC without an end.
    pub(crate) fn of(specs: &[ScheduledActionSpec]) -> Vec<Self> {
        let all = specs.iter().cloned();
        all.filter_map(|spec| Self::new(spec, None, None, None))
            .collect()
    }

    /// When the action runs first, or once. `start` is the emulator's start.
    pub(crate) fn first(&self, start: Timestamp) -> Option<Timestamp> {
        let once = self
            .spec
            .at_s
            .map(|at_s| Timestamp::from_seconds(start.as_seconds().saturating_add(at_s)));
        self.from.or(once)
    }

    /// Whether the action runs in the step that starts at `when`.
    pub(crate) fn runs_at(&self, when: Timestamp, start: Timestamp) -> bool {
        let recurs = !self.spec.recurrence.is_empty();
        let early = recurs && self.from.is_some_and(|from| when < from);
        let late = recurs && self.until.is_some_and(|until| when > until);
        let offset_s = self.zone.as_ref().map_or(0, |zone| {
            let at = jiff::Timestamp::from_millisecond(when.as_millis()).unwrap_or_default();
            i64::from(zone.to_offset(at).seconds())
        });
        // The calendar is the zone's; what runs once does so by absolute time.
        let (epoch_s, start_s) = (when.as_seconds() + offset_s, start.as_seconds() + offset_s);
        !early && !late && self.spec.runs_at(epoch_s, start_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23, a Monday, at 12:00 UTC: 07:00 in New York.
    const NOON: Timestamp = Timestamp::from_seconds(1_795_435_200);

    fn action(recurrence: &str, until: Option<Timestamp>, zone: &str) -> Option<Scheduled> {
        let spec = ScheduledActionSpec {
            name: "a".into(),
            recurrence: recurrence.into(),
            ..ScheduledActionSpec::default()
        };
        Scheduled::new(spec, None, until, Some(zone.into()))
    }

    #[test]
    fn an_action_recurs_by_the_clock_of_its_zone_until_its_end() {
        let runs = |one: Option<Scheduled>| one.unwrap().runs_at(NOON, NOON);
        assert!(runs(action("0 7 * * *", None, "America/New_York")));
        assert!(!runs(action("0 12 * * *", None, "America/New_York")));
        assert!(runs(action("0 12 * * *", None, "Etc/UTC")), "control");
        let past = Timestamp::from_seconds(NOON.as_seconds() - 60);
        assert!(!runs(action("0 12 * * *", Some(past), "Etc/UTC")));
        assert!(action("0 12 * * *", None, "Mars/Olympus").is_none());
    }
}
