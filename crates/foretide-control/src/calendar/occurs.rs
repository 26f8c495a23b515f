//! When an event occurs: a function from a rule and a time to the occurrence around it or after it.

use std::fmt;
use std::time::Duration;

use foretide_domain::{CivilZone, Timestamp};
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

const DAY_S: i64 = 86_400;
const WEEK_S: i64 = 7 * DAY_S;
/// The first day of the epoch was a Thursday; weeks are counted from Monday.
const FIRST_WEEKDAY: i64 = 3;

/// When an event begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occurs {
    /// At these times, ascending.
    At(Vec<Timestamp>),
    /// Every day at this minute of the day, UTC.
    Daily {
        /// 0 to 1439.
        minute: u32,
    },
    /// Every week, UTC.
    Weekly {
        /// 0 (Monday) to 6.
        weekday: u32,
        /// 0 to 1439.
        minute: u32,
    },
    /// By the clock of a zone.
    Local(LocalTime),
    /// At these times, each until an end of its own; ascending by begin, none of them empty.
    Spans(Vec<EventSpan>),
}

/// A time that recurs by the clock of a zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalTime {
    /// The zone.
    pub zone: CivilZone,
    /// 0 (Monday) to 6; none for every day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekday: Option<u32>,
    /// Minute of the day by that clock, 0 to 1439. On a day that skips it, the event begins later
    /// by what the clock goes forward; on a day that has it twice, at the first.
    pub minute: u32,
    /// Days that the event lasts by that clock: 23 to 25 hours each. None where it lasts for a
    /// fixed time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

/// One occurrence with its end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventSpan {
    /// When it begins.
    pub from: Timestamp,
    /// When it is over.
    pub to: Timestamp,
}

/// One line, also where the settings of a group are shown in full: there may be a thousand.
impl fmt::Debug for EventSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.from, self.to)
    }
}

impl Occurs {
    /// At these times, in any order.
    pub fn at(mut times: Vec<Timestamp>) -> Self {
        times.sort_unstable();
        times.dedup();
        Self::At(times)
    }

    /// At these times with their ends, in any order; empty ones are left out.
    pub fn spans(mut spans: Vec<EventSpan>) -> Self {
        spans.retain(|span| span.from < span.to);
        spans.sort_unstable();
        spans.dedup();
        Self::Spans(spans)
    }

    /// The beginning of the occurrence under way at `at`. `lasts` is how long one lasts, at most
    /// where each has its own end.
    pub(super) fn began(&self, at: Timestamp, lasts: Duration) -> Option<Timestamp> {
        let every = |first: i64, period: i64| {
            let since = (at.as_seconds() - first).rem_euclid(period);
            Timestamp::from_seconds(at.as_seconds() - since)
        };
        let newest = match self {
            Self::At(times) => {
                let begun = times.partition_point(|start| *start <= at);
                times.get(..begun).and_then(<[Timestamp]>::last).copied()
            }
            Self::Daily { minute } => Some(every(minute_s(*minute), DAY_S)),
            Self::Weekly { weekday, minute } => Some(every(weekly_s(*weekday, *minute), WEEK_S)),
            Self::Local(local) => return local.began(at, lasts),
            Self::Spans(spans) => return spanning(spans, at, lasts),
        };
        newest.filter(|start| at.since(*start) < lasts)
    }

    /// When it begins next, at `from` or after it.
    pub(super) fn begins_next(&self, from: Timestamp) -> Option<Timestamp> {
        let every = |first: i64, period: i64| {
            let until = (first - from.as_seconds()).rem_euclid(period);
            Timestamp::from_seconds(from.as_seconds() + until)
        };
        match self {
            Self::At(times) => {
                let begun = times.partition_point(|start| *start < from);
                times.get(begun).copied()
            }
            Self::Daily { minute } => Some(every(minute_s(*minute), DAY_S)),
            Self::Weekly { weekday, minute } => Some(every(weekly_s(*weekday, *minute), WEEK_S)),
            Self::Local(local) => local.begins_next(from),
            Self::Spans(spans) => {
                let begun = spans.partition_point(|span| span.from < from);
                spans.get(begun).map(|span| span.from)
            }
        }
    }
}

/// The newest occurrence that `at` is part of. One that began later may be over sooner.
fn spanning(spans: &[EventSpan], at: Timestamp, longest: Duration) -> Option<Timestamp> {
    let begun = spans.partition_point(|span| span.from <= at);
    let begun = spans.get(..begun)?.iter().rev();
    let mut near = begun.take_while(|span| at.since(span.from) < longest);
    near.find(|span| at < span.to).map(|span| span.from)
}

impl LocalTime {
    /// Days between two occurrences, by the clock.
    const fn every(&self) -> i64 {
        if self.weekday.is_some() { 7 } else { 1 }
    }

    fn began(&self, at: Timestamp, lasts: Duration) -> Option<Timestamp> {
        let around = self.around(at)?.into_iter().rev();
        let begun = around.filter_map(|day| Some((day, self.begins(day)?)));
        let (day, from) = begun.into_iter().find(|(_, from)| *from <= at)?;
        let to = match self.days {
            Some(days) => {
                let span = jiff::Span::new().try_days(days).ok()?;
                self.begins(day.checked_add(span).ok()?)?
            }
            None => from.plus(lasts),
        };
        (at < to).then_some(from)
    }

    fn begins_next(&self, from: Timestamp) -> Option<Timestamp> {
        let around = self.around(from)?.into_iter();
        around
            .filter_map(|day| self.begins(day))
            .find(|at| *at >= from)
    }

    /// Three days on which the event occurs, ascending. Among them are the newest day on which it
    /// has begun at `at`, and the day of the next occurrence.
    fn around(&self, at: Timestamp) -> Option<[Date; 3]> {
        let today = self.zone.civil(at)?.date();
        let since = self.weekday.map_or(0, |weekday| {
            let today = i64::from(today.weekday().to_monday_zero_offset());
            (today - i64::from(weekday)).rem_euclid(7)
        });
        let day = |days: i64| {
            let span = jiff::Span::new().days(days - since);
            today.checked_add(span).ok()
        };
        let every = self.every();
        Some([day(-every)?, day(0)?, day(every)?])
    }

    fn begins(&self, day: Date) -> Option<Timestamp> {
        let hour = i8::try_from(self.minute / 60).ok()?;
        let minute = i8::try_from(self.minute % 60).ok()?;
        let time = jiff::civil::Time::new(hour, minute, 0, 0).ok()?;
        self.zone.instant(DateTime::from_parts(day, time))
    }
}

const fn minute_s(minute: u32) -> i64 {
    minute as i64 * 60
}

/// Seconds from the beginning of the era at which a weekly event first begins.
const fn weekly_s(weekday: u32, minute: u32) -> i64 {
    (weekday as i64 - FIRST_WEEKDAY) * DAY_S + minute_s(minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn local(zone: &str, weekday: Option<u32>, minute: u32, days: Option<u32>) -> Occurs {
        Occurs::Local(LocalTime {
            zone: CivilZone::named(zone).unwrap(),
            weekday,
            minute,
            days,
        })
    }

    #[test]
    fn a_local_time_keeps_its_hour_over_both_ends_of_daylight_saving() {
        let berlin = local("Europe/Berlin", None, 8 * 60, None);
        let newyork = local("America/New_York", Some(0), 9 * 60, None);
        for (when, from, begins) in [
            (&berlin, "2026-03-28T12:00Z", "2026-03-29T06:00Z"),
            (&berlin, "2026-03-27T12:00Z", "2026-03-28T07:00Z"),
            (&berlin, "2026-10-24T12:00Z", "2026-10-25T07:00Z"),
            (&berlin, "2026-10-23T12:00Z", "2026-10-24T06:00Z"),
            (&newyork, "2026-03-03T00:00Z", "2026-03-09T13:00Z"),
            (&newyork, "2026-03-01T00:00Z", "2026-03-02T14:00Z"),
            (&newyork, "2026-10-27T00:00Z", "2026-11-02T14:00Z"),
        ] {
            let begins = at(begins);
            assert_eq!(when.begins_next(at(from)), Some(begins), "{from}");
            assert_eq!(when.begins_next(begins), Some(begins), "itself");
            assert_eq!(when.began(begins, HOUR), Some(begins));
            let last = begins.plus(HOUR).minus(Duration::from_secs(1));
            assert_eq!(when.began(last, HOUR), Some(begins));
            assert_eq!(when.began(begins.plus(HOUR), HOUR), None, "over");
        }
    }

    /// A local time that the clock skips, and one that it shows twice: one occurrence each.
    #[test]
    fn a_time_that_is_skipped_or_shown_twice_occurs_once() {
        let half_past_two = local("Europe/Berlin", None, 150, None);
        let skipped = at("2026-03-29T01:30Z");
        assert_eq!(
            half_past_two.begins_next(at("2026-03-28T02:00Z")),
            Some(skipped)
        );
        assert_eq!(
            half_past_two.begins_next(at("2026-03-29T01:31Z")),
            Some(at("2026-03-30T00:30Z"))
        );
        let first = at("2026-10-25T00:30Z");
        assert_eq!(
            half_past_two.begins_next(at("2026-10-24T12:00Z")),
            Some(first)
        );
        assert_eq!(
            half_past_two.begins_next(at("2026-10-25T00:31Z")),
            Some(at("2026-10-26T01:30Z")),
            "not again an hour later"
        );
        assert_eq!(half_past_two.began(at("2026-10-25T01:30Z"), HOUR), None);
    }

    #[test]
    fn a_day_by_the_clock_has_23_to_25_hours() {
        let day = local("America/New_York", None, 0, Some(1));
        let whole = HOUR * 24;
        for (begins, hours) in [
            ("2026-03-08T05:00Z", 23),
            ("2026-07-01T04:00Z", 24),
            ("2026-11-01T04:00Z", 25),
        ] {
            let begins = at(begins);
            let over = begins.plus(HOUR * hours);
            assert_eq!(day.began(begins, whole), Some(begins));
            let second = Duration::from_secs(1);
            assert_eq!(day.began(over.minus(second), whole), Some(begins));
            assert_eq!(day.began(over, whole), Some(over), "the next day");
        }
    }

    #[test]
    fn of_spans_that_overlap_one_that_is_not_over_counts() {
        let span = |from: &str, to: &str| EventSpan {
            from: at(from),
            to: at(to),
        };
        let long = span("2026-01-01T00:00Z", "2026-01-03T00:00Z");
        let short = span("2026-01-01T10:00Z", "2026-01-01T11:00Z");
        let empty = span("2026-01-05T10:00Z", "2026-01-05T10:00Z");
        let when = Occurs::spans(vec![short, long, empty, short]);
        assert_eq!(when, Occurs::Spans(vec![long, short]));
        let longest = HOUR * 48;
        assert_eq!(
            when.began(at("2026-01-01T10:30Z"), longest),
            Some(short.from)
        );
        assert_eq!(
            when.began(at("2026-01-01T12:00Z"), longest),
            Some(long.from)
        );
        assert_eq!(when.began(at("2026-01-03T00:00Z"), longest), None);
        assert_eq!(when.begins_next(at("2026-01-01T09:00Z")), Some(short.from));
        assert_eq!(when.begins_next(at("2026-01-02T00:00Z")), None);
    }

    #[test]
    fn times_beyond_every_calendar_occur_never() {
        let when = local("Europe/Berlin", Some(6), 1439, None);
        for far in [i64::MIN, i64::MAX] {
            let far = Timestamp::from_millis(far);
            assert_eq!(when.began(far, HOUR), None);
            assert_eq!(when.begins_next(far), None);
        }
    }
}
