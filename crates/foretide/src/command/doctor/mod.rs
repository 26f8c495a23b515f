//! `foretide doctor`: checks groups and this machine, and prints how to fix problems.

mod args;
mod show;

use std::collections::BTreeMap;
use std::time::Duration;

use foretide_config::{Config, GroupSettings};
use foretide_connect::{Search, check_credentials, connect};
use foretide_doctor::{Finding, Patient, Severity, check_fleet, check_machine, recorded};
use foretide_domain::Timestamp;
use foretide_files::outbound_of_process;
use foretide_runtime::GroupKey;
use foretide_store::Reader;
use foretide_terminal::{Exit, Failure};

use crate::cli::ConfigFlags;
use crate::clock;

use super::calendars::{Brought, Calendars, fetch, places};
use super::{Context, input};

pub(crate) use args::DoctorArgs;

/// Runs it.
pub(crate) fn run(
    args: &DoctorArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let (sources, _) = input::sources(flags)?;
    let mut config = input::load(&sources)?;
    config.aws.outbound = outbound_of_process()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::new(Exit::Unavailable, "cannot start the connection").because(&error)
        })?;
    let worst = runtime.block_on(async {
        let mut searched = Vec::new();
        if config.discover.enabled && args.group.is_empty() {
            let found = Search::default()
                .find(&config, Some(&config.discover.tag))
                .await;
            let outbound = config.aws.outbound.clone();
            (config, searched) = input::load_with(&sources, &found)?;
            config.aws.outbound = outbound;
            searched.extend(found.copied(&config.discover.tag));
        }
        let read = calendars(&mut config).await;
        examine(args, flags, &config, (&searched, &read), context).await
    })?;
    exit(worst).map_or(Ok(()), |exit| Err(Failure::silent(exit)))
}

async fn examine(
    args: &DoctorArgs,
    flags: &ConfigFlags,
    config: &Config,
    (searched, read): (&[String], &[(String, Brought)]),
    context: &mut Context<'_>,
) -> Result<Option<Severity>, Failure> {
    let groups = groups(args, config);
    if groups.is_empty() && !config.discover.enabled {
        return Err(Failure::new(Exit::Config, "no group to look at")
            .hint("foretide doctor --group NAME looks at one that is not configured"));
    }
    let machine = check_machine(config);
    let mut sharing: BTreeMap<String, (usize, Duration)> = BTreeMap::new();
    let mut worst = machine.iter().map(|finding| finding.severity).max();
    show::print("this machine", &machine, args.json, context)?;
    if !searched.is_empty() {
        let why = "the search for groups by their tag (docs/discover.md)";
        let found = searched.iter();
        let found: Vec<Finding> = found
            .map(|what| Finding::warning("search", what.as_str(), why))
            .collect();
        worst = worst.max(Some(Severity::Warning));
        show::print("search", &found, args.json, context)?;
    }
    for (name, settings) in groups {
        let connection = connect(&config.aws, &settings.live.reach).await?;
        let subject = format!("{}/{name}", connection.label);
        let patient = Patient {
            name,
            settings,
            config,
            label: &connection.label,
            clients: &connection.clients,
            doctor: flags.again("foretide doctor").option("--group", name),
        };
        let credentials = check_credentials(&connection).await;
        let now = clock::now();
        let mut findings = patient.examine(credentials, args.prove_write, now).await;
        let key = GroupKey::new(connection.label.as_str(), name);
        findings.extend(recorded_health(config, &key, now));
        let own = read.iter().filter(|(table, _)| table == name);
        findings.extend(own.flat_map(|(_, brought)| of_calendar(brought)));
        worst = worst.max(findings.iter().map(|finding| finding.severity).max());
        show::print(&subject, &findings, args.json, context)?;
        let interval = settings.controller.interval;
        let (groups, shortest) = sharing.entry(connection.label).or_insert((0, interval));
        *groups += 1;
        *shortest = (*shortest).min(interval);
    }
    for (label, (groups, interval)) in sharing.iter().filter(|(_, (groups, _))| *groups > 1) {
        let finding = check_fleet(*groups, *interval, config.aws.calls_per_second);
        worst = worst.max(Some(finding.severity));
        show::print(label, &[finding], args.json, context)?;
    }
    Ok(worst)
}

/// Reads the calendars of all groups, and adds their events.
async fn calendars(config: &mut Config) -> Vec<(String, Brought)> {
    let mut calendars = Calendars::default();
    let fetched = fetch(places(config), config.outbound()).await;
    calendars.take(fetched, clock::now());
    calendars.fill(config, clock::now()).await
}

fn of_calendar(brought: &Brought) -> Vec<Finding> {
    const CHECK: &str = "calendar";
    let Brought {
        name, events, said, ..
    } = brought;
    if brought.failed {
        let why = "without the calendar nothing is raised ahead of its events";
        let said = said.iter();
        return said
            .map(|what| Finding::fault(CHECK, what.as_str(), why))
            .collect();
    }
    let read = Finding::fine(
        CHECK,
        format!("{name}: {events} events in the nine weeks around today"),
    );
    let why = "an event that is left out raises no capacity";
    let left_out = said.iter();
    let left_out = left_out.map(|what| Finding::warning(CHECK, what.as_str(), why));
    [read].into_iter().chain(left_out).collect()
}

/// The group's health in the store; none without a store, or if the store lacks the group. A store
/// that cannot be read is a finding of the machine.
fn recorded_health(config: &Config, key: &GroupKey, now: Timestamp) -> Vec<Finding> {
    let store = config.run.store();
    let reader = store.is_file().then(|| Reader::open(&store));
    let latest = reader.and_then(Result::ok).map(|reader| reader.latest(key));
    let state = latest.and_then(Result::ok).and_then(|latest| latest.state);
    state.map_or_else(Vec::new, |(_, state)| recorded(&state.health(now)))
}

/// The groups of `--group`, each by its name in AWS; without `--group`, all configured groups.
fn groups<'a>(args: &'a DoctorArgs, config: &'a Config) -> Vec<(&'a str, &'a GroupSettings)> {
    let configured = config.groups.iter();
    if args.group.is_empty() {
        return configured
            .map(|(table, group)| (group.live.asg_name(table), group))
            .collect();
    }
    let asked = args.group.iter().map(|name| {
        config.groups.get(name).map_or_else(
            || (name.as_str(), config.of_asg(name)),
            |group| (group.live.asg_name(name), group),
        )
    });
    asked.collect()
}

/// The exit code; none if no finding needs attention.
fn exit(worst: Option<Severity>) -> Option<Exit> {
    match worst? {
        Severity::Fine | Severity::Note => None,
        Severity::Warning => Some(Exit::Warned),
        Severity::Fault => Some(Exit::Faulty),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_decides_the_exit_code() {
        let worst = [Severity::Warning, Severity::Fault, Severity::Fine];
        assert_eq!(exit(worst.into_iter().max()), Some(Exit::Faulty));
        assert_eq!(exit(Some(Severity::Warning)), Some(Exit::Warned));
        assert_eq!((exit(Some(Severity::Note)), exit(None)), (None, None));
    }
}
