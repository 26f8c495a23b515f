//! iCalendar (RFC 5545) as known events.
//!
//! The lines of the file are read one by one, so that neither nested components nor a file without
//! an end can fill stack or memory. Understood are `VEVENT`s with `DTSTART`, `DTEND` or `DURATION`,
//! `RRULE`, `RDATE`, `EXDATE`, `RECURRENCE-ID` and `STATUS:CANCELLED`.

mod event;

use std::collections::BTreeMap;

use foretide_control::{CalendarEvent, EventSpan, Occurs};
use foretide_domain::CivilZone;
use ical_vcard::{Contentline, Parser};
use thiserror::Error;

use self::event::{Entry, Expanded};
use crate::demand::Demand;
use crate::line::CalendarLine;
use crate::value::shortened;
use crate::window::Window;

/// Largest calendar: 4 MiB, some ten thousand events.
pub const CALENDAR_BYTES_MAX: usize = 4 << 20;
/// Most events of a calendar.
pub const EVENTS_MAX: usize = 10_000;
/// Most events of a calendar that recur by a rule: each takes up to 30 ms to expand.
pub const RULES_MAX: usize = 500;
/// Most occurrences of a calendar in its window of nine weeks: 16 a day.
pub const OCCURRENCES_MAX: usize = 1_000;
/// Longest line, unfolded.
const LINE_MAX: usize = 64 << 10;
/// Deepest nesting of components. An alarm of an event is the third level.
const DEPTH_MAX: usize = 16;
/// Events left out that are named; the others are counted.
const NAMED_MAX: usize = 5;

/// A calendar as known events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CalendarRead {
    /// Its events with their occurrences in the window, by name.
    pub events: Vec<CalendarEvent>,
    /// Events that were left out, each with the reason.
    pub left_out: Vec<String>,
    /// Further events that were left out.
    pub more_left_out: usize,
}

/// Why a text is no calendar that can be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// It is no iCalendar.
    #[error("no iCalendar (RFC 5545): {0}")]
    NoCalendar(String),
    /// It ends too soon.
    #[error("it ends before END:VCALENDAR: only a part of it was received or written")]
    CutOff,
    /// It has too much of something.
    #[error("it has more than {most} {what}")]
    TooMuch {
        /// How much is read.
        most: usize,
        /// Of what.
        what: &'static str,
    },
}

/// The events of the calendar `text` as `line` says, with their occurrences within `window`.
///
/// # Errors
/// The text is no calendar, a part of one, or too large. One event that cannot be understood is no
/// error: [`CalendarRead::left_out`] names it.
pub fn read(text: &[u8], line: &CalendarLine, window: Window) -> Result<CalendarRead, Unreadable> {
    if text.len() > CALENDAR_BYTES_MAX {
        let (most, what) = (CALENDAR_BYTES_MAX, "bytes");
        return Err(Unreadable::TooMuch { most, what });
    }
    let Parsed { entries, zone } = parse(text)?;
    let floating = line.zone.clone().or(zone);
    let floating = floating.unwrap_or_else(CivilZone::utc);
    let mut found = Found::default();
    let mut read = CalendarRead::default();
    let moved = event::moved(&entries, &floating);
    for entry in &entries {
        if !entry.is_meant(line.only.as_deref()) {
            continue;
        }
        match entry.expanded(line.demand, &floating, window, &moved) {
            Ok(Some(expanded)) => found.take(&line.name, expanded),
            Ok(None) => {}
            Err(why) if read.left_out.len() < NAMED_MAX => {
                read.left_out
                    .push(format!("event `{}`: {why}", entry.name()));
            }
            Err(_) => read.more_left_out += 1,
        }
        if found.occurrences > OCCURRENCES_MAX {
            let (most, what) = (OCCURRENCES_MAX, "occurrences within nine weeks");
            return Err(Unreadable::TooMuch { most, what });
        }
    }
    read.events = found.events();
    Ok(read)
}

/// Occurrences by the name of their event and by what they ask for.
#[derive(Default)]
struct Found {
    by_name: BTreeMap<String, Vec<(Demand, Vec<EventSpan>)>>,
    occurrences: usize,
}

impl Found {
    fn take(&mut self, calendar: &str, expanded: Expanded) {
        self.occurrences += expanded.spans.len();
        let name = if expanded.name.is_empty() {
            calendar.to_owned()
        } else {
            format!("{calendar}: {}", expanded.name)
        };
        let alike = self.by_name.entry(name).or_default();
        match alike
            .iter_mut()
            .find(|(demand, _)| *demand == expanded.demand)
        {
            Some((_, spans)) => spans.extend(expanded.spans),
            None => alike.push((expanded.demand, expanded.spans)),
        }
    }

    /// Events of one name that ask for different things get a number: what is learnt is kept by
    /// name.
    fn events(self) -> Vec<CalendarEvent> {
        let mut events = Vec::new();
        for (name, alike) in self.by_name {
            for (number, (demand, spans)) in (1_usize..).zip(alike) {
                let longest = spans.iter().map(|span| span.to.since(span.from)).max();
                let Some(lasts) = longest.filter(|longest| !longest.is_zero()) else {
                    continue;
                };
                let name = if number == 1 {
                    name.clone()
                } else {
                    format!("{name} ({number})")
                };
                events.push(CalendarEvent {
                    name,
                    when: Occurs::spans(spans),
                    lasts,
                    uplift: demand.uplift,
                    minimum: demand.minimum,
                });
            }
        }
        events
    }
}

struct Parsed {
    entries: Vec<Entry>,
    /// The calendar's own zone, where it names one.
    zone: Option<CivilZone>,
}

fn parse(text: &[u8]) -> Result<Parsed, Unreadable> {
    let no_calendar = |why: &str| Unreadable::NoCalendar(shortened(why));
    let mut parsed = Parsed {
        entries: Vec::new(),
        zone: None,
    };
    let mut open: Vec<String> = Vec::new();
    let (mut begun, mut rules) = (false, 0);
    // A byte order mark is no part of the text; neither are empty lines at its end.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    for line in Parser::new(text.trim_ascii_end()).max_line_length(LINE_MAX) {
        let line = line.map_err(|error| no_calendar(&error.to_string()))?;
        let name = line.name().to_ascii_uppercase();
        match name.as_str() {
            "BEGIN" => {
                let component = line.value().trim().to_ascii_uppercase();
                if open.is_empty() && component != "VCALENDAR" {
                    return Err(no_calendar("it does not begin with BEGIN:VCALENDAR"));
                }
                begun = true;
                open.push(component);
                too_much(open.len(), DEPTH_MAX, "nested components")?;
                if in_event(&open) {
                    parsed.entries.push(Entry::default());
                    too_much(parsed.entries.len(), EVENTS_MAX, "events")?;
                }
            }
            "END" => {
                let component = line.value().trim().to_ascii_uppercase();
                if open.pop().as_ref() != Some(&component) {
                    return Err(no_calendar("an END has no BEGIN"));
                }
            }
            _ if open.is_empty() => {
                return Err(no_calendar("it does not begin with BEGIN:VCALENDAR"));
            }
            "X-WR-TIMEZONE" if open.len() == 1 => {
                parsed.zone = CivilZone::named(line.value().trim()).ok();
            }
            _ if in_event(&open) => {
                rules += usize::from(name == "RRULE");
                too_much(rules, RULES_MAX, "recurrence rules")?;
                if let Some(entry) = parsed.entries.last_mut() {
                    entry.take(&name, named_zone(&line), line.value());
                }
            }
            _ => {}
        }
    }
    match (begun, open.is_empty()) {
        (true, true) => Ok(parsed),
        (true, false) => Err(Unreadable::CutOff),
        (false, _) => Err(no_calendar("it is empty")),
    }
}

fn too_much(count: usize, most: usize, what: &'static str) -> Result<(), Unreadable> {
    if count > most {
        return Err(Unreadable::TooMuch { most, what });
    }
    Ok(())
}

/// Whether a line stands in an event itself, and not in an alarm of it.
fn in_event(open: &[String]) -> bool {
    matches!(open, [_, event] if event == "VEVENT")
}

fn named_zone(line: &Contentline) -> Option<&str> {
    let mut params = line.params().iter();
    let zone = params.find(|param| param.name().eq_ignore_ascii_case("TZID"))?;
    zone.values().first().map(AsRef::as_ref)
}

#[cfg(test)]
mod tests;
