//! Further loads of a case: what the group's signals measure, beside the load that CPU shows.

use std::sync::Arc;

use foretide_control::{Carries, Combine, ControllerConfig, SignalConfig, Signals};
use foretide_domain::{Bounds, PolicyKind};

use crate::STEP_S;
use crate::optimum::need;
use crate::trace::Trace;

/// One further load of the group. The group is in violation while any of its loads is too much.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseSignal {
    /// Its name.
    pub name: String,
    /// The load, a total of the group.
    pub(super) trace: Arc<Trace>,
    /// Load that one instance serves at 100 %, in the trace's unit.
    pub unit: f64,
}

impl CaseSignal {
    /// Load at `at_s` seconds since t = 0; the last cell's beyond the end.
    pub(crate) fn at(&self, at_s: i64) -> f64 {
        let cells = self.trace.demand();
        let cell = usize::try_from(at_s / i64::from(self.trace.step_s())).unwrap_or(0);
        let cell = cell.min(cells.len().saturating_sub(1));
        cells.get(cell).copied().unwrap_or(0.0)
    }

    /// Mean load of the period of `period_s` seconds that starts at `start_s`.
    pub(crate) fn mean(&self, start_s: i64, period_s: u32) -> f64 {
        let step = usize::try_from(STEP_S).unwrap_or(1);
        let steps = (start_s..start_s + i64::from(period_s)).step_by(step);
        let count = steps.clone().count().max(1);
        steps.map(|at_s| self.at(at_s)).sum::<f64>() / count as f64
    }

    /// Instances needed in each cell.
    pub(super) fn needs(&self, slo: f64, bounds: Bounds) -> impl Iterator<Item = u32> + '_ {
        let cells = self.trace.demand().iter();
        cells.map(move |load| need(*load, self.unit, slo, bounds))
    }
}

/// The settings of the signals, for a controller with `config`: what one instance carries at the
/// utilisation that its policy aims at. None for policy `classifier`, which knows no signals.
pub(crate) fn settings(signals: &[CaseSignal], config: &ControllerConfig) -> Signals {
    if config.policy == PolicyKind::Classifier {
        return Signals::default();
    }
    let aim = config.aim().get() / 100.0;
    let signal = |signal: &CaseSignal| SignalConfig {
        name: signal.name.clone(),
        carries: Carries::PerInstance(signal.unit * aim),
        weight: 1.0,
        scale_in: true,
        out_above: None,
        in_below: None,
    };
    Signals {
        list: signals.iter().map(signal).collect(),
        combine: Combine::Max,
    }
}
