//! Options of commands that are apart from the other options, so that no two files need each other.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use foretide_config::Span;

/// `foretide discover`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide discover
  foretide discover --set discover.regions=eu-west-1,us-east-1
  foretide run --discover                 looks after the groups that have the tag

A group is looked after if it has a table in the configuration, or the tag of `discover.tag`.")]
pub(crate) struct DiscoverArgs {
    /// Print JSON, one object a group
    #[arg(long)]
    pub(super) json: bool,
}

/// `foretide init`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide init
  foretide init --group web --group api --price '0.096 USD/h' --backtest

Asks at most five questions on a terminal; elsewhere, flags and defaults stand. Writes the
configuration, and the IAM policy that a run needs, and changes nothing in AWS.")]
pub(crate) struct InitArgs {
    /// Group to look after; may be repeated [default: all groups of the region]
    #[arg(long, value_name = "NAME")]
    pub(super) group: Vec<String>,
    /// Share of the time that a group may be above 80 % CPU [default: 0.5%]
    #[arg(long, value_name = "PERCENT")]
    pub(super) budget: Option<String>,
    /// Price of an instance-hour, such as '0.096 USD/h'
    #[arg(long, value_name = "PRICE")]
    pub(super) price: Option<String>,
    /// File with the address of a webhook for notifications
    #[arg(long, value_name = "FILE")]
    pub(super) webhook_file: Option<PathBuf>,
    /// Pull two weeks of CloudWatch for each group, try policies on them, and note the result
    #[arg(long)]
    pub(super) backtest: bool,
    /// Pull nothing
    #[arg(long, conflicts_with = "backtest")]
    pub(super) no_backtest: bool,
    /// Configuration file to write; an existing one is left as it is
    #[arg(long, value_name = "FILE", default_value = "foretide.toml")]
    pub(super) out: PathBuf,
}

/// `foretide man`.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Folder for the pages
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
}

/// `foretide config pull` and `foretide config diff`.
#[derive(Debug, Args)]
pub(crate) struct RemoteArgs {
    /// Place in Systems Manager, such as `ssm:/foretide/prod`
    #[arg(value_name = "PLACE")]
    pub(super) place: String,
}

/// `foretide config push`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide config push ssm:/foretide/prod       shows what differs, and asks
  foretide config diff ssm:/foretide/prod
  foretide run --config ssm:/foretide/prod      reads the newest version every minute

Comments of the file are not kept. A push that dies changes nothing; the last 10 versions stay.")]
pub(crate) struct PushArgs {
    /// Place in Systems Manager, such as `ssm:/foretide/prod`
    #[arg(value_name = "PLACE")]
    pub(super) place: String,
    /// Encrypt the parameters
    #[arg(long)]
    pub(super) secret: bool,
    /// Push without asking
    #[arg(long)]
    pub(super) yes: bool,
}

/// What every order has.
#[derive(Debug, Args)]
pub(crate) struct OrderFlags {
    /// Group: its name, that of its table, or account/group
    #[arg(value_name = "GROUP")]
    pub(super) group: String,
    /// Why; recorded with your name
    #[arg(long, value_name = "TEXT")]
    pub(super) why: Option<String>,
    /// Name to record [default: `$SUDO_USER`, else `$USER`]
    #[arg(long, value_name = "NAME")]
    pub(super) by: Option<String>,
    /// Folder of the run [default: `run.output`]
    #[arg(long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
}

/// `foretide pause`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide pause web                      until `foretide resume web`
  foretide pause web --for 2h --why 'deploy 42'

Desired capacity is not changed while the group is paused. The pause survives a restart.")]
pub(crate) struct PauseArgs {
    #[command(flatten)]
    pub(super) flags: OrderFlags,
    /// Time after which the group goes on by itself, at most 30 days [default: until resumed]
    #[arg(long = "for", value_name = "TIME")]
    pub(super) span: Option<Span>,
}

/// `foretide resume` and `foretide unpin`.
#[derive(Debug, Args)]
pub(crate) struct PlainOrderArgs {
    #[command(flatten)]
    pub(super) flags: OrderFlags,
}

/// `foretide pin`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  foretide pin web 12 --for 3h --why 'sale at noon'

The capacity is held within the group's bounds, and as far as its load allows.")]
pub(crate) struct PinArgs {
    #[command(flatten)]
    pub(super) flags: OrderFlags,
    /// Capacity to hold
    #[arg(value_name = "CAPACITY")]
    pub(super) capacity: u32,
    /// Time after which the policy decides again, at most 30 days
    #[arg(long = "for", value_name = "TIME")]
    pub(super) span: Span,
}

/// `foretide mode`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide mode web observe               stop writing at once
  foretide mode web configured            as the configuration says

The mode stands until another order, also after a restart.")]
pub(crate) struct ModeArgs {
    #[command(flatten)]
    pub(super) flags: OrderFlags,
    /// Mode to work in
    #[arg(value_name = "MODE")]
    pub(super) mode: OrderedMode,
}

/// A mode as an order names it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum OrderedMode {
    /// Decide and record; never set desired capacity
    Observe,
    /// Raise desired capacity, never lower it
    ScaleOutOnly,
    /// Raise and lower desired capacity
    Enforce,
    /// The mode of the configuration
    Configured,
}
