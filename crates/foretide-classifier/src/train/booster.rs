//! What fits the trees, behind a trait. The crate used is young; all that Foretide takes from it
//! is a model in XGBoost's JSON format, so another can take its place.

use foretide_domain::Class;
use hessboost::config::TreeMethod;
use hessboost::data::DMatrix;
use hessboost::error::HessboostError;
use hessboost::model::ModelFormat;
use hessboost::objective::{Multiclass, Objective};
use thiserror::Error;

use super::TrainParams;

/// Fits three-class `multi:softprob` trees.
pub(super) trait Booster {
    /// Its name and version, for the model file.
    fn name(&self) -> &'static str;

    /// Fits trees to `labels.len()` rows of `columns` and returns them as XGBoost JSON.
    fn fit(
        &self,
        columns: &[f32],
        labels: &[Class],
        params: &TrainParams,
    ) -> Result<Vec<u8>, BoosterError>;
}

/// The boosting refused its input.
#[derive(Debug, Error)]
#[error("gradient boosting failed")]
pub struct BoosterError(#[from] HessboostError);

/// Histogram boosting by the crate `hessboost`. Single-threaded: a fit takes about a second, and
/// nothing then depends on the number of cores.
pub(super) struct Hessboost;

impl Booster for Hessboost {
    fn name(&self) -> &'static str {
        "hessboost 0.4.6"
    }

    fn fit(
        &self,
        columns: &[f32],
        labels: &[Class],
        params: &TrainParams,
    ) -> Result<Vec<u8>, BoosterError> {
        let width = columns.len() / labels.len().max(1);
        let labels_f32: Vec<f32> = labels
            .iter()
            .map(|class| f32::from(number(*class)))
            .collect();
        let matrix = DMatrix::from_dense(columns, labels.len(), width)?.with_labels(&labels_f32)?;
        let settings = hessboost::config::TrainingParams::builder()
            .objective(Objective::Softprob(Multiclass::new(Class::ALL.len())?))
            .tree_method(TreeMethod::Hist)
            .max_depth(params.max_depth)
            .eta(params.eta)
            .min_child_weight(params.min_child_weight)
            .seed(0)
            .nthread(1)
            .build()?;
        let model = hessboost::training::train(&settings, &matrix, params.rounds)?;
        Ok(model.encode(ModelFormat::XgboostJson)?)
    }
}

const fn number(class: Class) -> u8 {
    match class {
        Class::ScaleOut => 0,
        Class::ScaleIn => 1,
        Class::Hold => 2,
    }
}
