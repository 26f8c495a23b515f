//! Points in time as the control cycle uses them: milliseconds since the Unix epoch.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A point in time, in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// Arithmetic saturates, so that no input from outside can overflow it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The point `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The point `seconds` seconds after the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded towards the past.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The time that has passed since `earlier`; zero where `earlier` is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This point moved into the future.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// This point moved into the past.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// A text that is no point in time.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no RFC 3339 time with an offset, such as 2024-05-01T00:00:00Z")]
pub struct NoTimestamp(String);

impl FromStr for Timestamp {
    type Err = NoTimestamp;

    /// RFC 3339 with an offset; what is finer than a millisecond is left out.
    fn from_str(text: &str) -> Result<Self, NoTimestamp> {
        match text.parse::<jiff::Timestamp>() {
            Ok(at) => Ok(Self(at.as_millisecond())),
            Err(_) => Err(NoTimestamp(text.chars().take(64).collect())),
        }
    }
}

impl Timestamp {
    /// RFC 3339 in UTC with milliseconds: of one width for every time, for columns of a log.
    pub fn stamp(self) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => format!("{at:.3}"),
            Err(_) => format!("{} ms", self.0),
        }
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC; a point beyond the calendar's range is shown in milliseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => write!(f, "{at}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_before_the_reference_point_counts_as_no_time() {
        let early = Timestamp::from_seconds(10);
        let late = Timestamp::from_seconds(25);
        assert_eq!(late.since(early), Duration::from_secs(15));
        assert_eq!(early.since(late), Duration::ZERO);
    }

    #[test]
    fn arithmetic_saturates_instead_of_wrapping() {
        let end = Timestamp::from_millis(i64::MAX);
        assert_eq!(end.plus(Duration::from_secs(1)), end);
        let start = Timestamp::from_millis(i64::MIN);
        assert_eq!(start.minus(Duration::MAX), start);
    }

    #[test]
    fn what_is_displayed_is_read_back() {
        for millis in [0, 1_795_392_000_250, -1] {
            let at = Timestamp::from_millis(millis);
            assert_eq!(at.to_string().parse(), Ok(at));
        }
        let refused = "2024-05-01T00:00:00".parse::<Timestamp>().unwrap_err();
        assert!(refused.to_string().contains("RFC 3339"), "{refused}");
    }

    #[test]
    fn display_is_rfc_3339_and_never_fails() {
        assert_eq!(
            Timestamp::from_seconds(0).to_string(),
            "1970-01-01T00:00:00Z"
        );
        assert!(
            Timestamp::from_millis(i64::MAX)
                .to_string()
                .ends_with(" ms")
        );
    }
}
