//! Policy `forecast`: what the capacity law made of the newest period. The law keeps count of
//! periods, so it is stepped when a period arrives and only read here.

use foretide_domain::{ForecastRule, Proposal, Rule};
use foretide_forecast::law::Binding;

use crate::facts::Facts;

/// The capacity that the law asked for.
pub(crate) fn propose(facts: &Facts<'_>) -> Proposal {
    let Some(output) = facts.law else {
        return Proposal {
            desired: None,
            rule: Rule::Forecast(ForecastRule::NoNewPoint),
        };
    };
    let rule = match output.binding {
        Binding::Tracking => ForecastRule::Tracking,
        Binding::Forecast => ForecastRule::Forecast,
        Binding::Load => ForecastRule::Load,
        Binding::Surge => ForecastRule::Surge,
        Binding::Band => ForecastRule::Band,
        Binding::Surplus => ForecastRule::Surplus,
        Binding::Waiting => ForecastRule::Waiting,
    };
    Proposal {
        desired: output.desired,
        rule: Rule::Forecast(rule),
    }
}
