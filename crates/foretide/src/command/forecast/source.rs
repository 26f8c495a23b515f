//! Source of the history: a trace file, or the load of a group in the store of `foretide run`.

use foretide_sim::{ReadOptions, Trace, read_trace};
use foretide_terminal::{Exit, Failure};

use crate::cli::ConfigFlags;
use crate::command::kept;

use super::args::ForecastArgs;

/// Period of a trace's metrics, if `--period` is unset.
const PERIOD_S: u32 = 60;
/// One instance at 100 % CPU, in instance-percent.
const INSTANCE: f64 = 100.0;

/// A history with its facts.
pub(super) struct Source {
    pub(super) trace: Trace,
    /// Name in the report.
    pub(super) name: String,
    /// Load that one instance serves at 100 % CPU, if the source defines it.
    pub(super) unit: Option<f64>,
    pub(super) period_s: u32,
    /// Hint for a history that is too short.
    pub(super) hint: String,
}

impl Source {
    /// The history that the command line names.
    pub(super) fn of(args: &ForecastArgs, flags: &ConfigFlags) -> Result<Self, Failure> {
        match (&args.group, &args.trace) {
            (Some(group), _) => Self::observed(group, args, flags),
            (None, Some(path)) => Ok(Self {
                trace: args.traced.read(path)?,
                name: path.display().to_string(),
                unit: None,
                period_s: args.period.unwrap_or(PERIOD_S),
                hint: "see --warmup and --unit in `foretide forecast --help`".to_owned(),
            }),
            (None, None) => Err(Failure::new(Exit::Usage, "--trace or --group is needed")),
        }
    }

    /// What the run observed as a trace, as a pull of the same periods writes it, and the history
    /// that it read from CloudWatch and forecasts from.
    fn observed(group: &str, args: &ForecastArgs, flags: &ConfigFlags) -> Result<Self, Failure> {
        let pull = flags
            .again("foretide pull")
            .option("--group", group)
            .then("--out FILE");
        let pull = format!(
            "CloudWatch may have more:\n  {pull}\n  foretide forecast --trace FILE --unit 100"
        );
        let or_pull = |failure: Failure| {
            let hint = failure.hint.iter().chain([&pull]);
            let hint = hint.cloned().collect::<Vec<_>>().join("; ");
            failure.hint(hint)
        };
        let reader = kept::open(args.store.as_ref(), flags).map_err(or_pull)?;
        let key = kept::group(&reader, group, flags).map_err(or_pull)?;
        let loads = reader.loads(&key).map_err(|error| kept::failed(&error))?;
        let rows = foretide_files::trace_of(&loads.past, &loads.observed);
        let Some(period) = loads.period.filter(|_| !rows.is_empty()) else {
            let what = format!("the store has no load of {key} yet");
            return Err(Failure::new(Exit::Data, what).hint(pull));
        };
        let period_s = u32::try_from(period.as_secs()).unwrap_or(PERIOD_S);
        let options = ReadOptions {
            step_s: Some(period_s),
            ..ReadOptions::default()
        };
        let trace = read_trace(&key.to_string(), rows.as_bytes(), &options)
            .map_err(|error| Failure::of(Exit::Data, &error).hint(&pull))?;
        Ok(Self {
            trace,
            name: key.to_string(),
            unit: Some(INSTANCE),
            period_s: args.period.unwrap_or(period_s),
            hint: pull,
        })
    }
}
