//! Options of `foretide emulator`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use foretide_config::Span;

use crate::command::traced::TraceFlags;

/// `foretide emulator`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide emulator                                 a group `web` with a daily cycle of load
  foretide emulator --trace load.csv --speed 60     an hour of the trace in each minute
  foretide emulator --listen 127.0.0.1:0 --scenario local.toml

A scenario file lists groups and faults. Every key has a default:
  [[groups]]
  name = \"web\"
  max = 20
  demand = { steps = [[0, 180.0], [600, 20.0]] }    # from this second on: 100 = one busy instance
  scripted = [{ metric = \"cpu\", from_s = 60, until_s = 180, missing = true }]
  [[faults]]
  kind = \"throttle\"
  operations = [\"GetMetricData\"]
  count = 3
  [created]                          # groups of CreateAutoScalingGroup
  boot_s = 0                         # with scale_in_s = 0 they do at once what a call asks for

The emulator listens on loopback only, runs in real time, and speaks the AWS protocols of Auto
Scaling (Query) and CloudWatch (Query, JSON, CBOR). It answers the operations on groups, instances,
policies, scheduled actions, lifecycle hooks, instance refreshes, warm pools, tags and metrics that
docs/emulator.md lists. It refuses all others, and parameters that it does not implement. The first
line of output is the address.")]
pub(crate) struct EmulatorArgs {
    /// Loopback address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4566")]
    pub(crate) listen: SocketAddr,
    /// Scenario file: groups and faults [default: one group]
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    /// Group that the options below change [default: the only group of the scenario, or web]
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Option<String>,
    /// Use the load of a trace file, repeated from its start
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) traced: TraceFlags,
    /// Load that one instance serves at 100 % CPU [default: 100; for a trace, the value at which
    /// the 99th percentile of the load needs 20 instances at 60 %]
    #[arg(long, value_name = "N")]
    pub(crate) unit: Option<f64>,
    /// Seconds of load per second; boot, delay and period stay in real time
    #[arg(long, value_name = "N")]
    pub(crate) speed: Option<f64>,
    /// Smallest capacity
    #[arg(long, value_name = "N")]
    pub(crate) min: Option<u32>,
    /// Largest capacity
    #[arg(long, value_name = "N")]
    pub(crate) max: Option<u32>,
    /// Desired capacity at the start and during the history [default: for a trace, the instances
    /// that its peak needs at 80 %]
    #[arg(long, value_name = "N")]
    pub(crate) desired: Option<u32>,
    /// Time from launch to service
    #[arg(long, value_name = "SPAN")]
    pub(crate) boot: Option<Span>,
    /// Period of the metrics: 60s (detailed monitoring) or 300s (basic)
    #[arg(long, value_name = "SPAN")]
    pub(crate) period: Option<Span>,
    /// Length of the metrics history before the start, at most 15d
    #[arg(long, value_name = "SPAN")]
    pub(crate) history: Option<Span>,
}
