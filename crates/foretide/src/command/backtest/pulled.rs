//! A group's own history as the trace of a backtest.

use std::time::Duration;

use foretide_control::LeadTime;
use foretide_domain::Bounds;
use foretide_report::file_name;
use foretide_sim::Boot;
use foretide_terminal::{Exit, Failure};

use crate::cli::ConfigFlags;
use crate::command::output::prepare;
use crate::command::pull::{self, DAYS_KEPT, Found, PullArgs};
use crate::command::{Context, input};

use super::args::{BacktestArgs, BootSpec};

/// Days to pull: CloudWatch keeps one-minute periods for one day more. `foretide run` reads as
/// much.
const DAYS: u32 = 14;
/// One instance at 100 % CPU, in instance-percent.
const INSTANCE: f64 = 100.0;

/// Pulls the history of `group`. Returns `args` with the pulled file as the trace.
pub(super) fn pull(
    group: &str,
    args: &BacktestArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<BacktestArgs, Failure> {
    let config = input::load(&input::sources(flags)?.0)?;
    let days = args.days.unwrap_or(DAYS).saturating_add(args.skip);
    if !(1..=DAYS_KEPT).contains(&days) {
        let what = format!("--days and --skip need {days} days of CloudWatch history");
        let hint = format!("CloudWatch keeps {DAYS_KEPT} days");
        return Err(Failure::new(Exit::Usage, what).hint(hint));
    }
    // A group that the configuration does not know has the settings of `[defaults]`.
    let named = || config.groups.contains_key(group).then(|| group.to_owned());
    let settings_of = args.settings_of.clone().or_else(named);
    let settings = input::settings_of(settings_of.as_deref(), &config)?;
    let folder = args.out.as_ref().unwrap_or(&config.run.output);
    prepare(folder)?;
    let out = folder.join(format!("pull-{}.csv", file_name(group)));
    let pull = PullArgs {
        group: group.to_owned(),
        days,
        step: None,
        out: out.clone(),
    };
    let found = pull::found(&pull, flags, context)?;
    let unit = match settings.controller.load {
        None => Some(INSTANCE),
        Some(load) => load.per_instance,
    };
    let own = Own::of(&found, settings.controller.lead_time);
    let pulled = BacktestArgs {
        trace: vec![out],
        settings_of,
        unit: args.unit.or(unit),
        min: args.min.or(Some(own.bounds.min())),
        max: args.max.or(Some(own.bounds.max())),
        boot: args.boot.or(Some(BootSpec(Boot::Constant {
            seconds: own.boot_s,
        }))),
        period: args.period.or(Some(own.period_s)),
        ..args.clone()
    };
    writeln!(context.out, "simulated   {}\n", own.told(args))?;
    context.out.flush()?;
    Ok(pulled)
}

/// Settings that the simulated group takes from the pulled group.
struct Own {
    bounds: Bounds,
    boot_s: u32,
    /// Launches from which `boot_s` was measured; none if it is the configured lead time.
    launches: Option<usize>,
    period_s: u32,
}

impl Own {
    fn of(found: &Found, configured: Duration) -> Self {
        let mut lead_time = LeadTime::default();
        let mut launches = found.state.launches.clone();
        launches.sort_by_key(|launch| launch.ended);
        for launch in &launches {
            lead_time.observe(launch);
        }
        let measured = lead_time.p90();
        let seconds = |span: Duration| u32::try_from(span.as_secs()).unwrap_or(u32::MAX);
        Self {
            bounds: found.state.bounds,
            // The simulation cannot launch in less than a second.
            boot_s: seconds(measured.unwrap_or(configured)).clamp(1, 86_400),
            launches: measured.map(|_| lead_time.launches()),
            period_s: seconds(found.monitoring.period()),
        }
    }

    /// One line with each setting and its source.
    fn told(&self, args: &BacktestArgs) -> String {
        let given = |is_given: bool, own: String, flag: &str| {
            if is_given {
                format!("{flag} from the command line")
            } else {
                own
            }
        };
        let boot = match self.launches {
            Some(count) => format!(
                "boot {} s (90th percentile of the {count} newest launches)",
                self.boot_s
            ),
            None => format!(
                "boot {} s (lead_time; too few launches in the last day to measure)",
                self.boot_s
            ),
        };
        [
            given(
                args.min.is_some(),
                format!("min {}", self.bounds.min()),
                "min",
            ),
            given(
                args.max.is_some(),
                format!("max {}", self.bounds.max()),
                "max",
            ),
            given(
                args.period.is_some(),
                format!("period {} s", self.period_s),
                "period",
            ),
            given(args.boot.is_some(), boot, "boot"),
        ]
        .join(", ")
    }
}

/// Replaces `--group` in the words of the command by the pulled file and the settings that were
/// taken from the group.
pub(super) fn repeat(words: &mut Vec<String>, pulled: &BacktestArgs) {
    if let Some(at) = words.iter().position(|word| word == "--group") {
        words.drain(at..words.len().min(at + 2));
    }
    words.retain(|word| !word.starts_with("--group="));
    let files = pulled.trace.iter().map(|path| path.display().to_string());
    words.extend(files.flat_map(|file| ["--trace".to_owned(), file]));
    let boot = match pulled.boot {
        Some(BootSpec(Boot::Constant { seconds })) => Some(format!("{seconds}s")),
        // Any other form was on the command line already.
        _ => None,
    };
    for (flag, value) in [
        ("--settings-of", pulled.settings_of.clone()),
        ("--unit", pulled.unit.map(|unit| unit.to_string())),
        ("--min", pulled.min.map(|min| min.to_string())),
        ("--max", pulled.max.map(|max| max.to_string())),
        (
            "--period",
            pulled.period.map(|seconds| format!("{seconds}s")),
        ),
        ("--boot", boot),
    ] {
        let is_there = |word: &String| {
            let rest = word.strip_prefix(flag);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
        };
        if let Some(value) = value.filter(|_| !words.iter().any(is_there)) {
            words.extend([flag.to_owned(), value]);
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use foretide_aws::Monitoring;
    use foretide_domain::{GroupState, Launch, LifecycleCounts, Timestamp};

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: BacktestArgs,
    }

    #[test]
    fn the_command_to_repeat_reads_what_was_pulled() {
        let repeated = |line: &[&str], unit, settings_of: Option<&str>| {
            let Line { mut args } = Line::try_parse_from([&["backtest"], line].concat()).unwrap();
            args.trace = vec!["o/pull-web.csv".into()];
            args.unit = args.unit.or(unit);
            args.settings_of = args.settings_of.or_else(|| settings_of.map(str::to_owned));
            let mut words = line.iter().map(ToString::to_string).collect();
            repeat(&mut words, &args);
            words.join(" ")
        };
        assert_eq!(
            repeated(&["--group", "web", "--out", "o"], Some(100.0), Some("web")),
            "--out o --trace o/pull-web.csv --settings-of web --unit 100"
        );
        assert_eq!(
            repeated(&["--out=o", "--group=web", "--unit", "7"], None, None),
            "--out=o --unit 7 --trace o/pull-web.csv"
        );
        assert_eq!(
            repeated(&["--group", "web"], None, None),
            "--trace o/pull-web.csv"
        );
        assert_eq!(
            repeated(
                &["--group", "web", "--boot=60s..90s", "--settings-of", "api"],
                None,
                Some("web")
            ),
            "--boot=60s..90s --settings-of api --trace o/pull-web.csv"
        );
    }

    fn found(boots: &[i64]) -> Found {
        let at = Timestamp::from_seconds;
        let launch = |(id, seconds): (u64, &i64)| Launch {
            id,
            started: at(0),
            ended: at(*seconds),
            succeeded: true,
            message: None,
        };
        Found {
            state: GroupState {
                counts: LifecycleCounts::default(),
                launches: (0..).zip(boots).map(launch).collect(),
                ..GroupState::at_rest(Bounds::new(2, 9).unwrap(), 2)
            },
            monitoring: Monitoring::Basic,
        }
    }

    #[test]
    fn the_group_is_simulated_as_it_is_unless_told_otherwise() {
        let told = |boots: &[i64], line: &[&str]| {
            let line = [&["backtest", "--group", "web"], line].concat();
            let Line { args } = Line::try_parse_from(line).unwrap();
            Own::of(&found(boots), Duration::from_secs(240)).told(&args)
        };
        assert_eq!(
            told(&[90, 100, 80, 300, 95], &[]),
            "min 2, max 9, period 300 s, boot 300 s (90th percentile of the 5 newest launches)"
        );
        assert_eq!(
            told(&[90], &["--max", "20"]),
            "min 2, max from the command line, period 300 s, boot 240 s (lead_time; too few \
             launches in the last day to measure)"
        );
    }
}
