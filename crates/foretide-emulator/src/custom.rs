//! Custom metrics: what clients put, stored in the resolution of `CloudWatch`.

use std::collections::BTreeMap;

use foretide_domain::Timestamp;

use crate::error::ApiError;
use crate::series::StatSet;

/// Most metrics stored. One costs some hundred bytes beside its points.
const METRICS_MAX: usize = 10_000;
/// Most points stored, of all metrics together: about 100 MB.
const POINTS_MAX: usize = 500_000;

/// Namespace, name and sorted dimensions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    pub(crate) namespace: String,
    pub(crate) metric: String,
    pub(crate) dimensions: Vec<(String, String)>,
}

#[derive(Debug, Default)]
struct Series {
    /// By start in seconds, and unit.
    points: BTreeMap<(i64, String), StatSet>,
}

/// The custom metrics of an emulator.
#[derive(Debug, Default)]
pub(crate) struct Custom {
    metrics: BTreeMap<Name, Series>,
    points: usize,
}

impl Custom {
    /// Adds samples to the point that starts at `samples.start`.
    ///
    /// # Errors
    /// The emulator stores no more metrics or points.
    pub(crate) fn put(&mut self, name: Name, unit: &str, samples: StatSet) -> Result<(), ApiError> {
        if !self.metrics.contains_key(&name) && self.metrics.len() >= METRICS_MAX {
            return Err(ApiError::limit(
                "the emulator stores 10000 custom metrics at most",
            ));
        }
        let key = (samples.start.as_seconds(), unit.to_owned());
        let is_new = !self
            .metrics
            .get(&name)
            .is_some_and(|one| one.points.contains_key(&key));
        if is_new && self.points >= POINTS_MAX {
            return Err(ApiError::limit("the emulator stores 500000 points at most"));
        }
        self.points += usize::from(is_new);
        let series = self.metrics.entry(name).or_default();
        let there = series.points.entry(key);
        there.and_modify(|all| all.add(&samples)).or_insert(samples);
        Ok(())
    }

    /// The points of the metric between two times (the second excluded), by unit; those of one
    /// `unit` only if one is given.
    pub(crate) fn series(
        &self,
        name: &Name,
        unit: Option<&str>,
        (from, to): (Timestamp, Timestamp),
    ) -> BTreeMap<String, Vec<StatSet>> {
        let mut found: BTreeMap<String, Vec<StatSet>> = BTreeMap::new();
        let span = (from.as_seconds(), String::new())
            ..(to.as_seconds().max(from.as_seconds()), String::new());
        let points = self.metrics.get(name).map(|one| one.points.range(span));
        for ((_, own), set) in points.into_iter().flatten() {
            if unit.is_none_or(|unit| unit == own) {
                found.entry(own.clone()).or_default().push(*set);
            }
        }
        found
    }

    /// All metrics, and those alone that have a point since `since` if a time is given.
    pub(crate) fn names(&self, since: Option<Timestamp>) -> impl Iterator<Item = &Name> {
        let recent = move |series: &Series| {
            let newest = series.points.last_key_value().map(|((at_s, _), _)| *at_s);
            since.is_none_or(|since| newest.is_some_and(|at_s| at_s >= since.as_seconds()))
        };
        let all = self.metrics.iter();
        all.filter(move |(_, series)| recent(series))
            .map(|(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(at_s: i64, value: f64) -> StatSet {
        StatSet {
            start: Timestamp::from_seconds(at_s),
            samples: 1.0,
            sum: value,
            min: value,
            max: value,
        }
    }

    fn name(metric: &str) -> Name {
        Name {
            namespace: "App".into(),
            metric: metric.into(),
            dimensions: Vec::new(),
        }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "the values are exact")]
    fn points_join_by_time_and_unit() {
        let mut custom = Custom::default();
        for (at_s, unit, value) in [(60, "Count", 1.0), (60, "Count", 5.0), (60, "Bytes", 9.0)] {
            custom.put(name("a"), unit, set(at_s, value)).unwrap();
        }
        let span = (Timestamp::from_seconds(60), Timestamp::from_seconds(120));
        let all = custom.series(&name("a"), None, span);
        assert_eq!(all.len(), 2);
        let count = all["Count"][0];
        assert_eq!(
            [count.samples, count.sum, count.min, count.max],
            [2.0, 6.0, 1.0, 5.0]
        );
        assert_eq!(custom.series(&name("a"), Some("Bytes"), span).len(), 1);
        let later = (span.1, Timestamp::from_seconds(180));
        assert!(custom.series(&name("a"), None, later).is_empty());
    }

    #[test]
    fn a_flood_of_metrics_or_points_is_refused() {
        let mut custom = Custom::default();
        for number in 0..METRICS_MAX {
            custom
                .put(name(&number.to_string()), "None", set(0, 1.0))
                .unwrap();
        }
        assert!(custom.put(name("more"), "None", set(0, 1.0)).is_err());
        custom.points = POINTS_MAX;
        assert!(custom.put(name("1"), "None", set(60, 1.0)).is_err());
        assert!(
            custom.put(name("1"), "None", set(0, 1.0)).is_ok(),
            "control"
        );
    }
}
