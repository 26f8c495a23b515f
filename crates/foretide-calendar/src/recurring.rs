//! A known event of the configuration that recurs by a rule.

use foretide_control::{CalendarEvent, EventSpan, Occurs};
use foretide_domain::CivilZone;
use jiff::civil::{Date, DateTime};

use crate::demand::Demand;
use crate::length::Length;
use crate::rule::{Recurrence, RuleError};
use crate::window::Window;

/// An event that recurs by a rule, before it is expanded.
#[derive(Clone, Debug, PartialEq)]
pub struct RecurringEvent {
    /// Its name.
    pub name: String,
    /// When it begins.
    pub recurrence: Recurrence,
    /// The zone whose clock it follows.
    pub zone: CivilZone,
    /// Days on which it does not begin.
    pub except_days: Vec<Date>,
    /// Times at which it does not begin.
    pub except_times: Vec<DateTime>,
    /// How long it lasts.
    pub length: Length,
    /// What it asks for.
    pub demand: Demand,
}

impl RecurringEvent {
    /// The event with its occurrences within `window`.
    ///
    /// # Errors
    /// It begins too often.
    pub fn expanded(&self, window: Window) -> Result<CalendarEvent, RuleError> {
        let begins = self.recurrence.begins(&self.zone, window)?;
        let kept = begins.into_iter().filter(|time| {
            !self.except_days.contains(&time.date()) && !self.except_times.contains(time)
        });
        let spans = kept.filter_map(|time| self.length.span(time, &self.zone));
        let spans: Vec<EventSpan> = spans.collect();
        let longest = spans.iter().map(|span| span.to.since(span.from)).max();
        Ok(CalendarEvent {
            name: self.name.clone(),
            when: Occurs::spans(spans),
            lasts: longest.unwrap_or_else(|| self.length.about()),
            uplift: self.demand.uplift,
            minimum: self.demand.minimum,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use foretide_domain::Timestamp;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn begins(zone: &str, start: &str, rule: &str, window: (&str, &str)) -> Vec<String> {
        let zone = CivilZone::named(zone).unwrap();
        let event = RecurringEvent {
            name: "sale".into(),
            recurrence: Recurrence::new(start.parse().unwrap(), rule).unwrap(),
            zone,
            except_days: vec!["2026-12-25".parse().unwrap()],
            except_times: vec!["2026-12-18T16:00".parse().unwrap()],
            length: Length::of_time(Duration::from_secs(3600)),
            demand: Demand::default(),
        };
        let window = Window {
            from: at(window.0),
            to: at(window.1),
        };
        let Occurs::Spans(spans) = event.expanded(window).unwrap().when else {
            panic!("no spans");
        };
        spans.iter().map(|span| span.from.to_string()).collect()
    }

    #[test]
    fn a_rule_follows_its_clock_over_both_ends_of_daylight_saving() {
        let weekly = "FREQ=WEEKLY;BYDAY=SU";
        assert_eq!(
            begins(
                "Europe/Berlin",
                "2026-03-22T02:30",
                weekly,
                ("2026-03-20T00:00Z", "2026-04-06T00:00Z")
            ),
            [
                "2026-03-22T01:30:00Z",
                "2026-03-29T01:30:00Z",
                "2026-04-05T00:30:00Z"
            ],
            "half past two does not exist on March 29"
        );
        assert_eq!(
            begins(
                "America/New_York",
                "2026-10-25T01:30",
                weekly,
                ("2026-10-20T00:00Z", "2026-11-09T00:00Z")
            ),
            [
                "2026-10-25T05:30:00Z",
                "2026-11-01T05:30:00Z",
                "2026-11-08T06:30:00Z"
            ],
            "half past one exists twice on November 1, and begins once"
        );
    }

    #[test]
    fn a_rule_ends_by_its_count_or_its_end_and_leaves_days_out() {
        let fridays = |end: &str| {
            let rule = format!("FREQ=WEEKLY;BYDAY=FR{end}");
            begins(
                "Europe/Berlin",
                "2026-12-04T16:00",
                &rule,
                ("2026-12-01T00:00Z", "2027-02-01T00:00Z"),
            )
        };
        // The occurrences left out of a count are counted, as RFC 5545 has it.
        assert_eq!(
            fridays(";COUNT=5"),
            [
                "2026-12-04T15:00:00Z",
                "2026-12-11T15:00:00Z",
                "2027-01-01T15:00:00Z"
            ]
        );
        for (end, count) in [
            (";UNTIL=20261211T150000Z", 2),
            (";UNTIL=20261211T145959Z", 1),
            (";UNTIL=20261211T160000", 2),
            (";UNTIL=20261211T155959", 1),
            (";UNTIL=20261211", 2),
            (";UNTIL=20261210", 1),
            (";UNTIL=20200101", 0),
            ("", 7),
        ] {
            assert_eq!(fridays(end).len(), count, "{end}");
        }
    }

    #[test]
    fn a_rule_that_recurs_too_often_or_never_ends_soon() {
        let start: DateTime = "1970-01-01T00:00".parse().unwrap();
        let minutes = (0..60).map(|it| it.to_string()).collect::<Vec<_>>();
        let minutes = minutes.join(",");
        for (rule, what) in [
            ("FREQ=SECONDLY".to_owned(), "recurs too often"),
            (
                "freq=minutely;INTERVAL=65535".to_owned(),
                "recurs too often",
            ),
            (
                format!("FREQ=YEARLY;BYMINUTE={minutes};BYSECOND={minutes}"),
                "more than 24 times a day",
            ),
            ("FREQ=DAILY;BYHOUR=25".to_owned(), "no recurrence rule"),
            ("FREQ=DAILY;UNTIL=tomorrow".to_owned(), "no recurrence rule"),
            ("DAILY".to_owned(), "no recurrence rule"),
            (format!("FREQ=DAILY;{}", "A=1;".repeat(200)), "512 bytes"),
        ] {
            let error = Recurrence::new(start, &rule).unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
        }
        let window = Window::of_rule(at("2026-11-28T00:00Z"));
        let utc = CivilZone::utc();
        let never = Recurrence::new(start, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30").unwrap();
        assert_eq!(never.begins(&utc, window), Ok(Vec::new()));
        let hourly = Recurrence::new(start, "FREQ=HOURLY").unwrap();
        assert_eq!(hourly.begins(&utc, window), Err(RuleError::TooManySteps));
        let start = "2026-01-01T00:00".parse().unwrap();
        let hourly = Recurrence::new(start, "FREQ=HOURLY").unwrap();
        assert_eq!(hourly.begins(&utc, window), Err(RuleError::TooManyBegins));
        let far = "0001-01-01T00:00".parse().unwrap();
        assert_eq!(
            Recurrence::new(far, "FREQ=DAILY"),
            Err(RuleError::OutOfYears)
        );
    }
}
