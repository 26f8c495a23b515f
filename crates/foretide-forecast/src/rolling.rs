//! Accuracy as it would have been: history replayed, forecast by forecast, with the refits that the
//! group would have had.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::features::FeatureState;
use crate::fitted::{FitError, FitParams, Fitted, fit};
use crate::forecaster::Forecaster;
use crate::grid::{Grid, Period};
use crate::history::LoadPoint;
use crate::scores::{Matured, Scores, is_rising};
use crate::sizing::{Curve, LiveError, SizingConfig};

/// Accuracy of the trees alone and of the curve that capacity is chosen by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rolling {
    /// The trees' quantiles.
    pub trees: Scores,
    /// The same, widened by the live error.
    pub curve: Scores,
    /// Refits.
    pub fits: u32,
}

struct Open {
    target: Period,
    trees: [f64; 5],
    curve: [f64; 5],
    rising: bool,
}

/// Forecasts every point of `points` (in order) from those a lead before it, refitting daily, and
/// scores the forecasts made from period `from` on. Nothing later than a forecast enters it. `seen`
/// is told of every period that was forecast, with the quantiles of the curve.
pub fn rolling(
    points: &[LoadPoint],
    grid: Grid,
    generic: Option<Fitted>,
    from: Period,
    seed: u64,
    seen: &mut dyn FnMut(Period, &Matured),
) -> Result<Rolling, FitError> {
    let widening = SizingConfig::new(grid, 0).widening;
    let mut forecaster = Forecaster::new(grid, generic);
    let mut error = LiveError::new();
    let mut open: VecDeque<Open> = VecDeque::new();
    let mut recent: Vec<f64> = Vec::new();
    let mut result = Rolling::default();
    for point in points {
        if !forecaster.observe(*point) {
            continue;
        }
        settle(&mut open, &forecaster, point, &mut result, seen);
        recent.push(point.demand());
        if recent.len() > 60 {
            recent.drain(..30);
        }
        error.observe(forecaster.log_demand(), grid);
        let forecast = forecaster.forecast();
        let curve = forecast.map(|f| Curve::new(f.base, f.quantiles, error.sigma(), widening));
        error.remember(curve.as_ref());
        if let (Some(f), Some(curve)) = (forecast, curve)
            && point.period >= from
        {
            open.push_back(Open {
                target: point.period + i64::from(grid.lead_steps()),
                trees: f.quantiles.map(|q| (q + f.base).exp()),
                curve: curve.points().map(f64::exp),
                rising: is_rising(&recent, grid.step_minutes()),
            });
        }
        if forecaster.fit_due() {
            let fitted = fit(forecaster.history(), &FitParams::default(), seed)?;
            forecaster.install(fitted);
            result.fits += 1;
        }
    }
    Ok(result)
}

/// Scores the forecasts for `point`; those for a period that never came are dropped.
fn settle(
    open: &mut VecDeque<Open>,
    forecaster: &Forecaster,
    point: &LoadPoint,
    to: &mut Rolling,
    seen: &mut dyn FnMut(Period, &Matured),
) {
    let day = forecaster.history().grid().periods(1440);
    while open.front().is_some_and(|o| o.target <= point.period) {
        let Some(o) = open.pop_front().filter(|o| o.target == point.period) else {
            continue;
        };
        let load = FeatureState::log_load(point.demand());
        let ago = forecaster.history().at(point.period - day);
        let mut matured = Matured {
            load: f64::from(load).exp(),
            quantiles: o.trees,
            season_ago: ago.map(f64::from),
            rising: o.rising,
        };
        to.trees.add(&matured);
        matured.quantiles = o.curve;
        to.curve.add(&matured);
        seen(point.period, &matured);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::generated_load;

    fn points(minutes: usize) -> Vec<LoadPoint> {
        let load = generated_load(21, minutes);
        let point = |(period, load)| LoadPoint {
            period,
            load,
            saturated: false,
        };
        (0..).zip(load).map(point).collect()
    }

    #[test]
    fn later_points_change_no_earlier_score() {
        let grid = Grid::new(1, 5).unwrap();
        let points = points(2_000);
        let scored =
            |n: usize| rolling(&points[..n], grid, None, 1_500, 1, &mut |_, _| {}).unwrap();
        let (short, long) = (scored(1_800), scored(2_000));
        let count = |r: &Rolling| r.trees.report().map(|a| a.forecasts);
        assert_eq!(short.fits, 1);
        // Forecasts from 1500 to 1794 have matured by 1799.
        assert_eq!(count(&short), Some(295.0));
        assert_eq!(count(&long), Some(495.0));
        let mut altered = points.clone();
        altered[1_900..].iter_mut().for_each(|p| p.load *= 9.0);
        let again = rolling(&altered[..1_800], grid, None, 1_500, 1, &mut |_, _| {}).unwrap();
        assert_eq!(again, short);
    }
}
