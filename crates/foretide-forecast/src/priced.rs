//! The price list of a group's newest week, from its history alone.

use crate::fitted::{FitError, FitParams, fit};
use crate::forecaster::Forecaster;
use crate::grid::Period;
use crate::history::{History, LoadPoint};
use crate::sizing::{PriceList, PricedPeriod, SizingConfig, try_prices};

/// Days that are priced, at most.
const PRICED_DAYS: i64 = 7;
/// Days before them that a model is fitted on, at least.
const FITTED_DAYS: i64 = 2;
/// Days before the priced ones in which the simulated group finds its level.
const SETTLING_DAYS: i64 = 1;

/// The price list of the newest week of `history`, or of what lies beyond its first two days if
/// that is less. `bounds` are the least and most desired capacity. None if there is not a day to
/// price.
///
/// Forecasts are those of a model that was fitted on what came before the priced days: a model that
/// had seen them would foresee too much.
///
/// # Errors
/// The model cannot be fitted.
pub fn price_list(
    history: &History,
    config: &SizingConfig,
    bounds: (u32, u32),
    params: &FitParams,
    seed: u64,
) -> Result<Option<PriceList>, FitError> {
    let (Some(oldest), Some(newest)) = (history.oldest(), history.newest()) else {
        return Ok(None);
    };
    let day = history.grid().periods(1440);
    let from = (newest + 1 - PRICED_DAYS * day).max(oldest + FITTED_DAYS * day);
    price_list_from(history, from, config, bounds, params, seed)
}

/// The price list of the periods of `history` from `from` on, with a model that was fitted on what
/// came before. Otherwise as [`price_list`].
///
/// # Errors
/// The model cannot be fitted.
pub fn price_list_from(
    history: &History,
    from: Period,
    config: &SizingConfig,
    bounds: (u32, u32),
    params: &FitParams,
    seed: u64,
) -> Result<Option<PriceList>, FitError> {
    let day = history.grid().periods(1440);
    let newest = history.newest().filter(|newest| newest + 1 - from >= day);
    let Some(newest) = newest else {
        return Ok(None);
    };
    let periods = forecast_from(history, from - SETTLING_DAYS * day, from, params, seed)?;
    let settling = periods.partition_point(|(period, _)| *period < from);
    let periods: Vec<PricedPeriod> = periods.into_iter().map(|(_, it)| it).collect();
    let list = try_prices(config, bounds, &periods, settling);
    Ok(list.map(|list| list.through(newest)))
}

/// The known periods from `first` on, each with the forecast of a model that was fitted on what
/// came before `from`.
fn forecast_from(
    history: &History,
    first: Period,
    from: Period,
    params: &FitParams,
    seed: u64,
) -> Result<Vec<(Period, PricedPeriod)>, FitError> {
    let known = || {
        let known = history.iter().filter(|(_, demand)| !demand.is_nan());
        known.map(|(period, demand)| LoadPoint {
            period,
            load: f64::from(demand),
            saturated: false,
        })
    };
    let mut before = History::new(history.grid());
    for point in known().take_while(|point| point.period < from) {
        before.push(point);
    }
    let mut forecaster = Forecaster::new(history.grid(), None);
    forecaster.install(fit(&before, params, seed)?);
    let mut periods = Vec::new();
    for point in known() {
        forecaster.observe(point);
        if point.period >= first {
            let of = PricedPeriod {
                log_demand: forecaster.log_demand(),
                forecast: forecaster.forecast(),
            };
            periods.push((point.period, of));
        }
    }
    Ok(periods)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::generated_load;
    use crate::grid::Grid;

    fn history(days: usize) -> History {
        let mut history = History::new(Grid::new(1, 5).unwrap());
        for (period, load) in (0..).zip(generated_load(7, days * 1440)) {
            history.push(LoadPoint {
                period,
                load,
                saturated: false,
            });
        }
        history
    }

    fn list_of(history: &History) -> Option<PriceList> {
        let config = SizingConfig::new(history.grid(), 3);
        price_list(history, &config, (1, 100), &FitParams::default(), 1).unwrap()
    }

    #[test]
    fn three_days_are_enough_and_less_is_no_price_list() {
        assert_eq!(list_of(&history(2)), None);
        let list = list_of(&history(3)).unwrap();
        assert!((list.minutes - 1440.0).abs() < 1e-9);
        let shares: Vec<f64> = list.points().iter().map(|it| it.violation_share).collect();
        assert!(shares.is_sorted_by(|a, b| a >= b), "{shares:?}");
        let costs: Vec<f64> = list.points().iter().map(|it| it.instances).collect();
        assert!(costs.is_sorted(), "{costs:?}");
        assert!(list.is_through(3 * 1440 - 1));
    }

    #[test]
    fn no_forecast_knows_what_comes_after_it() {
        let whole = history(4);
        let (from, altered_from) = (2 * 1440, 3 * 1440);
        let forecasts = |history: &History| {
            let params = FitParams::default();
            let all = forecast_from(history, 1440, from, &params, 1).unwrap();
            let before = all.into_iter().filter(|(period, _)| *period < altered_from);
            before.collect::<Vec<_>>()
        };
        let mut altered = History::new(whole.grid());
        for (period, demand) in whole.iter() {
            let factor = if period >= altered_from { 3.0 } else { 1.0 };
            altered.push(LoadPoint {
                period,
                load: f64::from(demand) * factor,
                saturated: false,
            });
        }
        let before = forecasts(&whole);
        assert_eq!(before.len(), 2 * 1440);
        assert!(before.iter().all(|(_, it)| it.forecast.is_some()));
        assert_eq!(before, forecasts(&altered));
    }
}
