//! `foretide run`: the autoscaler on real groups, until a signal stops it.

mod announce;
mod controls;
mod fleet;
mod lines;
mod page;
mod predictor;
mod present;
mod run_loop;
mod signals;

use std::sync::Arc;

use foretide_config::{Config, GroupSettings, RunSettings};
use foretide_connect::Found;
use foretide_files::outbound_of_process;
use foretide_notify::Notifier;
use foretide_process::service_manager;
use foretide_runtime::{Clock, Journal, Runtime, RuntimeSettings, StartError};
use foretide_store::{
    Recorder, RenderingOptions, Renderings, Retention, Store, StoreError, Upgrade,
};
use foretide_terminal::shell::Command;
use foretide_terminal::{Exit, Failure};

use crate::cli::{ConfigFlags, RunArgs};
use crate::clock::SteadyClock;
use crate::outlet;

use super::remote::{self, Remote};
use super::{Context, input};
use fleet::Wiring;
use lines::Printing;
use page::Pages;
use run_loop::{Parts, RunLoop, Searched};
use signals::Signals;

/// Runs it.
pub(crate) fn run(
    args: &RunArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let configured = Configured::read(args, flags, &Found::default())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| {
        Failure::new(Exit::Unavailable, "cannot start the threads of the loop").because(&error)
    })?;
    let ended = runtime.block_on(look_after(args, flags, configured, context));
    // Nothing is left to wait for: a call that hangs is given up with the process.
    runtime.shutdown_background();
    ended
}

/// A configuration, with the groups that were found.
struct Configured {
    config: Config,
    /// Sentences on what was found.
    said: Vec<String>,
    /// What was read from Systems Manager.
    remote: Option<Remote>,
}

impl Configured {
    /// Reads it, restricted to the groups of `--group`.
    fn read(args: &RunArgs, flags: &ConfigFlags, found: &Found) -> Result<Self, Failure> {
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
        if args.discover {
            sources.flag("--discover", "discover.enabled", &true);
        }
        let (mut config, said) = input::load_with(&sources, found)?;
        config.aws.outbound = outbound_of_process()?;
        let remote = remote::read_into(&sources, flags)?;
        if let Some(remote) = &remote {
            for group in config.groups.values_mut() {
                group.controller.revision = Some(remote.name());
            }
        }
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
        if config.groups.is_empty() && !config.discover.enabled {
            return Err(Failure::new(Exit::Config, "no group to manage").hint(
            "`foretide run --group NAME` observes one group with the default settings; to keep it, \
             add [group.NAME] to foretide.toml. `foretide discover` lists the groups of the account",
        ));
        }
        Ok(Self {
            config,
            said,
            remote,
        })
    }

    /// Keeps what was read from Systems Manager, once a run took it.
    fn keep(&self) {
        if let Some(remote) = &self.remote {
            remote::keep(&self.config.run.output, remote);
        }
    }
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
    configured: Configured,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    // Listened for before anything is announced: who reads the lines may stop the process.
    let mut signals = Signals::listen()?;
    let searched = Box::pin(Searched::first(args, flags, configured)).await?;
    let (mut run_loop, printing) = Box::pin(begin(args, flags, searched, context)).await?;
    service_manager::ready(&run_loop.status());
    let interrupted = run_loop.run(&mut signals).await;
    service_manager::stopping();
    let (runtime, notifier) = run_loop.end();
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

/// Opens page and store, announces the groups, and starts the loops.
async fn begin<'a>(
    args: &'a RunArgs,
    flags: &'a ConfigFlags,
    searched: Searched,
    context: &mut Context<'_>,
) -> Result<(RunLoop<'a>, Printing), Failure> {
    let config = searched.configured.config.clone();
    let wiring = Wiring::default().renewed(&config, args.dry_run).await?;
    present::check(&wiring, &args.group).await?;
    let outlet = outlet::configured(&config.notify, config.outbound())?;
    let clock: Arc<dyn Clock> = Arc::new(SteadyClock::start());
    let opened = if args.no_page {
        Ok(None)
    } else {
        Pages::open(&config, &wiring, args.dry_run, Arc::clone(&clock)).await
    };
    let (pages, journal) = kept(opened, &config.run)?;
    announce::groups(&wiring, &config, args.dry_run, context.out)?;
    announce::search(&config, &searched.configured.said, context.out)?;
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
    let notifier = Notifier::start(notify, outlet, groups, notified, clock);
    let printing = lines::print(printed, config.run.log_format, args.quiet);
    let parts = Parts {
        wiring,
        runtime,
        notifier,
        pages,
    };
    searched.configured.keep();
    Ok((RunLoop::new(args, flags, searched, parts), printing))
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
