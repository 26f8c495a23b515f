//! `foretide backtest`: what any policy would have done to a history, and what that would cost.

mod args;
mod output;
mod plan;
mod run;
mod table;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::ConfigFlags;
use crate::failure::Failure;

use super::Context;
use plan::Plan;

pub(crate) use args::{BacktestArgs, days, seconds};

/// Runs it.
pub(crate) fn run(
    args: &BacktestArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let plan = Plan::new(args, flags)?;
    if let Some(folder) = &args.out {
        super::output::prepare(folder)?;
    }
    let bar = progress_bar();
    let results = run::run(&plan, command_line(), args.out.is_some(), |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    table::print(&results.summary, context)?;
    if let Some(folder) = &args.out {
        let written = output::write(folder, &plan, &results)?;
        writeln!(
            context.out,
            "\n{} files in {}",
            written.len(),
            folder.display()
        )?;
        for path in written
            .iter()
            .filter(|path| path.extension().is_some_and(|e| e != "csv"))
        {
            writeln!(context.out, "  {}", path.display())?;
        }
    }
    Ok(())
}

/// The command as it was given, to be repeated.
fn command_line() -> String {
    let quoted = |word: String| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:%+@".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            word
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    };
    let words = std::env::args_os()
        .skip(1)
        .map(|word| quoted(word.to_string_lossy().into_owned()));
    std::iter::once("foretide".to_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A bar on standard error where that is a terminal; nothing elsewhere.
fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    // The template is fixed; were it wrong, the default style would say the same less well.
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} runs, {eta} left") {
        bar.set_style(style);
    }
    bar
}
