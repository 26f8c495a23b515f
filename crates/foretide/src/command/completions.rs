//! `foretide completions`: prints a completion script for a shell.

use clap::CommandFactory as _;
use clap_complete::generate;
use foretide_terminal::Failure;

use crate::cli::{Cli, CompletionsArgs};

use super::Context;

/// Runs it.
pub(crate) fn run(args: &CompletionsArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    // Into memory first: what generates it takes a reader that went away for a defect.
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "foretide", &mut script);
    context.out.write_all(&script)?;
    Ok(())
}
