//! One event of an iCalendar, and its occurrences.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use foretide_control::EventSpan;
use foretide_domain::{CivilZone, Timestamp};
use jiff::civil::DateTime;

use crate::demand::Demand;
use crate::length::{LENGTH_MAX, Length};
use crate::rule::Recurrence;
use crate::value::{Moment, shortened};
use crate::window::Window;

/// Most dates that an event lists beside its rule.
const LISTED_MAX: usize = 1_000;
/// What begins the line of a description that says what an event asks for.
const PREFIX: &str = "foretide:";

/// A value with its TZID.
type Zoned = (String, Option<String>);

/// The lines of an event that count.
#[derive(Default)]
pub(super) struct Entry {
    uid: String,
    summary: String,
    categories: String,
    /// What the event itself says that it asks for.
    own: Option<String>,
    start: Option<Zoned>,
    end: Option<Zoned>,
    duration: Option<String>,
    rules: Vec<String>,
    added: Vec<Zoned>,
    left_out: Vec<Zoned>,
    /// The occurrence that this event stands for, of the event of the same UID.
    stands_for: Option<Zoned>,
    cancelled: bool,
    /// What of the event is not understood.
    unknown: Option<&'static str>,
}

/// The occurrences of an event.
pub(super) struct Expanded {
    pub(super) name: String,
    pub(super) demand: Demand,
    pub(super) spans: Vec<EventSpan>,
}

/// Occurrences that another event stands for, by UID.
pub(super) type Moved = BTreeMap<String, BTreeSet<Timestamp>>;

/// The occurrences that events of `entries` stand for.
pub(super) fn moved(entries: &[Entry], floating: &CivilZone) -> Moved {
    let mut moved = Moved::new();
    for entry in entries {
        let at = entry.stands_for.as_ref().and_then(|zoned| {
            let moment = moment(zoned, floating).ok()?;
            moment.instant()
        });
        if let Some(at) = at {
            moved.entry(entry.uid.clone()).or_default().insert(at);
        }
    }
    moved
}

fn moment((value, zone): &Zoned, floating: &CivilZone) -> Result<Moment, String> {
    Moment::parse(value.trim(), zone.as_deref(), floating)
}

impl Entry {
    /// Takes in a line of the event.
    pub(super) fn take(&mut self, name: &str, zone: Option<&str>, value: &str) {
        let zoned = || (value.to_owned(), zone.map(str::to_owned));
        match name {
            "UID" => value.clone_into(&mut self.uid),
            "SUMMARY" => self.summary = unescaped(value),
            "CATEGORIES" => {
                self.categories.push(' ');
                self.categories.push_str(&unescaped(value));
            }
            "X-FORETIDE" => self.own = Some(unescaped(value)),
            "DESCRIPTION" => self.own = self.own.take().or_else(|| of_description(value)),
            "DTSTART" => self.start = Some(zoned()),
            "DTEND" => self.end = Some(zoned()),
            "DURATION" => self.duration = Some(value.to_owned()),
            "RRULE" => self.rules.push(value.to_owned()),
            "EXRULE" => self.unknown = Some("EXRULE, which RFC 5545 no longer has"),
            "RDATE" => list(&mut self.added, &zoned()),
            "EXDATE" => list(&mut self.left_out, &zoned()),
            "RECURRENCE-ID" => self.stands_for = Some(zoned()),
            "STATUS" => self.cancelled = value.trim().eq_ignore_ascii_case("CANCELLED"),
            _ => {}
        }
    }

    /// Its name for a person.
    pub(super) fn name(&self) -> String {
        shortened(&self.summary)
    }

    /// Whether the word `only` is in its summary or categories.
    pub(super) fn is_meant(&self, only: Option<&str>) -> bool {
        only.is_none_or(|word| {
            let word = word.to_lowercase();
            let mut texts = [&self.summary, &self.categories].into_iter();
            texts.any(|text| text.to_lowercase().contains(&word))
        })
    }

    /// Its occurrences that touch `window`; none for an event that asks for nothing.
    ///
    /// # Errors
    /// What of it cannot be understood.
    pub(super) fn expanded(
        &self,
        usual: Demand,
        floating: &CivilZone,
        window: Window,
        moved: &Moved,
    ) -> Result<Option<Expanded>, String> {
        let demand = match &self.own {
            Some(own) => {
                let words: Vec<&str> = own.split_whitespace().collect();
                Demand::parse(&words).map_err(|what| shortened(&what))?
            }
            None => usual,
        };
        if self.cancelled || demand.is_empty() {
            return Ok(None);
        }
        if let Some(unknown) = self.unknown {
            return Err(format!("it has {unknown}"));
        }
        let start = self.start.as_ref().ok_or("it has no DTSTART")?;
        let start = moment(start, floating)?;
        let length = self.length(&start, floating)?;
        if length.about().is_zero() {
            return Err("it lasts for nothing: it has neither DTEND nor DURATION".to_owned());
        }
        if length.about() > LENGTH_MAX {
            return Err("it lasts for more than 92 days".to_owned());
        }
        let spans = self.spans(&start, length, floating, window, moved)?;
        Ok(Some(Expanded {
            name: self.name(),
            demand,
            spans,
        }))
    }

    fn length(&self, start: &Moment, floating: &CivilZone) -> Result<Length, String> {
        if let Some(end) = &self.end {
            let end = moment(end, floating)?;
            if start.day && end.day {
                let days = start.civil.date().until(end.civil.date());
                let days = days
                    .ok()
                    .and_then(|days| u32::try_from(days.get_days()).ok());
                return days
                    .map(Length::of_days)
                    .ok_or_else(|| "it ends before it begins".to_owned());
            }
            let span = start.instant().zip(end.instant());
            return match span {
                Some((from, to)) if from <= to => Ok(Length::of_time(to.since(from))),
                _ => Err("it ends before it begins".to_owned()),
            };
        }
        match &self.duration {
            Some(text) => duration(text),
            None if start.day => Ok(Length::of_days(1)),
            None => Ok(Length::default()),
        }
    }

    fn spans(
        &self,
        start: &Moment,
        length: Length,
        floating: &CivilZone,
        window: Window,
        moved: &Moved,
    ) -> Result<Vec<EventSpan>, String> {
        if self.added.len().max(self.left_out.len()) > LISTED_MAX {
            return Err(format!("it lists more than {LISTED_MAX} dates"));
        }
        let longest = Window {
            from: window.from.minus(LENGTH_MAX),
            ..window
        };
        let begins = match self.rules.as_slice() {
            [] => vec![start.civil],
            [rule] => Recurrence::new(start.civil, rule)
                .and_then(|rule| rule.begins(&start.zone, longest))
                .map_err(|error| shortened(&error.to_string()))?,
            _ => return Err("it has several RRULEs".to_owned()),
        };
        let mut spans: Vec<EventSpan> = begins
            .into_iter()
            .filter_map(|civil| length.span(civil, &start.zone))
            .collect();
        for added in &self.added {
            // Of a period only its beginning counts; it lasts as long as the others.
            let (value, zone) = added;
            let begin = value.split('/').next().unwrap_or(value);
            let begin = Moment::parse(begin.trim(), zone.as_deref(), floating)?;
            let from = begin.instant().ok_or("an RDATE lies beyond the calendar")?;
            spans.extend(length.span_from(from, &start.zone));
        }
        let left_out = self.left_out.iter();
        let left_out = left_out.map(|zoned| moment(zoned, floating));
        let left_out: Vec<Moment> = left_out.collect::<Result<_, _>>()?;
        let days = left_out.iter().filter(|it| it.day);
        let days: BTreeSet<_> = days.map(|it| it.civil.date()).collect();
        let times = left_out.iter().filter(|it| !it.day);
        let mut times: BTreeSet<Timestamp> = times.filter_map(Moment::instant).collect();
        if let Some(moved) = moved.get(&self.uid).filter(|_| self.stands_for.is_none()) {
            times.extend(moved);
        }
        spans.retain(|span| {
            let day = start.zone.civil(span.from).map(DateTime::date);
            let near = span.to > window.from && span.from < window.to;
            near && !times.contains(&span.from) && !day.is_some_and(|day| days.contains(&day))
        });
        Ok(spans)
    }
}

/// Adds the values of a list, as many as are allowed and one.
fn list(values: &mut Vec<Zoned>, (value, zone): &Zoned) {
    let free = (LISTED_MAX + 1).saturating_sub(values.len());
    let more = value.split(',').take(free);
    values.extend(more.map(|value| (value.to_owned(), zone.clone())));
}

/// A duration of RFC 5545, section 3.3.6: weeks and days are those of a clock.
fn duration(text: &str) -> Result<Length, String> {
    let wrong = || format!("its DURATION `{}` is none", shortened(text));
    let span: jiff::Span = text.trim().parse().map_err(|_| wrong())?;
    if span.is_negative() || span.get_years() != 0 || span.get_months() != 0 {
        return Err(wrong());
    }
    let whole = |value: i32| u32::try_from(value).unwrap_or(u32::MAX);
    let days = whole(span.get_weeks()).saturating_mul(7);
    let seconds = |value: i64, each: u64| value.unsigned_abs().saturating_mul(each);
    let time = seconds(i64::from(span.get_hours()), 3600)
        .saturating_add(seconds(span.get_minutes(), 60))
        .saturating_add(seconds(span.get_seconds(), 1));
    Ok(Length {
        days: days.saturating_add(whole(span.get_days())),
        time: Duration::from_secs(time),
    })
}

/// What a description says that the event asks for.
fn of_description(text: &str) -> Option<String> {
    let text = unescaped(text);
    let mut lines = text.lines().map(str::trim);
    lines.find_map(|line| {
        let head = line.get(..PREFIX.len())?;
        let rest = line.get(PREFIX.len()..)?;
        head.eq_ignore_ascii_case(PREFIX)
            .then(|| rest.trim().to_owned())
    })
}

/// A text without the escapes of RFC 5545, section 3.3.11.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(next) = chars.next() {
        if next != '\\' {
            plain.push(next);
            continue;
        }
        match chars.next() {
            Some('n' | 'N') => plain.push('\n'),
            Some(escaped) => plain.push(escaped),
            None => {}
        }
    }
    plain
}
