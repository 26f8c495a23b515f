//! The prediction service, for callers that keep the nine features themselves, and its client:
//! [`bind`] takes the port, [`RemotePredictor`] asks a service elsewhere.
//!
//! It refuses features that are not nine finite, non-negative, known values, by the field's name.
//!
//! Invariant: it knows a model and no group; nothing here decides about capacity.

mod openapi;
mod remote;
mod routes;
mod rows;

pub use remote::{InvalidPredictorUrl, PredictorUrl, RemotePredictor};
pub use routes::{bind, router, serve};
pub use rows::MAX_BATCH_ROWS;
