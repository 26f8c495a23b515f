//! `foretide discover`: the groups of the account, and which of them a run would look after.

use foretide_aws::FoundGroup;
use foretide_config::{Config, Discovered, GroupSettings, Reach};
use foretide_connect::{Found, Search, copied};
use foretide_files::outbound_of_process;
use foretide_terminal::shell::{Command, visible};
use foretide_terminal::{Exit, Failure, wrap};
use serde::Serialize;

use crate::cli::ConfigFlags;

use super::args::DiscoverArgs;
use super::{Context, SCHEMA_VERSION, input};

/// A group, and whether a run looks after it.
#[derive(Debug, Serialize)]
struct Row {
    schema_version: u32,
    region: Option<String>,
    role_arn: Option<String>,
    group: String,
    desired: u32,
    min: u32,
    max: u32,
    /// `table` or `tag`; null if the group is not looked after.
    looked_after_by: Option<&'static str>,
    mode: Option<String>,
    policy: Option<String>,
    /// Why the group is not looked after, and what is odd about its tags.
    remarks: Vec<String>,
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
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| {
        Failure::new(Exit::Unavailable, "cannot start the connection").because(&error)
    })?;
    let found = runtime.block_on(async { Search::default().look(&config, None).await });
    let enabled = config.discover.enabled;
    // What the tags would do is shown whether or not a run searches.
    sources.flag("--discover", "discover.enabled", &true);
    let tagged = with_tag(&found, &config.discover.tag);
    let discovered = input::discovered(&sources, &tagged)?;
    let rows = rows(&found, &discovered);
    if args.json {
        for row in &rows {
            serde_json::to_writer(&mut *context.out, row).map_err(std::io::Error::from)?;
            writeln!(context.out)?;
        }
    } else {
        print(&rows, &config, enabled, context)?;
    }
    unsearched(&found)
}

/// The groups that have the tag.
fn with_tag(found: &Found, tag: &str) -> Found {
    let mut tagged = found.clone();
    for groups in tagged.groups.values_mut() {
        groups.retain(|group| group.tags.iter().any(|it| it.key == tag));
    }
    tagged
}

fn rows(found: &Found, discovered: &Discovered) -> Vec<Row> {
    let home = found.home.as_deref();
    let groups = found.groups.iter();
    let groups = groups.flat_map(|(reach, groups)| groups.iter().map(move |it| (reach, it)));
    let row = |(reach, group): (&Reach, &FoundGroup)| {
        let config = &discovered.config;
        let settings = config.table_of(&group.name, reach, home);
        row(reach, group, settings.map(|(_, it)| it), discovered)
    };
    groups.map(row).collect()
}

fn row(
    reach: &Reach,
    group: &FoundGroup,
    settings: Option<&GroupSettings>,
    discovered: &Discovered,
) -> Row {
    let tag = &discovered.config.discover.tag;
    let tagged = group.tags.iter().any(|it| it.key == *tag);
    let refused = discovered.refused.iter();
    let refused = refused.filter(|it| it.group == group.name && it.reach == *reach);
    let mut remarks: Vec<String> = refused
        .map(|it| format!("its tags cannot be used: {}", it.problems))
        .collect();
    let named = format!("group {}:", group.name);
    let limited = discovered.limited.iter();
    remarks.extend(limited.filter(|it| it.starts_with(&named)).cloned());
    remarks.extend(copied(group, tag));
    if settings.is_none() && !tagged {
        remarks.push(format!("it has neither a table nor the tag {tag}"));
    }
    Row {
        schema_version: SCHEMA_VERSION,
        region: reach.region.clone(),
        role_arn: reach.role_arn.clone(),
        group: group.name.clone(),
        desired: group.desired,
        min: group.min,
        max: group.max,
        looked_after_by: settings.map(|_| if tagged { "tag" } else { "table" }),
        mode: settings.map(|it| it.controller.mode.to_string()),
        policy: settings.map(|it| it.controller.policy.to_string()),
        remarks,
    }
}

fn print(
    rows: &[Row],
    config: &Config,
    enabled: bool,
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
    let (all, by_tag) = (rows.len(), |row: &&Row| row.looked_after_by == Some("tag"));
    let chosen = rows.iter().filter(|row| row.looked_after_by.is_some());
    writeln!(
        context.out,
        "groups: {all}; looked after: {}",
        chosen.count()
    )?;
    let tag = &config.discover.tag;
    if !enabled && rows.iter().any(|row| by_tag(&row)) {
        let said = "tags count for `foretide run --discover`, or with discover.enabled = true";
        writeln!(context.out, "{}", wrap(said, width, 2))?;
    }
    if let Some(row) = rows.iter().find(|row| row.looked_after_by.is_none()) {
        let command = Command::of("aws autoscaling create-or-update-tags --tags").arg(&format!(
            "ResourceId={},ResourceType=auto-scaling-group,Key={tag},Value=scale,PropagateAtLaunch=false",
            row.group
        ));
        writeln!(context.out, "to have a group looked after: {command}")?;
    }
    Ok(())
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
