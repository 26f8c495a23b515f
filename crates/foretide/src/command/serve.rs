//! `foretide serve`: the prediction service until Ctrl-C or SIGTERM.

use foretide_config::{ServeSettings, Sources};
use foretide_http::{ServeConfig, ServeError};
use foretide_process::service_manager;
use foretide_terminal::{Exit, Failure};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{ConfigFlags, ServeArgs};

use super::{Context, input};

/// Runs it.
pub(crate) fn run(
    args: &ServeArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let (mut sources, _) = input::sources(flags)?;
    set_flags(args, &mut sources);
    let config = input::load(&sources)?;
    let model = foretide_files::model(config.model.as_deref())?;
    let serve = serve_config(config.serve)?;
    let told = format!(
        "model {}, {} trees",
        model.facts().hash,
        model.facts().trees
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| {
        Failure::new(Exit::Unavailable, "cannot start the service's threads").because(&error)
    })?;
    runtime.block_on(async {
        // Listened for before the port is announced: who reads the line may stop the service.
        let stop = Stop::listen()?;
        let server = foretide_predict::bind(serve, model)
            .await
            .map_err(|error| refused(&error))?;
        let address = server.local_addr();
        writeln!(context.out, "listening on http://{address} ({told})")?;
        context.out.flush()?;
        service_manager::ready(&format!("listening on http://{address}"));
        let mut interrupted = false;
        server
            .run(async {
                interrupted = tokio::select! {
                    interrupted = stop.wait() => interrupted,
                    never = service_manager::keep_alive() => match never {},
                };
                service_manager::stopping();
            })
            .await;
        writeln!(context.out, "stopped")?;
        if interrupted {
            return Err(Failure::silent(Exit::Interrupted));
        }
        Ok(())
    })
}

fn set_flags(args: &ServeArgs, sources: &mut Sources) {
    if let Some(listen) = args.listen {
        sources.flag("--listen", "serve.listen", &listen);
    }
    if let Some(model) = &args.model {
        sources.flag("--model", "model", &model.display());
    }
    if let Some(token_file) = &args.token_file {
        sources.flag("--token-file", "serve.token_file", &token_file.display());
    }
    if args.allow_remote {
        sources.flag("--allow-remote", "serve.allow_remote", &true);
    }
    if !args.hosts.is_empty() {
        sources.flag("--host", "serve.hosts", &args.hosts.join(","));
    }
}

fn serve_config(settings: ServeSettings) -> Result<ServeConfig, Failure> {
    let token = settings
        .token_file
        .as_deref()
        .map(input::token_warned)
        .transpose()?;
    Ok(ServeConfig {
        listen: settings.listen,
        token,
        allow_remote_without_token: settings.allow_remote,
        allowed_hosts: settings.hosts,
        max_connections: settings.max_connections,
        connections_per_peer: settings.connections_per_peer,
        trusted_proxies: settings.trusted_proxies,
        header_timeout: settings.header_timeout,
        body_timeout: settings.body_timeout,
        shutdown_grace: settings.shutdown_grace,
        ..ServeConfig::default()
    })
}

fn refused(error: &ServeError) -> Failure {
    match error {
        ServeError::RemoteWithoutToken { .. } => Failure::of(Exit::Config, error)
            .hint("--token-file FILE asks callers for a token, --allow-remote goes without"),
        ServeError::ZeroLimit { .. } => Failure::of(Exit::Config, error),
        ServeError::AddressInUse { .. } => Failure::of(Exit::Unavailable, error)
            .hint("--listen 127.0.0.1:0 takes a free port, --listen ADDRESS another"),
        _ => Failure::of(Exit::Unavailable, error),
    }
}

/// The signals that end the service.
pub(super) struct Stop {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Stop {
    pub(super) fn listen() -> Result<Self, Failure> {
        let failed =
            |error| Failure::new(Exit::Unavailable, "cannot listen for signals").because(&error);
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
        })
    }

    /// Waits for a signal. Returns whether the signal was Ctrl-C.
    pub(super) async fn wait(mut self) -> bool {
        tokio::select! {
            _ = self.interrupt.recv() => true,
            _ = self.terminate.recv() => false,
        }
    }
}
