//! `foretide forecast` as a person writes it.

use std::path::PathBuf;

use clap::Args;

use crate::command::backtest::{days, seconds};

/// `foretide forecast`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide forecast --trace load.csv
  foretide forecast --trace load.csv --boot 60s,300s,600s --out accuracy
  foretide forecast --trace load.csv --period 300s --warmup 7d
  foretide forecast --group web           what `foretide run` has observed of it

History is replayed: every period is forecast from those before it, by the model that the group would
have had, fitted anew every day. A horizon is the time from the newest period that can be seen until
a launch decided then serves, so it follows from the boot. Coverage is the share of loads at or below
a quantile: at level 99 % it should be 99 %. MASE and WAPE are of the median; MASE below 1 beats the
load of a day before.")]
pub(crate) struct ForecastArgs {
    /// Trace file, such as `foretide pull` writes
    #[arg(long, value_name = "FILE", required_unless_present = "group")]
    pub(crate) trace: Option<PathBuf>,
    /// Column of the trace file that holds the load [default: value]
    #[arg(long, value_name = "NAME", requires = "trace")]
    pub(crate) column: Option<String>,
    /// The group, or account/group, whose observations in the store are the history
    #[arg(long, value_name = "NAME", conflicts_with = "trace")]
    pub(crate) group: Option<String>,
    /// The store [default: output/foretide.db]
    #[arg(long, value_name = "FILE", requires = "group")]
    pub(crate) store: Option<PathBuf>,
    /// Time from launch to service, one horizon each
    #[arg(
        long,
        value_name = "TIME",
        value_delimiter = ',',
        default_value = "60s,180s,600s",
        value_parser = seconds
    )]
    pub(crate) boot: Vec<u32>,
    /// Length of a metric period: 60s, or 300s with basic monitoring [default: the group's, of a
    /// trace 60s]
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub(crate) period: Option<u32>,
    /// Leaves out this much at the start of the trace, in whole days
    #[arg(long, value_name = "DAYS", default_value = "0d", value_parser = days)]
    pub(crate) skip: u32,
    /// Uses this much of the trace, in whole days [default: all]
    #[arg(long, value_name = "DAYS", value_parser = days)]
    pub(crate) days: Option<u32>,
    /// Forecasts this much at the start without scoring it, in whole days; the first day's model is
    /// that of other load
    #[arg(long, value_name = "DAYS", default_value = "1d", value_parser = days)]
    pub(crate) warmup: u32,
    /// Load that one instance serves at 100 % CPU, in the trace's unit [default: of a group 100,
    /// its load being in instance-percent; of a trace the 99th percentile takes 20 instances at
    /// 60 %]
    #[arg(long, value_name = "LOAD")]
    pub(crate) unit: Option<f64>,
    /// Writes forecast.json and forecast.html into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
