//! The nine features of a group and the three-class model over them: derive, train, load, predict.
//!
//! ```
//! use foretide_classifier::{Group, Model, RawMetrics, derive};
//!
//! let raw = RawMetrics { cpu: 82.0, network_in: 4e6, network_out: 9e6, memory: None };
//! let group = Group { instance_count: 4, min_capacity: 1, max_capacity: 20 };
//! let derived = derive(&raw, &group, 0.0);
//! let prediction = Model::built_in()?.predict(&derived.features)?;
//! assert_eq!(prediction.class.action(), "scale_out");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Invariant: no AWS, no clock, no I/O but the readers and byte slices it is given. A model file
//! is data: loading one runs nothing of it, and no file can make a prediction panic or loop.

mod artifact;
mod classify;
mod combine;
mod derive;
mod error;
mod facts;
mod forest;
mod model;
mod rounding;
mod schema;
mod train;
mod xgboost;

pub use artifact::MAX_BYTES as MODEL_BYTES_MAX;
pub use classify::{Group, task_priority, task_type};
pub use combine::{Combined, CombinedMetrics, InstanceMetrics, METRIC_KEYS, Reading, combine};
pub use derive::{
    Derived, Missing, RawMetrics, derive, derive_from_datapoint, derive_from_nothing,
};
pub use error::{FeatureError, ModelError, SchemaError, TreesError};
pub use facts::{HoldOutScores, ModelFacts, TrainingFacts};
pub use model::{BatchError, Model};
pub use schema::{FeatureValue, Schema, features_from_values};
pub use train::{
    Calibration, CalibrationBin, CsvError, CsvLimits, Evaluation, Hindsight, LabelledRow,
    MemoryUse, Scores, TrainError, TrainParams, Walk, WalkError, Workload, default_rows, label,
    read_csv, rows_from_demand, train, train_default, training_workloads,
};
