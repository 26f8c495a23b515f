//! The model of a running group: in this process, or a prediction service.

use foretide_classifier::Model;
use foretide_domain::{CallFailure, FailureKind, Features, Prediction};
use foretide_predict::RemotePredictor;
use foretide_runtime::{BoxFuture, Predictor};

/// The model in this process: a prediction takes microseconds.
#[derive(Debug)]
pub(super) struct InProcess(pub(super) Model);

impl Predictor for InProcess {
    fn predict<'a>(
        &'a self,
        features: &'a Features,
    ) -> BoxFuture<'a, Result<Prediction, CallFailure>> {
        let answer = self.0.predict(features).map_err(|error| CallFailure {
            kind: FailureKind::Rejected,
            detail: error.to_string(),
        });
        Box::pin(async move { answer })
    }
}

/// A prediction service, limited by the runtime's deadline.
#[derive(Debug)]
pub(super) struct Remote(pub(super) RemotePredictor);

impl Predictor for Remote {
    fn predict<'a>(
        &'a self,
        features: &'a Features,
    ) -> BoxFuture<'a, Result<Prediction, CallFailure>> {
        Box::pin(self.0.predict(features))
    }
}
