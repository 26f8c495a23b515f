//! How far each signal is judged in a cycle, and what it shows.

use std::time::Duration;

use foretide_domain::{Cause, ForecastFigures, Severity, SignalStanding, Staleness, Timestamp};
use foretide_forecast::sizing::SizingOutput;

use super::Judged;
use crate::config::{Carries, SignalConfig};
use crate::controller::Controller;
use crate::policy;
use crate::staleness::staleness;
use crate::state::Seen;

impl Controller {
    /// Judges every signal at `now`. A decision is made where one of them stands otherwise than in
    /// the cycle before.
    pub(crate) fn judge_signals(&mut self, now: Timestamp) {
        if self.config.signals.is_empty() {
            return;
        }
        self.judged = self
            .config
            .signals
            .list
            .iter()
            .filter_map(|signal| self.judged(signal, now))
            .collect();
        for judged in &self.judged {
            if let Some(side) = self.state.signals.get_mut(&judged.config.name)
                && std::mem::replace(&mut side.standing, judged.standing) != judged.standing
            {
                self.state.cycle.decide_anyway = true;
            }
        }
    }

    fn judged(&self, config: &SignalConfig, now: Timestamp) -> Option<Judged> {
        let side = self.state.signals.get(&config.name)?;
        let newest = side.newest().next().copied();
        let age = newest.map(|seen| now.since(seen.value.end()));
        let forecasts = policy::of(&self.config).forecasts();
        let trusted = newest
            .zip(age)
            .map(|(seen, age)| staleness(&self.config, forecasts, seen.value.period, age));
        let per_instance = side.per_instance();
        let learnt = config.carries != Carries::Learnt || per_instance.is_some();
        let load_of = |seen: &Seen| {
            let load = side.load(seen.value.value, seen.instances)?;
            (seen.instances > 0.0).then_some(load / seen.instances)
        };
        let (sizing, figures) = self.signal_sizing(config, trusted.map(|it| it.1));
        Some(Judged {
            config: config.clone(),
            standing: standing(trusted.map(|it| it.0), learnt),
            values: side.newest().map(|seen| seen.value).collect(),
            utilisations: side.newest().map_while(load_of).collect(),
            instances: newest.map_or(0.0, |seen| seen.instances),
            load: newest.and_then(|seen| side.load(seen.value.value, seen.instances)),
            age,
            per_instance,
            coverage: side.coverage(),
            sizing,
            paid: side.paid,
            figures,
        })
    }

    /// The answer of the signal's optimiser, less sure by `late`, and the same as figures.
    fn signal_sizing(
        &self,
        config: &SignalConfig,
        late: Option<Duration>,
    ) -> (Option<SizingOutput>, Option<ForecastFigures>) {
        let side = self.state.signals.get(&config.name);
        let saved = side.and_then(|side| side.optimiser.as_ref());
        let forecasting = self.signal_forecasts.get(&config.name);
        let Some((saved, forecasting)) = saved.zip(forecasting) else {
            return (None, None);
        };
        let Some(newest) = forecasting.output else {
            return (None, None);
        };
        let late = late.unwrap_or_default();
        let group = self.state.group.newest().filter(|_| !late.is_zero());
        let output = group.map_or(newest, |group| {
            let minutes = late.as_secs_f64() / 60.0;
            saved.optimiser.late(&newest, group.desired, minutes)
        });
        let lead_time = self.state.group.lead_time(&self.config);
        let figures = forecasting.figures(&output, saved.optimiser.config(), lead_time);
        (Some(output), Some(figures))
    }

    /// The signals that are missing or not learnt, as conditions of the group's health.
    pub(crate) fn signal_causes(&self) -> Vec<(Severity, Cause)> {
        let cause = |judged: &Judged| {
            let name = judged.config.name.clone();
            match judged.standing {
                SignalStanding::Fresh | SignalStanding::Late => None,
                SignalStanding::NotLearnt => {
                    Some((Severity::Notice, Cause::SignalNotLearnt { name }))
                }
                SignalStanding::Stale | SignalStanding::Missing => {
                    let side = self.state.signals.get(&name);
                    let missing = Cause::SignalMissing {
                        age: judged.age,
                        failure: side.and_then(|side| side.failure.clone()),
                        holds: judged.holds_scale_in(),
                        name,
                    };
                    Some((Severity::Warning, missing))
                }
            }
        };
        let serves = self
            .state
            .group
            .newest()
            .is_some_and(|it| it.counts.in_service > 0);
        let judged = self
            .judged
            .iter()
            .filter(|_| serves && self.is_past_start());
        judged.filter_map(cause).collect()
    }

    /// Whether metrics were read at all: before the first answer nothing is missing.
    fn is_past_start(&self) -> bool {
        self.state.metrics.series.newest_start().is_some()
            || self.judged.iter().any(|it| it.age.is_some())
            || self.state.metrics.stale
    }
}

fn standing(trusted: Option<Staleness>, learnt: bool) -> SignalStanding {
    match trusted {
        None => SignalStanding::Missing,
        Some(Staleness::Alarm) => SignalStanding::Stale,
        Some(_) if !learnt => SignalStanding::NotLearnt,
        Some(Staleness::ScaleOutOnly) => SignalStanding::Late,
        Some(Staleness::Fresh | Staleness::Widened) => SignalStanding::Fresh,
    }
}
