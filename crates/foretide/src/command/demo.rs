//! `foretide demo`: the whole autoscaler on a simulated group, in virtual time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use foretide_config::{Config, DemoSettings, Key, Sources};
use foretide_demo::{Load, Plan, Price, Process, Records, Wanted};
use foretide_domain::{Bounds, Mode, PolicyKind};
use foretide_process::Stop;
use foretide_sim::{Boot, Case, Setup};
use foretide_terminal::{Exit, Failure};

use crate::cli::{ConfigFlags, DemoArgs};
use crate::clock::Stopwatch;

use super::{Context, input};

/// Name of the simulated group without `--group`.
const GROUP: &str = "demo";

/// This process: its clock and its signals.
struct ThisProcess {
    watch: Stopwatch,
    stop: Stop,
}

impl Process for ThisProcess {
    fn start(&mut self) {
        self.watch = Stopwatch::start();
    }

    fn lap(&mut self) -> Duration {
        self.watch.lap()
    }

    fn stopped(&self) -> Result<(), Failure> {
        self.stop.check()
    }
}

/// Runs it.
pub(crate) fn run(
    args: &DemoArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let plan = plan(args, flags)?;
    let records = Records::create(&plan.records, &plan.group)?;
    let mut process = ThisProcess {
        watch: Stopwatch::start(),
        stop: Stop::listen()?,
    };
    let wanted = Wanted {
        speed: args.speed,
        plain: args.plain,
        listen: args.listen,
        no_page: args.no_page,
        exit: args.exit,
    };
    let terminal = &context.terminal;
    foretide_demo::run(&plan, records, &wanted, &mut process, terminal, context.out)
}

/// Collects and checks all inputs.
fn plan(args: &DemoArgs, flags: &ConfigFlags) -> Result<Plan, Failure> {
    let (mut sources, _) = input::sources(flags)?;
    set_flags(args, &mut sources);
    let loaded = input::load(&sources)?;
    let mut config = input::settings_of(args.group.as_deref(), &loaded)?
        .controller
        .clone();
    let Config { model, demo, .. } = loaded;
    // Nothing but the simulated group can be written to, so that it is shown at work.
    config.mode = Mode::Enforce;
    let setup = setup(&demo)?;
    config.lead_time = demo.boot.max(std::time::Duration::from_secs(1));
    config.metric_delay = std::time::Duration::from_secs(u64::from(setup.delay_s));
    let load = match &args.trace {
        None => Load::generated(demo.seed, demo.days, setup)?,
        Some(path) => of_file(path, args, setup)?,
    };
    Ok(Plan {
        group: args.group.clone().unwrap_or_else(|| GROUP.into()),
        records: records_folder(args, &demo, config.policy),
        model: foretide_files::model(model.as_deref())?,
        price: demo.price.map(|price| Price {
            amount: price.per_hour(),
            currency: price.currency().to_owned(),
        }),
        load,
        config,
    })
}

fn set_flags(args: &DemoArgs, sources: &mut Sources) {
    if let Some(seed) = args.seed {
        sources.flag("--seed", "demo.seed", &seed);
    }
    if let Some(days) = args.days {
        sources.flag("--days", "demo.days", &days);
    }
    if let Some(model) = &args.model {
        sources.flag("--model", "model", &model.display());
    }
    if let Some(policy) = &args.policy {
        let key = match &args.group {
            None => Key::from(["defaults", "policy"]),
            Some(name) => Key::from(["group", name, "policy"]),
        };
        sources.flag("--policy", &key.to_string(), &policy);
    }
}

/// The load of a trace file. It is cut only with `--days`: `demo.days` is for generated load.
fn of_file(path: &Path, args: &DemoArgs, setup: Setup) -> Result<Load, Failure> {
    let mut trace = args.traced.read(path)?;
    if let Some(days) = args.days {
        let cut = trace.cut(0, Some(days));
        trace = cut.map_err(|error| Failure::of(Exit::Data, &error))?;
    }
    let case = Case::new(trace, setup)
        .map_err(|error| foretide_files::no_case(&error, foretide_files::NO_UNIT))?;
    Ok(Load::of_file(&path.display().to_string(), case))
}

fn setup(demo: &DemoSettings) -> Result<Setup, Failure> {
    let bounds = Bounds::new(demo.capacity_min, demo.capacity_max);
    let bounds = bounds.map_err(|error| Failure::of(Exit::Config, &error))?;
    Ok(Setup {
        boot: Boot::Constant {
            seconds: u32::try_from(demo.boot.as_secs()).unwrap_or(u32::MAX),
        },
        slo_utilisation: demo.slo_utilisation,
        seed: demo.seed,
        ..Setup::new(bounds)
    })
}

fn records_folder(args: &DemoArgs, demo: &DemoSettings, policy: PolicyKind) -> PathBuf {
    if let Some(folder) = &args.records {
        return folder.clone();
    }
    let load = match &args.trace {
        Some(path) => path.file_stem().map_or_else(
            || "trace".into(),
            |stem| stem.to_string_lossy().into_owned(),
        ),
        None => format!("seed-{}", demo.seed),
    };
    Path::new("output").join(format!("demo-{load}-{policy}"))
}
