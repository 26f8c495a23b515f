//! The emulated scenario: from a file or with the built-in group, changed by flags.

use std::path::Path;
use std::sync::Arc;

use foretide_config::Span;
use foretide_domain::Bounds;
use foretide_emulator::{Demand, GroupSpec, Scenario};
use foretide_files as file;
use foretide_sim::{Case, Setup};
use foretide_terminal::{Exit, Failure};

use super::args::EmulatorArgs;

/// The built-in group.
const GROUP: &str = "web";
/// CloudWatch keeps minutes for so long.
const HISTORY_S: u32 = 15 * 86_400;

/// The scenario that `args` describe. The emulator checks its values.
pub(super) fn scenario(args: &EmulatorArgs) -> Result<Scenario, Failure> {
    let mut scenario = match &args.scenario {
        Some(path) => read(path)?,
        None => Scenario::of(built_in(args)),
    };
    if changes(args) || args.group.is_some() {
        change(group(args, &mut scenario)?, args)?;
    }
    Ok(scenario)
}

/// Whether flags change a group.
fn changes(args: &EmulatorArgs) -> bool {
    args.trace.is_some()
        || [args.unit, args.speed].iter().any(Option::is_some)
        || [args.min, args.max, args.desired]
            .iter()
            .any(Option::is_some)
        || [args.boot, args.period, args.history]
            .iter()
            .any(Option::is_some)
}

/// The exit code if the emulator refuses the scenario: for the flags if flags change a group, else
/// for the file.
pub(super) fn at_fault(args: &EmulatorArgs) -> Exit {
    if changes(args) {
        Exit::Usage
    } else {
        Exit::Data
    }
}

/// A daily cycle between one and three busy instances, with a history as long as CloudWatch keeps
/// one-minute metrics.
fn built_in(args: &EmulatorArgs) -> GroupSpec {
    GroupSpec {
        name: args.group.clone().unwrap_or_else(|| GROUP.into()),
        desired: 4,
        demand: Demand::Wave {
            mean: 200.0,
            amplitude: 0.5,
            period_s: 86_400,
        },
        history_s: HISTORY_S,
        ..GroupSpec::default()
    }
}

fn read(path: &Path) -> Result<Scenario, Failure> {
    let text = file::text(path, file::SCENARIO)?;
    toml::from_str(&text).map_err(|error| {
        let what = format!(
            "{} is no scenario\n{}",
            path.display(),
            error.to_string().trim_end()
        );
        Failure::new(Exit::Data, what).hint("`foretide emulator --help` shows one")
    })
}

/// The group that the flags change.
fn group<'a>(
    args: &EmulatorArgs,
    scenario: &'a mut Scenario,
) -> Result<&'a mut GroupSpec, Failure> {
    let names: Vec<String> = scenario
        .groups
        .iter()
        .map(|spec| spec.name.clone())
        .collect();
    let wanted = match (&args.group, names.as_slice()) {
        (Some(name), _) => name,
        (None, [only]) => only,
        (None, _) => {
            let what = "the scenario has several groups, and the options change one group";
            let hint = format!("--group NAME, one of: {}", names.join(", "));
            return Err(Failure::new(Exit::Usage, what).hint(hint));
        }
    };
    let found = scenario.groups.iter_mut().find(|spec| spec.name == *wanted);
    found.ok_or_else(|| {
        Failure::new(Exit::Usage, format!("no group `{wanted}` in the scenario"))
            .hint(format!("groups of the scenario: {}", names.join(", ")))
    })
}

fn change(spec: &mut GroupSpec, args: &EmulatorArgs) -> Result<(), Failure> {
    spec.min = args.min.unwrap_or(spec.min);
    spec.speed = args.speed.unwrap_or(spec.speed);
    spec.unit = args.unit.unwrap_or(spec.unit);
    for (span, flag, value) in [
        (args.boot, "--boot", &mut spec.boot_s),
        (args.period, "--period", &mut spec.period_s),
        (args.history, "--history", &mut spec.history_s),
    ] {
        if let Some(span) = span {
            *value = seconds(span, flag)?;
        }
    }
    if let Some(path) = &args.trace {
        play(spec, path, args)?;
    }
    spec.max = args.max.unwrap_or(spec.max);
    spec.desired = args
        .desired
        .unwrap_or_else(|| spec.desired.clamp(spec.min.min(spec.max), spec.max));
    Ok(())
}

/// Gives `spec` the load of a trace, and a capacity that serves the load.
fn play(spec: &mut GroupSpec, path: &Path, args: &EmulatorArgs) -> Result<(), Failure> {
    /// Largest capacity if `--max` is unset, as in a backtest.
    const MAX: u32 = 100;
    let trace = args.traced.read(path)?;
    if args.scenario.is_none() {
        spec.max = MAX;
    }
    let max = args.max.unwrap_or(spec.max);
    let bounds = Bounds::new(spec.min, max)
        .map_err(|error| Failure::of(Exit::Usage, &error).hint("see --min and --max"))?;
    let setup = Setup {
        unit: args.unit,
        ..Setup::new(bounds)
    };
    let case = Case::new(trace.clone(), setup)
        .map_err(|error| foretide_files::no_case(&error, "set it with --unit N"))?;
    spec.unit = case.unit();
    spec.desired = case.peak();
    spec.demand = Demand::Trace(Arc::new(trace));
    Ok(())
}

fn seconds(span: Span, flag: &str) -> Result<u32, Failure> {
    let whole = span.0.subsec_nanos() == 0;
    match u32::try_from(span.0.as_secs()) {
        Ok(seconds) if whole => Ok(seconds),
        _ => Err(Failure::new(
            Exit::Usage,
            format!("{flag}: expected whole seconds"),
        )),
    }
}
