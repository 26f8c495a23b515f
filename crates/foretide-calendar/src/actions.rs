//! Scheduled actions of a group as changes at their times.

use foretide_domain::{CivilZone, ScheduledChange, Timestamp};

use crate::cron::Cron;
use crate::value::shortened;
use crate::window::Window;

/// A scheduled action of Auto Scaling, as `DescribeScheduledActions` shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScheduledAction {
    /// The action's name.
    pub name: String,
    /// Time of the next run, or of the first one.
    pub start: Option<Timestamp>,
    /// From this time on it does not run.
    pub end: Option<Timestamp>,
    /// Cron expression; none for an action that runs once.
    pub recurrence: Option<String>,
    /// Zone of the cron expression; UTC without one.
    pub time_zone: Option<String>,
    /// The minimum that the action sets.
    pub min: Option<u32>,
    /// The maximum that the action sets.
    pub max: Option<u32>,
    /// The desired capacity that the action sets.
    pub desired: Option<u32>,
}

impl ScheduledAction {
    /// Its changes within `window`, ascending, `most` at most.
    ///
    /// # Errors
    /// A sentence on what cannot be understood.
    pub fn changes(&self, window: Window, most: usize) -> Result<Vec<ScheduledChange>, String> {
        let from = self
            .start
            .map_or(window.from, |start| start.max(window.from));
        let to = self.end.map_or(window.to, |end| end.min(window.to));
        let times = if let Some(cron) = &self.recurrence {
            let zone = self.time_zone.as_deref().unwrap_or("UTC");
            let wrong = |what: String| {
                let name = shortened(&self.name);
                format!("scheduled action {name} is not understood: {what}")
            };
            let zone = CivilZone::named(zone).map_err(|error| wrong(error.to_string()))?;
            let cron = Cron::parse(cron).map_err(|error| wrong(error.to_string()))?;
            let times = cron.times(&zone, Window { from, to }, most).into_iter();
            let mut times: Vec<Timestamp> = times.filter_map(|it| zone.instant(it)).collect();
            times.dedup();
            times
        } else {
            let once = self.start.filter(|start| (from..to).contains(start));
            once.into_iter().collect()
        };
        let change = |at| ScheduledChange {
            action: self.name.clone(),
            at,
            min: self.min,
            max: self.max,
            desired: self.desired,
        };
        Ok(times.into_iter().map(change).collect())
    }
}

/// The changes of all `actions` within `window`, ascending, `most` at most, and what of the actions
/// is not understood.
pub fn changes(
    actions: &[ScheduledAction],
    window: Window,
    most: usize,
) -> (Vec<ScheduledChange>, Vec<String>) {
    let (mut changes, mut unknown) = (Vec::new(), Vec::new());
    for action in actions {
        match action.changes(window, most) {
            Ok(more) => changes.extend(more),
            Err(what) => unknown.push(what),
        }
    }
    changes.sort_by(|a, b| (a.at, &a.action).cmp(&(b.at, &b.action)));
    changes.truncate(most);
    (changes, unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_action_runs_once_or_between_its_start_and_its_end() {
        let window = Window {
            from: at("2026-11-23T00:00Z"),
            to: at("2026-11-28T00:00Z"),
        };
        let once = ScheduledAction {
            name: "once".into(),
            start: Some(at("2026-11-25T12:00Z")),
            desired: Some(9),
            ..ScheduledAction::default()
        };
        let daily = ScheduledAction {
            name: "daily".into(),
            recurrence: Some("0 8 * * *".into()),
            time_zone: Some("Europe/Berlin".into()),
            start: Some(at("2026-11-24T07:00Z")),
            end: Some(at("2026-11-26T07:00Z")),
            min: Some(4),
            ..ScheduledAction::default()
        };
        let odd = ScheduledAction {
            name: "o\u{1b}dd".into(),
            recurrence: Some("@daily".into()),
            ..ScheduledAction::default()
        };
        let lost = ScheduledAction {
            time_zone: Some("Mars/Olympus".into()),
            ..daily.clone()
        };
        let all = [once, daily, odd, lost];
        let (changed, unknown) = changes(&all, window, 16);
        let shown: Vec<_> = changed
            .iter()
            .map(|it| (it.action.as_str(), it.at.to_string(), it.least()))
            .collect();
        assert_eq!(
            shown,
            [
                ("daily", "2026-11-24T07:00:00Z".into(), Some(4)),
                ("daily", "2026-11-25T07:00:00Z".into(), Some(4)),
                ("once", "2026-11-25T12:00:00Z".into(), Some(9)),
            ]
        );
        assert_eq!(unknown.len(), 2);
        assert!(unknown[0].starts_with("scheduled action o dd is not understood: `@daily`"));
        assert!(unknown[1].contains("`Mars/Olympus` is no time zone"));
        assert_eq!(changes(&all, window, 2).0.len(), 2);
    }
}
