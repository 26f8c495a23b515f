//! The table of operations. The type of an operation's input is the list of its parameters: another
//! parameter is an error that names it.

use foretide_domain::Timestamp;
use serde_json::Value;

use super::shapes::Answer;
use super::{ops, put};
use crate::emulator::State;
use crate::error::ApiError;
use crate::query::read;

/// One operation.
pub(super) struct Operation {
    pub(super) name: &'static str,
    pub(super) run: fn(&mut State, &Value, Timestamp) -> Result<Answer, ApiError>,
}

/// All operations, in alphabetical order.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "GetMetricData",
        run: |state, input, now| ops::metric_data(state, read(input)?, now).map(Answer::Data),
    },
    Operation {
        name: "GetMetricStatistics",
        run: |state, input, now| {
            ops::metric_statistics(state, &read(input)?, now).map(Answer::Statistics)
        },
    },
    Operation {
        name: "ListMetrics",
        run: |state, input, now| ops::list_metrics(state, &read(input)?, now).map(Answer::Metrics),
    },
    Operation {
        name: "PutMetricData",
        run: |state, input, now| {
            put::metric_data(state, read(input)?, now).map(|()| Answer::Nothing {})
        },
    },
];

/// The emulated operations.
pub(crate) fn operations() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().map(|one| one.name)
}
