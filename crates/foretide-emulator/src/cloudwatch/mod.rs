//! `CloudWatch`: Smithy RPC v2 CBOR and AWS JSON 1.0 over the same operations.

mod catalogue;
mod ops;
mod shapes;
mod statistics;
mod wire;

pub(crate) use wire::Wire;

use crate::emulator::Emulator;
use crate::error::ApiError;

/// The emulated operations.
pub(crate) const OPERATIONS: [&str; 3] = ["GetMetricData", "GetMetricStatistics", "ListMetrics"];

/// Runs one call and renders the answer.
pub(crate) fn call(
    emulator: &Emulator,
    wire: Wire,
    operation: &str,
    body: &[u8],
) -> Result<Vec<u8>, ApiError> {
    emulator.with(|state, now| match operation {
        "GetMetricData" => wire.render(&ops::metric_data(state, wire.read(body)?, now)?),
        "GetMetricStatistics" => {
            wire.render(&ops::metric_statistics(state, &wire.read(body)?, now)?)
        }
        "ListMetrics" => wire.render(&ops::list_metrics(state, &wire.read(body)?, now)?),
        other => Err(ApiError::action(other)),
    })
}
