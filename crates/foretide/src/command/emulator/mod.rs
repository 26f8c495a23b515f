//! `foretide emulator`: a local AWS until Ctrl-C or SIGTERM.

mod args;
mod plan;

use std::time::Duration;

use foretide_domain::Timestamp;
use foretide_emulator::{Emulator, ServeError, Server};
use foretide_terminal::shell::{Command, visible};
use foretide_terminal::{Exit, Failure};

use crate::clock;

use super::Context;
use super::serve::Stop;

pub(crate) use args::EmulatorArgs;

/// Longest wait for requests in flight at the end: a scripted hang would never end.
const GRACE: Duration = Duration::from_secs(1);

/// Runs it.
pub(crate) fn run(args: &EmulatorArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let scenario = plan::scenario(args)?;
    let emulator = Emulator::new(&scenario, clock::now).map_err(|error| {
        Failure::of(plan::at_fault(args), &error).hint("see `foretide emulator --help`")
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::new(Exit::Unavailable, "cannot start the emulator's threads").because(&error)
        })?;
    let interrupted = runtime.block_on(serve(args, emulator, context))?;
    runtime.shutdown_background();
    writeln!(context.out, "stopped")?;
    if interrupted {
        return Err(Failure::silent(Exit::Interrupted));
    }
    Ok(())
}

/// Serves until a signal comes. Returns whether the signal was Ctrl-C.
async fn serve(
    args: &EmulatorArgs,
    emulator: Emulator,
    context: &mut Context<'_>,
) -> Result<bool, Failure> {
    // Before the port is printed: a reader of that line may stop the emulator at once.
    let stop = Stop::listen()?;
    let server = Server::bind(emulator.clone(), args.listen)
        .await
        .map_err(|error| refused(&error))?;
    let url = server.endpoint_url().map_err(|error| refused(&error))?;
    announce(&url, &emulator, context)?;
    let (told, ending) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server.serve(async {
        // A dropped sender means the end as well.
        drop(ending.await);
    }));
    let interrupted = stop.wait().await;
    drop(told);
    match tokio::time::timeout(GRACE, serving).await {
        Ok(Ok(Err(error))) => Err(refused(&error)),
        _ => Ok(interrupted),
    }
}

fn announce(url: &str, emulator: &Emulator, context: &mut Context<'_>) -> Result<(), Failure> {
    let groups = emulator.groups();
    let first = groups.first().map_or("", String::as_str);
    let named = match groups.as_slice() {
        few if few.len() <= 5 => few.join(", "),
        many => format!("{first} and {} more", many.len() - 1),
    };
    let named = visible(&named);
    let started: Timestamp = emulator.start();
    let address = Command::of("export")
        .variable("AWS_ENDPOINT_URL", url)
        .then("AWS_DEFAULT_REGION=us-east-1");
    let set = Command::of("aws autoscaling set-desired-capacity")
        .option("--auto-scaling-group-name", first)
        .then("--desired-capacity 3");
    write!(
        context.out,
        "listening on {url}
groups      {named}
started     {started}
To use it with the AWS CLI, an SDK or `foretide` (any well-formed credentials are accepted):
  {address}
  export AWS_ACCESS_KEY_ID=emulator AWS_SECRET_ACCESS_KEY=emulator
Examples:
  aws autoscaling describe-auto-scaling-groups
  {set}
Ctrl-C ends the emulator.
"
    )?;
    Ok(context.out.flush()?)
}

fn refused(error: &ServeError) -> Failure {
    match error {
        ServeError::NotLoopback(_) => Failure::of(Exit::Usage, error).hint(
            "the emulator has no authentication: use --listen 127.0.0.1:4566, and a tunnel from \
             elsewhere",
        ),
        ServeError::Bind { .. } => Failure::of(Exit::Unavailable, error)
            .hint("--listen 127.0.0.1:0 takes a free port, --listen ADDRESS another"),
        ServeError::Serve(_) => Failure::of(Exit::Unavailable, error),
    }
}
