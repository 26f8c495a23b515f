//! A query and how it is cut into periods.

use std::time::Duration;

use thiserror::Error;

/// Longest text of a query, in bytes. It is sent in the address, where it may take three times as
/// much, and proxies take heads of some 16 KiB at most.
pub const QUERY_BYTES_MAX: usize = 4096;
/// Shortest and longest period.
const PERIOD: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(1);
/// Longest delay.
const DELAY_MAX: Duration = Duration::from_hours(1);
/// Delay if none is given: Prometheus's own default of `scrape_timeout`. A scrape that began within
/// a period may end so much later, and its samples carry the time at which the scrape began.
pub const DELAY_DEFAULT: Duration = Duration::from_secs(10);

/// A query in PromQL that has one series, and the length of its periods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromQuery {
    text: String,
    period: Duration,
    delay: Duration,
}

/// Why a query cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidQuery {
    /// Nothing to ask, or too much.
    #[error("a query has 1 to {QUERY_BYTES_MAX} bytes, this one has {0}")]
    Length(usize),
    /// A character that no query needs.
    #[error("the query holds a control character other than a tab or a line break")]
    Control,
    /// A period that cannot be read.
    #[error("a period has whole seconds, from 1 s to 1 h")]
    Period,
    /// A delay that is too long.
    #[error("a delay has at most 1 h")]
    Delay,
}

impl PromQuery {
    /// The query `text`, read in periods of length `period`, with the delay [`DELAY_DEFAULT`].
    ///
    /// # Errors
    /// Text or period are out of bounds. Whether the text is PromQL only the server can say.
    pub fn new(text: impl Into<String>, period: Duration) -> Result<Self, InvalidQuery> {
        let text = text.into().trim().to_owned();
        if text.is_empty() || text.len() > QUERY_BYTES_MAX {
            return Err(InvalidQuery::Length(text.len()));
        }
        if text.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
            return Err(InvalidQuery::Control);
        }
        if !PERIOD.contains(&period) || period.subsec_nanos() != 0 {
            return Err(InvalidQuery::Period);
        }
        Ok(Self {
            text,
            period,
            delay: DELAY_DEFAULT,
        })
    }

    /// The query with another delay: the time after its end at which a period counts as closed.
    ///
    /// # Errors
    /// The delay is too long.
    pub fn with_delay(mut self, delay: Duration) -> Result<Self, InvalidQuery> {
        if delay > DELAY_MAX {
            return Err(InvalidQuery::Delay);
        }
        self.delay = delay;
        Ok(self)
    }

    /// The text in PromQL.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Length of a period.
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// Time after its end at which a period counts as closed.
    pub const fn delay(&self) -> Duration {
        self.delay
    }

    /// The query for the own time of the samples, seconds since the epoch. On lines of their own,
    /// since the text may end with a comment.
    pub(crate) fn own_times(&self) -> String {
        format!("timestamp(\n{}\n)", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_bounds_is_refused() {
        let minute = Duration::from_mins(1);
        let long = "x".repeat(QUERY_BYTES_MAX + 1);
        for (text, period, error) in [
            (" \n", minute, InvalidQuery::Length(0)),
            (long.as_str(), minute, InvalidQuery::Length(4097)),
            ("up\0", minute, InvalidQuery::Control),
            ("up", Duration::ZERO, InvalidQuery::Period),
            ("up", Duration::from_millis(1500), InvalidQuery::Period),
            ("up", Duration::from_hours(2), InvalidQuery::Period),
        ] {
            assert_eq!(PromQuery::new(text, period), Err(error), "{text:?}");
        }
        let query = PromQuery::new("sum(\n\tup\n)", minute).unwrap();
        assert_eq!(query.delay(), DELAY_DEFAULT);
        let late = query.with_delay(Duration::from_hours(2));
        assert_eq!(late, Err(InvalidQuery::Delay));
    }
}
