//! `foretide backtest`: simulates policies on a history, and compares cost and violations.

mod args;
mod output;
mod plan;
mod progress;
mod pulled;
mod run;

use clap::Parser;
use foretide_report::TraceFigures;
use foretide_terminal::{Exit, Failure, wrap};

use crate::cli::ConfigFlags;

use super::Context;
use plan::Plan;
use progress::Progress;

pub(crate) use args::{BacktestArgs, seconds};

/// Runs it.
pub(crate) fn run(
    args: &BacktestArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let pulled;
    let args = match &args.group {
        Some(group) => {
            pulled = pulled::pull(group, args, flags, context)?;
            &pulled
        }
        None => args,
    };
    let plan = Plan::new(args, flags)?;
    if let Some(folder) = &args.out {
        super::output::prepare(folder)?;
    }
    let progress = Progress::new();
    let command = command_line(args);
    let results = run::run(&plan, command, args.out.is_some(), |ended| {
        progress.tell(ended);
    });
    progress.finish();
    let width = context.terminal.wrap_at();
    foretide_report::print_backtest(&results.summary, width, wrap, context.out)?;
    if let Some(folder) = &args.out {
        let written = output::write(folder, &plan, &results)?;
        writeln!(
            context.out,
            "\n{} files in {}",
            written.len(),
            folder.display()
        )?;
        for path in &written {
            writeln!(context.out, "  {}", path.display())?;
        }
    }
    Ok(())
}

/// Pulls two weeks of the group's history and runs policy `forecast` and the fair baseline on it.
pub(crate) fn of_group(
    group: &str,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<Vec<TraceFigures>, Failure> {
    let group_flag = format!("--group={group}");
    let words = ["backtest", "--policy=forecast,baseline", &group_flag];
    let Line { args } = Line::try_parse_from(words)
        .map_err(|error| Failure::new(Exit::Internal, error.to_string()))?;
    let pulled = pulled::pull(group, &args, flags, context)?;
    let plan = Plan::new(&pulled, flags)?;
    let results = run::run(&plan, String::new(), false, |_| {});
    Ok(results.summary.traces)
}

/// The options alone, as of a command line.
#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    args: BacktestArgs,
}

/// The command line to repeat this backtest, with the pulled file instead of `--group`.
fn command_line(args: &BacktestArgs) -> String {
    let quoted = |word: String| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:%+@".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            word
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    };
    let words = std::env::args_os().skip(1);
    let mut words: Vec<String> = words
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    if args.group.is_some() {
        pulled::repeat(&mut words, args);
    }
    std::iter::once("foretide".to_owned())
        .chain(words.into_iter().map(quoted))
        .collect::<Vec<_>>()
        .join(" ")
}
