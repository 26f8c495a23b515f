//! `foretide man`: writes the manual pages of all commands, for packages.

use clap::CommandFactory as _;
use foretide_terminal::{Exit, Failure};

use crate::cli::Cli;

use super::Context;
use super::args::ManArgs;

/// Runs it.
pub(crate) fn run(args: &ManArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let folder = &args.out;
    let made = std::fs::create_dir_all(folder);
    let written = made.and_then(|()| clap_mangen::generate_to(Cli::command(), folder));
    written.map_err(|error| {
        let what = format!("cannot write manual pages to {}", folder.display());
        Failure::new(Exit::CannotCreate, what).because(&error)
    })?;
    writeln!(context.out, "manual pages in {}", folder.display())?;
    Ok(())
}
