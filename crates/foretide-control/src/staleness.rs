//! How far the newest data is trusted: the steps of policy `forecast` from fresh data to none.
//!
//! | age of the newest period | what follows |
//! |---|---|
//! | until the next one should have been seen | fresh |
//! | to half way to the limit | the quantiles lie further apart, the later the further |
//! | to the limit (`stale_after`) | the same, and nothing is taken away |
//! | beyond | an alarm; the quantiles widen no more; `on_missing` says what is left |

use std::time::Duration;

use foretide_domain::Staleness;

use crate::config::ControllerConfig;
use crate::facts::stale_limit;

/// The step that data of this period length stands on at this age, and by how much the next period
/// is overdue. `forecasts` says whether the policy forecasts. Lateness ends at the limit: capacity
/// must not grow for as long as metrics are out.
pub(crate) fn staleness(
    config: &ControllerConfig,
    forecasts: bool,
    period: Duration,
    age: Duration,
) -> (Staleness, Duration) {
    let limit = stale_limit(config, period);
    if !forecasts {
        let step = if age > limit {
            Staleness::Alarm
        } else {
            Staleness::Fresh
        };
        return (step, Duration::ZERO);
    }
    // The next period ends one period later, is visible a delay after that, and is seen at a look.
    let due = period
        .saturating_add(config.metric_delay)
        .saturating_add(config.interval)
        .min(limit);
    let late = age.min(limit).saturating_sub(due);
    let step = if age > limit {
        Staleness::Alarm
    } else if late > limit.saturating_sub(due) / 2 {
        Staleness::ScaleOutOnly
    } else if !late.is_zero() {
        Staleness::Widened
    } else {
        Staleness::Fresh
    };
    (step, late)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(period: u64, age: u64) -> (Staleness, u64) {
        let config = ControllerConfig::default();
        let seconds = Duration::from_secs;
        let (step, late) = staleness(&config, true, seconds(period), seconds(age));
        (step, late.as_secs())
    }

    #[test]
    fn every_step_is_taken_in_order() {
        assert_eq!(at(60, 60), (Staleness::Fresh, 0));
        assert_eq!(at(60, 130), (Staleness::Fresh, 0));
        assert_eq!(at(60, 140), (Staleness::Widened, 10));
        assert_eq!(at(60, 185), (Staleness::Widened, 55));
        assert_eq!(at(60, 190), (Staleness::ScaleOutOnly, 60));
        assert_eq!(at(60, 240), (Staleness::ScaleOutOnly, 110));
        assert_eq!(at(60, 241), (Staleness::Alarm, 110));
        assert_eq!(at(60, 99_999), (Staleness::Alarm, 110));
    }

    #[test]
    fn five_minute_data_is_not_late_by_nature() {
        assert_eq!(at(300, 370), (Staleness::Fresh, 0));
        assert_eq!(at(300, 380), (Staleness::Widened, 10));
        assert_eq!(at(300, 520), (Staleness::ScaleOutOnly, 150));
        assert_eq!(at(300, 661), (Staleness::Alarm, 290));
    }

    #[test]
    fn a_long_interval_leaves_no_step_between_and_breaks_nothing() {
        let config = ControllerConfig {
            interval: Duration::from_secs(3600),
            ..ControllerConfig::default()
        };
        let minute = Duration::from_secs(60);
        let step = |age| staleness(&config, true, minute, Duration::from_secs(age)).0;
        assert_eq!(step(240), Staleness::Fresh);
        assert_eq!(step(241), Staleness::Alarm);
    }
}
