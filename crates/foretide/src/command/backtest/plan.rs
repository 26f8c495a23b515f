//! Plan of a backtest: traces with their simulated groups, and policies with their settings.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use foretide_config::{Config, Percentage};
use foretide_control::ControllerConfig;
use foretide_domain::{Bounds, CallFailure, FailureKind, Features, Headroom, PolicyKind};
use foretide_report::file_name;
use foretide_sim::{
    BASELINE, Case, Contender, Driven, Fair, Peer, PolicySpec, Predict, Setup, Trace, Yardstick,
};
use foretide_terminal::{Exit, Failure};

use crate::cli::ConfigFlags;
use crate::command::input;
use crate::output::warn;

use super::args::BacktestArgs;

/// Foretide's own policies; they run in the same controller as `foretide run`.
const OWN: [PolicyKind; 3] = [
    PolicyKind::Forecast,
    PolicyKind::Classifier,
    PolicyKind::TargetTracking,
];

/// Defaults of the simulated group: bounds that suit nearly every load, and detailed monitoring.
const MIN: u32 = 1;
const MAX: u32 = 100;
const PERIOD_S: u32 = 60;

/// Everything that a backtest needs, checked before it begins.
pub(crate) struct Plan {
    pub(crate) cases: Vec<Case>,
    /// The policies, each with its name on the command line; names are distinct.
    pub(crate) contenders: Vec<(String, Box<dyn Contender>)>,
    /// Targets of the sweep, in percent; empty without a sweep.
    pub(crate) targets: Vec<f64>,
    /// Violation share at which policies of a sweep are compared.
    pub(crate) budget: f64,
    /// What the verdict goes by.
    pub(crate) yardstick: Yardstick,
    /// The headroom of Foretide's policies.
    pub(crate) headroom: Headroom,
    pub(crate) price_usd_per_hour: f64,
    /// Whether the summary has the duration of each run.
    pub(crate) timings: bool,
}

impl Plan {
    /// Collects and checks all inputs.
    pub(crate) fn new(args: &BacktestArgs, flags: &ConfigFlags) -> Result<Self, Failure> {
        let (sources, _) = input::sources(flags)?;
        let config = input::load(&sources)?;
        let own = own_config(args, &config)?;
        let predict = predict(args, &config)?;
        let cases = cases(args, &own)?;
        let specs = if args.policy.is_empty() {
            every_policy()
        } else {
            args.policy.clone()
        };
        for (old, spec) in specs
            .iter()
            .filter_map(|it| Some((it.renamed.as_ref()?, it)))
        {
            let name = &spec.name;
            warn(&format!(
                "policy `{old}` is called `{name}` now; this version accepts both names\n\
                 hint: --policy {name}"
            ));
        }
        let budget = args.budget.map(Percentage::ratio);
        let yardstick = Yardstick::configured(&own.forecast, budget);
        let budget = budget.unwrap_or(own.forecast.budget);
        let made = |spec: &PolicySpec| match (spec.name.as_str(), spec.settings.as_slice()) {
            (BASELINE, []) => match Fair::driven(&own, Arc::clone(&predict), yardstick) {
                Ok(fair) => Ok(Box::new(fair) as Box<dyn Contender>),
                Err(error) => Err(Failure::of(Exit::Config, &error)),
            },
            (BASELINE, _) => Err(refused(spec, "its target is chosen in hindsight")),
            _ => contender(spec, &own, &predict),
        };
        let contenders = specs
            .iter()
            .map(|spec| Ok((spec.text.clone(), made(spec)?)))
            .collect::<Result<Vec<_>, Failure>>()?;
        distinct("--policy", contenders.iter().map(|(name, _)| name.as_str()))?;
        distinct("--trace", cases.iter().map(|case| case.trace().name()))?;
        Ok(Self {
            cases,
            contenders,
            targets: args
                .sweep
                .as_ref()
                .map(|sweep| sweep.0.clone())
                .unwrap_or_default(),
            budget,
            yardstick,
            headroom: own.headroom,
            price_usd_per_hour: args.price,
            timings: args.timings,
        })
    }
}

/// Checks that names are distinct, also as parts of file names: tables, report and files have no
/// other key.
fn distinct<'n>(flag: &str, names: impl Iterator<Item = &'n str>) -> Result<(), Failure> {
    let mut seen = BTreeMap::new();
    for name in names {
        if let Some(before) = seen.insert(file_name(name), name) {
            let what = format!("{flag}: `{before}` and `{name}` would write the same files");
            return Err(Failure::new(Exit::Usage, what).hint(
                "name each once; the name of a trace is its file name without folder and extension",
            ));
        }
    }
    Ok(())
}

fn cases(args: &BacktestArgs, own: &ControllerConfig) -> Result<Vec<Case>, Failure> {
    let bounds = Bounds::new(args.min.unwrap_or(MIN), args.max.unwrap_or(MAX))
        .map_err(|error| Failure::of(Exit::Usage, &error).hint("see --min and --max"))?;
    let setup = Setup {
        unit: args.unit,
        boot: args.boot(),
        launch_failure: args.launch_failure.ratio(),
        delay_s: args.delay,
        period_s: args.period.unwrap_or(PERIOD_S),
        warmup_days: args.warmup,
        slo_utilisation: args
            .slo_util
            .map_or(own.forecast.objective.get() / 100.0, Percentage::ratio),
        seed: args.seed,
        request_count: args.request_count || own.load.is_some(),
        ..Setup::new(bounds)
    };
    let case = |path: &PathBuf| {
        let (trace, further) = args.traced.read_all(path)?;
        let name = path.file_stem().map_or_else(
            || path.display().to_string(),
            |stem| stem.to_string_lossy().into_owned(),
        );
        let cut = |trace: Trace| {
            let cut = trace.cut(args.skip, args.days);
            cut.map_err(|error| Failure::of(Exit::Data, &error).hint("see --skip and --days"))
        };
        let further = further
            .into_iter()
            .map(|(name, trace)| Ok((name, cut(trace)?)));
        let further = further.collect::<Result<Vec<_>, Failure>>()?;
        Case::new(cut(trace)?.named(&name), setup.clone())
            .and_then(|case| case.with_signals(further))
            .map_err(|error| foretide_files::no_case(&error, "see --unit and --warmup"))
    };
    args.trace.iter().map(case).collect()
}

/// The settings of Foretide's policies, with lead time and metric delay of the simulated group.
fn own_config(args: &BacktestArgs, config: &Config) -> Result<ControllerConfig, Failure> {
    let settings = input::settings_of(args.settings_of.as_deref(), config)?;
    let mut own = settings.controller.clone();
    own.lead_time = Duration::from_secs(u64::from(args.boot().typical_s().max(1)));
    own.metric_delay = Duration::from_secs(u64::from(args.delay));
    Ok(own)
}

fn predict(args: &BacktestArgs, config: &Config) -> Result<Arc<Predict<'static>>, Failure> {
    let model = foretide_files::model(args.model.as_deref().or(config.model.as_deref()))?;
    Ok(Arc::new(move |features: &Features| {
        model.predict(features).map_err(|error| CallFailure {
            kind: FailureKind::Rejected,
            detail: error.to_string(),
        })
    }))
}

fn every_policy() -> Vec<PolicySpec> {
    let named = |name: &str| PolicySpec {
        renamed: None,
        name: name.to_owned(),
        settings: Vec::new(),
        text: name.to_owned(),
    };
    let own = OWN.iter().map(|kind| match kind {
        PolicyKind::TargetTracking => named(BASELINE),
        kind => named(&kind.to_string()),
    });
    let peers = Peer::NAMES
        .iter()
        .filter(|name| own_kind(name).is_none())
        .map(|name| named(name));
    own.chain(peers).collect()
}

fn own_kind(name: &str) -> Option<PolicyKind> {
    OWN.into_iter().find(|kind| kind.to_string() == name)
}

fn contender(
    spec: &PolicySpec,
    own: &ControllerConfig,
    predict: &Arc<Predict<'static>>,
) -> Result<Box<dyn Contender>, Failure> {
    // Comparison policies have their own settings. Settings of Foretide's policies are in the
    // configuration; only the target, which a sweep changes, can be set here.
    if let Some(policy) = own_kind(&spec.name) {
        let config = ControllerConfig {
            policy,
            ..own.clone()
        };
        let driven = Driven::new(&spec.text, config, Arc::clone(predict))
            .map_err(|error| Failure::of(Exit::Config, &error))?;
        return match spec.settings.as_slice() {
            [] => Ok(Box::new(driven)),
            [(key, _)] if key == "target" && policy == PolicyKind::Forecast => Err(refused(
                spec,
                "it has no target; set forecast.budget or prices in the configuration",
            )),
            [(key, target)] if key == "target" => driven
                .with_target(*target)
                .ok_or_else(|| refused(spec, "that target is out of range")),
            _ => Err(refused(
                spec,
                "its settings are in the configuration; only target can be set here",
            )),
        };
    }
    let Some(mut peer) = Peer::named(&spec.name) else {
        let names: Vec<String> = every_policy().into_iter().map(|spec| spec.name).collect();
        return Err(
            Failure::new(Exit::Usage, format!("there is no policy `{}`", spec.name))
                .hint(format!("policies: {}, target-tracking", names.join(", "))),
        );
    };
    for (key, value) in &spec.settings {
        peer = peer.with_parameter(key, *value).ok_or_else(|| {
            let known: Vec<&str> = peer.settings().to_vec();
            if known.contains(&key.as_str()) {
                return refused(spec, &format!("`{key}={value}` is out of range"));
            }
            refused(spec, &format!("there is no setting `{key}`")).hint(format!(
                "settings of {}: {}",
                spec.name,
                known.join(", ")
            ))
        })?;
    }
    Ok(Box::new(peer))
}

fn refused(spec: &PolicySpec, why: &str) -> Failure {
    Failure::new(Exit::Usage, format!("policy `{}`: {why}", spec.text))
}
