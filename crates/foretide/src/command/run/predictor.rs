//! The model as a running group asks it: in this process, or a service elsewhere.

use foretide_classifier::Model;
use foretide_domain::{CallFailure, FailureKind, Features, Prediction};
use foretide_predict::RemotePredictor;
use foretide_runtime::{BoxFuture, Predictor};

/// The model in this process: microseconds a question.
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

/// A prediction service, bounded by the runtime's deadline.
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
