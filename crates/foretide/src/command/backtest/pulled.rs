//! A group's own history as the trace of a backtest.

use crate::cli::ConfigFlags;
use crate::command::output::prepare;
use crate::command::pull::{self, DAYS_KEPT, PullArgs};
use crate::command::{Context, input};
use crate::failure::{Exit, Failure};
use crate::report::file_name;

use super::args::BacktestArgs;

/// As much as is kept by the minute, less a day, and as the running service reads.
const DAYS: u32 = 14;
/// One instance at 100 % CPU, in instance-percent.
const INSTANCE: f64 = 100.0;

/// Pulls the history of `group`; what was asked for, on the file that holds it.
pub(super) fn pull(
    group: &str,
    args: &BacktestArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<BacktestArgs, Failure> {
    let config = input::load(&input::sources(flags)?.0)?;
    let days = args.days.unwrap_or(DAYS).saturating_add(args.skip);
    if !(1..=DAYS_KEPT).contains(&days) {
        let what = format!("--days and --skip ask for {days} days of CloudWatch");
        return Err(Failure::new(Exit::Usage, what).hint(format!("it keeps {DAYS_KEPT}")));
    }
    let folder = args.out.as_ref().unwrap_or(&config.run.output);
    prepare(folder)?;
    let out = folder.join(format!("pull-{}.csv", file_name(group)));
    let pull = PullArgs {
        group: group.to_owned(),
        days,
        step: None,
        out: out.clone(),
    };
    pull::run(&pull, flags, context)?;
    writeln!(context.out)?;
    context.out.flush()?;
    let settings = config.groups.get(group).unwrap_or(&config.defaults);
    let in_percent = settings.live.load.is_none();
    Ok(BacktestArgs {
        trace: vec![out],
        unit: args.unit.or(in_percent.then_some(INSTANCE)),
        ..args.clone()
    })
}

/// Puts the file that was pulled into the words of the command instead of the group, and the unit.
pub(super) fn repeat(words: &mut Vec<String>, pulled: &BacktestArgs) {
    if let Some(at) = words.iter().position(|word| word == "--group") {
        words.drain(at..words.len().min(at + 2));
    }
    words.retain(|word| !word.starts_with("--group="));
    let files = pulled.trace.iter().map(|path| path.display().to_string());
    words.extend(files.flat_map(|file| ["--trace".to_owned(), file]));
    let is_unit = |word: &String| word == "--unit" || word.starts_with("--unit=");
    if let Some(unit) = pulled.unit.filter(|_| !words.iter().any(is_unit)) {
        words.extend(["--unit".to_owned(), unit.to_string()]);
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: BacktestArgs,
    }

    #[test]
    fn the_command_to_repeat_reads_what_was_pulled() {
        let repeated = |line: &[&str], unit| {
            let Line { mut args } = Line::try_parse_from([&["backtest"], line].concat()).unwrap();
            args.trace = vec!["o/pull-web.csv".into()];
            args.unit = args.unit.or(unit);
            let mut words = line.iter().map(ToString::to_string).collect();
            repeat(&mut words, &args);
            words.join(" ")
        };
        assert_eq!(
            repeated(&["--group", "web", "--out", "o"], Some(100.0)),
            "--out o --trace o/pull-web.csv --unit 100"
        );
        assert_eq!(
            repeated(&["--out=o", "--group=web", "--unit", "7"], None),
            "--out=o --unit 7 --trace o/pull-web.csv"
        );
        assert_eq!(
            repeated(&["--group", "web"], None),
            "--trace o/pull-web.csv"
        );
    }
}
