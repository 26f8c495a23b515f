//! Options of `foretide backtest`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgGroup, Args};
use foretide_sim::{Boot, PolicySpec, SweepSpec};

use foretide_config::{DAYS_MAX, Percentage, Span, days, days_in};

use crate::command::traced::TraceFlags;

/// `foretide backtest`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  foretide backtest --trace load.csv
  foretide backtest --trace a.csv --trace b.csv --warmup 7d --out report
  foretide backtest --trace load.csv --policy forecast,baseline --sweep target=30..75:5
  foretide backtest --trace load.csv --policy static:capacity=12,hpa:target=60:tolerance=0.05
  foretide backtest --trace vm.csv --column cpu --column memory     two loads of one group
  foretide backtest --group web --out report      pull two weeks of CloudWatch first
  foretide backtest --trace load.csv --boot 120s..300s --launch-failure 2% --price '0.096 USD/h'

A trace is CSV with a header: a column `timestamp` (RFC 3339 or epoch) and a column with the load.
Metric exports of the AWS console and CLI are read too. Policy `aws-predictive` is an emulation,
built from the public description of AWS predictive scaling. Policy `baseline` is target tracking
at the target, 30 to 80 %, that was cheapest within the violation budget, in hindsight. The same
command writes the same bytes, unless --timings adds durations. With --group, every call pulls new
history; a backtest of the pulled file writes the same bytes again.")]
#[command(group(ArgGroup::new("history").args(["trace", "group"]).required(true)))]
pub(crate) struct BacktestArgs {
    /// Trace file; may be repeated
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) trace: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) traced: TraceFlags,
    /// Pull the history of this group of the configuration, or Auto Scaling group, as `foretide
    /// pull` does, into pull-NAME.csv in the folder of --out, else of `run.output`
    #[arg(long, value_name = "NAME", conflicts_with_all = ["trace", "column", "repeated", "time_zone"])]
    pub(crate) group: Option<String>,
    /// Group of the configuration whose settings, objective and budget are used [default:
    /// `[defaults]`; for a pulled group, its own]
    #[arg(long, value_name = "NAME")]
    pub(crate) settings_of: Option<String>,
    /// Policies to compare, each NAME or NAME:SETTING=NUMBER[:...] [default: all]
    #[arg(long, value_name = "POLICY", value_delimiter = ',')]
    pub(crate) policy: Vec<PolicySpec>,
    /// Run every policy that has a target utilisation at each of these targets
    #[arg(long, value_name = "target=FROM..TO:STEP")]
    pub(crate) sweep: Option<SweepSpec>,
    /// Folder for summary.json, timelines and report.html
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Days to leave out at the start of a trace, such as 7 or 7d
    #[arg(long, value_name = "DAYS", default_value = "0d", value_parser = days)]
    pub(crate) skip: u32,
    /// Days of a trace to use, such as 14 or 14d [default: all; with --group 14]
    #[arg(long, value_name = "DAYS", value_parser = days_in(1..=DAYS_MAX))]
    pub(crate) days: Option<u32>,
    /// Days at the start that are simulated and not scored
    #[arg(long, value_name = "DAYS", default_value = "0d", value_parser = days)]
    pub(crate) warmup: u32,
    /// Time from launch to service: 180s, 120s..300s, or lognormal:180s:0.3 [default: 180s; for a
    /// pulled group, the 90th percentile of its launches]
    #[arg(long, value_name = "TIME")]
    pub(crate) boot: Option<BootSpec>,
    /// Share of launches that fail
    #[arg(long, value_name = "PERCENT", default_value = "0%", value_parser = percentage)]
    pub(crate) launch_failure: Percentage,
    /// Time from the end of a period until CloudWatch shows its metrics
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = seconds)]
    pub(crate) delay: u32,
    /// Length of a metric period: 60s, or 300s with basic monitoring [default: 60s; for a pulled
    /// group, its own]
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub(crate) period: Option<u32>,
    /// Publish the load also as a request count, beside CPU; always on for a group with a load
    /// metric
    #[arg(long)]
    pub(crate) request_count: bool,
    /// Smallest capacity [default: 1; for a pulled group, its own]
    #[arg(long, value_name = "N")]
    pub(crate) min: Option<u32>,
    /// Largest capacity [default: 100; for a pulled group, its own]
    #[arg(long, value_name = "N")]
    pub(crate) max: Option<u32>,
    /// Load that one instance serves at 100 % CPU, in the trace's unit [default: the value at
    /// which the 99th percentile of the load needs 20 instances at 60 %; for a pulled group 100,
    /// or `load.per_instance`]
    #[arg(long, value_name = "LOAD")]
    pub(crate) unit: Option<f64>,
    /// Price of an instance-hour in USD
    #[arg(long, value_name = "PRICE", default_value = "0.096 USD/h", value_parser = usd_per_hour)]
    pub(crate) price: f64,
    /// Utilisation above which a step is a violation [default: `forecast.objective`]
    #[arg(long, value_name = "PERCENT", value_parser = percentage)]
    pub(crate) slo_util: Option<Percentage>,
    /// Violation share at which policies are compared [default: `forecast.budget`]
    #[arg(long, value_name = "PERCENT", value_parser = percentage)]
    pub(crate) budget: Option<Percentage>,
    /// Seed of boot times and launch failures
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Write the duration of each run into summary.json; durations differ from call to call
    #[arg(long)]
    pub(crate) timings: bool,
    /// Model file of policy classifier
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
}

impl BacktestArgs {
    /// Time from launch to service; three minutes if `--boot` is unset.
    pub(super) fn boot(&self) -> Boot {
        self.boot
            .map_or(Boot::Constant { seconds: 180 }, |spec| spec.0)
    }
}

/// Time from launch to service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BootSpec(pub(crate) Boot);

impl FromStr for BootSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix("lognormal:") {
            let (median, sigma) = rest
                .split_once(':')
                .ok_or("expected lognormal:MEDIAN:SIGMA, such as 180s:0.3")?;
            let sigma: f64 = sigma.parse().map_err(|_| "expected a number for SIGMA")?;
            if !(0.0..=2.0).contains(&sigma) {
                return Err("expected SIGMA from 0 to 2".to_owned());
            }
            return Ok(Self(Boot::LogNormal {
                median: seconds(median)?,
                sigma,
            }));
        }
        match text.split_once("..") {
            None => Ok(Self(Boot::Constant {
                seconds: seconds(text)?,
            })),
            Some((from, to)) => {
                let (from, to) = (seconds(from)?, seconds(to)?);
                if from > to {
                    return Err("expected the shorter time first".to_owned());
                }
                Ok(Self(Boot::Uniform { from, to }))
            }
        }
    }
}

/// Parses a time in whole seconds, at most a day.
pub(crate) fn seconds(text: &str) -> Result<u32, String> {
    let span: Span = text.parse().map_err(|error| format!("{error}"))?;
    let whole = span.0.subsec_nanos() == 0;
    match u32::try_from(span.0.as_secs()) {
        Ok(seconds) if whole && seconds <= 86_400 => Ok(seconds),
        _ => Err("expected whole seconds, at most a day".to_owned()),
    }
}

fn percentage(text: &str) -> Result<Percentage, String> {
    text.parse().map_err(|error| format!("{error}"))
}

fn usd_per_hour(text: &str) -> Result<f64, String> {
    let expected = "expected a price in USD, such as \"0.096 USD/h\"";
    let amount = text.trim().strip_suffix("USD/h").ok_or(expected)?;
    let amount: f64 = amount.trim().parse().map_err(|_| expected)?;
    if amount.is_finite() && amount >= 0.0 {
        Ok(amount)
    } else {
        Err(expected.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boot_times_are_constant_even_or_lognormal() {
        let boot = |text: &str| text.parse::<BootSpec>().map(|spec| spec.0);
        assert_eq!(boot("3m"), Ok(Boot::Constant { seconds: 180 }));
        assert_eq!(boot("120s..300s"), Ok(Boot::Uniform { from: 120, to: 300 }));
        assert_eq!(
            boot("lognormal:180s:0.3"),
            Ok(Boot::LogNormal {
                median: 180,
                sigma: 0.3
            })
        );
        for bad in [
            "180",
            "300s..120s",
            "lognormal:180s",
            "lognormal:180s:9",
            "2d",
            "1.5s",
        ] {
            assert!(boot(bad).is_err(), "{bad}");
        }
    }
}
