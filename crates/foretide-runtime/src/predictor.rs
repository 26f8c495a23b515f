//! The model, as the runtime calls it: in this process, or a remote service.

use foretide_domain::{CallFailure, Features, Prediction};
use futures_util::future::BoxFuture;

/// Predicts classes of feature vectors.
///
/// The runtime limits duration and concurrency. An adapter that computes runs on the group's own
/// task, so a prediction must not take longer than a few milliseconds.
pub trait Predictor: Send + Sync {
    /// The class of `features`.
    ///
    /// # Errors
    /// Why the model did not answer.
    fn predict<'a>(
        &'a self,
        features: &'a Features,
    ) -> BoxFuture<'a, Result<Prediction, CallFailure>>;
}
