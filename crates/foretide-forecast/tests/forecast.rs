//! What a fit promises: the same model from the same history, quantiles that cover, errors that
//! name what is missing, and a forecaster that a restart does not change.

use foretide_forecast::{
    FitError, FitParams, Forecaster, Grid, History, LoadPoint, ModelSource, TrainingSet, fit,
    generated_load, generic,
};

fn history(grid: Grid, seed: u64, days: usize) -> History {
    let mut history = History::new(grid);
    let load = generated_load(seed, days * 1440);
    let per = grid.step_minutes() as usize;
    for (at, chunk) in (1_000_000..).zip(load.chunks_exact(per)) {
        history.push(LoadPoint {
            period: at,
            load: chunk.iter().sum::<f64>() / per as f64,
            saturated: false,
        });
    }
    history
}

#[test]
fn the_same_history_and_seed_give_the_same_model() {
    let history = history(Grid::for_boot(1, 3).unwrap(), 7, 3);
    let fitted = |seed| fit(&history, &FitParams::default(), seed).unwrap();
    assert_eq!(fitted(1), fitted(1));
    assert_ne!(fitted(1), fitted(2));
    assert_eq!(fitted(1).through(), history.newest());
}

#[test]
fn quantiles_cover_their_share_of_the_rows_they_were_fitted_on() {
    for grid in [Grid::for_boot(1, 3), Grid::for_boot(5, 3)] {
        let history = history(grid.unwrap(), 11, 14);
        let fitted = fit(&history, &FitParams::default(), 1).unwrap();
        let set = TrainingSet::of(&history);
        let share = |k: usize| {
            let below = set.rows.iter().zip(&set.targets);
            let below = below.filter(|(row, y)| f64::from(**y) <= fitted.quantiles(row)[k]);
            below.count() as f64 / set.rows.len() as f64
        };
        for (k, level) in [0.5, 0.9, 0.97, 0.99, 0.996].into_iter().enumerate() {
            assert!((share(k) - level).abs() < 0.03, "{level}: {}", share(k));
        }
    }
}

#[test]
fn too_little_history_is_an_error_that_says_how_much_is_needed() {
    let grid = Grid::for_boot(1, 3).unwrap();
    let error = fit(&History::new(grid), &FitParams::default(), 1).unwrap_err();
    assert_eq!(
        error,
        FitError::TooFewRows {
            rows: 0,
            needed: 200
        }
    );
}

#[test]
fn a_gap_is_not_trained_on() {
    let grid = Grid::for_boot(1, 3).unwrap();
    let mut history = History::new(grid);
    for period in (0..3_000).filter(|t| !(1_000..1_400).contains(t)) {
        history.push(LoadPoint {
            period,
            load: 400.0 + f64::from(u8::try_from(period % 60).unwrap()),
            saturated: false,
        });
    }
    // Rows in the gap and rows whose target lies in it are missing.
    assert_eq!(TrainingSet::of(&history).rows.len(), 3_000 - 400 - 5 - 5);
}

#[test]
fn a_forecaster_that_resumes_forecasts_as_one_that_never_stopped() {
    let grid = Grid::for_boot(1, 3).unwrap();
    let load = generated_load(3, 3_000);
    let point = |t: usize| LoadPoint {
        period: i64::try_from(t).unwrap() + if t > 1_500 { 40 } else { 0 },
        load: load[t],
        saturated: t.is_multiple_of(97),
    };
    let mut running = Forecaster::new(grid, generic(grid).unwrap());
    assert_eq!(running.forecast(), None);
    (0..2_000).for_each(|t| assert!(running.observe(point(t))));
    assert_eq!(running.source(), ModelSource::Generic);
    assert!(running.fit_due());
    let fitted = fit(running.history(), &FitParams::default(), 1).unwrap();
    assert!(running.install(fitted.clone()));
    assert!(!running.fit_due());
    assert_eq!(running.source(), ModelSource::Own);
    let mut resumed = Forecaster::resume(running.history().clone(), None);
    assert!(resumed.install(fitted));
    for t in 2_000..2_100 {
        assert!(running.observe(point(t)) && resumed.observe(point(t)));
        assert_eq!(running.forecast(), resumed.forecast());
    }
}

#[test]
fn a_model_for_another_lead_is_refused() {
    let (one, other) = (Grid::for_boot(1, 3).unwrap(), Grid::for_boot(1, 5).unwrap());
    let fitted = fit(&history(other, 1, 2), &FitParams::default(), 1).unwrap();
    let mut forecaster = Forecaster::new(one, Some(fitted.clone()));
    assert_eq!(forecaster.source(), ModelSource::None);
    assert!(!forecaster.install(fitted));
}
