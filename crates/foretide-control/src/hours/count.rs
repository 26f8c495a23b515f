//! Counts the hours of a controller's group, every cycle.

use foretide_domain::Timestamp;
use foretide_forecast::sizing::{Baseline, BaselineBank};

use super::{Simulated, Terms};
use crate::controller::{Controller, GAP_INTERVALS};

impl Controller {
    /// Counts the periods that have come since the last cycle.
    pub(crate) fn count_hours(&mut self, now: Timestamp) {
        let mode = self.mode();
        let Some(reading) = &self.state.group.reading else {
            return;
        };
        let (group, config) = (&reading.group, &self.config);
        let terms = Terms {
            objective: config.forecast.objective,
            lead: self
                .state
                .group
                .lead_time(config)
                .saturating_add(config.metric_delay),
            min: group.bounds.min(),
            max: group.bounds.max(),
            budget: config.forecast.budget,
        };
        let ledger = &mut self.state.hours;
        ledger.hold(mode, now);
        let running = group.counts.in_service_and_pending();
        ledger.read(running, config.interval.saturating_mul(GAP_INTERVALS), now);
        let (target, rule) = (config.target_utilisation.get(), config.target_tracking);
        let configured = match ledger.baseline.take() {
            Some(mut known) => {
                known.aim_at(target, rule);
                known
            }
            None => Baseline::new(target, rule, group.desired),
        };
        let bank = match ledger.bank.take() {
            Some(mut known) => {
                known.follow(rule);
                known
            }
            None => BaselineBank::new(rule, group.desired),
        };
        let mut simulated = Simulated { configured, bank };
        let from = ledger.stepped;
        for point in self.state.metrics.series.points() {
            let is_new = from.is_none_or(|stepped| point.start > stepped);
            if is_new && point.start >= ledger.hours.since {
                ledger.count(point, &mut simulated, &terms);
            }
        }
        if ledger.stepped.is_some() {
            ledger.baseline = Some(simulated.configured);
            ledger.bank = Some(simulated.bank);
        }
    }
}
