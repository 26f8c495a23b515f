//! Scheduled actions and known events that contradict each other.

use std::fmt;

use foretide_control::CalendarEvent;
use foretide_domain::{Bounds, ScheduledChange, Timestamp};

/// Most conflicts in one answer; further ones are left out.
pub const CONFLICTS_MAX: usize = 10;

/// Two demands on the group that contradict each other, with the evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Conflict {
    /// An action sets a maximum below what a known event needs.
    MaximumBelow {
        /// The action.
        action: String,
        /// When it runs.
        at: Timestamp,
        /// The maximum that it sets.
        max: u32,
        /// The known event.
        event: String,
        /// What the event needs at least.
        needs: u32,
    },
    /// An action sets a desired capacity below what a known event needs while it is on.
    DesiredBelow {
        /// The action.
        action: String,
        /// When it runs.
        at: Timestamp,
        /// The desired capacity that it sets.
        desired: u32,
        /// The known event.
        event: String,
        /// What the event needs at least.
        needs: u32,
    },
    /// An action lowers the minimum while a known event asks for more.
    MinimumLowered {
        /// The action.
        action: String,
        /// When it runs.
        at: Timestamp,
        /// The minimum that it sets.
        min: u32,
        /// The known event.
        event: String,
        /// What the event needs at least.
        needs: u32,
    },
    /// Two actions set different desired capacities at the same time.
    TwoDesired {
        /// When both run.
        at: Timestamp,
        /// One action, and what it sets.
        one: (String, u32),
        /// The other action, and what it sets.
        other: (String, u32),
    },
    /// An action sets a minimum or a desired capacity above the maximum that then holds.
    AboveMaximum {
        /// The action.
        action: String,
        /// When it runs.
        at: Timestamp,
        /// What it sets.
        least: u32,
        /// The maximum that then holds.
        max: u32,
    },
}

/// What contradicts each other among `changes`, which ascend, and `events`, for a group within
/// `bounds`. `until` is the end of the time that the changes are of. The first of each kind, action
/// and event; [`CONFLICTS_MAX`] at most.
pub fn conflicts(
    changes: &[ScheduledChange],
    events: &[CalendarEvent],
    bounds: Bounds,
    until: Timestamp,
) -> Vec<Conflict> {
    let mut found: Vec<Conflict> = Vec::new();
    let mut say = |conflict: Conflict| {
        if found.len() < CONFLICTS_MAX && !found.iter().any(|it| it.is_alike(&conflict)) {
            found.push(conflict);
        }
    };
    let (mut max, mut min) = (bounds.max(), bounds.min());
    for (place, change) in changes.iter().enumerate() {
        let later = changes.get(place + 1..).unwrap_or_default();
        let together = later.iter().take_while(|next| next.at == change.at);
        for next in together {
            say_two(change, next, &mut say);
        }
        let lowered = change.min.filter(|set| *set < min);
        (max, min) = (change.max.unwrap_or(max), change.min.unwrap_or(min));
        if let Some(least) = change.least().filter(|least| *least > max) {
            say(Conflict::AboveMaximum {
                action: change.action.clone(),
                at: change.at,
                least,
                max,
            });
        }
        let next_max = later.iter().find(|next| next.max.is_some());
        let max_until = next_max.map_or(until, |next| next.at);
        for event in events {
            say_event(change, lowered, max_until, event, &mut say);
        }
    }
    found
}

fn say_two(one: &ScheduledChange, other: &ScheduledChange, say: &mut impl FnMut(Conflict)) {
    if let (Some(first), Some(second)) = (one.desired, other.desired)
        && first != second
    {
        say(Conflict::TwoDesired {
            at: one.at,
            one: (one.action.clone(), first),
            other: (other.action.clone(), second),
        });
    }
}

fn say_event(
    change: &ScheduledChange,
    lowered: Option<u32>,
    max_until: Timestamp,
    event: &CalendarEvent,
    say: &mut impl FnMut(Conflict),
) {
    let Some(needs) = event.minimum else { return };
    let (action, at, name) = (&change.action, change.at, &event.name);
    let on = event.began(at).is_some();
    let comes = || event.begins_next(at).is_some_and(|next| next < max_until);
    if let Some(max) = change.max.filter(|max| *max < needs)
        && (on || comes())
    {
        say(Conflict::MaximumBelow {
            action: action.clone(),
            at,
            max,
            event: name.clone(),
            needs,
        });
    }
    if !on {
        return;
    }
    if let Some(desired) = change.desired.filter(|desired| *desired < needs) {
        say(Conflict::DesiredBelow {
            action: action.clone(),
            at,
            desired,
            event: name.clone(),
            needs,
        });
    } else if let Some(min) = lowered.filter(|min| *min < needs) {
        say(Conflict::MinimumLowered {
            action: action.clone(),
            at,
            min,
            event: name.clone(),
            needs,
        });
    }
}

impl Conflict {
    /// Whether both are the same at another time.
    fn is_alike(&self, other: &Self) -> bool {
        let mut moved = other.clone();
        let at = match self {
            Self::MaximumBelow { at, .. }
            | Self::DesiredBelow { at, .. }
            | Self::MinimumLowered { at, .. }
            | Self::TwoDesired { at, .. }
            | Self::AboveMaximum { at, .. } => *at,
        };
        match &mut moved {
            Self::MaximumBelow { at: its, .. }
            | Self::DesiredBelow { at: its, .. }
            | Self::MinimumLowered { at: its, .. }
            | Self::TwoDesired { at: its, .. }
            | Self::AboveMaximum { at: its, .. } => *its = at,
        }
        moved == *self
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaximumBelow {
                action,
                at,
                max,
                event,
                needs,
            } => write!(
                f,
                "scheduled action {action} sets the maximum to {max} at {at}, but known event \
                 {event} needs {needs}: raise the action's maximum"
            ),
            Self::DesiredBelow {
                action,
                at,
                desired,
                event,
                needs,
            } => write!(
                f,
                "scheduled action {action} sets desired capacity to {desired} at {at}, while known \
                 event {event} needs {needs}: AWS ends instances that Foretide then launches again"
            ),
            Self::MinimumLowered {
                action,
                at,
                min,
                event,
                needs,
            } => write!(
                f,
                "scheduled action {action} lowers the minimum to {min} at {at}, while known event \
                 {event} needs {needs}: Foretide keeps {needs} until the event is over"
            ),
            Self::TwoDesired { at, one, other } => write!(
                f,
                "scheduled actions {} and {} set desired capacity to {} and {} at the same time, \
                 {at}: which of them counts is not known",
                one.0, other.0, one.1, other.1
            ),
            Self::AboveMaximum {
                action,
                at,
                least,
                max,
            } => write!(
                f,
                "scheduled action {action} asks for {least} instances at {at}, above the maximum \
                 of {max} that then holds: AWS does not run the action"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use foretide_control::Occurs;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn change(action: &str, hour: u32, sizes: [Option<u32>; 3]) -> ScheduledChange {
        let [min, max, desired] = sizes;
        ScheduledChange {
            action: action.into(),
            at: at(&format!("2026-11-27T{hour:02}:00Z")),
            min,
            max,
            desired,
        }
    }

    fn told(changes: &[ScheduledChange]) -> Vec<String> {
        let sale = CalendarEvent {
            name: "sale".into(),
            when: Occurs::at(vec![at("2026-11-27T17:00Z")]),
            lasts: Duration::from_secs(3 * 3600),
            uplift: None,
            minimum: Some(8),
        };
        let bounds = Bounds::new(4, 20).unwrap();
        let told = conflicts(changes, &[sale], bounds, at("2026-11-29T00:00Z"));
        told.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_kind_of_conflict_is_said_with_its_evidence() {
        for (sizes, hour, what) in [
            ([Some(2), None, None], 18, "lowers the minimum to 2"),
            ([None, None, Some(2)], 18, "sets desired capacity to 2"),
            ([None, Some(5), None], 18, "sets the maximum to 5"),
            ([None, Some(5), None], 12, "sets the maximum to 5"),
            ([Some(30), None, None], 12, "above the maximum of 20"),
        ] {
            let told = told(&[change("evening", hour, sizes)]);
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(
                told[0].contains(what) && told[0].contains("evening"),
                "{told:?}"
            );
        }
        let both = told(&[
            change("a", 9, [None, None, Some(5)]),
            change("b", 9, [None, None, Some(6)]),
        ]);
        assert!(
            both[0].contains("a and b set desired capacity to 5 and 6"),
            "{both:?}"
        );
    }

    #[test]
    fn what_does_not_contradict_is_not_told() {
        for changes in [
            vec![change("before", 12, [Some(2), None, Some(2)])],
            vec![change("after", 20, [Some(2), None, Some(2)])],
            vec![change("enough", 18, [Some(8), Some(8), Some(8)])],
            vec![change("same minimum", 18, [Some(4), None, None])],
            vec![
                change("low", 12, [None, Some(5), None]),
                change("high", 16, [None, Some(20), None]),
            ],
            vec![
                change("a", 9, [None, None, Some(5)]),
                change("b", 9, [None, None, Some(5)]),
            ],
            vec![change("more", 9, [Some(30), Some(40), None])],
        ] {
            assert_eq!(told(&changes), [""; 0]);
        }
    }

    #[test]
    fn a_conflict_that_recurs_is_told_once() {
        let daily: Vec<_> = (17..20)
            .map(|hour| change("a", hour, [None, None, Some(2)]))
            .collect();
        assert_eq!(told(&daily).len(), 1);
    }
}
