//! `CloudWatch`: one table of operations behind three protocols.

mod catalogue;
mod ops;
mod put;
mod shapes;
mod statistics;
mod table;
mod wire;

pub(crate) use table::operations;
pub(crate) use wire::Wire;

use serde_json::Value;

use crate::emulator::Emulator;
use crate::error::ApiError;

pub(crate) const VERSION: &str = "2010-08-01";

/// Runs one call and renders the answer.
pub(crate) fn call(
    emulator: &Emulator,
    wire: Wire,
    operation: &str,
    input: &Value,
    number: u64,
) -> Result<Vec<u8>, ApiError> {
    let mut all = table::OPERATIONS.iter();
    let found = all.find(|one| one.name == operation);
    let run = found.ok_or_else(|| ApiError::action(operation))?.run;
    let answer = emulator.with(|state, now| run(state, input, now))?;
    wire.render(operation, &answer, number)
}
