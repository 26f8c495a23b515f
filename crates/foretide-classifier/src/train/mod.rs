//! Fitting a model to labelled rows and judging it on rows it has not seen.
//!
//! The rows are in order of time. The first part is fitted to, the rest held out; a few rows
//! between the two can be left out (`embargo_rows`), because a label looks ahead and the last ones
//! of the first part would otherwise know something of the second. The model that is judged is
//! the model that is returned: it is not fitted again to all rows, so that the figures are those of
//! the file they stand in.

mod baseline;
mod booster;
mod csv;
mod default_model;
mod evaluation;
mod label;
mod params;
mod row;
mod walk;
mod workload;

use foretide_domain::Class;
use serde_json::value::RawValue;
use thiserror::Error;

use self::baseline::{Commonest, CpuThresholds};
use self::booster::{Booster, BoosterError, Hessboost};
pub use self::csv::{CsvError, CsvLimits, read_csv};
pub use self::default_model::{default_rows, train_default};
pub use self::evaluation::{Calibration, CalibrationBin, Evaluation, Scores};
pub use self::label::{Hindsight, label};
pub use self::params::TrainParams;
pub use self::row::LabelledRow;
pub use self::walk::{MemoryUse, Walk, WalkError, rows_from_demand};
pub use self::workload::{Workload, training_workloads};
use crate::error::{FeatureError, ModelError, SchemaError, TreesError};
use crate::facts::{HoldOutScores, TrainingFacts};
use crate::model::{Model, narrow};
use crate::schema::{self, MAX_COLUMNS, Schema};

/// With fewer rows neither the fit nor the judgement of it means anything.
const MIN_ROWS: usize = 100;
/// Bounds memory: 5 million rows take about 1 GiB while fitting.
const MAX_ROWS: usize = 5_000_000;

/// Why there is no model.
#[derive(Debug, Error)]
pub enum TrainError {
    /// Too few or too many rows.
    #[error("{given} labelled rows, expected {MIN_ROWS} to {MAX_ROWS}")]
    RowCount {
        /// How many there are.
        given: usize,
    },
    /// A parameter that makes no sense.
    #[error("the training parameter {name} is {value}, expected {expected}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// A class that cannot be learnt.
    #[error("none of the {rows} rows that are fitted to is labelled {class}")]
    MissingClass {
        /// Rows fitted to.
        rows: usize,
        /// The class.
        class: Class,
    },
    /// A row that no group can show.
    #[error("row {row}")]
    Row {
        /// Its index.
        row: usize,
        /// What is wrong with it.
        #[source]
        source: FeatureError,
    },
    /// The rows cannot be scaled.
    #[error("no preprocessing can be fitted to the rows")]
    Schema(#[from] SchemaError),
    /// The boosting failed.
    #[error("the trees could not be fitted")]
    Booster(#[from] BoosterError),
    /// The fitted model does not load.
    #[error("the fitted model is refused")]
    Model(#[from] ModelError),
    /// The default workloads gave no rows.
    #[error("the training workloads gave no rows")]
    Walk(#[from] WalkError),
}

/// Fits a model to `rows`, which are in order of time, and judges it and two baselines on the
/// newest of them. Equal rows and parameters give an identical model file.
pub fn train(
    rows: &[LabelledRow],
    params: &TrainParams,
) -> Result<(Model, Evaluation), TrainError> {
    train_with(&Hessboost, rows, params)
}

fn train_with(
    booster: &dyn Booster,
    rows: &[LabelledRow],
    params: &TrainParams,
) -> Result<(Model, Evaluation), TrainError> {
    let (fitted, held_out) = split(rows, params)?;
    for (row, labelled) in rows.iter().enumerate() {
        schema::check(&labelled.features).map_err(|source| TrainError::Row { row, source })?;
    }
    let schema = Schema::fitted(&fitted.iter().map(|row| &row.features))?;
    let columns = columns(&schema, fitted)?;
    let labels: Vec<Class> = fitted.iter().map(|row| row.class).collect();
    let json = booster.fit(&columns, &labels, params)?;
    let xgboost: Box<RawValue> = serde_json::from_slice(&json)
        .map_err(|error| ModelError::from(TreesError::Document(error)))?;
    let json = xgboost.get().as_bytes();

    let mut facts = TrainingFacts {
        source: params.source.clone(),
        booster: booster.name().to_owned(),
        rows_fitted: Some(fitted.len()),
        rows_held_out: Some(held_out.len()),
        target_percent: Some(params.target_percent),
        hold_out: None,
    };
    let unjudged = Model::import_xgboost(json, &schema, &facts)?;
    let evaluation = evaluate(&unjudged, fitted, held_out, params.target_percent)?;
    facts.hold_out = Some(summary(&evaluation));
    Ok((Model::import_xgboost(json, &schema, &facts)?, evaluation))
}

/// The rows to fit to and those held out.
fn split<'a>(
    rows: &'a [LabelledRow],
    params: &TrainParams,
) -> Result<(&'a [LabelledRow], &'a [LabelledRow]), TrainError> {
    if !(MIN_ROWS..=MAX_ROWS).contains(&rows.len()) {
        return Err(TrainError::RowCount { given: rows.len() });
    }
    let TrainParams {
        hold_out_share: share,
        target_percent: target,
        ..
    } = *params;
    let refuse = |name, value, expected| {
        Err(TrainError::Parameter {
            name,
            value,
            expected,
        })
    };
    if !(0.05..=0.5).contains(&share) {
        return refuse("hold_out_share", share, "0.05 to 0.5");
    }
    if !(1.0..=100.0).contains(&target) {
        return refuse("target_percent", target, "1 to 100");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a length is within it"
    )]
    let kept = (rows.len() as f64 * (1.0 - share)).round() as usize;
    let (before, held_out) = rows.split_at(kept.min(rows.len()));
    let fitted = &before[..before.len().saturating_sub(params.embargo_rows)];
    for class in Class::ALL {
        if !fitted.iter().any(|row| row.class == class) {
            return Err(TrainError::MissingClass {
                rows: fitted.len(),
                class,
            });
        }
    }
    Ok((fitted, held_out))
}

/// The columns of all rows, row after row.
fn columns(schema: &Schema, rows: &[LabelledRow]) -> Result<Vec<f32>, TrainError> {
    let mut cells = [0.0; MAX_COLUMNS];
    let mut columns = Vec::with_capacity(rows.len() * schema.column_names().len());
    for (row, labelled) in rows.iter().enumerate() {
        let filled = schema
            .fill(&labelled.features, &mut cells)
            .map_err(|source| TrainError::Row { row, source })?;
        columns.extend(filled.iter().copied().map(narrow));
    }
    Ok(columns)
}

fn evaluate(
    model: &Model,
    fitted: &[LabelledRow],
    held_out: &[LabelledRow],
    target_percent: f64,
) -> Result<Evaluation, TrainError> {
    let predictions = held_out
        .iter()
        .enumerate()
        .map(|(index, labelled)| {
            let row = fitted.len() + index;
            let prediction = model.predict(&labelled.features);
            prediction.map_err(|source| TrainError::Row { row, source })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let truth: Vec<Class> = held_out.iter().map(|row| row.class).collect();
    let commonest = Commonest::of(fitted);
    let thresholds = CpuThresholds::of(fitted, target_percent);
    let by_thresholds: Vec<_> = held_out
        .iter()
        .map(|row| thresholds.predict(row.features.cpu_usage))
        .collect();
    Ok(Evaluation {
        rows_fitted: fitted.len(),
        rows_held_out: held_out.len(),
        model: Scores::of(&truth, &predictions),
        commonest: Scores::of(&truth, &vec![commonest.predict(); truth.len()]),
        thresholds: Scores::of(&truth, &by_thresholds),
    })
}

fn summary(evaluation: &Evaluation) -> HoldOutScores {
    let model = &evaluation.model;
    HoldOutScores {
        accuracy: model.accuracy,
        balanced_accuracy: model.balanced_accuracy,
        log_loss: model.log_loss,
        calibration_error: model.calibration.expected_error,
        accuracy_of_commonest: evaluation.commonest.accuracy,
        accuracy_of_thresholds: evaluation.thresholds.accuracy,
    }
}
