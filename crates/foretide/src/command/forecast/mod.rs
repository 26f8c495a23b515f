//! `foretide forecast`: how good the forecast would have been on a history.

mod args;
mod measure;
mod output;
mod source;

use crate::cli::ConfigFlags;
use crate::command::Context;
use crate::failure::Failure;

pub(crate) use args::ForecastArgs;

/// Runs it.
pub(crate) fn run(
    args: &ForecastArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let load = measure::Load::read(args, flags)?;
    if let Some(folder) = &args.out {
        super::output::prepare(folder)?;
    }
    let measured = measure::measure(&load, args)?;
    output::print(&measured, context)?;
    if let Some(folder) = &args.out {
        for path in output::write(folder, &measured)? {
            writeln!(context.out, "{}", path.display())?;
        }
    }
    Ok(())
}
