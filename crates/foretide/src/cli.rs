//! The command line as a person writes it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use foretide_terminal::EXIT_CODES;
use foretide_terminal::shell;

use crate::command::backtest::BacktestArgs;
use crate::command::doctor::DoctorArgs;
use crate::command::emulator::EmulatorArgs;
use crate::command::forecast::ForecastArgs;
use crate::command::pull::PullArgs;
use crate::command::report::ReportArgs;

/// Predictive horizontal autoscaling for EC2 Auto Scaling groups.
#[derive(Debug, Parser)]
#[command(
    name = "foretide",
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
#[command(after_help = "Start with `foretide demo`: it needs nothing but this program.")]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where settings come from.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ConfigFlags {
    /// Configuration file [default: `$FORETIDE_CONFIG`, else foretide.toml here if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Sets a key of the configuration, such as `defaults.target_utilisation=60%`
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

impl ConfigFlags {
    /// The command `text` with the same configuration file, to print. Keys that were set are left
    /// out: they may hold secrets.
    pub(crate) fn again(&self, text: &'static str) -> shell::Command {
        let command = shell::Command::of(text);
        match &self.config {
            Some(path) => command.then("--config").path(path),
            None => command,
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the whole autoscaler on a simulated group
    Demo(DemoArgs),
    /// Looks after real Auto Scaling groups
    Run(RunArgs),
    /// Writes a group's CloudWatch history to a trace file
    Pull(PullArgs),
    /// Answers POST /predict: the model as a service
    Serve(ServeArgs),
    /// Fits the model to a trace or to labelled rows and says how good it is
    Train(TrainArgs),
    /// Says what any policy would have done to a history, and what that would have cost
    Backtest(BacktestArgs),
    /// Shows every group at a glance, the worst first
    Status(StatusArgs),
    /// Says why a group was scaled, or was not
    Explain(ExplainArgs),
    /// Decides anew on what was recorded of a group and lists what differs
    Replay(ReplayArgs),
    /// Says what the last days brought: hours, shortness, scaling, forecasts
    Report(ReportArgs),
    /// Says how good the forecast would have been on a history
    Forecast(ForecastArgs),
    /// Says what a trace file holds
    Trace(TraceArgs),
    /// A local AWS: simulated groups behind the protocols of Auto Scaling and CloudWatch
    Emulator(EmulatorArgs),
    /// Looks for what keeps groups from being scaled well, and says how to mend it
    Doctor(DoctorArgs),
    /// Tries the webhook that notifications are posted to
    #[command(subcommand)]
    Notify(NotifyCommand),
    /// Shows and checks the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Prints what makes a shell complete the command line
    Completions(CompletionsArgs),
}

/// `foretide demo`.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  foretide demo                           a generated load: daily cycle, noise, a flash crowd
  foretide demo --seed 7 --days 4
  foretide demo --policy target-tracking
  foretide demo --trace load.csv --column requests
  foretide demo | tail -11                the figures alone
  foretide demo --listen 127.0.0.1:0      the page on a free port, whatever the output is

On a terminal the page is on http://127.0.0.1:8080 as well, where that port is free. Without a terminal it prints lines and runs as fast as it can. The same seed gives the same bytes.")]
pub(crate) struct DemoArgs {
    /// Seed of the generated load
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Days to run
    #[arg(long, value_name = "N")]
    pub(crate) days: Option<u32>,
    /// Runs on the load of a trace file instead
    #[arg(long, value_name = "FILE", conflicts_with = "seed")]
    pub(crate) trace: Option<PathBuf>,
    /// Column of the trace file that holds the load [default: value]
    #[arg(long, value_name = "NAME", requires = "trace")]
    pub(crate) column: Option<String>,
    /// What decides
    #[arg(long, value_name = "POLICY")]
    #[arg(value_parser = ["classifier", "target-tracking", "forecast"])]
    pub(crate) policy: Option<String>,
    /// Takes the settings of this group of the configuration
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Option<String>,
    /// Simulated seconds a second, on a terminal or with --listen
    #[arg(long, value_name = "N", default_value_t = 3600)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) speed: u32,
    /// Folder for the records [default: output/demo-...]
    #[arg(long, value_name = "DIR")]
    pub(crate) records: Option<PathBuf>,
    /// Model file
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    /// Prints lines even on a terminal
    #[arg(long)]
    pub(crate) plain: bool,
    /// Address and port of the page, on loopback; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", conflicts_with = "no_page")]
    pub(crate) listen: Option<SocketAddr>,
    /// Shows no page
    #[arg(long)]
    pub(crate) no_page: bool,
}

/// `foretide run`.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  foretide run --group web                observes one group by the defaults: nothing is written
  foretide run --dry-run                  the groups of foretide.toml; decides, records, writes nothing
  foretide run                            writes where a group's mode allows it
  AWS_ENDPOINT_URL=http://127.0.0.1:4566 foretide run --group web     against `foretide emulator`

SIGHUP takes the configuration anew, except [run], which takes a restart. Ctrl-C or SIGTERM ends it;
a write in flight is finished first.")]
pub(crate) struct RunArgs {
    /// Looks after this group only, by its name in the configuration or in AWS; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Vec<String>,
    /// Decides and records, and writes nothing whatever the mode
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Folder of the journal and the logs
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// How lines of the log are written
    #[arg(long, value_name = "FORMAT", value_parser = ["text", "json"])]
    pub(crate) log_format: Option<String>,
    /// Prints warnings only; the log has everything
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Address and port of the page; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", conflicts_with = "no_page")]
    pub(crate) listen: Option<SocketAddr>,
    /// Shows no page
    #[arg(long)]
    pub(crate) no_page: bool,
}

/// `foretide serve`.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Example:
  foretide serve
  curl -s http://127.0.0.1:8000/predict -H 'Content-Type: application/json' \\
       -d '{\"features\": [45.5, 60.2, 122.1, 35.6, 1200000000, 0.8, 0.92, \"compute\", \"high\"]}'

Ctrl-C or SIGTERM finishes the requests in flight and ends.")]
pub(crate) struct ServeArgs {
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Model file
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    /// File that holds the bearer token which requests must carry
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Listens beyond loopback even without a token
    #[arg(long)]
    pub(crate) allow_remote: bool,
    /// A name accepted in the Host header; may be repeated
    #[arg(long = "host", value_name = "NAME")]
    pub(crate) hosts: Vec<String>,
}

/// `foretide train`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide train --trace load.csv                     how good a model of this load would be
  foretide train --trace a.csv --trace b.csv --out model.json
  foretide train --csv labelled.csv --out model.json  nine features and a label a row

A trace is labelled by hindsight: was capacity short within the lead time, or in excess? The newest
fifth of the rows is held out and judged on. Use the file with --model or the key `model`.")]
pub(crate) struct TrainArgs {
    /// Trace file; may be repeated
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "csv",
        conflicts_with = "csv"
    )]
    pub(crate) trace: Vec<PathBuf>,
    /// Column of the trace files that holds the load [default: value]
    #[arg(long, value_name = "NAME", requires = "trace")]
    pub(crate) column: Option<String>,
    /// CSV file with the nine features and a column `label`
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Writes the model here
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// `foretide status`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide status
  foretide status --watch                 drawn anew every two seconds; q or Ctrl-C ends it
  foretide status --json

It reads the store: beside a running `foretide run`, and after it.")]
pub(crate) struct StatusArgs {
    /// The store [default: output/foretide.db]
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    /// Draws it anew on the terminal
    #[arg(long, conflicts_with = "json")]
    pub(crate) watch: bool,
    /// One JSON object a group
    #[arg(long)]
    pub(crate) json: bool,
}

/// `foretide explain`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide explain web                    the newest decision with all that it rests on
  foretide explain web --at 2026-11-23T20:15:00Z
  foretide explain web --since 2d         every decision, those alike in one line
  foretide explain web --since 2d --csv > decisions.csv

TIME is RFC 3339, or a span before now: 2d, -90m.")]
pub(crate) struct ExplainArgs {
    /// The group, or account/group
    #[arg(value_name = "GROUP")]
    pub(crate) group: String,
    /// The decision in force at this time
    #[arg(
        long,
        value_name = "TIME",
        allow_hyphen_values = true,
        conflicts_with = "since"
    )]
    pub(crate) at: Option<String>,
    /// The decisions since this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) since: Option<String>,
    /// The store [default: output/foretide.db]
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    /// One JSON object a decision
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// One row a decision
    #[arg(long)]
    pub(crate) csv: bool,
}

/// `foretide replay`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide replay web                     the last day, by the settings of today
  foretide replay web --from 6h --set defaults.classifier.streak=12
  foretide replay web --from 2026-11-23T20:00:00Z --to 2026-11-23T21:00:00Z --json

The same version with the same settings decides the same. The group is as it was recorded: what
today's settings would have changed of it is not simulated; `foretide backtest` does that.")]
pub(crate) struct ReplayArgs {
    /// The group, or account/group
    #[arg(value_name = "GROUP")]
    pub(crate) group: String,
    /// From this time [default: 1d]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Option<String>,
    /// To this time [default: now]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) to: Option<String>,
    /// The store [default: output/foretide.db]
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `foretide trace`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  foretide trace load.csv --column requests

A trace is CSV with a header: a column `timestamp` (RFC 3339 or epoch) and one with the load.")]
pub(crate) struct TraceArgs {
    /// Trace file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Column that holds the load [default: value]
    #[arg(long, value_name = "NAME")]
    pub(crate) column: Option<String>,
}

/// `foretide notify`.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  FORETIDE_NOTIFY__URL=https://hooks.example/services/T0/B0/key foretide notify test
  foretide notify test                    the address of foretide.toml: notify.url or notify.url_file

What is told, and how much of it, stands in the table [notify] of foretide.toml.")]
pub(crate) enum NotifyCommand {
    /// Sends a test message and says what came of it
    Test,
}

/// `foretide completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide completions bash > ~/.local/share/bash-completion/completions/foretide
  foretide completions fish > ~/.config/fish/completions/foretide.fish
  foretide completions zsh > ~/.zfunc/_foretide        with ~/.zfunc in $fpath before compinit")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// `foretide config`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Prints a commented file with every default
    Default,
    /// Says what is wrong with the configuration, if anything is
    Check {
        /// The file [default: as for the other commands]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Prints the JSON schema, for editors
    Schema,
    /// Prints the reference of all keys, as Markdown
    Reference,
    /// Prints how much of each input is read at most, as Markdown
    Limits,
}
