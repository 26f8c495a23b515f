//! Safe start: what policy `forecast` may write before it has read and used the group's past.
//!
//! A controller without a history decides by little. Until the past is read it writes nothing, and
//! until the forecast has used it nothing is taken away. Both waits end by themselves, so that a
//! history that cannot be read holds nothing for long.

use std::time::Duration;

use foretide_domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::ForecastConfig;

/// A start whose past is not used yet. It survives a restart: a process that dies again and again
/// does not wait from anew each time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SafeStart {
    /// When the past was asked for.
    pub(crate) since: Timestamp,
    /// Whether a change was held back until the past is read.
    #[serde(default)]
    pub(crate) held: bool,
}

impl SafeStart {
    /// The start at `now`, where the past is asked for; `before` is the one that stands. One that
    /// has waited its time is another start.
    pub(crate) fn begin(before: Option<Self>, config: &ForecastConfig, now: Timestamp) -> Self {
        let longest = config.history_wait.max(config.scale_in_wait);
        before
            .filter(|start| start.since <= now && now.since(start.since) < longest)
            .unwrap_or(Self {
                since: now,
                held: false,
            })
    }
}

/// What is left of the two waits; zero where one is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waits {
    /// Time in which nothing is written.
    pub(crate) write: Duration,
    /// Time in which nothing is taken away.
    pub(crate) scale_in: Duration,
}

/// The waits of `start` at `now`; `reading` says whether the past is still being read.
pub(crate) fn waits(
    start: Option<SafeStart>,
    reading: bool,
    config: &ForecastConfig,
    now: Timestamp,
) -> Waits {
    let Some(start) = start else {
        return Waits::default();
    };
    let left = |wait: Duration| wait.saturating_sub(now.since(start.since));
    Waits {
        write: if reading {
            left(config.history_wait)
        } else {
            Duration::ZERO
        },
        scale_in: left(config.scale_in_wait),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ControllerConfig;
    use crate::state::SavedState;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn both_waits_end_by_themselves_and_nothing_is_written_only_while_reading() {
        let config = ForecastConfig::default();
        let start = Some(SafeStart::begin(None, &config, at(0)));
        let seconds = |start, reading, now| {
            let waits = waits(start, reading, &config, at(now));
            (waits.write.as_secs(), waits.scale_in.as_secs())
        };
        assert_eq!(seconds(start, true, 30), (90, 570));
        assert_eq!(seconds(start, false, 30), (0, 570));
        assert_eq!(seconds(start, true, 120), (0, 480));
        assert_eq!(seconds(start, true, 600), (0, 0));
        assert_eq!(seconds(None, true, 0), (0, 0));
    }

    #[test]
    fn a_restart_does_not_wait_from_anew_and_one_much_later_does() {
        let config = ForecastConfig::default();
        let first = SafeStart::begin(None, &config, at(0));
        let again = |now| SafeStart::begin(Some(first), &config, at(now)).since;
        assert_eq!(again(599), at(0));
        assert_eq!(again(600), at(600));
        assert_eq!(again(-5), at(-5), "a clock put back");
    }

    #[test]
    fn a_clock_that_was_ahead_lengthens_no_wait() {
        let config = ControllerConfig::default();
        let mut state = SavedState::new(&config, at(0));
        let start = SafeStart::begin(None, &config.forecast, at(86_400));
        state.policies.forecast.start = Some(start);
        state.forget_the_future(&config, at(0));
        let start = state.policies.forecast.start;
        let left = |now| waits(start, true, &config.forecast, at(now)).scale_in;
        assert_eq!(left(0), config.forecast.scale_in_wait);
        assert_eq!(left(600), Duration::ZERO);
    }
}
