//! Learns the kind of monitoring, and the samples that an instance adds to a period, from the
//! points themselves. Asking EC2 would need another permission and another API.

use std::collections::BTreeSet;
use std::time::Duration;

use foretide_domain::Timestamp;

const MINUTE_MS: i64 = 60_000;
const BASIC_MS: i64 = 300_000;
/// Timestamps needed to recognise basic monitoring.
const STAMPS: usize = 3;

/// How often EC2 publishes an instance's metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Monitoring {
    /// Every five minutes.
    Basic,
    /// Every minute.
    Detailed,
}

impl Monitoring {
    /// Length of the published period.
    pub const fn period(self) -> Duration {
        match self {
            Self::Basic => Duration::from_millis(BASIC_MS.unsigned_abs()),
            Self::Detailed => Duration::from_millis(MINUTE_MS.unsigned_abs()),
        }
    }
}

/// The facts learnt about one group.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sampling {
    monitoring: Option<Monitoring>,
    per_instance: Option<f64>,
    /// Samples of an instance in the newest period, while `per_instance` is not learnt.
    guessed: Option<f64>,
    /// The newest timestamps, ascending. A cycle reads two minutes, and so never gets the three
    /// timestamps at once that basic monitoring needs.
    newest: [Option<i64>; STAMPS],
}

impl Sampling {
    /// Starts from the configured kind of monitoring, if any.
    pub(crate) const fn new(monitoring: Option<Monitoring>) -> Self {
        Self {
            monitoring,
            per_instance: None,
            guessed: None,
            newest: [None; STAMPS],
        }
    }

    /// The assumption for another group with instances of the same kind.
    pub(crate) fn of_another(&self, monitoring: Option<Monitoring>) -> Self {
        Self {
            guessed: self.known(),
            ..Self::new(monitoring)
        }
    }

    pub(crate) const fn monitoring(&self) -> Option<Monitoring> {
        self.monitoring
    }

    /// Learns from the `stamps` of one series, in milliseconds since 1970, ascending. Two points
    /// less than five minutes apart are detailed monitoring. Three or more points, all on a
    /// five-minute grid, are basic monitoring. Two points five minutes apart may have a gap between
    /// them and tell nothing.
    ///
    /// Timestamps of earlier calls count as well: as many as a call brings, at least three.
    pub(crate) fn learn_spacing(&mut self, stamps: &[i64]) {
        let known = self.newest.iter().flatten();
        let all: BTreeSet<i64> = known.chain(stamps).copied().collect();
        let count = stamps.len().max(STAMPS);
        let stamps: Vec<i64> = all.into_iter().rev().take(count).collect();
        let mut newest = stamps.iter().take(STAMPS).rev();
        self.newest = std::array::from_fn(|_| newest.next().copied());
        let gaps = || stamps.iter().zip(stamps.iter().skip(1)).map(|(b, a)| b - a);
        if gaps().any(|gap| gap < BASIC_MS) {
            self.learn(Monitoring::Detailed);
        } else if gaps().count() >= 2 && gaps().all(|gap| gap % BASIC_MS == 0) {
            self.learn(Monitoring::Basic);
        }
    }

    /// Sets the kind of monitoring. Facts about another kind are dropped.
    fn learn(&mut self, monitoring: Monitoring) {
        if self.monitoring.is_some_and(|before| before != monitoring) {
            (self.per_instance, self.guessed) = (None, None);
        }
        self.monitoring = Some(monitoring);
    }

    /// The samples that one instance adds to a period. 1 with detailed monitoring. With basic
    /// monitoring the number depends on the instance's type: the median of sample count ÷ instances
    /// over `counts` (start in milliseconds since 1970, samples) while the same `in_service`
    /// instances served, rounded. Before such a period is known, the newest period's number.
    pub(crate) fn per_instance(
        &mut self,
        counts: &[(i64, f64)],
        in_service: u32,
        steady_since: Option<Timestamp>,
    ) -> f64 {
        if self.monitoring == Some(Monitoring::Detailed) || in_service == 0 {
            return self.known().unwrap_or(1.0);
        }
        let ratio = |samples: f64| samples / f64::from(in_service);
        let mut steady: Vec<f64> = counts
            .iter()
            .filter(|(start, _)| steady_since.is_some_and(|since| *start >= since.as_millis()))
            .map(|&(_, samples)| ratio(samples))
            .collect();
        steady.sort_by(f64::total_cmp);
        if let Some(median) = steady.get(steady.len() / 2) {
            self.per_instance = Some(median.round().max(1.0));
        }
        let newest = counts
            .last()
            .map(|&(_, samples)| ratio(samples).round().max(1.0));
        self.guessed = newest.or(self.guessed);
        self.known().unwrap_or(1.0)
    }

    /// The samples that one instance adds to a period; none while unknown. Without this number, a
    /// sample count does not give the number of instances.
    pub(crate) fn known(&self) -> Option<f64> {
        match self.monitoring {
            Some(Monitoring::Detailed) => Some(1.0),
            _ => self.per_instance.or(self.guessed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(minutes: &[i64], expected: Option<Monitoring>) {
        let mut sampling = Sampling::default();
        let stamps: Vec<i64> = minutes.iter().map(|minute| minute * MINUTE_MS).collect();
        sampling.learn_spacing(&stamps);
        assert_eq!(sampling.monitoring(), expected, "{minutes:?}");
    }

    #[test]
    fn spacing_tells_basic_from_detailed_and_else_nothing() {
        check(&[0, 1], Some(Monitoring::Detailed));
        check(&[0, 3, 9], Some(Monitoring::Detailed));
        check(&[0, 5, 10], Some(Monitoring::Basic));
        check(&[0, 5, 15], Some(Monitoring::Basic));
        check(&[0, 5], None);
        check(&[0], None);
        check(&[], None);
    }

    #[test]
    fn a_change_of_monitoring_is_noticed() {
        let mut sampling = Sampling::new(Some(Monitoring::Basic));
        sampling.learn_spacing(&[0, MINUTE_MS]);
        assert_eq!(sampling.monitoring(), Some(Monitoring::Detailed));
        // Each look reads the newest two minutes: never more than one stamp of basic monitoring.
        for stamp in [1, 2, 3].map(|n| n * BASIC_MS) {
            assert_eq!(sampling.monitoring(), Some(Monitoring::Detailed));
            for look in [&[stamp][..], &[stamp], &[]] {
                sampling.learn_spacing(look);
            }
        }
        assert_eq!(sampling.monitoring(), Some(Monitoring::Basic));
        assert_eq!(sampling.known(), None, "samples of detailed monitoring");
    }

    #[test]
    fn samples_of_basic_monitoring_are_learnt_while_the_fleet_is_steady() {
        let mut sampling = Sampling::new(Some(Monitoring::Basic));
        let counts = [(0, 5.0), (300_000, 10.0), (600_000, 10.0), (900_000, 8.0)];
        let since = Some(Timestamp::from_seconds(300));
        assert!((sampling.per_instance(&counts, 2, since) - 5.0).abs() < 1e-12);
        let growing = [(1_200_000, 15.0)];
        let per_instance = sampling.per_instance(&growing, 3, Some(Timestamp::from_seconds(1500)));
        assert!(
            (per_instance - 5.0).abs() < 1e-12,
            "kept while nothing steady is known"
        );
    }

    #[test]
    fn detailed_monitoring_has_one_sample_an_instance() {
        let mut sampling = Sampling::new(Some(Monitoring::Detailed));
        assert!((sampling.per_instance(&[(0, 1.0)], 4, None) - 1.0).abs() < 1e-12);
    }
}
