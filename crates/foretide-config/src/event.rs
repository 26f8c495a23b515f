//! A known event of the configuration, written in one line.

use std::str::FromStr;
use std::time::Duration;

use foretide_control::{CalendarEvent, Occurs, Uplift};
use foretide_domain::Timestamp;
use jiff::civil::Time;
use schemars::JsonSchema;
use serde::Deserialize;

use super::holidays;
use super::quantity::Span;

const WEEK: Duration = Duration::from_secs(7 * 86_400);
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const EXPECTED: &str = "expected NAME WHEN for SPAN [xFACTOR | learned] [min N], WHEN being dates \
                        or times (2026-12-25, 2026-11-27T08:00Z), `holidays US` or `holidays US \
                        05:00` and further dates, `daily 08:00` or `fri 16:00`, in UTC";

/// A known event: `sale 2026-11-27T08:00Z for 12h x2.5 min 8`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct Event(pub CalendarEvent);

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
        let span: Span = span.parse().map_err(|error| wrong(&format!("{error}")))?;
        let (uplift, minimum) = demands(rest).map_err(|what| wrong(&what))?;
        if uplift.is_none() && minimum.is_none() {
            return Err(wrong(
                "it has no xFACTOR, `learned` or `min N`, so it would change nothing",
            ));
        }
        let when = occurs(when).map_err(|what| wrong(&what))?;
        let longest = match &when {
            Occurs::At(times) => longest_at(times, span.0),
            Occurs::Daily { .. } => Duration::from_secs(86_400),
            Occurs::Weekly { .. } => WEEK,
        };
        if span.0.is_zero() || span.0 > longest {
            return Err(wrong("it lasts for nothing or until after it begins again"));
        }
        Ok(Self(CalendarEvent {
            name: (*name).to_owned(),
            when,
            lasts: span.0,
            uplift,
            minimum,
        }))
    }
}

/// Longest duration of an event at `times`. Two holidays with their eves may overlap. Beyond a
/// week, the week before an occurrence, which is its reference, would belong to another occurrence.
fn longest_at(times: &[Timestamp], lasts: Duration) -> Duration {
    let mut pairs = times.iter().zip(times.iter().skip(1));
    let meet = pairs.any(|(one, next)| next.since(*one) < lasts);
    if meet { WEEK } else { Duration::MAX }
}

fn occurs(words: &[&str]) -> Result<Occurs, String> {
    match words {
        ["daily", time] => Ok(Occurs::Daily {
            minute: minute_of_day(time)?,
        }),
        [day, time] if WEEKDAYS.contains(day) => {
            let weekday = (0_u32..).zip(WEEKDAYS).find(|(_, name)| name == day);
            Ok(Occurs::Weekly {
                weekday: weekday.map_or(0, |(index, _)| index),
                minute: minute_of_day(time)?,
            })
        }
        [] => Err("no WHEN".to_owned()),
        ["holidays", country, rest @ ..] => {
            let (time, more) = match rest {
                [word, more @ ..] if word.contains(':') && !word.contains('-') => {
                    (time_of_day(word)?, more)
                }
                more => (Time::midnight(), more),
            };
            let mut times = instants(more)?;
            times.extend(holidays::of(country, time)?);
            Ok(Occurs::at(times))
        }
        times => instants(times).map(Occurs::at),
    }
}

fn instants(words: &[&str]) -> Result<Vec<Timestamp>, String> {
    words.iter().map(|text| instant(text)).collect()
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

/// Parses a time with its offset, or a date, which means midnight. A time without an offset is
/// refused here, because the library would read only its date.
fn instant(text: &str) -> Result<Timestamp, String> {
    let midnight = || {
        let date = text.parse::<jiff::civil::Date>().ok();
        let date = date.filter(|date| date.to_string() == text)?;
        jiff::tz::Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()
    };
    let at = text.parse::<jiff::Timestamp>().ok().or_else(midnight);
    at.map(|at| Timestamp::from_millis(at.as_millisecond()))
        .ok_or_else(|| format!("`{text}` is no date or time with an offset (2026-11-27T08:00Z)"))
}

/// The effect of an event. Two words that contradict each other are refused.
fn demands(words: &[&str]) -> Result<(Option<Uplift>, Option<u32>), String> {
    let (mut uplift, mut minimum) = (None, None);
    let mut rest = words;
    while let [word, after @ ..] = rest {
        rest = after;
        let again = if *word == "min"
            && let [count, after @ ..] = rest
        {
            rest = after;
            minimum.replace(capacity(count)?).is_some()
        } else {
            uplift.replace(lifted(word)?).is_some()
        };
        if again {
            return Err(format!("`{word}` says a second time how much"));
        }
    }
    Ok((uplift, minimum))
}

fn capacity(count: &str) -> Result<u32, String> {
    match count.parse() {
        Ok(0) => Err("`min 0` asks for nothing".to_owned()),
        Ok(count) => Ok(count),
        Err(_) => Err(format!("`{count}` is no capacity")),
    }
}

fn lifted(word: &str) -> Result<Uplift, String> {
    if word == "learned" {
        return Ok(Uplift::Learned);
    }
    let factor = word.strip_prefix('x');
    let factor = factor.ok_or_else(|| format!("`{word}` means nothing here"))?;
    let factor: f64 = factor
        .parse()
        .map_err(|_| format!("`{word}` is no factor"))?;
    if factor.is_finite() && factor >= 1.0 {
        Ok(Uplift::Factor(factor))
    } else {
        Err(format!("`{word}` would lower the forecast or is no number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> CalendarEvent {
        text.parse::<Event>().unwrap().0
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
