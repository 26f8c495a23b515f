//! `foretide explain`: explains why a group was scaled or was not scaled, from the store's
//! decisions.

use foretide_domain::{Decision, Timestamp};
use foretide_runtime::GroupKey;
use foretide_status::story;
use foretide_store::Reader;
use foretide_terminal::shell::{visible, visible_lines};
use foretide_terminal::{Exit, Failure};
use serde::Serialize;

use crate::cli::{ConfigFlags, ExplainArgs};
use crate::clock;

use super::{Context, SCHEMA_VERSION, kept};

/// Runs it.
pub(crate) fn run(
    args: &ExplainArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let now = clock::now();
    let reader = kept::open(args.store.as_ref(), flags)?;
    let group = kept::group(&reader, &args.group, flags)?;
    let failed = |error| kept::failed(&error);
    let since = args.since.as_ref();
    let since = since
        .map(|since| kept::time("--since", since, now))
        .transpose()?;
    let decisions = match (since, &args.at) {
        (Some(since), _) => reader.decisions(&group, since, end()).map_err(failed)?,
        (None, at) => {
            let at = match at {
                Some(at) => kept::time("--at", at, now)?,
                None => end(),
            };
            let newest = reader.decision_at(&group, at).map_err(failed)?;
            newest.into_iter().collect()
        }
    };
    if decisions.is_empty() {
        let what = format!("the store has no decision of {group} for that time");
        return Err(Failure::new(Exit::Data, what)
            .hint("`foretide status` says whether the group is read; decisions are kept for 2 days, then one a minute up to 30 days"));
    }
    if args.json {
        json(&group, &decisions, context)
    } else if args.csv {
        csv(&decisions, context)
    } else if let Some(since) = since {
        let said = reader.records_and_notices(Some(&group), since, end());
        for line in story(
            &decisions,
            &said.map_err(failed)?,
            context.terminal.wrap_at(),
        ) {
            writeln!(context.out, "{line}")?;
        }
        Ok(())
    } else {
        unfolded(&reader, &group, &decisions, context)
    }
}

/// A time after every stored time.
const fn end() -> Timestamp {
    Timestamp::from_millis(i64::MAX)
}

/// Prints the decision with all its figures, and the notices until the next decision.
fn unfolded(
    reader: &Reader,
    group: &GroupKey,
    decisions: &[Decision],
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    for decision in decisions {
        writeln!(
            context.out,
            "{}",
            visible_lines(&decision.unfold().to_string())
        )?;
        let said = reader.records_and_notices(Some(group), decision.at, decision.next_look);
        let said = said.map_err(|error| kept::failed(&error))?;
        if !said.is_empty() {
            writeln!(context.out, "  then")?;
        }
        for said in said {
            writeln!(
                context.out,
                "    {} {}",
                said.at,
                visible(&said.what.to_string())
            )?;
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct Line<'a> {
    schema_version: u32,
    account: &'a str,
    group: &'a str,
    time: String,
    sentence: String,
    decision: &'a Decision,
}

fn json(
    group: &GroupKey,
    decisions: &[Decision],
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    for decision in decisions {
        let line = Line {
            schema_version: SCHEMA_VERSION,
            account: group.account(),
            group: group.name(),
            time: decision.at.to_string(),
            sentence: decision.to_string(),
            decision,
        };
        let text = serde_json::to_string(&line);
        let text = text.map_err(|error| Failure::of(Exit::Internal, &error))?;
        writeln!(context.out, "{text}")?;
    }
    Ok(())
}

/// Columns of the CSV. Names contain the units; an unknown value is an empty cell.
#[derive(Serialize)]
struct Row {
    time: String,
    mode: String,
    policy: String,
    desired_before: u32,
    desired: Option<u32>,
    wanted: Option<u32>,
    rule: String,
    bound_by: Option<String>,
    in_service: u32,
    pending: u32,
    min: u32,
    max: u32,
    cpu_percent: Option<f64>,
    load_instance_percent: Option<f64>,
    data_age_s: Option<u64>,
    sentence: String,
}

fn csv(decisions: &[Decision], context: &mut Context<'_>) -> Result<(), Failure> {
    let mut rows = csv::Writer::from_writer(&mut *context.out);
    for decision in decisions {
        let why = &decision.explanation;
        let inputs = &why.inputs;
        let row = Row {
            time: decision.at.to_string(),
            mode: why.mode.to_string(),
            policy: why.policy.to_string(),
            desired_before: inputs.desired,
            desired: decision.desired,
            wanted: why.proposal.desired,
            rule: why.proposal.rule.to_string(),
            bound_by: why.bound_by.map(|guard| guard.to_string()),
            in_service: inputs.counts.in_service,
            pending: inputs.counts.pending,
            min: inputs.bounds.min(),
            max: inputs.bounds.max(),
            cpu_percent: inputs.cpu.map(foretide_domain::Percent::get),
            load_instance_percent: inputs.load.map(foretide_domain::Load::get),
            data_age_s: inputs.data_age.map(|age| age.as_secs()),
            sentence: decision.to_string(),
        };
        rows.serialize(row)
            .map_err(|error| match error.into_kind() {
                csv::ErrorKind::Io(error) => Failure::from(error),
                other => Failure::new(Exit::Internal, format!("a decision is no row: {other:?}")),
            })?;
    }
    rows.flush()?;
    Ok(())
}
