//! A signal in words.

use std::fmt;

use super::fact::{Fact, fact};
use crate::{CPU_SIGNAL, Inputs, SignalFigures, SignalStanding};

/// A signal without its name: newest value and age, the load that it shows, what it asks for.
pub(super) struct InWords<'a>(pub(super) &'a SignalFigures);

impl fmt::Display for InWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(signal) = self;
        let (Some(value), Some(age)) = (signal.value, signal.age) else {
            return f.write_str("has no value");
        };
        // As many decimals as a person reads: 12000, 3.25, 0.0421.
        let decimals = match value.abs() {
            large if large >= 100.0 => 0,
            middle if middle >= 1.0 => 2,
            _ => 4,
        };
        let percent = if signal.name == CPU_SIGNAL { " %" } else { "" };
        write!(f, "{value:.decimals$}{percent}, {} s old", age.as_secs())?;
        match signal.standing {
            SignalStanding::Stale => return f.write_str(", stale"),
            SignalStanding::Late => f.write_str(", too old to scale in")?,
            SignalStanding::NotLearnt => {
                return f.write_str(", what one instance carries is not learnt yet");
            }
            SignalStanding::Fresh | SignalStanding::Missing => {}
        }
        if let Some(load) = signal.load {
            write!(f, ", load {load}")?;
        }
        if let Some([_, upper]) = signal.forecast {
            write!(f, ", 99.6 % quantile {upper}")?;
        }
        write!(f, ", asks for {}", signal.asks)
    }
}

/// Each signal with what it says and asks for.
pub(super) fn signals(inputs: &Inputs) -> Vec<Fact> {
    let fact_of = |signal: &SignalFigures| {
        let known = [
            Some(InWords(signal).to_string()),
            signal
                .per_instance
                .map(|it| format!("one instance carries {it:.6} at 100 %")),
            signal
                .coverage
                .map(|it| format!("{:.0} % of its periods have a value", 100.0 * it)),
            signal
                .history
                .map(|it| format!("history of {:.1} h", it.as_secs_f64() / 3600.0)),
            signal.binds.then(|| "it bound".to_owned()),
        ];
        let text = known.into_iter().flatten().collect::<Vec<_>>().join(", ");
        fact(&signal.name, text)
    };
    inputs.signals.iter().map(fact_of).collect()
}
