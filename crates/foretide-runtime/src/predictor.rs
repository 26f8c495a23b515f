//! The model as the runtime reaches it: in this process, or a remote service.

use foretide_domain::{CallFailure, Features, Prediction};
use futures_util::future::BoxFuture;

/// Answers feature vectors.
///
/// The runtime bounds time and concurrency; an adapter that computes must not take longer than a
/// few milliseconds, since it runs on the group's own task.
pub trait Predictor: Send + Sync {
    /// The class of `features`.
    fn predict<'a>(
        &'a self,
        features: &'a Features,
    ) -> BoxFuture<'a, Result<Prediction, CallFailure>>;
}
