//! The cron expressions of scheduled actions: five fields, by the clock of a zone.
//!
//! Auto Scaling takes the fields of crontab: minute, hour, day of month, month, day of week, with
//! `*`, numbers, names of months and weekdays, ranges, steps and lists. Where both days are
//! restricted, one of them is enough.

use foretide_domain::CivilZone;
use jiff::civil::{Date, DateTime, Time};
use thiserror::Error;

use crate::window::Window;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A text that is no cron expression of Auto Scaling, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no cron expression of five fields with numbers, names, ranges, steps and lists")]
pub struct NoCron(String);

/// A cron expression: the values of each field as bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether a day must be of both fields, since one of them begins with `*`.
    both_days: bool,
}

impl Cron {
    /// Parses `minute hour day-of-month month day-of-week`.
    ///
    /// # Errors
    /// The text is none.
    pub fn parse(text: &str) -> Result<Self, NoCron> {
        let wrong = || NoCron(crate::value::shortened(text));
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(wrong());
        };
        let parsed = || -> Option<Self> {
            let weekdays = bits(weekday, (0, 7), &WEEKDAYS, 0)?;
            Some(Self {
                minutes: bits(minute, (0, 59), &[], 0)?,
                hours: bits(hour, (0, 23), &[], 0)?,
                days: bits(day, (1, 31), &[], 0)?,
                months: bits(month, (1, 12), &MONTHS, 1)?,
                // Sunday is 0 and 7.
                weekdays: (weekdays | (weekdays >> 7)) & 0x7f,
                both_days: day.starts_with('*') || weekday.starts_with('*'),
            })
        };
        parsed().ok_or_else(wrong)
    }

    /// What the clock of `zone` shows when it is met within `window`, ascending, `most` at most.
    pub(crate) fn times(&self, zone: &CivilZone, window: Window, most: usize) -> Vec<DateTime> {
        let mut times = Vec::new();
        let first = zone.civil(window.from).map(DateTime::date);
        let Some(mut day) = first.and_then(|day| day.yesterday().ok()) else {
            return times;
        };
        let last = zone.civil(window.to).map(DateTime::date);
        while last.is_some_and(|last| day <= last) && times.len() < most {
            if self.is_on(day) {
                let here = self.within(day).filter(|time| {
                    let at = zone.instant(*time);
                    at.is_some_and(|at| window.from <= at && at < window.to)
                });
                times.extend(here.take(most - times.len()));
            }
            match day.tomorrow() {
                Ok(tomorrow) => day = tomorrow,
                Err(_) => break,
            }
        }
        times
    }

    fn is_on(&self, day: Date) -> bool {
        let has = |bits: u64, value: i8| bits >> value.unsigned_abs() & 1 == 1;
        let of_month = has(self.days, day.day());
        let of_week = has(self.weekdays, day.weekday().to_sunday_zero_offset());
        let on = if self.both_days {
            of_month && of_week
        } else {
            of_month || of_week
        };
        on && has(self.months, day.month())
    }

    fn within(&self, day: Date) -> impl Iterator<Item = DateTime> {
        let values = |bits: u64, end: i8| (0..end).filter(move |it| bits >> it & 1 == 1);
        let minutes = self.minutes;
        values(self.hours, 24).flat_map(move |hour| {
            values(minutes, 60).filter_map(move |minute| {
                let time = Time::new(hour, minute, 0, 0).ok()?;
                Some(DateTime::from_parts(day, time))
            })
        })
    }
}

/// The values of a field. `names` stand for values from `first` on.
fn bits(field: &str, (low, high): (u32, u32), names: &[&str], first: u32) -> Option<u64> {
    let value = |text: &str| -> Option<u32> {
        let lower = text.to_ascii_lowercase();
        let named = names.iter().position(|name| **name == lower);
        let number = match named {
            Some(place) => first + u32::try_from(place).ok()?,
            None if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok()?,
            None => return None,
        };
        (low..=high).contains(&number).then_some(number)
    };
    let mut bits = 0;
    for part in field.split(',') {
        let (values, step) = match part.split_once('/') {
            Some((values, step)) => (values, step.parse::<u32>().ok().filter(|it| *it > 0)?),
            None => (part, 1),
        };
        let (from, to) = match values.split_once('-') {
            _ if values == "*" => (low, high),
            Some((from, to)) => (value(from)?, value(to)?),
            // As in crontab, `5/15` is from 5 on.
            None if part.contains('/') => (value(values)?, high),
            None => (value(values)?, value(values)?),
        };
        if from > to {
            return None;
        }
        let mut at = from;
        while at <= to {
            bits |= 1 << at;
            at = at.saturating_add(step);
        }
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use foretide_domain::Timestamp;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn times(cron: &str, zone: &str, from: &str, to: &str) -> Vec<String> {
        let zone = CivilZone::named(zone).unwrap();
        let window = Window {
            from: at(from),
            to: at(to),
        };
        let times = Cron::parse(cron).unwrap().times(&zone, window, 100);
        let instants = times.into_iter().filter_map(|time| zone.instant(time));
        instants.map(|at| at.to_string()).collect()
    }

    #[test]
    fn an_expression_follows_the_clock_of_its_zone() {
        for (cron, zone, from, to, is) in [
            (
                "0 8 * * 1-5",
                "UTC",
                "2026-11-27T00:00Z",
                "2026-12-01T00:00Z",
                vec!["2026-11-27T08:00:00Z", "2026-11-30T08:00:00Z"],
            ),
            (
                "0 8 * * MON-Fri",
                "Europe/Berlin",
                "2026-10-23T00:00Z",
                "2026-10-27T00:00Z",
                vec!["2026-10-23T06:00:00Z", "2026-10-26T07:00:00Z"],
            ),
            (
                "30 2 * * *",
                "America/New_York",
                "2026-03-07T12:00Z",
                "2026-03-09T12:00Z",
                vec!["2026-03-08T07:30:00Z", "2026-03-09T06:30:00Z"],
            ),
            (
                "30 1 * * 7",
                "America/New_York",
                "2026-10-31T12:00Z",
                "2026-11-02T12:00Z",
                vec!["2026-11-01T05:30:00Z"],
            ),
            (
                "0 0 1 jan,JUN,12 *",
                "UTC",
                "2026-11-01T00:00Z",
                "2027-02-01T00:00Z",
                vec!["2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"],
            ),
            (
                "*/30 9-10 * * *",
                "UTC",
                "2026-11-01T09:30Z",
                "2026-11-01T10:30Z",
                vec!["2026-11-01T09:30:00Z", "2026-11-01T10:00:00Z"],
            ),
            (
                "0 12 13 * 5",
                "UTC",
                "2026-11-12T00:00Z",
                "2026-11-21T00:00Z",
                vec!["2026-11-13T12:00:00Z", "2026-11-20T12:00:00Z"],
            ),
            (
                "0 12 13 * */5",
                "UTC",
                "2026-11-12T00:00Z",
                "2026-11-21T00:00Z",
                vec!["2026-11-13T12:00:00Z"],
            ),
        ] {
            assert_eq!(times(cron, zone, from, to), is, "{cron} {zone}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for bad in [
            "",
            "0 8 * *",
            "0 8 * * * *",
            "60 * * * *",
            "* 24 * * *",
            "0 0 0 * *",
            "@daily",
            "0 8 L * *",
            "0 8 * * MON#2",
            "5-1 * * * *",
            "*/0 * * * *",
            "-1 * * * *",
            "0 8 ? * *",
            "0 8 * * 8",
            "0 8 * xyz *",
            "4294967296 * * * *",
        ] {
            assert!(Cron::parse(bad).is_err(), "{bad}");
        }
        assert!(Cron::parse("59 23 31 12 7").is_ok());
    }
}
