//! `foretide report`: summarises the last days, from the store.

mod args;

use std::time::Duration;

use foretide_config::GroupSettings;
use foretide_control::Event;
use foretide_domain::{Decision, Timestamp};
use foretide_report::{
    GroupReport, REPORT_VERSION, Recorded, Report, group_report, render_operations, render_text,
};
use foretide_runtime::{GroupKey, Notice, What};
use foretide_store::{Reader, Step, StoreError};
use foretide_terminal::wrap;
use foretide_terminal::{Exit, Failure};

use crate::cli::ConfigFlags;
use crate::clock;

use super::output::whole_at;
use super::{Context, input, kept};
pub(crate) use args::ReportArgs;

/// A day.
const DAY: Duration = Duration::from_secs(86_400);

/// Runs it.
pub(crate) fn run(
    args: &ReportArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let config = input::load(&input::sources(flags)?.0)?;
    let reader = kept::open(args.store.as_ref(), flags)?;
    let keys = match &args.group {
        Some(name) => vec![kept::group(&reader, name, flags)?],
        None => reader.groups().map_err(|error| kept::failed(&error))?,
    };
    if keys.is_empty() {
        return Err(Failure::new(Exit::Data, "the store has no group yet")
            .hint("`foretide run` records its groups in the store"));
    }
    let now = clock::now();
    let to = args.to.as_ref();
    let to = to.map_or(Ok(now), |text| kept::time("--to", text, now))?;
    let from = first_of_day(to).minus(DAY * (args.days - 1));
    let groups = keys.iter().map(|key| {
        let settings = config.of_asg(key.name());
        of_group(&reader, key, settings, (from, to)).map_err(|error| kept::failed(&error))
    });
    let report = Report {
        schema_version: REPORT_VERSION,
        foretide_version: env!("CARGO_PKG_VERSION"),
        from: from.to_string(),
        to: to.to_string(),
        groups: groups.collect::<Result<_, _>>()?,
    };
    if let Some(path) = &args.html {
        let page = render_operations(&report);
        let page = page.map_err(|error| Failure::of(Exit::Internal, &error))?;
        whole_at(path, page.as_bytes())
            .map_err(|failure| failure.hint("--html FILE names another file"))?;
    }
    if args.json {
        let json = serde_json::to_string_pretty(&report);
        let json = json.map_err(|error| Failure::of(Exit::Internal, &error))?;
        writeln!(context.out, "{json}")?;
    } else {
        write!(
            context.out,
            "{}",
            render_text(&report, context.terminal.wrap_at(), wrap)
        )?;
    }
    Ok(())
}

fn first_of_day(at: Timestamp) -> Timestamp {
    let day = i64::try_from(DAY.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(at.as_millis().div_euclid(day) * day)
}

fn of_group(
    reader: &Reader,
    key: &GroupKey,
    settings: &GroupSettings,
    (from, to): (Timestamp, Timestamp),
) -> Result<GroupReport, StoreError> {
    let recorded = recorded(reader, key, from, to)?;
    let price = settings.live.price.as_ref();
    let price = price.map(|price| (price.per_hour(), price.currency().to_owned()));
    let budget = settings.controller.forecast.budget;
    Ok(group_report(
        key.to_string(),
        &recorded,
        (from, to),
        budget,
        price,
    ))
}

fn recorded(
    reader: &Reader,
    key: &GroupKey,
    from: Timestamp,
    to: Timestamp,
) -> Result<Recorded, StoreError> {
    let before = from.minus(Duration::from_millis(1));
    let hours = |decision: Decision| decision.explanation.inputs.hours;
    let mut recorded = Recorded {
        points: reader.observations(key, from, to)?,
        decisions: reader.decisions(key, from, to)?,
        hours_before: reader.decision_at(key, before)?.map(hours),
        ..Recorded::default()
    };
    for said in reader.records_and_notices(Some(key), from, to)? {
        match said.what {
            What::Record(record) => recorded.records.push((said.at, record)),
            What::Notice(Notice::Overrun { .. }) => recorded.overruns += 1,
            _ => {}
        }
    }
    let steps = reader.steps(key, from.max(to.minus(DAY)), to)?;
    let events = steps.into_iter().filter_map(|(at, step)| match step {
        Step::Event(event) => Some((at, event)),
        Step::Checkpoint(_) => None,
    });
    response(&mut recorded, events);
    Ok(recorded)
}

/// Fills in the durations of cycles and of predictions.
fn response(recorded: &mut Recorded, events: impl Iterator<Item = (Timestamp, Event)>) {
    let mut decisions = recorded
        .decisions
        .iter()
        .map(|decision| decision.at)
        .peekable();
    let mut woke: Option<Timestamp> = None;
    let mut read: Option<Timestamp> = None;
    for (at, event) in events {
        match event {
            Event::Woke => {
                // Decisions before this cycle belong to the previous cycle.
                while let Some(decided) = decisions.next_if(|decided| *decided < at) {
                    let look = woke.take().filter(|woke| *woke <= decided);
                    recorded.cycles.extend(look.map(|woke| decided.since(woke)));
                }
                woke = Some(at);
            }
            Event::GroupRead { .. } | Event::MetricsRead { .. } => read = Some(at),
            Event::Predicted { .. } => {
                recorded.predictions.extend(read.map(|read| at.since(read)));
            }
            _ => {}
        }
    }
    for decided in decisions {
        let look = woke.take().filter(|woke| *woke <= decided);
        recorded.cycles.extend(look.map(|woke| decided.since(woke)));
    }
}
