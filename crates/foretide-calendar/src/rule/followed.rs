//! Rules, expanded by a library without a time zone. What a clock of the zone shows then becomes an
//! instant by the same database as every other time here, so daylight saving is judged once.

use chrono::{Datelike as _, TimeZone as _, Timelike as _};
use foretide_domain::{CivilZone, Timestamp};
use jiff::civil::{Date, DateTime};
use rrule::{RRule, RRuleSet, Tz, Unvalidated, Validated};

use super::{BEGINS_MAX, RuleError, STEPS_MAX, TIMES_MAX};
use crate::window::Window;

/// Longest text of a rule. One with every weekday and every month has a tenth of that.
const TEXT_MAX: usize = 512;
/// Years in which a rule may start: the library counts from the start.
const YEARS: std::ops::RangeInclusive<i16> = 1970..=2100;

/// The end of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    At(Timestamp),
    Civil(DateTime),
    Day(Date),
}

/// A rule with its start, by the clock of a zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Recurrence {
    start: DateTime,
    rule: RRule<Validated>,
    until: Option<Until>,
}

impl Recurrence {
    /// The rule `text` (`FREQ=WEEKLY;BYDAY=FR;COUNT=10`), which starts when the clock shows
    /// `start`.
    ///
    /// # Errors
    /// The text is no rule, or the rule recurs too often.
    pub fn new(start: DateTime, text: &str) -> Result<Self, RuleError> {
        let no_rule = |why: &str| RuleError::NoRule(why.chars().take(160).collect());
        if text.len() > TEXT_MAX {
            return Err(no_rule("longer than 512 bytes"));
        }
        if !YEARS.contains(&start.year()) {
            return Err(RuleError::OutOfYears);
        }
        let (mut kept, mut until, mut times) = (Vec::new(), None, 1_usize);
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').ok_or_else(|| no_rule(part))?;
            match key.to_ascii_uppercase().as_str() {
                "FREQ" if value.eq_ignore_ascii_case("MINUTELY") => {
                    return Err(RuleError::TooOften("MINUTELY"));
                }
                "FREQ" if value.eq_ignore_ascii_case("SECONDLY") => {
                    return Err(RuleError::TooOften("SECONDLY"));
                }
                // Read by the zone here; the library knows no floating end.
                "UNTIL" => until = Some(end(value).ok_or_else(|| no_rule(part))?),
                "BYHOUR" | "BYMINUTE" | "BYSECOND" => {
                    times = times.saturating_mul(value.split(',').count());
                    kept.push(part);
                }
                _ => kept.push(part),
            }
        }
        if times > TIMES_MAX {
            return Err(RuleError::TooManyTimes);
        }
        let rule: RRule<Unvalidated> = kept
            .join(";")
            .parse()
            .map_err(|error: rrule::RRuleError| no_rule(&error.to_string()))?;
        let first = clock(start).ok_or(RuleError::OutOfYears)?;
        let rule = rule
            .validate(first)
            .map_err(|error| no_rule(&error.to_string()))?;
        Ok(Self { start, rule, until })
    }

    /// What the clock of `zone` shows when the rule begins within `window`, ascending.
    ///
    /// # Errors
    /// It begins too often.
    pub fn begins(&self, zone: &CivilZone, window: Window) -> Result<Vec<DateTime>, RuleError> {
        let Some(first) = clock(self.start) else {
            return Err(RuleError::OutOfYears);
        };
        let set = RRuleSet::new(first).rrule(self.rule.clone()).limit();
        let mut begins = Vec::new();
        for (step, at) in set.into_iter().enumerate() {
            if step >= STEPS_MAX {
                return Err(RuleError::TooManySteps);
            }
            let Some((civil, instant)) = shown(&at).and_then(|it| Some((it, zone.instant(it)?)))
            else {
                break;
            };
            if instant >= window.to || self.is_over(civil, instant) {
                break;
            }
            if instant >= window.from {
                begins.push(civil);
            }
            if begins.len() > BEGINS_MAX {
                return Err(RuleError::TooManyBegins);
            }
        }
        Ok(begins)
    }

    fn is_over(&self, civil: DateTime, instant: Timestamp) -> bool {
        match self.until {
            None => false,
            Some(Until::At(last)) => instant > last,
            Some(Until::Civil(last)) => civil > last,
            Some(Until::Day(last)) => civil.date() > last,
        }
    }
}

fn end(text: &str) -> Option<Until> {
    if let Some(utc) = text.strip_suffix(['Z', 'z']) {
        let at = CivilZone::utc().instant(crate::value::date_time(utc)?)?;
        return Some(Until::At(at));
    }
    let day = crate::value::date(text).map(Until::Day);
    day.or_else(|| crate::value::date_time(text).map(Until::Civil))
}

/// A local time as the library takes it.
fn clock(time: DateTime) -> Option<chrono::DateTime<Tz>> {
    let unsigned = |value: i8| u32::try_from(value).ok();
    let at = Tz::UTC.with_ymd_and_hms(
        i32::from(time.year()),
        unsigned(time.month())?,
        unsigned(time.day())?,
        unsigned(time.hour())?,
        unsigned(time.minute())?,
        unsigned(time.second())?,
    );
    at.single()
}

/// A time of the library as a local time.
fn shown(at: &chrono::DateTime<Tz>) -> Option<DateTime> {
    let small = |value: u32| i8::try_from(value).ok();
    let date = Date::new(
        i16::try_from(at.year()).ok()?,
        small(at.month())?,
        small(at.day())?,
    );
    let time = jiff::civil::Time::new(
        small(at.hour())?,
        small(at.minute())?,
        small(at.second())?,
        0,
    );
    Some(DateTime::from_parts(date.ok()?, time.ok()?))
}
