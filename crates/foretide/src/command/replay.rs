//! `foretide replay`: repeats recorded decisions with the present code and settings, and lists
//! differences.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use foretide_control::ControllerConfig;
use foretide_domain::{Decision, Guard, Timestamp};
use foretide_runtime::GroupKey;
use foretide_store::{Reader, Step, replay};
use foretide_terminal::{Exit, Failure};
use serde::Serialize;
use serde_json::Value;

use crate::cli::{ConfigFlags, ReplayArgs};
use crate::clock;

use super::{Context, SCHEMA_VERSION, input, kept};

/// Most differences that are printed; `--json` has all.
const SHOWN_MAX: usize = 50;
/// Length of the replay without `--from`.
const USUAL: Duration = Duration::from_secs(24 * 3600);

/// A decision that differs from the recorded one.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Difference {
    at: String,
    /// The recorded decision; none if there was none.
    then: Option<Decision>,
    /// The replayed decision; none if there is none.
    now: Option<Decision>,
}

/// A setting that has changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Setting {
    key: String,
    then: Value,
    now: Value,
}

#[derive(Debug, Serialize)]
struct Report {
    schema_version: u32,
    account: String,
    group: String,
    from: String,
    to: String,
    decisions: usize,
    settings: Vec<Setting>,
    differences: Vec<Difference>,
    /// The file of the present settings.
    #[serde(skip)]
    config: Option<PathBuf>,
}

/// Runs it.
pub(crate) fn run(
    args: &ReplayArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let now = clock::now();
    let reader = kept::open(args.store.as_ref(), flags)?;
    let group = kept::group(&reader, &args.group, flags)?;
    let from = match &args.from {
        Some(from) => kept::time("--from", from, now)?,
        None => now.minus(USUAL),
    };
    let to = match &args.to {
        Some(to) => kept::time("--to", to, now)?,
        None => now,
    };
    if to <= from {
        let what = format!("--from {from} is not before --to {to}");
        return Err(Failure::new(Exit::Usage, what).hint(
            "a span counts back from now: --from 2h --to 1h is the hour before the last one",
        ));
    }
    let steps = steps(&reader, &group, from, to)?;
    let (sources, file) = input::sources(flags)?;
    let config = input::load(&sources)?;
    let today = &config.of_asg(group.name()).controller;
    let recorded = reader.decisions(&group, from, to);
    let recorded = recorded.map_err(|error| kept::failed(&error))?;
    let model = foretide_files::model(config.model.as_deref())?;
    let past = |from, to| reader.observations(&group, from, to).unwrap_or_default();
    let replayed = replay(today, &recorded, &model, &past, &steps);
    let within = |decision: &Decision| from <= decision.at && decision.at < to;
    let replayed: Vec<Decision> = replayed.into_iter().filter(within).collect();
    let report = Report {
        schema_version: SCHEMA_VERSION,
        account: group.account().to_owned(),
        group: group.name().to_owned(),
        from: from.to_string(),
        to: to.to_string(),
        decisions: recorded.len(),
        settings: settings(&steps, today),
        differences: differences(recorded, replayed),
        config: file,
    };
    if args.json {
        let text = serde_json::to_string_pretty(&report);
        let text = text.map_err(|error| Failure::of(Exit::Internal, &error))?;
        writeln!(context.out, "{text}")?;
        return Ok(());
    }
    print(&report, context)
}

/// The events since the newest checkpoint before `from`, or since the first checkpoint after
/// `from`.
fn steps(
    reader: &Reader,
    group: &GroupKey,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(Timestamp, Step)>, Failure> {
    let failed = |error| kept::failed(&error);
    let start = reader.checkpoint_before(group, from).map_err(failed)?;
    let mut steps = reader
        .steps(group, start.unwrap_or(from), to)
        .map_err(failed)?;
    let first = steps
        .iter()
        .position(|(_, step)| matches!(step, Step::Checkpoint(_)));
    let Some(first) = first else {
        let what = format!("nothing of {group} is kept between {from} and {to} to replay");
        return Err(Failure::new(Exit::Data, what)
            .hint("events are kept for two days; --from and --to name the time"));
    };
    steps.drain(..first);
    Ok(steps)
}

fn differences(recorded: Vec<Decision>, replayed: Vec<Decision>) -> Vec<Difference> {
    let mut pairs: BTreeMap<Timestamp, (Option<Decision>, Option<Decision>)> = BTreeMap::new();
    for decision in recorded {
        let place = pairs.entry(decision.at).or_default();
        place.0 = Some(decision);
    }
    for decision in replayed {
        let place = pairs.entry(decision.at).or_default();
        place.1 = Some(decision);
    }
    let differ = pairs.into_iter().filter(|(_, (then, now))| then != now);
    differ
        .map(|(at, (then, now))| Difference {
            at: at.to_string(),
            then,
            now,
        })
        .collect()
}

/// Differences between the present settings and those of the newest checkpoint.
fn settings(steps: &[(Timestamp, Step)], today: &ControllerConfig) -> Vec<Setting> {
    let then = steps.iter().rev().find_map(|(_, step)| match step {
        Step::Checkpoint(checkpoint) => Some(&checkpoint.controller),
        Step::Event(_) => None,
    });
    let mut found = Vec::new();
    let value = |config: &ControllerConfig| serde_json::to_value(config).unwrap_or_default();
    if let Some(then) = then {
        compare("", &value(then), &value(today), &mut found);
    }
    found
}

fn compare(key: &str, then: &Value, now: &Value, found: &mut Vec<Setting>) {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => {
            for (name, then) in then {
                let below = if key.is_empty() {
                    name.clone()
                } else {
                    format!("{key}.{name}")
                };
                compare(&below, then, now.get(name).unwrap_or(&Value::Null), found);
            }
        }
        (then, now) if then != now => found.push(Setting {
            key: key.to_owned(),
            then: then.clone(),
            now: now.clone(),
        }),
        _ => {}
    }
}

/// Outcome of a decision: the capacity set, the wanted capacity, and the limit that changed it.
fn outcome(decision: Option<&Decision>) -> Option<(Option<u32>, Option<u32>, Option<Guard>)> {
    let decision = decision?;
    let why = &decision.explanation;
    Some((decision.desired, why.proposal.desired, why.bound_by))
}

fn print(report: &Report, context: &mut Context<'_>) -> Result<(), Failure> {
    let Report {
        schema_version: _,
        account,
        group,
        from,
        to,
        decisions,
        settings,
        differences,
        config: _,
    } = report;
    if !settings.is_empty() && report.config.is_none() {
        writeln!(
            context.out,
            "there is no configuration file here, so the built-in settings are used; --config FILE \
             names one"
        )?;
    }
    for Setting { key, then, now } in settings {
        writeln!(
            context.out,
            "setting {key}: recorded with {then}, now {now}"
        )?;
    }
    let (shown, figures): (Vec<&Difference>, Vec<&Difference>) = differences
        .iter()
        .partition(|it| outcome(it.then.as_ref()) != outcome(it.now.as_ref()));
    for Difference { at, then, now } in shown.iter().take(SHOWN_MAX) {
        let words = |decision: &Option<Decision>| match decision {
            Some(decision) => decision.to_string(),
            None => "no decision".to_owned(),
        };
        writeln!(
            context.out,
            "{at}\n  recorded: {}\n  replayed: {}",
            words(then),
            words(now)
        )?;
    }
    if shown.len() > SHOWN_MAX {
        let more = shown.len() - SHOWN_MAX;
        writeln!(context.out, "and {more} more: --json lists them all")?;
    }
    if !figures.is_empty() {
        let count = figures.len();
        writeln!(
            context.out,
            "{count} decisions have the same result with other figures: --json shows them"
        )?;
    }
    let count = differences.len();
    let found = match count {
        0 => "no difference".to_owned(),
        1 => "1 difference".to_owned(),
        count => format!("{count} differences"),
    };
    writeln!(
        context.out,
        "{account}/{group} from {from} to {to}: {decisions} decisions, {found}"
    )?;
    Ok(())
}
