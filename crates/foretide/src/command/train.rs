//! `foretide train`: fits the model to a trace or to labelled rows, evaluates it, writes it.

use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use foretide_classifier::{
    CsvError, CsvLimits, Evaluation, Hindsight, LabelledRow, MemoryUse, Scores, TrainError,
    TrainParams, Walk, read_csv, rows_from_demand, train,
};
use foretide_control::ControllerConfig;
use foretide_domain::{Bounds, Class};
use foretide_files as file;
use foretide_sim::{Case, Setup, Trace};
use foretide_terminal::{Exit, Failure};

use crate::cli::{ConfigFlags, TrainArgs};

use super::{Context, input, output};

/// Lead times after a scale-in within which the instance must not be needed: one to launch it
/// again, one to use it.
const HOLD_LEAD_TIMES: u32 = 2;
/// Bytes a second that an instance at 100 % CPU receives and sends, as in the simulated group.
const NETWORK_AT_FULL: f64 = 5e6;
/// Seed of the fleet's walk along the trace: equal files give an equal model.
const WALK_SEED: u64 = 1;

/// Runs it.
pub(crate) fn run(
    args: &TrainArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let (sources, _) = input::sources(flags)?;
    let config = input::load(&sources)?.defaults.controller;
    let mut params = TrainParams {
        target_percent: config.target_utilisation.get(),
        ..TrainParams::default()
    };
    let rows = match &args.csv {
        Some(path) => {
            params.source = format!("labelled rows of {}", file_name(path));
            rows_of_csv(path)?
        }
        None => rows_of_traces(args, &config, &mut params)?,
    };
    let (model, evaluation) = train(&rows, &params).map_err(|error| refused(&error))?;
    print(&evaluation, &params, context)?;
    match &args.out {
        Some(path) => {
            output::whole_at(path, &model.to_bytes()).map_err(|failure| Failure {
                hint: None,
                ..failure
            })?;
            let hash = &model.facts().hash;
            writeln!(context.out, "\nwritten: {} ({hash})", path.display())?;
        }
        None => writeln!(context.out, "\nno model written; --out FILE writes it")?,
    }
    Ok(())
}

/// The name of a file without its folder: the model file names its source, and must not depend on
/// the folder.
fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn rows_of_csv(path: &Path) -> Result<Vec<LabelledRow>, Failure> {
    let file = file::open(path, file::LABELLED_ROWS)?;
    read_csv(BufReader::new(file), CsvLimits::default()).map_err(|error| {
        let what = format!("{} holds no labelled rows", path.display());
        let failure = Failure::new(Exit::Data, what).because(&error);
        match error {
            CsvError::MissingColumn { .. } => {
                failure.hint("for a trace, `timestamp,value`, use --trace")
            }
            _ => failure,
        }
    })
}

fn rows_of_traces(
    args: &TrainArgs,
    config: &ControllerConfig,
    params: &mut TrainParams,
) -> Result<Vec<LabelledRow>, Failure> {
    let mut series = Vec::with_capacity(args.trace.len());
    for path in &args.trace {
        let trace = args.traced.read(path)?;
        let walk = walk(&trace, config)?;
        let ahead = walk.hindsight.hold_steps.div_ceil(walk.stride);
        params.embargo_rows += ahead;
        let rows = rows_from_demand(trace.demand(), &walk).map_err(|error| {
            let what = format!("{} cannot be labelled", path.display());
            Failure::new(Exit::Data, what).because(&error)
        })?;
        series.push(rows);
    }
    let names: Vec<String> = args.trace.iter().map(|path| file_name(path)).collect();
    params.source = format!("hindsight on {}", names.join(", "));
    Ok(in_step(&series))
}

/// Settings of the walk along the trace: sized as in the simulated group; labels look ahead over
/// the lead time and the delay of metrics.
fn walk(trace: &Trace, config: &ControllerConfig) -> Result<Walk, Failure> {
    let bounds = Bounds::new(1, 100).map_err(|error| Failure::of(Exit::Internal, &error))?;
    let case = Case::new(trace.clone(), Setup::new(bounds));
    let case = case.map_err(|error| foretide_files::no_case(&error, foretide_files::NO_UNIT))?;
    let step_s = u64::from(trace.step_s());
    let steps = |span: Duration| usize::try_from(span.as_secs().div_ceil(step_s)).unwrap_or(0);
    // A decision sees a period that has ended and been published: two delays, roughly.
    let lead = config.lead_time + 2 * config.metric_delay;
    Ok(Walk {
        unit: case.unit(),
        bounds,
        hindsight: Hindsight {
            target_percent: config.target_utilisation.get(),
            lead_steps: steps(lead).max(1),
            hold_steps: steps(lead + HOLD_LEAD_TIMES * lead).max(1),
        },
        network_bytes_per_second: NETWORK_AT_FULL,
        memory: MemoryUse::Unmeasured,
        stride: 1,
        seed: WALK_SEED,
    })
}

/// The rows of all series, interleaved by relative age, so that the newest rows of every series
/// are held out.
fn in_step(series: &[Vec<LabelledRow>]) -> Vec<LabelledRow> {
    let mut placed: Vec<(f64, LabelledRow)> = Vec::new();
    for rows in series {
        let length = rows.len().max(1) as f64;
        let places = rows.iter().enumerate();
        placed.extend(places.map(|(index, row)| (index as f64 / length, *row)));
    }
    placed.sort_by(|a, b| a.0.total_cmp(&b.0));
    placed.into_iter().map(|(_, row)| row).collect()
}

fn refused(error: &TrainError) -> Failure {
    let exit = match error {
        TrainError::Booster(_) | TrainError::Model(_) => Exit::Internal,
        _ => Exit::Data,
    };
    Failure::new(exit, "no model could be fitted").because(error)
}

fn print(
    evaluation: &Evaluation,
    params: &TrainParams,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let Evaluation {
        rows_fitted,
        rows_held_out,
        ..
    } = evaluation;
    let share = params.hold_out_share * 100.0;
    let out = &mut *context.out;
    writeln!(
        out,
        "fitted to {rows_fitted} rows, evaluated on {rows_held_out} later rows"
    )?;
    writeln!(out, "(the newest {share:.0} % of all rows)\n")?;
    let columns = [
        &evaluation.model,
        &evaluation.commonest,
        &evaluation.thresholds,
    ];
    writeln!(
        out,
        "{:<18}{:>8}{:>10}{:>12}",
        "", "model", "majority", "thresholds"
    )?;
    let rows: [(&str, Figure); 4] = [
        ("accuracy", |scores| percent(scores.accuracy)),
        ("balanced accuracy", |scores| {
            percent(scores.balanced_accuracy)
        }),
        ("log loss", |scores| format!("{:.3}", scores.log_loss)),
        ("calibration error", |scores| {
            percent(scores.calibration.expected_error)
        }),
    ];
    for (label, figure) in rows {
        let [model, commonest, thresholds] = columns.map(figure);
        writeln!(out, "{label:<18}{model:>8}{commonest:>10}{thresholds:>12}")?;
    }
    writeln!(
        out,
        "\nmajority: always the most common class\n\
         thresholds: scale out 10 points above the target CPU, scale in 10 below\n\
         calibration error: mean difference of predicted probability and\n  \
         observed accuracy"
    )?;
    confusion(&evaluation.model, context)?;
    calibration(&evaluation.model, context)
}

/// Formats one figure of a set of scores.
type Figure = fn(&Scores) -> String;

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

fn confusion(scores: &Scores, context: &mut Context<'_>) -> Result<(), Failure> {
    writeln!(context.out, "\nrows: true class, columns: predicted class")?;
    write!(context.out, "{:<10}", "")?;
    for class in Class::ALL {
        write!(context.out, "{:>10}", class.action())?;
    }
    writeln!(context.out)?;
    for (class, counts) in Class::ALL.iter().zip(scores.confusion) {
        write!(context.out, "{:<10}", class.action())?;
        for count in counts {
            write!(context.out, "{count:>10}")?;
        }
        writeln!(context.out)?;
    }
    Ok(())
}

fn calibration(scores: &Scores, context: &mut Context<'_>) -> Result<(), Failure> {
    writeln!(
        context.out,
        "\n{:<10}{:>8}{:>13}{:>10}\n{:<10}{:>8}{:>13}{:>10}",
        "", "", "predicted", "observed", "range", "rows", "probability", "accuracy"
    )?;
    let bins = &scores.calibration.bins;
    for bin in bins.iter().filter(|bin| bin.rows > 0) {
        let from = bin.from * 100.0;
        let range = format!("{from:.0}–{:.0} %", from + 100.0 / bins.len() as f64);
        let (predicted, observed) = (percent(bin.mean_confidence), percent(bin.accuracy));
        writeln!(
            context.out,
            "{range:<10}{:>8}{predicted:>13}{observed:>10}",
            bin.rows
        )?;
    }
    Ok(())
}
