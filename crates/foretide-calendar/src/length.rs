//! How long an occurrence lasts.

use std::time::Duration;

use foretide_control::EventSpan;
use foretide_domain::{CivilZone, Timestamp};
use jiff::civil::DateTime;

/// The longest occurrence: a quarter of a year. What lasts longer is no event.
pub const LENGTH_MAX: Duration = Duration::from_secs(92 * 86_400);

/// How long an occurrence lasts: days of its clock, which have 23 to 25 hours, and then a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Length {
    /// Days by the clock.
    pub days: u32,
    /// Time after them.
    pub time: Duration,
}

impl Length {
    /// A fixed time.
    pub const fn of_time(time: Duration) -> Self {
        Self { days: 0, time }
    }

    /// Days by the clock.
    pub const fn of_days(days: u32) -> Self {
        Self {
            days,
            time: Duration::ZERO,
        }
    }

    /// As a time, a day being 24 hours.
    pub fn about(&self) -> Duration {
        let days = Duration::from_secs(86_400).saturating_mul(self.days);
        days.saturating_add(self.time)
    }

    /// The occurrence that begins when the clock of `zone` shows `begin`; none beyond the calendar.
    pub fn span(&self, begin: DateTime, zone: &CivilZone) -> Option<EventSpan> {
        let from = zone.instant(begin)?;
        let to = if self.days == 0 {
            from
        } else {
            let days = jiff::Span::new().try_days(self.days).ok()?;
            zone.instant(begin.checked_add(days).ok()?)?
        };
        Some(EventSpan {
            from,
            to: to.plus(self.time),
        })
    }

    /// The occurrence that begins at `from`.
    pub fn span_from(&self, from: Timestamp, zone: &CivilZone) -> Option<EventSpan> {
        if self.days == 0 {
            let to = from.plus(self.time);
            return Some(EventSpan { from, to });
        }
        self.span(zone.civil(from)?, zone)
    }
}
