//! Known events: when they are, what they do to load, and what they need at least.
//!
//! An event only ever asks for more. Its uplift is relative to what load would be without it: the
//! same minutes a week or some days earlier, when it was not on, else the hour before it began.
//! Stated in the
//! configuration or learned from earlier occurrences, it lifts the whole forecast until its median
//! is that many times as much; a forecast that already is, stays.

mod actions;
mod occurs;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use foretide_domain::Timestamp;
use foretide_forecast::{History, Period};
use serde::{Deserialize, Serialize};

pub use self::actions::SCHEDULED_KEPT;
pub(crate) use self::actions::scheduled_minimum;
pub use self::occurs::{EventSpan, LocalTime, Occurs};

const DAY_S: i64 = 86_400;
const WEEK_S: i64 = 7 * DAY_S;
/// Minutes over which load and what it is compared with are averaged: an uplift is no single spike.
const MEAN_MINUTES: i64 = 15;
const HOUR_MINUTES: i64 = 60;
/// How far back load is looked for at which an event was not on: as far as history is kept, less
/// the lead.
const WEEKS_BACK: i64 = 2;
const DAYS_BACK: i64 = 6;
/// The largest factor that is learned: of next to nothing anything is a multiple.
const FACTOR_MAX: f64 = 10.0;
/// Most events whose learned load is remembered, by name: as many as calendars may bring. Where
/// there are more, events that are no longer known are forgotten.
const REMEMBERED_MAX: usize = 1_000;

/// An event that is known beforehand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalendarEvent {
    /// Its name: what explanations call it, and what is learned is kept under.
    pub name: String,
    /// When it begins.
    pub when: Occurs,
    /// How long it lasts: at most, where each occurrence has its own end.
    pub lasts: Duration,
    /// What load it brings; none where only capacity is scheduled.
    pub uplift: Option<Uplift>,
    /// Capacity that it needs at least, whatever the load.
    pub minimum: Option<u32>,
}

/// How many times the usual load an event brings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Uplift {
    /// This many.
    Factor(f64),
    /// As many as earlier occurrences of the same name have shown; none before the first.
    Learned,
}

impl CalendarEvent {
    /// The beginning of the occurrence under way at `at`.
    pub fn began(&self, at: Timestamp) -> Option<Timestamp> {
        self.when.began(at, self.lasts)
    }

    /// When it begins next, at `from` or after it.
    pub fn begins_next(&self, from: Timestamp) -> Option<Timestamp> {
        self.when.begins_next(from)
    }

    /// Whether some of it lies between `from` and `to`.
    fn touches(&self, from: Timestamp, to: Timestamp) -> bool {
        let began = self.began(from).is_some();
        began || self.begins_next(from).is_some_and(|next| next <= to)
    }
}

/// Who needs a capacity at a time that is known beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needed<'a> {
    /// A known event, by its name.
    Event(&'a str),
    /// A scheduled action of the group, by its name.
    Action(&'a str),
}

impl fmt::Display for Needed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(name) => f.write_str(name),
            Self::Action(name) => write!(f, "scheduled action {name}"),
        }
    }
}

/// The capacity that events between now and `ahead` need at least, and the event that needs it.
pub(crate) fn minimum(
    events: &[CalendarEvent],
    now: Timestamp,
    ahead: Duration,
) -> Option<(u32, &CalendarEvent)> {
    events
        .iter()
        .filter(|event| event.touches(now, now.plus(ahead)))
        .filter_map(|event| Some((event.minimum?, event)))
        .max_by_key(|(minimum, _)| *minimum)
}

/// What earlier occurrences have shown, by the event's name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Learned {
    events: BTreeMap<String, Seen>,
    /// Start of the newest period taken in: history is read again after a restart and must not
    /// count twice.
    #[serde(default)]
    newest_start: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Seen {
    factor: f64,
    occurrences: u32,
    /// Beginning of the occurrence under way, and the largest factor in it.
    open: Option<(Timestamp, f64)>,
}

impl Learned {
    /// Learns from the whole of a history, where no occurrence was seen yet; `start` tells when a
    /// period begins.
    pub(crate) fn begin(
        &mut self,
        events: &[CalendarEvent],
        history: &History,
        start: impl Fn(Period) -> Timestamp,
    ) {
        let known = self.events.values().any(|seen| seen.occurrences > 0);
        let span = history.oldest().zip(history.newest());
        let Some((oldest, newest)) = span.filter(|_| !known && !events.is_empty()) else {
            return;
        };
        *self = Self::default();
        for period in (oldest..=newest).filter(|period| history.at(*period).is_some()) {
            self.observe(events, history, period, start(period));
        }
    }

    /// Takes in a period, which begins at `start`; what comes after it is not looked at.
    pub(crate) fn observe(
        &mut self,
        events: &[CalendarEvent],
        history: &History,
        newest: Period,
        start: Timestamp,
    ) {
        let seen = self.newest_start.is_some_and(|seen| start <= seen);
        if events.is_empty() || seen {
            return;
        }
        self.newest_start = Some(start);
        if self.events.len() > REMEMBERED_MAX {
            let known: BTreeSet<&str> = events.iter().map(|event| event.name.as_str()).collect();
            self.events.retain(|name, _| known.contains(name.as_str()));
        }
        for event in events.iter().filter(|event| event.uplift.is_some()) {
            let seen = self.events.entry(event.name.clone()).or_default();
            let began = event.began(start);
            if let Some((_, factor)) = seen.open.take_if(|(open, _)| began != Some(*open)) {
                seen.occurrences += 1;
                seen.factor += (factor - seen.factor) / f64::from(seen.occurrences);
            }
            let Some(began) = began else { continue };
            let usual = usual(event, history, (newest, start), began);
            let minutes = i64::from(history.grid().step_minutes());
            let width = (MEAN_MINUTES / minutes).max(1);
            let load = mean(history, newest - width + 1, newest);
            if let Some((load, usual)) = load.zip(usual) {
                let factor = (load / usual).min(FACTOR_MAX);
                let largest = seen.open.map_or(factor, |(_, before)| before.max(factor));
                seen.open = Some((began, largest));
            }
        }
    }

    fn factor(&self, event: &CalendarEvent) -> Option<f64> {
        match event.uplift? {
            Uplift::Factor(factor) => Some(factor),
            Uplift::Learned => {
                let seen = self.events.get(&event.name)?;
                (seen.occurrences > 0).then_some(seen.factor)
            }
        }
    }

    /// The load that events bring to the period `at`, which begins at `start`, in instance-percent,
    /// and the event that brings most; none where there is none or nothing to measure it by.
    pub(crate) fn expected<'e>(
        &self,
        events: &'e [CalendarEvent],
        history: &History,
        at: Period,
        start: Timestamp,
    ) -> Option<(f64, &'e CalendarEvent)> {
        events
            .iter()
            .filter_map(|event| {
                let began = event.began(start)?;
                let factor = self.factor(event)?;
                Some((factor * usual(event, history, (at, start), began)?, event))
            })
            .max_by(|a, b| a.0.total_cmp(&b.0))
    }
}

/// What load would be in the period `at`, which begins at `start`, without the occurrence that
/// began at `began`: what it was a week or so earlier, else a day or so, at a time when the event
/// was not on; else in the hour before it began.
fn usual(
    event: &CalendarEvent,
    history: &History,
    (at, start): (Period, Timestamp),
    began: Timestamp,
) -> Option<f64> {
    let minutes = i64::from(history.grid().step_minutes());
    let half = MEAN_MINUTES / minutes / 2;
    let ago = |seconds: i64| {
        let then = Timestamp::from_seconds(start.as_seconds() - seconds);
        if event.began(then).is_some() {
            return None;
        }
        let then = at - seconds / 60 / minutes;
        mean(history, then - half, then + half).filter(|load| *load > 0.0)
    };
    let first = history.grid().period_at(began.as_seconds());
    let before = || mean(history, first - HOUR_MINUTES / minutes, first - 1);
    let weeks = (1..=WEEKS_BACK).map(|weeks| weeks * WEEK_S);
    let days = (1..=DAYS_BACK).map(|days| days * DAY_S);
    weeks
        .chain(days)
        .find_map(ago)
        .or_else(before)
        .filter(|load| *load > 0.0)
}

/// Mean of what is known from one period to another; none where less than half is.
fn mean(history: &History, from: Period, to: Period) -> Option<f64> {
    let known: Vec<f64> = (from..=to)
        .filter_map(|period| history.at(period).map(f64::from))
        .collect();
    let enough = 2 * i64::try_from(known.len()).ok()? > to - from;
    (enough && !known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

#[cfg(test)]
mod tests {
    use foretide_forecast::{Grid, LoadPoint};

    use super::*;

    const MONDAY: Timestamp = Timestamp::from_seconds(1_700_438_400);
    const HOUR: Duration = Duration::from_secs(3600);

    fn event(when: Occurs, uplift: Option<Uplift>) -> CalendarEvent {
        CalendarEvent {
            name: "sale".to_owned(),
            when,
            lasts: HOUR,
            uplift,
            minimum: Some(7),
        }
    }

    #[test]
    fn an_occurrence_is_found_by_any_time_within_it() {
        let noon = MONDAY.plus(HOUR * 12);
        let daily = event(Occurs::Daily { minute: 720 }, None);
        let weekly = event(
            Occurs::Weekly {
                weekday: 0,
                minute: 720,
            },
            None,
        );
        let once = event(Occurs::at(vec![noon, MONDAY]), None);
        for event in [&daily, &weekly, &once] {
            assert_eq!(event.began(noon), Some(noon));
            assert_eq!(event.began(noon.plus(HOUR / 2)), Some(noon));
            assert_eq!(
                event.began(noon.plus(HOUR)),
                None,
                "the end is not part of it"
            );
            assert_eq!(event.began(noon.minus(HOUR / 2)), None);
        }
        let tuesday = noon.plus(HOUR * 24);
        assert_eq!(daily.began(tuesday), Some(tuesday));
        assert_eq!(weekly.began(tuesday), None);
        assert_eq!(
            weekly.began(noon.plus(HOUR * 24 * 7)),
            Some(noon.plus(HOUR * 24 * 7))
        );
    }

    #[test]
    fn a_minimum_holds_from_a_lead_time_before_to_the_end() {
        let noon = MONDAY.plus(HOUR * 12);
        let events = [event(Occurs::At(vec![noon]), None)];
        let at = |now| minimum(&events, now, HOUR / 12).map(|(least, _)| least);
        assert_eq!(at(noon.minus(HOUR / 10)), None);
        assert_eq!(at(noon.minus(HOUR / 12)), Some(7));
        assert_eq!(at(noon.plus(HOUR / 2)), Some(7));
        assert_eq!(at(noon.plus(HOUR)), None);
    }

    #[test]
    fn an_event_shorter_than_the_lead_time_is_not_missed_on_its_way() {
        let noon = MONDAY.plus(HOUR * 12);
        let minute = noon.as_seconds() - MONDAY.as_seconds();
        let minute = u32::try_from(minute / 60).unwrap();
        for when in [
            Occurs::Daily { minute },
            Occurs::Weekly { weekday: 0, minute },
            Occurs::at(vec![noon]),
        ] {
            let short = CalendarEvent {
                lasts: HOUR / 30,
                ..event(when, None)
            };
            for minutes in 1..=10 {
                let now = noon.minus(HOUR / 60 * minutes);
                let least = minimum(std::slice::from_ref(&short), now, HOUR / 6);
                assert_eq!(least.map(|(least, _)| least), Some(7), "{minutes} before");
            }
        }
    }

    /// Of a load that an occurrence has lifted already, the factor would be applied twice.
    #[test]
    fn usual_load_is_one_at_which_the_event_was_not_on() {
        let (history, periods) = history(60, &[12, 36]);
        let noon = MONDAY.plus(HOUR * 60);
        let at = periods.last().unwrap().0 + 31;
        let load = |when| {
            let events = [event(when, Some(Uplift::Factor(3.0)))];
            let expected = Learned::default().expected(&events, &history, at, noon.plus(HOUR / 2));
            expected.unwrap().0
        };
        let by_the_hour_before = load(Occurs::Daily { minute: 720 });
        assert!(
            (by_the_hour_before - 300.0).abs() < 1e-3,
            "{by_the_hour_before}"
        );
        let by_the_day_before = load(Occurs::at(vec![noon]));
        assert!(
            (by_the_day_before - 3_000.0).abs() < 1e-2,
            "{by_the_day_before}"
        );
    }

    #[test]
    fn of_next_to_nothing_no_endless_factor_is_learned() {
        let (mut whole, periods) = history(30, &[]);
        let at = MONDAY.plus(HOUR * 28);
        let next = MONDAY.plus(HOUR * 30);
        let events = [event(Occurs::at(vec![at, next]), Some(Uplift::Learned))];
        for (period, start) in &periods {
            let load = if *start < at || *start >= at.plus(HOUR) {
                0.5
            } else {
                1_000.0
            };
            let saturated = false;
            whole.revise(LoadPoint {
                period: *period,
                load,
                saturated,
            });
        }
        let mut learned = Learned::default();
        for (period, start) in &periods {
            learned.observe(&events, &whole, *period, *start);
        }
        assert!((learned.events["sale"].factor - FACTOR_MAX).abs() < 1e-9);
    }

    /// A flat load of 100, ten times as much in the given hours.
    fn history(hours: i64, high: &[i64]) -> (History, Vec<(Period, Timestamp)>) {
        let grid = Grid::new(1, 5).unwrap();
        let first = grid.period_at(MONDAY.as_seconds());
        let mut history = History::new(grid);
        let mut periods = Vec::new();
        for minute in 0..hours * 60 {
            let load = if high.contains(&(minute / 60)) {
                1000.0
            } else {
                100.0
            };
            history.push(LoadPoint {
                period: first + minute,
                load,
                saturated: false,
            });
            let start = Timestamp::from_seconds(MONDAY.as_seconds() + minute * 60);
            periods.push((first + minute, start));
        }
        (history, periods)
    }

    #[test]
    fn a_stated_uplift_is_of_the_load_a_day_earlier() {
        let (history, periods) = history(30, &[28]);
        let (newest, start) = *periods.last().unwrap();
        let in_an_hour = start.plus(HOUR);
        let events = [event(
            Occurs::At(vec![in_an_hour]),
            Some(Uplift::Factor(2.5)),
        )];
        let expected = Learned::default().expected(&events, &history, newest + 60, in_an_hour);
        assert!((expected.unwrap().0 - 250.0).abs() < 1e-3, "{expected:?}");
        let none = Learned::default().expected(&events, &history, newest + 30, start);
        assert!(none.is_none(), "before it begins");
    }

    #[test]
    fn an_uplift_is_learned_from_an_occurrence_once() {
        let (whole, periods) = history(30, &[28]);
        let at = MONDAY.plus(HOUR * 28);
        let next = MONDAY.plus(HOUR * 32);
        let events = [event(Occurs::At(vec![at, next]), Some(Uplift::Learned))];
        let mut learned = Learned::default();
        let mut growing = History::new(whole.grid());
        assert!(
            learned
                .expected(&events, &whole, periods[0].0, next)
                .is_none()
        );
        for round in 0..2 {
            for (period, start) in &periods {
                growing.push(LoadPoint {
                    period: *period,
                    load: f64::from(whole.at(*period).unwrap()),
                    saturated: false,
                });
                learned.observe(&events, &growing, *period, *start);
            }
            let newest = periods.last().unwrap().0;
            let (load, _) = learned
                .expected(&events, &whole, newest + 121, next)
                .unwrap();
            assert!((load - 1000.0).abs() < 1.0, "round {round}: {load}");
            assert_eq!(learned.events["sale"].occurrences, 1);
            growing = History::new(whole.grid());
        }
        let mut told = Learned::default();
        let first = periods[0].0;
        let start = |period| {
            MONDAY.plus(Duration::from_secs(
                60 * u64::try_from(period - first).unwrap(),
            ))
        };
        told.begin(&events, &whole, start);
        assert_eq!(told, learned, "read at once or seen one by one");
    }
}
