//! A known event of the configuration, written in one line.

use std::str::FromStr;
use std::time::Duration;

use foretide_calendar::{Demand, Length, Recurrence, RecurringEvent, Window};
use foretide_control::{CalendarEvent, EventSpan, LocalTime, Occurs};
use foretide_domain::{CivilZone, Timestamp};
use jiff::civil::{Date, DateTime, Time};
use schemars::JsonSchema;
use serde::Deserialize;

use super::holidays;
use super::quantity::Span;

const DAY: Duration = Duration::from_secs(86_400);
const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// The span from its start in which a rule is checked: as long as the window of its expansion.
const RULE_CHECKED: Duration = Duration::from_secs(4 * 366 * 86_400);
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const EXPECTED: &str = "expected NAME WHEN for SPAN [xFACTOR | learned] [min N], WHEN being dates \
                        or times (2026-12-25, 2026-11-27T08:00Z), `holidays US` or `holidays US \
                        05:00` and further dates, `daily 08:00` or `fri 16:00`, in UTC or in the \
                        zone whose name follows (daily 08:00 Europe/Berlin), or START [ZONE] rrule \
                        RULE [except DATE...] (2026-11-27T08:00 Europe/Berlin rrule FREQ=WEEKLY)";

/// A known event: `sale 2026-11-27T08:00Z for 12h x2.5 min 8`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) enum Event {
    /// Its occurrences are known.
    Known(CalendarEvent),
    /// It recurs by a rule, which is expanded at a time.
    Recurring(Box<RecurringEvent>),
}

impl TryFrom<String> for Event {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Event {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("event `{text}`: {what}; {EXPECTED}");
        let words: Vec<&str> = text.split_whitespace().collect();
        let place = words.iter().position(|word| *word == "for");
        let place = place.ok_or_else(|| wrong("no `for SPAN`"))?;
        let (head, tail) = (&words[..place], &words[place + 1..]);
        let ([name, when @ ..], [span, rest @ ..]) = (head, tail) else {
            return Err(wrong("too few words"));
        };
        let lasts: Lasts = span.parse().map_err(|what: String| wrong(&what))?;
        let demand = Demand::parse(rest).map_err(|what| wrong(&what))?;
        if demand.is_empty() {
            return Err(wrong(
                "it has no xFACTOR, `learned` or `min N`, so it would change nothing",
            ));
        }
        if when.contains(&"rrule") {
            let event = recurs(name, when, lasts, demand).map_err(|what| wrong(&what))?;
            return Ok(Self::Recurring(Box::new(event)));
        }
        let when = occurs(when, lasts).map_err(|what| wrong(&what))?;
        let longest = match &when {
            Occurs::At(times) => longest_at(times.iter().copied(), lasts.time),
            Occurs::Spans(spans) => longest_at(spans.iter().map(|span| span.from), lasts.time),
            Occurs::Daily { .. } => DAY,
            Occurs::Weekly { .. } => WEEK,
            Occurs::Local(local) => local.weekday.map_or(DAY, |_| WEEK),
        };
        if lasts.time.is_zero() || lasts.time > longest {
            return Err(wrong("it lasts for nothing or until after it begins again"));
        }
        let lasts = match &when {
            Occurs::Spans(spans) => spans.iter().map(|span| span.to.since(span.from)).max(),
            _ => None,
        }
        .unwrap_or(lasts.time);
        Ok(Self::Known(CalendarEvent {
            name: (*name).to_owned(),
            when,
            lasts,
            uplift: demand.uplift,
            minimum: demand.minimum,
        }))
    }
}

/// The event of `START [ZONE] rrule RULE [except DATE...]`.
fn recurs(
    name: &str,
    when: &[&str],
    lasts: Lasts,
    demand: Demand,
) -> Result<RecurringEvent, String> {
    let (zone, when) = match when {
        [start, name, rest @ ..] if names_zone(name) => {
            let zone = CivilZone::named(name).map_err(|error| error.to_string())?;
            (zone, (start, rest))
        }
        [start, rest @ ..] => (CivilZone::utc(), (start, rest)),
        [] => return Err("no WHEN".to_owned()),
    };
    let (start, ["rrule", rule, rest @ ..]) = when else {
        return Err("a rule stands as START [ZONE] rrule RULE [except DATE...]".to_owned());
    };
    let civil = |text: &str| match begin(text, Some(&zone))? {
        Begins::Civil(time) => Ok(time),
        Begins::At(at) => zone
            .civil(at)
            .ok_or_else(|| format!("`{text}` lies beyond the calendar")),
    };
    let except = match rest {
        [] => &[],
        ["except", dates @ ..] if !dates.is_empty() => dates,
        _ => return Err("after the rule only `except DATE...` may stand".to_owned()),
    };
    let start = civil(start)?;
    let (days, times): (Vec<&str>, Vec<&str>) =
        except.iter().copied().partition(|text| !text.contains('T'));
    let times = times.into_iter().map(civil);
    let days = days.into_iter().map(|text| Ok(civil(text)?.date()));
    let event = RecurringEvent {
        name: name.to_owned(),
        recurrence: Recurrence::new(start, rule).map_err(|error| error.to_string())?,
        except_days: days.collect::<Result<_, String>>()?,
        except_times: times.collect::<Result<_, String>>()?,
        length: lasts
            .days
            .map_or(Length::of_time(lasts.time), Length::of_days),
        demand,
        zone,
    };
    check_rule(&event, start, lasts.time)?;
    Ok(event)
}

/// Refuses a rule that begins too often, or before the occurrence before it is over.
fn check_rule(event: &RecurringEvent, start: DateTime, lasts: Duration) -> Result<(), String> {
    let from = event.zone.instant(start).unwrap_or_default();
    let to = from.plus(RULE_CHECKED);
    let expanded = event.expanded(Window { from, to });
    let expanded = expanded.map_err(|error| error.to_string())?;
    let Occurs::Spans(spans) = &expanded.when else {
        return Ok(());
    };
    let longest = longest_at(spans.iter().map(|span| span.from), lasts);
    if lasts.is_zero() || lasts > longest {
        return Err("it lasts for nothing or until after it begins again".to_owned());
    }
    Ok(())
}

/// How long an event lasts.
#[derive(Clone, Copy)]
struct Lasts {
    /// As stated, a day being 24 hours.
    time: Duration,
    /// Where whole days are stated: days of a clock have 23 to 25 hours.
    days: Option<u32>,
}

impl FromStr for Lasts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let span: Span = text.parse().map_err(|error| format!("{error}"))?;
        let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
        Ok(Self { time: span.0, days })
    }
}

/// Longest duration of an event at `times`, which ascend. Two holidays with their eves may overlap.
/// Beyond a week, the week before an occurrence, which is its reference, would belong to another
/// occurrence.
fn longest_at(times: impl Iterator<Item = Timestamp> + Clone, lasts: Duration) -> Duration {
    let mut pairs = times.clone().zip(times.skip(1));
    let meet = pairs.any(|(one, next)| next.since(one) < lasts);
    if meet { WEEK } else { Duration::MAX }
}

/// When an event occurs that lasts for `lasts`.
fn occurs(words: &[&str], lasts: Lasts) -> Result<Occurs, String> {
    let (words, zone) = match words {
        [words @ .., name] if names_zone(name) => {
            let zone = CivilZone::named(name).map_err(|error| error.to_string())?;
            (words, Some(zone))
        }
        words => (words, None),
    };
    match words {
        ["daily", time] => recurring(zone, None, time, lasts),
        [day, time] if WEEKDAYS.contains(day) => {
            let weekday = (0_u32..).zip(WEEKDAYS).find(|(_, name)| name == day);
            recurring(zone, weekday.map(|(index, _)| index), time, lasts)
        }
        [] => Err("no WHEN".to_owned()),
        ["holidays", country, rest @ ..] => {
            let (time, more) = match rest {
                [word, more @ ..] if word.contains(':') && !word.contains('-') => {
                    (time_of_day(word)?, more)
                }
                more => (Time::midnight(), more),
            };
            let mut times = begins(more, zone.as_ref())?;
            let days = holidays::of(country, time)?;
            times.extend(days.into_iter().map(Begins::Civil));
            dated(&times, zone, lasts)
        }
        times => dated(&begins(times, zone.as_ref())?, zone, lasts),
    }
}

/// Whether a word can only be the name of a zone. Names without a slash are few and old, and some
/// are names of countries.
fn names_zone(word: &str) -> bool {
    let named = word.contains('/') && word.starts_with(|first: char| first.is_ascii_alphabetic());
    named || word == "UTC"
}

fn recurring(
    zone: Option<CivilZone>,
    weekday: Option<u32>,
    time: &str,
    lasts: Lasts,
) -> Result<Occurs, String> {
    let minute = minute_of_day(time)?;
    Ok(match (zone, weekday) {
        (Some(zone), weekday) => Occurs::Local(LocalTime {
            zone,
            weekday,
            minute,
            days: lasts.days,
        }),
        (None, Some(weekday)) => Occurs::Weekly { weekday, minute },
        (None, None) => Occurs::Daily { minute },
    })
}

/// When one occurrence begins.
enum Begins {
    /// Wherever its clock is.
    At(Timestamp),
    /// By the clock of the event's zone; UTC without one.
    Civil(DateTime),
}

fn dated(times: &[Begins], zone: Option<CivilZone>, lasts: Lasts) -> Result<Occurs, String> {
    let days = lasts.days.filter(|_| zone.is_some());
    let zone = zone.unwrap_or_else(CivilZone::utc);
    let out = || "a time lies beyond the calendar".to_owned();
    let spans = times.iter().map(|begins| {
        let from = match begins {
            Begins::At(at) => *at,
            Begins::Civil(time) => zone.instant(*time).ok_or_else(out)?,
        };
        let last = || -> Option<Timestamp> {
            let first = zone.civil(from)?;
            let span = jiff::Span::new().try_days(days?).ok()?;
            zone.instant(first.checked_add(span).ok()?)
        };
        let to = last().unwrap_or_else(|| from.plus(lasts.time));
        Ok(EventSpan { from, to })
    });
    let spans: Vec<EventSpan> = spans.collect::<Result<_, String>>()?;
    Ok(if days.is_some() {
        Occurs::spans(spans)
    } else {
        Occurs::at(spans.into_iter().map(|span| span.from).collect())
    })
}

fn begins(words: &[&str], zone: Option<&CivilZone>) -> Result<Vec<Begins>, String> {
    words.iter().map(|text| begin(text, zone)).collect()
}

fn minute_of_day(text: &str) -> Result<u32, String> {
    let time = time_of_day(text)?;
    let minute = i32::from(time.hour()) * 60 + i32::from(time.minute());
    u32::try_from(minute).map_err(|error| error.to_string())
}

/// Parses a time of day, to the minute. A date, an offset or a zone is refused here, because the
/// library would accept and drop them.
fn time_of_day(text: &str) -> Result<Time, String> {
    let alone = text.chars().all(|it| it.is_ascii_digit() || it == ':');
    let time = text.parse().ok().filter(|_| alone);
    time.filter(|time: &Time| time.second() == 0)
        .ok_or_else(|| format!("`{text}` is no time of day (05:00)"))
}

/// Parses a time with its offset, or a date, which means midnight. A time without an offset is by
/// the clock of `zone`; without a zone it is refused, because the library would read only its date.
fn begin(text: &str, zone: Option<&CivilZone>) -> Result<Begins, String> {
    let date = || {
        let date = text.parse::<Date>().ok();
        let date = date.filter(|date| date.to_string() == text)?;
        Some(Begins::Civil(date.at(0, 0, 0, 0)))
    };
    let local = || {
        let alone = zone.is_some() && text.bytes().all(|it| b"0123456789-:T".contains(&it));
        let time = text.parse().ok().filter(|_| alone && text.contains('T'));
        time.map(Begins::Civil)
    };
    let at = text.parse::<jiff::Timestamp>().ok();
    let at = at.map(|at| Begins::At(Timestamp::from_millis(at.as_millisecond())));
    at.or_else(date).or_else(local).ok_or_else(|| {
        format!(
            "`{text}` is no date or time with an offset (2026-11-27T08:00Z), nor a time \
             (2026-11-27T08:00) with a zone after it"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    use foretide_control::Uplift;

    fn event(text: &str) -> CalendarEvent {
        match text.parse().unwrap() {
            Event::Known(event) => event,
            Event::Recurring(event) => {
                let from = "2026-01-01T00:00Z".parse().unwrap();
                let to = "2028-01-01T00:00Z".parse().unwrap();
                event.expanded(Window { from, to }).unwrap()
            }
        }
    }

    #[test]
    fn an_event_is_read_word_by_word() {
        let sale = event("sale 2026-11-27T08:00Z for 12h x2.5 min 8");
        assert_eq!(sale.name, "sale");
        let start = Timestamp::from_seconds(1_795_766_400);
        assert_eq!(sale.when, Occurs::At(vec![start]));
        assert_eq!(sale.lasts, Duration::from_secs(12 * 3600));
        assert_eq!(
            (sale.uplift, sale.minimum),
            (Some(Uplift::Factor(2.5)), Some(8))
        );
        let holidays = event("holiday 2026-12-25 2026-12-26 for 1d learned");
        let Occurs::At(days) = holidays.when else {
            panic!("{holidays:?}");
        };
        assert_eq!(days[1].since(days[0]), Duration::from_secs(86_400));
        assert_eq!(
            event("report daily 02:30 for 30m min 4").when,
            Occurs::Daily { minute: 150 }
        );
        let weekly = Occurs::Weekly {
            weekday: 4,
            minute: 960,
        };
        assert_eq!(event("payroll fri 16:00 for 2h x1.5").when, weekly);
    }

    #[test]
    fn holidays_of_a_country_are_dates_with_more_beside_them() {
        let dates = |text| match event(text).when {
            Occurs::At(times) => times,
            other => panic!("{other:?}"),
        };
        let seconds = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
        let christmas = Timestamp::from_seconds(seconds("2026-12-25T00:00Z"));
        let eve = Timestamp::from_seconds(seconds("2026-12-24T18:00Z"));
        let plain = dates("holiday holidays US for 1d learned");
        assert!(plain.contains(&christmas) && !plain.contains(&eve));
        let more = dates("holiday holidays US 2026-12-24T18:00Z for 1d learned");
        assert!(more.contains(&christmas) && more.contains(&eve) && more.is_sorted());
        let local = dates("holiday holidays US 05:00 2026-12-24T18:00Z for 1d learned");
        let morning = Timestamp::from_seconds(seconds("2026-12-25T05:00Z"));
        assert!(local.contains(&morning) && local.contains(&eve) && !local.contains(&christmas));
    }

    /// A zone after WHEN makes its dates and times those of the zone's clock.
    #[test]
    fn a_zone_is_the_last_word_of_when() {
        let berlin = CivilZone::named("Europe/Berlin").unwrap();
        let local = |weekday, minute, days| {
            Occurs::Local(LocalTime {
                zone: berlin.clone(),
                weekday,
                minute,
                days,
            })
        };
        let when = |text: &str| event(text).when;
        assert_eq!(
            when("report daily 02:30 Europe/Berlin for 30m min 4"),
            local(None, 150, None)
        );
        assert_eq!(
            when("open mon 00:00 Europe/Berlin for 1d min 4"),
            local(Some(0), 0, Some(1))
        );
        assert_eq!(
            when("sale 2026-07-01T08:00 2026-12-01T08:00 Europe/Berlin for 2h x2"),
            when("sale 2026-07-01T06:00Z 2026-12-01T07:00Z for 2h x2")
        );
        assert_eq!(
            when("sale 2026-12-25 UTC for 2h x2"),
            when("sale 2026-12-25 for 2h x2")
        );
        let error = "sale daily 08:00 Mars/Olympus for 1h x2".parse::<Event>();
        assert!(
            error
                .unwrap_err()
                .contains("`Mars/Olympus` is no time zone")
        );
    }

    /// A day of a clock that goes forward or back is no day of 24 hours.
    #[test]
    fn whole_days_in_a_zone_end_at_its_midnight() {
        let days = event("feast 2026-03-29 2026-10-25 Europe/Berlin for 1d x2");
        let Occurs::Spans(spans) = &days.when else {
            panic!("{days:?}");
        };
        let hours = |span: &EventSpan| span.to.since(span.from).as_secs() / 3600;
        assert_eq!(spans.iter().map(hours).collect::<Vec<_>>(), [23, 25]);
        assert_eq!(days.lasts, Duration::from_secs(25 * 3600));
        let utc = event("feast 2026-03-29 for 1d x2");
        assert!(matches!(utc.when, Occurs::At(_)), "as before: {utc:?}");
        let states = event("feast holidays US 05:00 America/New_York for 1d x2");
        let begins: Timestamp = "2026-12-25T10:00Z".parse().unwrap();
        assert_eq!(states.began(begins), Some(begins));
    }

    #[test]
    fn a_rule_stands_after_its_start_and_zone() {
        let begins = |text: &str| {
            let Occurs::Spans(spans) = event(text).when else {
                panic!("{text}");
            };
            let begins = spans.iter().map(|span| span.from.to_string());
            begins.collect::<Vec<_>>()
        };
        assert_eq!(
            begins(
                "pay 2026-10-30T16:00 Europe/Berlin rrule FREQ=MONTHLY;BYDAY=-1FR;COUNT=3 except \
                 2026-11-27 for 2h x1.5"
            ),
            ["2026-10-30T15:00:00Z", "2026-12-25T15:00:00Z"]
        );
        assert_eq!(
            begins("open 2026-03-28 Europe/Berlin rrule FREQ=DAILY;COUNT=3 for 1d min 3").len(),
            3
        );
        assert_eq!(
            begins("open 2026-03-28T08:00Z rrule FREQ=DAILY;UNTIL=20260329T080000Z for 2h min 3"),
            ["2026-03-28T08:00:00Z", "2026-03-29T08:00:00Z"]
        );
        for (text, what) in [
            ("a 2026-01-01 rrule for 1h x2", "a rule stands as"),
            ("a rrule FREQ=DAILY for 1h x2", "a rule stands as"),
            ("a 2026-01-01 rrule DAILY for 1h x2", "no recurrence rule"),
            (
                "a 2026-01-01 rrule FREQ=HOURLY for 1h x2",
                "more than 4000 times",
            ),
            ("a 2026-01-01 rrule FREQ=DAILY for 25h x2", ""),
            ("a 2026-01-01 rrule FREQ=DAILY for 8d x2", "it lasts"),
            (
                "a 2026-01-01 rrule FREQ=DAILY except for 1h x2",
                "only `except DATE...`",
            ),
            (
                "a tomorrow rrule FREQ=DAILY for 1h x2",
                "`tomorrow` is no date",
            ),
        ] {
            match text.parse::<Event>() {
                Err(error) => assert!(!what.is_empty() && error.contains(what), "{error}"),
                Ok(_) => assert!(what.is_empty(), "{text}"),
            }
        }
    }

    /// The library would read each of these texts as a date and lose the hour.
    #[test]
    fn a_time_without_its_offset_is_refused() {
        for when in [
            "2026-12-24T12:00",
            "2026-12-24T12:00:00",
            "2026-12-24T12:00[America/New_York]",
            "2026-12-24[UTC]",
            "holidays US 2026-12-24T05:00",
        ] {
            let error = format!("sale {when} for 1h min 30").parse::<Event>();
            let error = error.unwrap_err();
            let what = "is no date or time with an offset (2026-11-27T08:00Z)";
            assert!(error.contains(what), "{error}");
        }
        let zoned = event("sale 2026-12-24T12:00-05:00[America/New_York] for 1h min 30");
        assert_eq!(
            zoned.when,
            event("sale 2026-12-24T17:00Z for 1h min 3").when
        );
    }

    /// A holiday and the evening before it may be one event.
    #[test]
    fn occurrences_may_run_into_each_other_for_less_than_a_week() {
        event("feast 2026-12-24T18:00Z 2026-12-25 2026-12-26 for 7d x2");
        event("season 2026-06-01 2026-12-01 for 30d x2");
        assert!(
            "a 2026-06-01 2026-06-10 for 11d x2"
                .parse::<Event>()
                .is_err()
        );
    }

    #[test]
    fn what_makes_no_sense_is_told_with_the_form() {
        for (text, what) in [
            ("", "no `for SPAN`"),
            ("sale for 1h x2", "no WHEN"),
            ("sale daily 25:00 for 1h x2", "`25:00` is no time of day"),
            ("sale tomorrow for 1h x2", "`tomorrow` is no date"),
            ("sale daily 2026-01-01T08:00 for 1h x2", "no time of day"),
            ("feast holidays UK for 1d x2", "no country `UK`"),
            ("feast holidays US noon for 1d x2", "`noon` is no date"),
            ("sale 2026-12-25 for long x2", "a duration"),
            (
                "sale 2026-12-25 for 1h",
                "it has no xFACTOR, `learned` or `min N`, so it would change nothing",
            ),
            ("sale 2026-12-25 for 1h x0.5", "would lower"),
            ("sale 2026-12-25 for 1h xNaN", "would lower"),
            ("sale 2026-12-25 for 1h min many", "`many` is no capacity"),
            ("sale 2026-12-25 for 1h twice", "`twice` means nothing"),
            ("sale daily 08:00 for 25h x2", "it lasts"),
            ("sale daily 08:00:30 for 1h x2", "no time of day (05:00)"),
            ("sale daily 08:00+02:00 for 1h x2", "no time of day (05:00)"),
            (
                "feast holidays US 25:00 for 1d x2",
                "`25:00` is no time of day (05:00)",
            ),
            (
                "sale 2026-12-25 for 1h x2 learned",
                "`learned` says a second time",
            ),
            ("sale 2026-12-25 for 1h x2 x3", "`x3` says a second time"),
            (
                "sale 2026-12-25 for 1h min 2 x2 min 3",
                "`min` says a second time",
            ),
            ("sale 2026-12-25 for 1h min 0", "`min 0` asks for nothing"),
            ("feast holidays US 05:00 for 400d learned", "it lasts"),
        ] {
            let error = text.parse::<Event>().unwrap_err();
            assert!(
                error.contains(what) && error.contains("expected NAME"),
                "{error}"
            );
        }
    }
}
