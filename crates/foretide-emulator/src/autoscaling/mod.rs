//! EC2 Auto Scaling: the operations over the emulated groups. They speak the Query protocol.

#![expect(
    clippy::needless_pass_by_value,
    reason = "the table hands each operation the input that it has read"
)]

mod activities;
mod call;
mod describe;
mod filters;
mod groups;
mod hooks;
mod instances;
mod launch_configurations;
mod policies;
mod refreshes;
mod scheduled;
mod table;
mod tags;
#[cfg(test)]
mod tests;
mod warm_pool;

use crate::emulator::Emulator;
use crate::error::ApiError;
use crate::query::{self, Form};
use call::Call;

pub(crate) const NAMESPACE: &str = "http://autoscaling.amazonaws.com/doc/2011-01-01/";
pub(crate) const VERSION: &str = "2011-01-01";

/// The emulated operations, in alphabetical order.
pub(crate) fn operations() -> impl Iterator<Item = &'static str> {
    table::OPERATIONS.iter().map(|one| one.name)
}

/// Runs the operation that `form` names, for a client of `region`, and renders the answer.
pub(crate) fn call(
    emulator: &Emulator,
    form: &Form,
    region: &str,
    number: u64,
) -> Result<String, ApiError> {
    let action = form.action.as_str();
    let found = table::OPERATIONS.iter().find(|one| one.name == action);
    let operation = found.ok_or_else(|| ApiError::action(action))?;
    let result = emulator.with(|state, now| {
        let mut call = Call { state, now, region };
        let result = (operation.run)(&mut call, &form.input);
        if operation.writes {
            state.settle(now);
        }
        result
    })?;
    Ok(query::answer(action, NAMESPACE, &result, number))
}
