//! `foretide status`: lists all groups of the store with their health, the worst first.

use std::time::Duration;

use foretide_process::Stop;
use foretide_status::{Glance, fit, glances, lines};
use foretide_store::Reader;
use foretide_terminal::screen::{Key, Line, Screen};
use foretide_terminal::{Exit, Failure};
use serde::Serialize;

use crate::cli::{ConfigFlags, StatusArgs};
use crate::clock;

use super::{Context, SCHEMA_VERSION, kept};

/// Time between two refreshes of `--watch`.
const PICTURE: Duration = Duration::from_secs(2);

/// A glance as JSON.
#[derive(Serialize)]
struct Row<'a> {
    schema_version: u32,
    #[serde(flatten)]
    glance: &'a Glance,
}

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
    let groups = glances(&reader, clock::now()).map_err(|error| kept::failed(&error))?;
    if args.json {
        for glance in &groups {
            let row = Row {
                schema_version: SCHEMA_VERSION,
                glance,
            };
            let text = serde_json::to_string(&row);
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
        let groups = glances(reader, clock::now()).map_err(|error| kept::failed(&error))?;
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
