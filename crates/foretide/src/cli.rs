//! Subcommands and options of the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use foretide_terminal::EXIT_CODES;
use foretide_terminal::shell;

use crate::command::args::{
    DiscoverArgs, InitArgs, ManArgs, ModeArgs, PauseArgs, PinArgs, PlainOrderArgs, PushArgs,
    RemoteArgs,
};
use crate::command::backtest::BacktestArgs;
use crate::command::doctor::DoctorArgs;
use crate::command::emulator::EmulatorArgs;
use crate::command::forecast::ForecastArgs;
use crate::command::pull::PullArgs;
use crate::command::report::ReportArgs;
use crate::command::traced::TraceFlags;
use foretide_config::days;

/// Predictive horizontal autoscaling for EC2 Auto Scaling groups.
#[derive(Debug, Parser)]
#[command(
    name = "foretide",
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
#[command(after_help = "Start with `foretide demo`: it needs no AWS account and no configuration.")]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that name and change the configuration.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ConfigFlags {
    /// Configuration file [default: `$FORETIDE_CONFIG`, else ./foretide.toml if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Set a key of the configuration, such as `defaults.target_utilisation=60%`
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

impl ConfigFlags {
    /// The command `text` with the same `--config`, for a printed hint. `--set` is left out: its
    /// values may be secrets.
    pub(crate) fn again(&self, text: &'static str) -> shell::Command {
        let command = shell::Command::of(text);
        match &self.config {
            Some(path) => command.then("--config").path(path),
            None => command,
        }
    }
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the whole autoscaler on a simulated group
    Demo(DemoArgs),
    /// Run the autoscaler on real Auto Scaling groups
    Run(RunArgs),
    /// Write a group's CloudWatch history to a trace file
    Pull(PullArgs),
    /// Serve the classifier model over HTTP (POST /predict)
    Serve(ServeArgs),
    /// Train the classifier model on traces or labelled rows, and print its accuracy
    Train(TrainArgs),
    /// Simulate policies on a load history, and compare their cost and violations
    Backtest(BacktestArgs),
    /// List all groups with their health, the worst first
    Status(StatusArgs),
    /// Order the run on this machine not to change a group's desired capacity
    Pause(PauseArgs),
    /// End a pause
    Resume(PlainOrderArgs),
    /// Order the run on this machine to hold a capacity for a time
    Pin(PinArgs),
    /// Let the policy of a pinned group decide again
    Unpin(PlainOrderArgs),
    /// Order the run on this machine to work in another mode
    Mode(ModeArgs),
    /// Explain why a group was scaled or was not scaled
    Explain(ExplainArgs),
    /// Repeat recorded decisions with the present code and settings, and list differences
    Replay(ReplayArgs),
    /// Summarise the last days: instance-hours, violations, scaling, forecast accuracy
    Report(ReportArgs),
    /// Measure how accurate the forecast is on a load history
    Forecast(ForecastArgs),
    /// Describe a trace file: span, step, gaps, load, seasonality
    Trace(TraceArgs),
    /// Run a local AWS: simulated groups behind the Auto Scaling and CloudWatch protocols
    Emulator(EmulatorArgs),
    /// Write a first configuration for the groups of the account
    Init(InitArgs),
    /// List the groups of the account, and which of them `foretide run` looks after
    Discover(DiscoverArgs),
    /// Check permissions, metrics, bounds and settings of groups, and print how to fix problems
    Doctor(DoctorArgs),
    /// Test the webhook of the notifications
    #[command(subcommand)]
    Notify(NotifyCommand),
    /// Show and check the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Write the manual pages of all commands, for packages
    #[command(hide = true)]
    Man(ManArgs),
}

/// `foretide demo`.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  foretide demo                           generated load: daily cycle, jobs, crowds
  foretide demo --seed 7 --days 4
  foretide demo --policy target-tracking
  foretide demo --trace load.csv --column requests
  foretide demo | tail -14                only the summary
  foretide demo --listen 127.0.0.1:0      the page on a free port, also without a terminal

On a terminal, the demo also serves its page on http://127.0.0.1:8080 if that port is free. The
page stays after the end, until Ctrl-C. Without a terminal, the demo prints lines, runs at full
speed, and ends. The same seed gives the same bytes.")]
pub(crate) struct DemoArgs {
    /// Seed of the generated load
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Days to simulate, such as 4 or 4d
    #[arg(long, value_name = "DAYS", value_parser = days)]
    pub(crate) days: Option<u32>,
    /// Use the load of a trace file instead of generated load
    #[arg(long, value_name = "FILE", conflicts_with = "seed")]
    pub(crate) trace: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) traced: TraceFlags,
    /// Policy that decides
    #[arg(long, value_name = "POLICY")]
    #[arg(value_parser = ["classifier", "target-tracking", "forecast"])]
    pub(crate) policy: Option<String>,
    /// Use the settings of this group of the configuration
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Option<String>,
    /// Simulated seconds per second, on a terminal or with --listen
    #[arg(long, value_name = "N", default_value_t = 7200)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) speed: u32,
    /// Folder for the log and the decisions [default: output/demo-...]
    #[arg(long, value_name = "DIR")]
    pub(crate) records: Option<PathBuf>,
    /// Model file
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    /// Print lines also on a terminal
    #[arg(long)]
    pub(crate) plain: bool,
    /// Loopback address and port of the page; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", conflicts_with = "no_page")]
    pub(crate) listen: Option<SocketAddr>,
    /// Serve no page
    #[arg(long)]
    pub(crate) no_page: bool,
    /// End at the end of the load, also on a terminal: the page does not stay
    #[arg(long)]
    pub(crate) exit: bool,
}

/// `foretide run`.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  foretide run --group web        one group with the defaults: decide and record, never write
  foretide run --dry-run          the groups of foretide.toml: decide and record, never write
  foretide run                    set desired capacity where a group's mode allows it
  AWS_ENDPOINT_URL=http://127.0.0.1:4566 foretide run --group web     with `foretide emulator`

SIGHUP reloads the configuration, except [run]: changes of [run] need a restart. Ctrl-C or SIGTERM
ends `foretide run`; a write that was sent to AWS is awaited first.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct RunArgs {
    /// Run for this group only, by its name in the configuration or in AWS; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Vec<String>,
    /// Find groups by their tag, as `discover.enabled = true` does
    #[arg(long)]
    pub(crate) discover: bool,
    /// Decide and record, and never set desired capacity, whatever the mode
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Folder of the store, the log and the metrics file
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Format of log lines
    #[arg(long, value_name = "FORMAT", value_parser = ["text", "json"])]
    pub(crate) log_format: Option<String>,
    /// Print warnings only; the log file has all lines
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Address and port of the page; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", conflicts_with = "no_page")]
    pub(crate) listen: Option<SocketAddr>,
    /// Serve no page
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

Ctrl-C or SIGTERM finishes the requests in flight, then ends the service.")]
pub(crate) struct ServeArgs {
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Model file
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    /// File that holds a bearer token; every request must then carry the token
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Listen beyond loopback even without a token
    #[arg(long)]
    pub(crate) allow_remote: bool,
    /// Name accepted in the Host header; may be repeated
    #[arg(long = "host", value_name = "NAME")]
    pub(crate) hosts: Vec<String>,
}

/// `foretide train`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide train --trace load.csv                     print the accuracy, write no model
  foretide train --trace a.csv --trace b.csv --out model.json
  foretide train --csv labelled.csv --out model.json  nine features and one label in each row

Rows of a trace are labelled in hindsight: scale_out if capacity was too low within the lead time,
scale_in if instances were spare, else hold. The newest fifth of the rows is held out; the accuracy
is measured on these rows. Use the model file with --model or with the key `model`.")]
pub(crate) struct TrainArgs {
    /// Trace file; may be repeated
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "csv",
        conflicts_with = "csv"
    )]
    pub(crate) trace: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) traced: TraceFlags,
    /// CSV file with the nine features and a column `label`
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Model file to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// `foretide status`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide status
  foretide status --watch                 refresh every two seconds; q or Ctrl-C ends it
  foretide status --json

`foretide status` reads the store, also while `foretide run` is running.")]
pub(crate) struct StatusArgs {
    /// Store file [default: output/foretide.db]
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    /// Refresh the list on the terminal
    #[arg(long, conflicts_with = "json")]
    pub(crate) watch: bool,
    /// Print one JSON object for each group
    #[arg(long)]
    pub(crate) json: bool,
}

/// `foretide explain`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide explain web                    the newest decision with all its figures
  foretide explain web --at 2026-11-23T20:15:00Z
  foretide explain web --since 2d         every decision, equal ones in a row as one line, and
                                          every change and order by somebody else
  foretide explain web --since 2d --csv > decisions.csv

TIME is RFC 3339, or a span before now: 2d, -90m.")]
pub(crate) struct ExplainArgs {
    /// Group: its name, that of its table, or account/group
    #[arg(value_name = "GROUP")]
    pub(crate) group: String,
    /// Explain the decision that applied at this time
    #[arg(
        long,
        value_name = "TIME",
        allow_hyphen_values = true,
        conflicts_with = "since"
    )]
    pub(crate) at: Option<String>,
    /// List the decisions since this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) since: Option<String>,
    /// Store file [default: output/foretide.db]
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    /// Print one JSON object for each decision
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print one CSV row for each decision
    #[arg(long)]
    pub(crate) csv: bool,
}

/// `foretide replay`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide replay web                     the last day, with the present settings
  foretide replay web --from 6h --set defaults.classifier.streak=12
  foretide replay web --from 2026-11-23T20:00:00Z --to 2026-11-23T21:00:00Z --json

The same version with the same settings makes the same decisions. `foretide replay` uses the
recorded instances and metrics; it does not simulate how other decisions would have changed them.
`foretide backtest` simulates that.")]
pub(crate) struct ReplayArgs {
    /// Group: its name, that of its table, or account/group
    #[arg(value_name = "GROUP")]
    pub(crate) group: String,
    /// Start of the time to replay [default: 1d]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Option<String>,
    /// End of the time to replay [default: now]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) to: Option<String>,
    /// Store file [default: output/foretide.db]
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `foretide trace`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide trace load.csv --column requests
  foretide trace zones.csv --repeated sum           one row a zone and time
  foretide trace console.csv --time-zone Europe/Berlin

A trace is CSV with a header: a column `timestamp` (RFC 3339 or epoch) and a load column. Times
without a zone, as a graph of the CloudWatch console has them, need --time-zone: the zone that the
graph showed. Every row that is left out is counted and said.")]
pub(crate) struct TraceArgs {
    /// Trace file
    #[arg(id = "trace", value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) traced: TraceFlags,
}

/// `foretide notify`.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  FORETIDE_NOTIFY__URL=https://hooks.example/services/T0/B0/key foretide notify test
  foretide notify test            with notify.url or notify.url_file of foretide.toml

The table [notify] of foretide.toml sets which events send a message, and the most messages in an
hour.")]
pub(crate) enum NotifyCommand {
    /// Send a test message and print the answer of the webhook
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
    /// Shell to complete for
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// `foretide config`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print a commented configuration file with every default
    Default,
    /// Check the configuration and list its errors
    Check {
        /// Configuration file [default: as for the other commands]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Write the configuration to Systems Manager as a new version, all of it or nothing
    Push(PushArgs),
    /// Print the configuration that Systems Manager has
    Pull(RemoteArgs),
    /// List the settings that differ between Systems Manager and the configuration file
    Diff(RemoteArgs),
    /// Print the JSON schema, for editors
    Schema,
    /// Print the reference of all keys, as Markdown
    Reference,
    /// Print the limits of each input, as Markdown
    Limits,
}
