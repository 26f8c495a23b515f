//! The allowance for reading single instances in group mode: so many metrics a minute, and so much
//! money a month.

use foretide_domain::Timestamp;

use crate::bill::{MONTH, USD_PER_METRIC_REQUESTED};

const MINUTE_S: i64 = 60;

/// What reading the CPU of single instances may cost one group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InstanceAllowance {
    /// Most metrics in a minute.
    pub metrics_per_minute: u32,
    /// Most USD in a month of 730 hours.
    pub usd_per_month: f64,
}

impl Default for InstanceAllowance {
    /// 20 metrics a minute and 0.50 USD a month.
    fn default() -> Self {
        Self {
            metrics_per_minute: 20,
            usd_per_month: 0.50,
        }
    }
}

/// What was spent of an allowance in the present minute and the present month. A restart forgets
/// it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    minute: (i64, u32),
    month: (i64, u64),
}

impl Spent {
    /// Spends `metrics`, all or none. Returns whether they were within the allowance.
    pub(crate) fn spend(
        &mut self,
        metrics: u32,
        allowance: &InstanceAllowance,
        now: Timestamp,
    ) -> bool {
        let month_s = i64::try_from(MONTH.as_secs()).unwrap_or(i64::MAX);
        let (minute, month) = (
            now.as_seconds().div_euclid(MINUTE_S),
            now.as_seconds().div_euclid(month_s),
        );
        if self.minute.0 != minute {
            self.minute = (minute, 0);
        }
        if self.month.0 != month {
            self.month = (month, 0);
        }
        let in_minute = self.minute.1.saturating_add(metrics);
        let in_month = self.month.1.saturating_add(metrics.into());
        let usd = in_month as f64 * USD_PER_METRIC_REQUESTED;
        if in_minute > allowance.metrics_per_minute || usd > allowance.usd_per_month {
            return false;
        }
        (self.minute.1, self.month.1) = (in_minute, in_month);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn a_minute_has_its_own_ceiling() {
        let (mut spent, allowance) = (Spent::default(), InstanceAllowance::default());
        assert!(spent.spend(15, &allowance, at(0)));
        assert!(!spent.spend(6, &allowance, at(59)), "21 in this minute");
        assert!(
            spent.spend(5, &allowance, at(59)),
            "what was refused is not spent"
        );
        assert!(spent.spend(20, &allowance, at(60)));
    }

    #[test]
    fn a_month_has_its_own_ceiling() {
        let (mut spent, allowance) = (Spent::default(), InstanceAllowance::default());
        let month_s = i64::try_from(MONTH.as_secs()).unwrap();
        let spends = |spent: &mut Spent, minutes: i64, from: i64| {
            let granted =
                (0..minutes).filter(|minute| spent.spend(20, &allowance, at(from + minute * 60)));
            granted.count()
        };
        // 50,000 metrics cost 0.50 USD: 2,500 minutes of twenty.
        assert_eq!(spends(&mut spent, 3000, 0), 2500);
        assert_eq!(spends(&mut spent, 10, month_s), 10);
    }
}
