//! `foretide run`: the autoscaler on real groups, until a signal stops it.

mod announce;
mod controls;
mod fleet;
mod lines;
mod page;
mod predictor;
mod present;
mod signals;

use std::sync::Arc;
use std::time::Duration;

use foretide_config::{Config, GroupSettings, RunSettings};
use foretide_files::outbound_of_process;
use foretide_notify::Notifier;
use foretide_runtime::{Clock, Journal, Notice, Runtime, RuntimeSettings, StartError};
use foretide_store::{
    Recorder, RenderingOptions, Renderings, Retention, Store, StoreError, Upgrade,
};
use foretide_terminal::shell::Command;
use foretide_terminal::{Exit, Failure};
use tokio::time::{Instant, interval, interval_at};

use crate::cli::{ConfigFlags, RunArgs};
use crate::clock::SteadyClock;
use crate::outlet;

use super::{Context, input};
use fleet::Wiring;
use lines::Printing;
use page::Pages;
use signals::{Signal, Signals};

/// Time between two records of the price of calls.
const BILL_EVERY: Duration = Duration::from_hours(1);
/// Time between two checks of how groups are read: their metrics come every minute.
const REMARK_EVERY: Duration = Duration::from_mins(1);

/// Time between two updates of the page's figures of cycles.
const SHOWN_EVERY: Duration = Duration::from_secs(1);

/// Runs it.
pub(crate) fn run(
    args: &RunArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let config = configured(args, flags)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| {
        Failure::new(Exit::Unavailable, "cannot start the threads of the loop").because(&error)
    })?;
    let ended = runtime.block_on(look_after(args, flags, config, context));
    // Nothing is left to wait for: a call that hangs is given up with the process.
    runtime.shutdown_background();
    ended
}

/// The configuration, restricted to the groups of `--group`.
fn configured(args: &RunArgs, flags: &ConfigFlags) -> Result<Config, Failure> {
    let (mut sources, _) = input::sources(flags)?;
    if let Some(output) = &args.output {
        sources.flag("--output", "run.output", &output.display());
    }
    if let Some(format) = &args.log_format {
        sources.flag("--log-format", "run.log_format", format);
    }
    if let Some(listen) = args.listen {
        sources.flag("--listen", "run.listen", &listen);
    }
    let mut config = input::load(&sources)?;
    config.aws.outbound = outbound_of_process()?;
    if !args.group.is_empty() {
        let chosen = args.group.iter().map(|name| {
            let known = config.groups.get(name).cloned();
            let group = known.unwrap_or_else(|| GroupSettings {
                controller: config.defaults.controller.clone(),
                live: config.defaults.live.clone(),
            });
            (name.clone(), group)
        });
        config.groups = chosen.collect();
    }
    if config.groups.is_empty() {
        return Err(Failure::new(Exit::Config, "no group to manage").hint(
            "`foretide run --group NAME` observes one group with the default settings; to keep it, \
             add [group.NAME] to foretide.toml",
        ));
    }
    Ok(config)
}

/// Opens the store for writing; only one process may write to a store.
fn journal(run: &RunSettings) -> Result<Arc<dyn Journal>, Failure> {
    let store = run.store();
    let opened = Store::open_and_upgrade(&store, Retention::default());
    let (store, upgrade) = opened.map_err(|error| unopened(&error))?;
    if let Some(upgrade) = upgrade {
        say_upgraded(&store, &upgrade);
    }
    let options = RenderingOptions {
        format: run.log_format,
        file_mode: run.file_mode.bits(),
        ..RenderingOptions::default()
    };
    let warn = |error: &foretide_store::RotateError| {
        lines::warn(&Failure::of(Exit::Io, error).in_one_line());
    };
    let renderings = Renderings::open(&run.output, options, warn)
        .map_err(|error| Failure::of(Exit::CannotCreate, &error).hint(ELSEWHERE))?;
    Ok(Arc::new(Recorder::new(store, renderings)))
}

/// Logs that the store was upgraded, and which rows cannot be read.
fn say_upgraded(store: &Store, upgrade: &Upgrade) {
    let (path, copy) = (store.path().display(), upgrade.copy.display());
    let Upgrade { from, to, .. } = upgrade;
    lines::warn(&format!(
        "the store {path} was upgraded from version {from} to {to}; {copy} is a copy of it before"
    ));
    if upgrade.damaged > 0 {
        lines::warn(&format!(
            "{} rows of the store are damaged and stay as they are; reading one is an error: {}",
            upgrade.damaged,
            upgrade.named.join("; ")
        ));
    }
}

const ELSEWHERE: &str = "--output DIR keeps store and logs elsewhere";

fn unopened(error: &StoreError) -> Failure {
    let exit = match error {
        StoreError::InUse { .. } => Exit::Unavailable,
        StoreError::Foreign { .. }
        | StoreError::Newer { .. }
        | StoreError::Corrupt { .. }
        | StoreError::Row { .. } => Exit::Data,
        StoreError::Full { .. } => Exit::Io,
        StoreError::Io { .. } | StoreError::Sqlite { .. } | StoreError::Moved { .. } => {
            Exit::CannotCreate
        }
    };
    let failure = Failure::of(exit, error);
    match error {
        StoreError::InUse {
            holder: Some(id), ..
        } => {
            let kill = Command::of("kill").arg(id);
            failure.hint(format!(
                "run one Foretide for a group; `foretide status` shows what it does. To replace \
                 it, stop it first: `{kill}`. For other groups: {ELSEWHERE}"
            ))
        }
        _ => failure.hint(ELSEWHERE),
    }
}

/// Opens page and store. A run that is refused leaves no store behind. If another process holds the
/// store, that process is reported: it probably holds the port too.
fn kept<P>(
    opened: Result<P, Failure>,
    run: &RunSettings,
) -> Result<(P, Arc<dyn Journal>), Failure> {
    match opened {
        Ok(pages) => Ok((pages, journal(run)?)),
        Err(failure) if run.store().exists() => journal(run).and(Err(failure)),
        Err(failure) => Err(failure),
    }
}

/// The whole run, from the first connection to the last commit.
async fn look_after(
    args: &RunArgs,
    flags: &ConfigFlags,
    config: Config,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    // Listened for before anything is announced: who reads the lines may stop the process.
    let mut signals = Signals::listen()?;
    let mut wiring = Wiring::default().renewed(&config, args.dry_run).await?;
    present::check(&wiring, &args.group).await?;
    let outlet = outlet::configured(&config.notify, config.outbound())?;
    let clock: Arc<dyn Clock> = Arc::new(SteadyClock::start());
    let opened = if args.no_page {
        Ok(None)
    } else {
        Pages::open(&config, &wiring, args.dry_run, Arc::clone(&clock)).await
    };
    let (mut pages, journal) = kept(opened, &config.run)?;
    announce::groups(&wiring, &config, args.dry_run, context.out)?;
    announce::notifications(outlet.as_ref(), &config.notify, context.out)?;
    if let Some(pages) = &pages {
        writeln!(context.out, "page: http://{}", pages.address())?;
        context.out.flush()?;
    }
    let fleet = wiring.fleet.clone().unwrap_or_default();
    let settings = RuntimeSettings::default();
    let runtime = Runtime::start_with_listeners(settings, fleet, journal, Arc::clone(&clock));
    let (runtime, [printed, on_page, notified]) =
        runtime.await.map_err(|error| not_started(&error))?;
    if let Some(pages) = &pages {
        pages.takes_orders(runtime.order_handle());
        pages.follow(&config, &wiring, on_page);
    }
    let (notify, groups) = (&config.notify, &wiring.intervals());
    let mut notifier = Notifier::start(notify, outlet, groups, notified, clock);
    let printing = lines::print(printed, config.run.log_format, args.quiet);
    let mut bill = interval_at(Instant::now() + BILL_EVERY, BILL_EVERY);
    let mut remarked = announce::Remarked::new();
    let mut remark = interval(REMARK_EVERY);
    let mut shown = interval(SHOWN_EVERY);
    let interrupted = loop {
        tokio::select! {
            signal = signals.next() => match signal {
                Signal::Reload => {
                    let reloaded = reload(args, flags, &config, wiring, &runtime, &notifier);
                    wiring = Box::pin(reloaded).await;
                    if let Some(pages) = &pages {
                        pages.regroup(&wiring, args.dry_run);
                    }
                }
                Signal::Stop { interrupted } => break interrupted,
            },
            _ = shown.tick() => if let Some(pages) = &mut pages {
                pages.look(&wiring, &runtime);
                pages.notified(&notifier.outcomes());
            },
            _ = remark.tick() => announce::remarks(&wiring, &mut remarked, &runtime),
            notice = notifier.notice() => runtime.note(None, notice),
            _ = bill.tick() => announce::bill(&wiring, &runtime),
        }
    };
    tokio::select! {
        () = stop(runtime, notifier, printing) => {}
        // Asked a second time: now.
        () = signals.stop() => {}
    }
    if interrupted {
        return Err(Failure::silent(Exit::Interrupted));
    }
    Ok(())
}

/// Stops all tasks, and logs which work could not be completed.
async fn stop(runtime: Runtime, notifier: Notifier, printing: Printing) {
    let kept = runtime.stop().await;
    printing.finish();
    if !notifier.finish().await {
        lines::warn("stopped before the last notifications were sent");
    }
    if !kept {
        lines::warn("stopped, but the journal does not have everything that happened");
    }
}

fn not_started(error: &StartError) -> Failure {
    let exit = match error {
        StartError::Fleet(_) => Exit::Config,
        StartError::State { .. } => Exit::Data,
    };
    Failure::of(exit, error).hint(ELSEWHERE)
}

/// Reloads the configuration. If that fails, logs the reason and continues with the old one.
async fn reload(
    args: &RunArgs,
    flags: &ConfigFlags,
    started: &Config,
    wiring: Wiring,
    runtime: &Runtime,
    notifier: &Notifier,
) -> Wiring {
    match Box::pin(renewed(args, flags, started, &wiring, runtime, notifier)).await {
        Ok((next, notice)) => {
            runtime.note(None, notice);
            next
        }
        Err(failure) => {
            let why = failure.in_one_line();
            runtime.note(None, Notice::ReloadRefused { why });
            wiring
        }
    }
}

async fn renewed(
    args: &RunArgs,
    flags: &ConfigFlags,
    started: &Config,
    wiring: &Wiring,
    runtime: &Runtime,
    notifier: &Notifier,
) -> Result<(Wiring, Notice), Failure> {
    let config = configured(args, flags)?;
    let outlet = outlet::configured(&config.notify, config.outbound())?;
    let next = wiring.renewed(&config, args.dry_run).await?;
    let fleet = next.fleet.clone().unwrap_or_default();
    let reloaded = runtime.reload(fleet).await;
    let reloaded = reloaded.map_err(|error| Failure::of(Exit::Config, &error))?;
    notifier.renew(&config.notify, outlet, next.intervals());
    // The journal and the page, with its token, are what the process began with.
    let changed = started.run.changed(&config.run);
    for key in changed
        .into_iter()
        .chain(started.page.changed(&config.page))
        .chain((started.metrics != config.metrics).then_some("metrics.legacy_names"))
    {
        let what = format!("`{key}` changed: takes a restart");
        runtime.note(None, Notice::Remark { what });
    }
    Ok((next, Notice::Reloaded(reloaded)))
}
