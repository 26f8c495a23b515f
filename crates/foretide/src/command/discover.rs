//! `foretide discover`: the groups of the account, and which of them a run would look after.

use foretide_config::Config;
use foretide_connect::{Found, Listed, Listing, list_groups};
use foretide_files::outbound_of_process;
use foretide_terminal::shell::{Command, visible};
use foretide_terminal::{Exit, Failure, wrap};
use serde::Serialize;

use crate::cli::ConfigFlags;

use super::args::DiscoverArgs;
use super::{Context, SCHEMA_VERSION, input};

/// A line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    schema_version: u32,
    #[serde(flatten)]
    row: &'a Listed,
}

/// Runs it.
pub(crate) fn run(
    args: &DiscoverArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let (mut sources, _) = input::sources(flags)?;
    let mut config = input::load(&sources)?;
    config.aws.outbound = outbound_of_process()?;
    let found = list_groups(&config)?;
    // What the tags would do is shown whether or not a run searches.
    sources.flag("--discover", "discover.enabled", &true);
    let tagged = found.clone().with_tag(&config.discover.tag);
    let discovered = input::discovered(&sources, &tagged)?;
    let listing = Listing {
        home: found.home.as_deref(),
        configured: &config,
        discovered: &discovered,
    };
    let rows = listing.rows(&found);
    if args.json {
        for row in &rows {
            let line = Line {
                schema_version: SCHEMA_VERSION,
                row,
            };
            serde_json::to_writer(&mut *context.out, &line).map_err(std::io::Error::from)?;
            writeln!(context.out)?;
        }
    } else {
        print(&rows, &config, found.failures.is_empty(), context)?;
    }
    unsearched(&found)
}

fn print(
    rows: &[Listed],
    config: &Config,
    complete: bool,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let width = context.terminal.wrap_at();
    for row in rows {
        let place = [&row.region, &row.role_arn];
        let place: Vec<&str> = place.into_iter().filter_map(Option::as_deref).collect();
        let place = place.join(" ");
        let by = match (&row.mode, &row.policy) {
            (Some(mode), Some(policy)) => format!("{mode}, policy {policy}"),
            _ => "not looked after".to_owned(),
        };
        let said = format!(
            "{}  {by}  desired {}, bounds {}..{}  {place}",
            visible(&row.group),
            row.desired,
            row.min,
            row.max
        );
        writeln!(context.out, "{}", wrap(said.trim_end(), width, 2))?;
        for remark in &row.remarks {
            let remark = format!(
                "  {}",
                remark.lines().map(visible).collect::<Vec<_>>().join(" ")
            );
            writeln!(context.out, "{}", wrap(&remark, width, 4))?;
        }
    }
    if rows.is_empty() && !complete {
        return Ok(());
    }
    let chosen = rows.iter().filter(|row| row.looked_after_by.is_some());
    let (all, chosen) = (rows.len(), chosen.count());
    writeln!(context.out, "groups: {all}; looked after: {chosen}")?;
    let neither = rows
        .iter()
        .find(|row| row.looked_after_by.is_none() && row.untagged);
    if let Some(row) = neither {
        let command = tag_command(row, &config.discover.tag);
        writeln!(context.out, "to give a group the tag: {command}")?;
    }
    Ok(())
}

/// The command that gives the group the tag. JSON, because a name may have commas.
fn tag_command(row: &Listed, tag: &str) -> Command {
    let tags = serde_json::json!([{
        "ResourceId": row.group,
        "ResourceType": "auto-scaling-group",
        "Key": tag,
        // What the condition of docs/iam.json asks for.
        "Value": "scale",
        "PropagateAtLaunch": false,
    }]);
    let command = Command::of("aws autoscaling create-or-update-tags");
    let command = match &row.region {
        Some(region) => command.option("--region", region),
        None => command,
    };
    command.option("--tags", &tags.to_string())
}

/// Fails if a region could not be searched: the list then is not complete.
fn unsearched(found: &Found) -> Result<(), Failure> {
    let Some((label, why)) = found.failures.iter().next() else {
        return Ok(());
    };
    let what = format!("{label} could not be searched: {why}");
    Err(Failure::new(Exit::Unavailable, what)
        .hint("`foretide doctor` checks credentials and permissions"))
}
