//! Converts native periods to the periods and statistics asked for.

use std::collections::BTreeMap;

use foretide_domain::Timestamp;

use crate::error::ApiError;
use crate::series::StatSet;

/// A statistic. Percentiles and trimmed means are not emulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statistic {
    Average,
    Minimum,
    Maximum,
    Sum,
    SampleCount,
}

impl Statistic {
    pub(super) fn parse(name: &str) -> Result<Self, ApiError> {
        Ok(match name {
            "Average" => Self::Average,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            "Sum" => Self::Sum,
            "SampleCount" => Self::SampleCount,
            _ => {
                return Err(ApiError::parameter(
                    "the statistic is unknown, or not emulated",
                ));
            }
        })
    }

    pub(super) fn of(self, set: &StatSet) -> f64 {
        match self {
            Self::Average => set.sum / set.samples,
            Self::Minimum => set.min,
            Self::Maximum => set.max,
            Self::Sum => set.sum,
            Self::SampleCount => set.samples,
        }
    }
}

/// Checks a period in seconds: whole minutes up to a day, or one of those of high resolution.
pub(super) fn check_period(period_s: u32) -> Result<u32, ApiError> {
    let whole = period_s.is_multiple_of(60) && (60..=86_400).contains(&period_s);
    if whole || matches!(period_s, 1 | 5 | 10 | 20 | 30) {
        Ok(period_s)
    } else {
        Err(ApiError::parameter(
            "Period is not 1, 5, 10, 20, 30 or a multiple of 60 seconds up to a day",
        ))
    }
}

/// The start of the period of `period_s` seconds that holds `at`.
pub(super) fn align(at: Timestamp, period_s: u32) -> Timestamp {
    let seconds = at.as_seconds();
    Timestamp::from_seconds(seconds - seconds.rem_euclid(i64::from(period_s)))
}

/// Joins `sets` into periods of `period_s` seconds, with the start as timestamp.
pub(super) fn join(sets: Vec<StatSet>, period_s: u32) -> Vec<StatSet> {
    let mut joined: BTreeMap<Timestamp, StatSet> = BTreeMap::new();
    for set in sets {
        let start = align(set.start, period_s);
        joined
            .entry(start)
            .and_modify(|all| all.add(&set))
            .or_insert(StatSet { start, ..set });
    }
    joined.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "the values are exact")]
    fn joined_periods_weigh_samples_and_keep_extremes() {
        let set = |minute: i64, samples: f64, value: f64| StatSet {
            start: Timestamp::from_seconds(minute * 60),
            samples,
            sum: samples * value,
            min: value,
            max: value,
        };
        let joined = join(
            vec![set(1, 1.0, 10.0), set(4, 3.0, 50.0), set(5, 1.0, 7.0)],
            300,
        );
        assert_eq!(joined.len(), 2);
        assert_eq!(joined[0].start, Timestamp::from_seconds(0));
        let of = |statistic: Statistic| statistic.of(&joined[0]);
        let found = [
            Statistic::Average,
            Statistic::Minimum,
            Statistic::Maximum,
            Statistic::SampleCount,
        ];
        assert_eq!(found.map(of), [40.0, 10.0, 50.0, 4.0]);
    }

    #[test]
    fn periods_that_cloudwatch_does_not_know_are_refused() {
        for bad in [0, 15, 61, 86_460] {
            assert!(check_period(bad).is_err(), "{bad}");
        }
        assert!(check_period(300).is_ok());
    }
}
