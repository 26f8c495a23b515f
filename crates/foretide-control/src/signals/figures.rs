//! The signals as an explanation shows them, and as the audit sees them.

use foretide_domain::{
    CPU_SIGNAL, ForecastFigures, Proposal, SignalFigures, SignalStanding, Staleness,
};

use super::asks::capacities;
use crate::audit::AuditedSignal;
use crate::config::SignalConfig;
use crate::controller::Controller;
use crate::facts::Facts;

/// What each signal says, CPU first. Empty for a group without signals.
pub(crate) fn figures(facts: &Facts<'_>, proposal: &Proposal) -> Vec<SignalFigures> {
    if facts.signals.is_empty() {
        return Vec::new();
    }
    let asks = capacities(facts);
    let desired = facts.group.desired;
    let asked = |number: usize| asks.get(number).copied().unwrap_or(desired);
    let binds = |number: usize| proposal.signal == Some(number);
    let others = (1..)
        .zip(facts.signals)
        .map(|(number, signal)| SignalFigures {
            name: signal.config.name.clone(),
            standing: signal.standing,
            value: signal.values.first().map(|value| value.value),
            age: signal.age,
            load: signal.shown_load(),
            per_instance: signal.per_instance,
            coverage: signal.coverage,
            history: signal.figures.map(|figures| figures.history),
            forecast: quantiles(signal.figures.as_ref()),
            asks: asked(number),
            binds: binds(number),
        });
    std::iter::once(SignalFigures {
        asks: asked(0),
        binds: binds(0),
        ..cpu(facts)
    })
    .chain(others)
    .collect()
}

fn cpu(facts: &Facts<'_>) -> SignalFigures {
    SignalFigures {
        name: CPU_SIGNAL.to_owned(),
        standing: match facts.staleness() {
            _ if facts.data_age().is_none() => SignalStanding::Missing,
            Staleness::Alarm => SignalStanding::Stale,
            Staleness::ScaleOutOnly => SignalStanding::Late,
            Staleness::Fresh | Staleness::Widened => SignalStanding::Fresh,
        },
        value: facts.newest().map(|(_, cpu)| cpu.get()),
        age: facts.data_age(),
        load: facts.load(),
        per_instance: None,
        coverage: facts.coverage,
        history: facts.forecast.map(|figures| figures.history),
        forecast: quantiles(facts.forecast.as_ref()),
        asks: 0,
        binds: false,
    }
}

fn quantiles(figures: Option<&ForecastFigures>) -> Option<[foretide_domain::Load; 2]> {
    let [median, .., upper] = figures?.quantiles?;
    Some([median, upper])
}

/// The forecast of the signal that bound; none where CPU did.
pub(crate) fn forecast_of(facts: &Facts<'_>, proposal: &Proposal) -> Option<ForecastFigures> {
    let place = proposal.signal?.checked_sub(1)?;
    facts.signals.get(place)?.figures
}

impl Controller {
    /// The signals as the audit sees them: every configured one, from the values themselves, and
    /// not from what was judged. One of which nothing is known is missing.
    pub(crate) fn audited_signals(&self) -> Vec<AuditedSignal> {
        let audited = |signal: &SignalConfig| {
            let side = self.state.signals.get(&signal.name);
            let newest = side.and_then(|side| Some((side, side.newest().next()?)));
            AuditedSignal {
                scale_in: signal.scale_in,
                newest: newest.map(|(_, seen)| (seen.value.end(), seen.value.period)),
                load: newest.and_then(|(side, seen)| side.load(seen.value.value, seen.instances)),
            }
        };
        self.config.signals.list.iter().map(audited).collect()
    }
}
