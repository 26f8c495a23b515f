//! Foretide's command line: configuration, wiring, and output.
//!
//! Invariant: the only crate that uses all others, and the only crate that reads the clock.

mod cli;
mod clock;
mod command;
mod outlet;
mod output;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use foretide_domain::Order;
use foretide_terminal::Terminal;
use foretide_terminal::{Exit, Failure};

use cli::{Cli, Command};
use command::Context;

fn main() -> ExitCode {
    let terminal = Terminal::of_process();
    // Not locked: `run` prints from a thread of its own.
    let mut out = output::Output::new(io::BufWriter::new(io::stdout()));
    let mut context = Context {
        out: &mut out,
        terminal,
    };
    let done = run(&mut context).and_then(|()| Ok(context.out.flush()?));
    let Err(failure) = done else {
        return ExitCode::SUCCESS;
    };
    // What was printed before the failure comes before it; if it cannot, nobody reads it.
    drop(context.out.flush());
    if !failure.what.is_empty() {
        let text = foretide_terminal::render(&failure, &terminal);
        drop(io::stderr().write_all(text.as_bytes()));
    }
    ExitCode::from(failure.exit.code())
}

fn run(context: &mut Context<'_>) -> Result<(), Failure> {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error, context),
    };
    let flags = &cli.config;
    match &cli.command {
        Command::Demo(args) => command::demo::run(args, flags, context),
        Command::Pull(args) => command::pull::run(args, flags, context),
        Command::Run(args) => command::run::run(args, flags, context),
        Command::Serve(args) => command::serve::run(args, flags, context),
        Command::Train(args) => command::train::run(args, flags, context),
        Command::Backtest(args) => command::backtest::run(args, flags, context),
        Command::Status(args) => command::status::run(args, flags, context),
        Command::Explain(args) => command::explain::run(args, flags, context),
        Command::Replay(args) => command::replay::run(args, flags, context),
        Command::Report(args) => command::report::run(args, flags, context),
        Command::Forecast(args) => command::forecast::run(args, flags, context),
        Command::Trace(args) => command::trace::run(args, context),
        Command::Emulator(args) => command::emulator::run(args, context),
        Command::Pause(args) => args.run(flags, context),
        Command::Resume(args) => args.run(Order::Resume, flags, context),
        Command::Pin(args) => args.run(flags, context),
        Command::Unpin(args) => args.run(Order::Unpin, flags, context),
        Command::Mode(args) => args.run(flags, context),
        Command::Init(args) => command::init::run(args, flags, context),
        Command::Discover(args) => command::discover::run(args, flags, context),
        Command::Doctor(args) => command::doctor::run(args, flags, context),
        Command::Notify(notify) => command::notify::run(notify, flags, context),
        Command::Completions(args) => command::completions::run(args, context),
        Command::Man(args) => command::man::run(args, context),
        Command::Config(config) => command::config::run(config, flags, context),
    }
}

/// Says in plain words what the standard library says of a number that it cannot parse.
fn plain(text: &str) -> String {
    text.replace("invalid digit found in string", "expected a whole number")
        .replace(
            "cannot parse integer from empty string",
            "expected a whole number",
        )
        .replace("invalid float literal", "expected a number")
        .replace(
            "number too large to fit in target type",
            "the number is too large",
        )
}

/// Prints help and version. Every other message of clap is a failure.
fn usage(error: &clap::Error, context: &mut Context<'_>) -> Result<(), Failure> {
    let text = error.render();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(print(&text, context)?),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            print(&text, context)?;
            Err(Failure::silent(Exit::Usage))
        }
        _ => {
            let text = text.to_string();
            let what = plain(text.trim().trim_start_matches("error: "));
            Err(Failure::new(Exit::Usage, what))
        }
    }
}

fn print(text: &clap::builder::StyledStr, context: &mut Context<'_>) -> io::Result<()> {
    if context.terminal.colour {
        write!(context.out, "{}", text.ansi())
    } else {
        write!(context.out, "{text}")
    }
}
