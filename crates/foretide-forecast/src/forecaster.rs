//! A group's live forecaster: history, features and the model in use, fed point by point.

use serde::{Deserialize, Serialize};

use crate::features::{FeatureState, REVISED};
use crate::fitted::{FIRST_FIT_DAYS, Fitted};
use crate::grid::{Grid, Period};
use crate::history::{History, LoadPoint};
use crate::sizing::Forecast;

/// Days between fits. Fitting more often has gained nothing.
const REFIT_DAYS: u32 = 1;

/// Where a forecast comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelSource {
    /// No model: the history is too short for one of its own and none was shipped for the grid.
    None,
    /// The shipped model of other load.
    Generic,
    /// Fitted on the group's own history.
    Own,
}

/// History, features and models of one group.
#[derive(Clone, Debug)]
pub struct Forecaster {
    history: History,
    features: Option<FeatureState>,
    held: f64,
    generic: Option<Fitted>,
    own: Option<Fitted>,
}

impl Forecaster {
    /// A forecaster without history; `generic` serves until there is a model of the group's own.
    /// A model for another grid is left out.
    pub fn new(grid: Grid, generic: Option<Fitted>) -> Self {
        Self {
            history: History::new(grid),
            features: None,
            held: 0.0,
            generic: generic.filter(|g| g.grid() == grid),
            own: None,
        }
    }

    /// A forecaster that goes on from a history, as after a restart.
    pub fn resume(history: History, generic: Option<Fitted>) -> Self {
        let mut forecaster = Self::new(history.grid(), generic);
        let known = |(_, demand): (Period, f32)| (!demand.is_nan()).then(|| f64::from(demand));
        forecaster.held = history.iter().filter_map(known).last().unwrap_or(0.0);
        forecaster.features = history.oldest().map(|_| history.feature_state());
        forecaster.history = history;
        forecaster
    }

    /// The forecaster for another lead, as when the measured lead time has changed: the history
    /// stays, a model of the group's own for the old lead goes. Nothing where the periods differ.
    pub fn with_lead(self, grid: Grid, generic: Option<Fitted>) -> Option<Self> {
        let history = self.history.with_lead(grid)?;
        Some(Self::resume(history, generic))
    }

    /// Takes a point; a gap before it is held at the last known load. Returns whether it is a new
    /// period. One of the newest that says another load than before is taken instead of it.
    pub fn observe(&mut self, point: LoadPoint) -> bool {
        if !self.history.push(point) {
            self.revise(point);
            return false;
        }
        let grid = self.history.grid();
        let restarted = self.history.len() == 1;
        if restarted {
            self.features = None;
        }
        let features = self
            .features
            .get_or_insert_with(|| FeatureState::new(grid, point.period));
        while features.next_period() < point.period {
            features.push(self.held);
        }
        self.held = point.demand();
        features.push(self.held);
        true
    }

    /// Features are taken back to before the period and replayed from the history, so that they are
    /// those of a forecaster that never saw the first load.
    fn revise(&mut self, point: LoadPoint) {
        let Some(newest) = self.history.newest() else {
            return;
        };
        let taken_back = newest - point.period + 1;
        let reach = i64::try_from(REVISED).unwrap_or(0).min(self.history.len());
        if taken_back > reach || !self.history.revise(point) {
            return;
        }
        let Some(features) = &mut self.features else {
            return;
        };
        (0..taken_back).for_each(|_| features.pop());
        let mut before = (self.history.oldest().unwrap_or(newest)..point.period).rev();
        let mut held = before
            .find_map(|at| self.history.at(at))
            .map_or(0.0, f64::from);
        for at in point.period..=newest {
            held = self.history.at(at).map_or(held, f64::from);
            features.push(held);
        }
        self.held = held;
    }

    /// The forecast from the newest point.
    pub fn forecast(&self) -> Option<Forecast> {
        let (features, model) = (self.features.as_ref()?, self.model()?);
        Some(Forecast {
            base: f64::from(features.base()),
            quantiles: model.quantiles(&features.row()),
        })
    }

    /// The newest point's demand as the features see it: the logarithm of the floored load.
    pub fn log_demand(&self) -> f64 {
        f64::from(FeatureState::log_load(self.held))
    }

    /// Which model forecasts.
    pub fn source(&self) -> ModelSource {
        match (&self.own, &self.generic) {
            (Some(_), _) => ModelSource::Own,
            (None, Some(_)) => ModelSource::Generic,
            (None, None) => ModelSource::None,
        }
    }

    /// Whether a fit is due: a day of history and none fitted, or a day since the last.
    pub fn fit_due(&self) -> bool {
        let Some(newest) = self.history.newest() else {
            return false;
        };
        let step = i64::from(self.history.grid().step_minutes());
        let day = i64::from(REFIT_DAYS) * 1440 / step;
        match self.own.as_ref().and_then(Fitted::through) {
            Some(through) => newest - through >= day,
            None => self.history.days() >= FIRST_FIT_DAYS,
        }
    }

    /// Takes a new model of the group's own; one for another grid is refused.
    pub fn install(&mut self, fitted: Fitted) -> bool {
        let fits = fitted.grid() == self.history.grid();
        if fits {
            self.own = Some(fitted);
        }
        fits
    }

    /// The history, to fit on or to keep.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The model of the group's own, to keep.
    pub fn own(&self) -> Option<&Fitted> {
        self.own.as_ref()
    }

    /// About how much memory the group takes: history, features and models.
    pub fn approximate_bytes(&self) -> usize {
        let features = self
            .features
            .as_ref()
            .map_or(0, FeatureState::approximate_bytes);
        let models = [&self.generic, &self.own].into_iter().flatten();
        let models: usize = models.map(Fitted::approximate_bytes).sum();
        self.history.demand_capacity() * size_of::<f32>() + features + models
    }

    fn model(&self) -> Option<&Fitted> {
        self.own.as_ref().or(self.generic.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever was first seen of the newest periods, late ones among them: in the end it is as
        /// if nothing but the last loads had ever come, and as if history had been read anew.
        #[test]
        fn a_revised_load_leaves_no_trace_of_the_first(
            steps in prop::collection::vec(
                (1.0..5_000.0_f64, 0.2..3.0_f64, 0..10_u8, 0..3_i64),
                80..160,
            ),
            minutes in prop::sample::select(vec![1_u32, 5]),
        ) {
            let grid = Grid::for_boot(minutes, 3).unwrap();
            let new = || Forecaster::new(grid, crate::generic(grid).unwrap());
            let (mut plain, mut revised) = (new(), new());
            let point = |period, load| LoadPoint { period, load, saturated: false };
            let mut periods: Vec<(Period, f64)> = Vec::new();
            for (load, first, kind, back) in steps {
                let newest = periods.last().map_or(0, |(period, _)| *period);
                // One in ten leaves a gap, which the next may still fill.
                let period = newest + if kind == 0 { 2 } else { 1 };
                revised.observe(point(period, load * first));
                periods.push((period, load));
                let late = period - back;
                let is_new = periods.iter().all(|(known, _)| *known != late);
                if is_new && late > periods[0].0 && late < period {
                    revised.observe(point(late, load));
                    periods.push((late, load));
                    periods.sort_by_key(|(known, _)| *known);
                }
                revised.observe(point(period, load));
            }
            for (period, load) in &periods {
                plain.observe(point(*period, *load));
            }
            prop_assert_eq!(plain.history(), revised.history());
            prop_assert_eq!(plain.forecast(), revised.forecast());
            prop_assert_eq!(plain.log_demand().to_bits(), revised.log_demand().to_bits());
            let anew = Forecaster::resume(revised.history().clone(), crate::generic(grid).unwrap());
            prop_assert_eq!(anew.forecast(), revised.forecast());
        }
    }
}
