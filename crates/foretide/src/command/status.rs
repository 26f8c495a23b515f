//! `foretide status`: lists all groups of the store with their health, the worst first.

use std::cmp::Reverse;
use std::time::Duration;

use foretide_domain::{
    Cause, Condition, Datapoint, HealthState, Order, Orders, Severity, Timestamp, Verdict,
};
use foretide_runtime::{Entry, GroupKey, Notice, What};
use foretide_store::{Latest, Reader, StoreError};
use foretide_terminal::screen::{Key, Line, Look, Screen};
use foretide_terminal::wrap;
use foretide_terminal::{Exit, Failure};
use serde::Serialize;

use crate::cli::{ConfigFlags, StatusArgs};
use crate::clock;
use crate::stop::Stop;

use super::{Context, SCHEMA_VERSION, kept};

/// Time between two refreshes of `--watch`.
const PICTURE: Duration = Duration::from_secs(2);
/// Longest time between the last cycles of two groups of one process that stopped.
const STOP_TOGETHER: Duration = Duration::from_secs(30);
/// Indent of the lines of a group.
const INDENT: usize = 2;

/// Runs it.
pub(crate) fn run(
    args: &StatusArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let reader = kept::open(args.store.as_ref(), flags)?;
    if args.watch {
        return watch(&reader, context);
    }
    let groups = glances(&reader, clock::now())?;
    if args.json {
        for glance in &groups {
            let text = serde_json::to_string(glance);
            let text = text.map_err(|error| Failure::of(Exit::Internal, &error))?;
            writeln!(context.out, "{text}")?;
        }
        return Ok(());
    }
    for (_, line) in lines(&groups, context.terminal.wrap_at()) {
        writeln!(context.out, "{line}")?;
    }
    Ok(())
}

fn watch(reader: &Reader, context: &mut Context<'_>) -> Result<(), Failure> {
    if !context.terminal.is_interactive {
        return Err(Failure::new(Exit::Usage, "--watch needs a terminal")
            .hint("without --watch it prints once, with --json for programs"));
    }
    let cannot_draw = |error: std::io::Error| {
        Failure::new(Exit::Io, "cannot draw on the terminal").because(&error)
    };
    let stop = Stop::listen()?;
    let mut screen = Screen::take(context.terminal.colour).map_err(cannot_draw)?;
    loop {
        stop.check()?;
        let (width, height) = Screen::size();
        let groups = glances(reader, clock::now())?;
        let each = groups.chunks(1).chain(groups.is_empty().then_some(&[][..]));
        let blocks = each.map(|group| {
            let drawn = lines(group, Some(width));
            let drawn = drawn.iter().flat_map(|(look, text)| {
                let lines = text.lines().map(|line| Line::of(*look, line));
                lines.collect::<Vec<_>>()
            });
            drawn.collect()
        });
        let drawn = fit(blocks.collect(), height);
        screen.show(&drawn).map_err(cannot_draw)?;
        match screen.key(PICTURE).map_err(cannot_draw)? {
            Some(Key::Interrupt) => return Err(Failure::silent(Exit::Interrupted)),
            Some(Key::Quit) => return Ok(()),
            _ => {}
        }
    }
}

/// As many whole blocks as fit into `height` lines, and how many groups are left out.
fn fit(blocks: Vec<Vec<Line>>, height: usize) -> Vec<Line> {
    let groups = blocks.len();
    let mut shown = Vec::new();
    for (index, block) in blocks.into_iter().enumerate() {
        let is_last = index + 1 == groups;
        // The line that says what is left out needs a place, but after the last group.
        let room = height.saturating_sub(shown.len() + usize::from(!is_last));
        if block.len() > room && index > 0 {
            let left = groups - index;
            shown.push(Line::of(Look::Dim, format!("{left} more not shown")));
            break;
        }
        shown.extend(block);
    }
    shown
}

/// Summary of a group. Unknown values are null.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct Glance {
    schema_version: u32,
    account: String,
    group: String,
    mode: Option<String>,
    policy: Option<String>,
    /// The worst health state, as `/metrics` names it.
    health: &'static str,
    /// `ok`, `notice`, `warning` or `critical`.
    severity: Severity,
    /// The conditions, the worst first, each with its next step.
    conditions: Vec<String>,
    /// The conditions that ask for action.
    alarms: Vec<String>,
    /// Time since when the group is no longer configured, if other groups still run.
    removed_at: Option<String>,
    /// Orders of operators that apply, and who gave them.
    orders: Vec<String>,
    desired: Option<u32>,
    in_service: Option<u32>,
    pending: Option<u32>,
    min: Option<u32>,
    max: Option<u32>,
    cpu_percent: Option<f64>,
    load_instance_percent: Option<f64>,
    data_age_s: Option<u64>,
    looked_ago_s: Option<u64>,
    decided_at: Option<String>,
    decision: Option<String>,
    wrote_at: Option<String>,
    write: Option<String>,
    /// The health in words.
    #[serde(skip)]
    title: String,
    /// Rank: larger values are shown first.
    #[serde(skip)]
    rank: (Severity, Reverse<HealthState>),
}

fn glances(reader: &Reader, now: Timestamp) -> Result<Vec<Glance>, Failure> {
    let failed = |error| kept::failed(&error);
    let mut found = Vec::new();
    for key in reader.groups().map_err(failed)? {
        let latest = reader.latest(&key).map_err(failed)?;
        let stopped = stopped(reader, &key, &latest).map_err(failed)?;
        found.push((key, latest, stopped));
    }
    let decided = |latest: &Latest| latest.decision.as_ref().map(|decision| decision.at);
    let alive = found.iter().filter_map(|(_, latest, _)| decided(latest));
    let alive = alive.max();
    let glances = found.iter().map(|(key, latest, stopped)| {
        // All of a run stop within moments. What others outlived was taken from the configuration.
        let outlived = |at: &Timestamp| alive.is_some_and(|alive| alive.since(*at) > STOP_TOGETHER);
        glance(key, latest, stopped.filter(outlived), now)
    });
    let mut groups: Vec<Glance> = glances.collect();
    // The worst first; those that nobody means to look after come last.
    groups.sort_by(|a, b| {
        let key = |it: &'_ Glance| (it.removed_at.is_some(), Reverse(it.rank));
        let by_name = (&a.account, &a.group).cmp(&(&b.account, &b.group));
        key(a).cmp(&key(b)).then(by_name)
    });
    Ok(groups)
}

/// The time when the group was removed from the running fleet, if it was not added again.
fn stopped(
    reader: &Reader,
    key: &GroupKey,
    latest: &Latest,
) -> Result<Option<Timestamp>, StoreError> {
    let from = latest.decision.as_ref().map(|decision| decision.at);
    let ever = Timestamp::from_millis(i64::MIN);
    let end = Timestamp::from_millis(i64::MAX);
    let said = reader.records_and_notices(Some(key), from.unwrap_or(ever), end)?;
    let last = said.iter().rev().find_map(|said| match &said.what {
        What::Notice(Notice::Stopped) => Some(Some(said.at)),
        What::Notice(Notice::Started { .. }) => Some(None),
        _ => None,
    });
    Ok(last.flatten())
}

fn glance(key: &GroupKey, latest: &Latest, removed: Option<Timestamp>, now: Timestamp) -> Glance {
    let why = latest
        .decision
        .as_ref()
        .map(|decision| &decision.explanation);
    let state = latest.state.as_ref().map(|(_, state)| state);
    let reading = state.and_then(|state| state.reading());
    let group = reading.map(|(_, group)| group);
    let newest = state.and_then(|state| state.newest_point());
    let since = |at: Timestamp| now.since(at).as_secs();
    let verdict = match removed {
        Some(_) => Verdict::default(),
        None => health(latest, now),
    };
    let said = |it: &Condition| match it.cause.next_step() {
        Some(step) => format!("{it}. Next step: {step}"),
        None => it.to_string(),
    };
    let alarms = verdict.conditions().iter();
    let alarms = alarms.filter(|it| it.severity > Severity::Notice).map(said);
    let text = |entry: &Entry| entry.what.to_string();
    Glance {
        schema_version: SCHEMA_VERSION,
        account: key.account().to_owned(),
        group: key.name().to_owned(),
        mode: why.map(|why| why.mode.to_string()),
        policy: why.map(|why| why.policy.to_string()),
        health: verdict.state().name(),
        title: verdict.state().to_string(),
        severity: verdict.severity(),
        conditions: verdict.conditions().iter().map(said).collect(),
        alarms: alarms.collect(),
        removed_at: removed.map(|at| at.to_string()),
        orders: state
            .map(|state| orders(state.orders()))
            .unwrap_or_default(),
        desired: group.map(|group| group.desired),
        in_service: group.map(|group| group.counts.in_service),
        pending: group.map(|group| group.counts.pending),
        min: group.map(|group| group.bounds.min()),
        max: group.map(|group| group.bounds.max()),
        cpu_percent: newest
            .and_then(|point| point.cpu)
            .map(foretide_domain::Percent::get),
        load_instance_percent: newest
            .and_then(Datapoint::load)
            .map(foretide_domain::Load::get),
        data_age_s: newest.map(|point| since(point.end())),
        looked_ago_s: reading.map(|(at, _)| since(at)),
        decided_at: latest.decision.as_ref().map(|it| it.at.to_string()),
        decision: latest.decision.as_ref().map(ToString::to_string),
        wrote_at: latest.write.as_ref().map(|said| said.at.to_string()),
        write: latest.write.as_ref().map(text),
        rank: (verdict.severity(), Reverse(verdict.state())),
    }
}

fn orders(orders: &Orders) -> Vec<String> {
    let paused = orders.paused.as_ref();
    let paused = paused.map(|it| (Order::Pause { until: it.until }, &it.by));
    let pinned = orders.pinned.as_ref().map(|it| {
        let (capacity, until) = (it.capacity, it.until);
        (Order::Pin { capacity, until }, &it.by)
    });
    let mode = orders.mode.as_ref();
    let mode = mode.map(|it| {
        (
            Order::Mode {
                mode: Some(it.mode),
            },
            &it.by,
        )
    });
    let standing = [paused, pinned, mode].into_iter().flatten();
    standing
        .map(|(order, by)| format!("{order}, ordered by {by}"))
        .collect()
}

/// The group's health from its newest saved state.
fn health(latest: &Latest, now: Timestamp) -> Verdict {
    if let Some((_, state)) = &latest.state {
        return state.health(now);
    }
    let unread = [(Severity::Warning, Cause::NotRead)];
    Verdict::new(unread, &Verdict::default(), now)
}

/// One block of lines for each group. No line is wider than `width`, unless a single word is.
fn lines(groups: &[Glance], width: Option<usize>) -> Vec<(Look, String)> {
    let mut lines = Vec::new();
    if groups.is_empty() {
        lines.push((Look::Dim, "the store knows no group yet".to_owned()));
    }
    for glance in groups {
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let (mode, policy) = (known(&glance.mode), known(&glance.policy));
        let (account, group, health) = (&glance.account, &glance.group, &glance.title);
        let head = format!("{account}/{group}  {health}  {mode}, {policy}");
        let look = if glance.alarms.is_empty() {
            Look::Bold
        } else {
            Look::Alarm
        };
        lines.push((look, wrap(&head, width, INDENT)));
        if let Some(at) = &glance.removed_at {
            let text = format!("{:INDENT$}no longer managed since {at}", "");
            lines.push((Look::Dim, wrap(&text, width, 2 * INDENT)));
        }
        for condition in &glance.conditions {
            let (look, mark) = if glance.alarms.contains(condition) {
                (Look::Alarm, "ALARM ")
            } else {
                (Look::Usual, "")
            };
            let text = format!("{:INDENT$}{mark}{condition}", "");
            lines.push((look, wrap(&text, width, 2 * INDENT)));
        }
        for order in &glance.orders {
            let text = format!("{:INDENT$}{order}", "");
            lines.push((Look::Bold, wrap(&text, width, 2 * INDENT)));
        }
        for text in [
            capacity(glance),
            load(glance),
            decided(glance),
            wrote(glance),
        ] {
            let text = format!("{:INDENT$}{text}", "");
            lines.push((Look::Usual, wrap(&text, width, 2 * INDENT)));
        }
    }
    lines
}

fn capacity(glance: &Glance) -> String {
    let count = |count: Option<u32>| count.map_or("-".to_owned(), |count| count.to_string());
    format!(
        "desired {}: {} in service, {} pending, bounds {}..{}",
        count(glance.desired),
        count(glance.in_service),
        count(glance.pending),
        count(glance.min),
        count(glance.max)
    )
}

fn load(glance: &Glance) -> String {
    match (
        glance.cpu_percent,
        glance.load_instance_percent,
        glance.data_age_s,
    ) {
        (Some(cpu), Some(load), Some(age)) => {
            format!(
                "CPU {cpu:.1} %, load {:.2} busy instances, {} old",
                load / 100.0,
                span(age)
            )
        }
        _ => "no data".to_owned(),
    }
}

fn decided(glance: &Glance) -> String {
    match (&glance.decided_at, &glance.decision) {
        (Some(at), Some(decision)) => {
            // The figures in brackets stand in the lines above.
            let sentence = decision.split(" [").next().unwrap_or_default();
            format!("{at} {sentence}")
        }
        _ => "no decision yet".to_owned(),
    }
}

fn wrote(glance: &Glance) -> String {
    match (&glance.wrote_at, &glance.write) {
        (Some(at), Some(write)) => format!("{at} last SetDesiredCapacity: {write}"),
        _ => "no call of SetDesiredCapacity is recorded".to_owned(),
    }
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Glance {
        Glance {
            account: "eu-west-1".into(),
            group: "a-group-with-a-rather-long-name".into(),
            mode: Some("enforce".into()),
            policy: Some("forecast".into()),
            health: "data_missing",
            title: "data missing".into(),
            severity: Severity::Critical,
            conditions: vec!["data missing: there is no datapoint".into()],
            alarms: vec!["data missing: there is no datapoint".into()],
            desired: Some(3),
            in_service: Some(2),
            pending: Some(1),
            min: Some(1),
            max: Some(9),
            cpu_percent: Some(45.55),
            load_instance_percent: Some(91.1),
            data_age_s: Some(400),
            decided_at: Some("2026-11-23T20:15:00Z".into()),
            decision: Some("hold at 3: the forecast asks for it [CPU 45.5 %]".into()),
            ..Glance::default()
        }
    }

    #[test]
    fn a_group_is_readable_in_sixty_columns() {
        let lines = lines(&[example()], Some(60));
        let text: Vec<&str> = lines.iter().flat_map(|(_, text)| text.lines()).collect();
        assert!(
            text.iter().all(|line| line.chars().count() <= 60),
            "{text:#?}"
        );
        let text = text.join("\n");
        for part in [
            "ALARM data missing: there is no datapoint",
            "desired 3: 2 in service, 1 pending, bounds 1..9",
            "CPU 45.5 %, load 0.91 busy instances, 6 min old",
            "no call of SetDesiredCapacity is recorded",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }

    #[test]
    fn orders_that_stand_are_told_with_who_gave_them() {
        let mut given = Orders::default();
        given.take(Order::Pause { until: None }, "anna");
        let until = Timestamp::from_seconds(1_700_000_000);
        given.take(Order::Pin { capacity: 4, until }, "bert");
        let glance = Glance {
            orders: orders(&given),
            ..example()
        };
        let lines = lines(&[glance], None);
        let text: Vec<&str> = lines.iter().map(|(_, text)| text.trim()).collect();
        for part in [
            "pause until resumed, ordered by anna",
            "pin 4 until 2023-11-14T22:13:20Z, ordered by bert",
        ] {
            assert!(text.contains(&part), "{part} is not in\n{text:#?}");
        }
    }

    #[test]
    fn what_does_not_fit_on_the_screen_is_counted() {
        let block = |_| vec![Line::of(Look::Usual, "a"), Line::of(Look::Usual, "b")];
        let blocks = || (0..5).map(block).collect::<Vec<_>>();
        let shown = fit(blocks(), 7);
        assert_eq!(shown.len(), 7);
        assert_eq!(shown[6], Line::of(Look::Dim, "2 more not shown"));
        assert_eq!(fit(blocks(), 10).len(), 10, "control: all of them fit");
    }

    #[test]
    fn a_group_of_which_nothing_is_kept_is_said_so() {
        let key = GroupKey::new("a", "web");
        let latest = Latest {
            state: None,
            decision: None,
            write: None,
            alarm: None,
        };
        let glance = glance(&key, &latest, None, Timestamp::from_seconds(0));
        assert_eq!(glance.health, "warming_up");
        assert!(glance.alarms[0].starts_with("warming up: the group was not read yet"));
        assert_eq!(load(&glance), "no data");
    }
}
