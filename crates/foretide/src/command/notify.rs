//! `foretide notify`: sends a test message to the webhook.

use foretide_domain::{CallFailure, FailureKind};
use foretide_files::outbound_of_process;
use foretide_notify::Fields;
use foretide_terminal::{Exit, Failure};

use crate::cli::{ConfigFlags, NotifyCommand};
use crate::clock;
use crate::outlet;

use super::{Context, input};

/// Runs it.
pub(crate) fn run(
    command: &NotifyCommand,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let NotifyCommand::Test = command;
    let mut config = input::load(&input::sources(flags)?.0)?;
    config.aws.outbound = outbound_of_process()?;
    let Some(outlet) = outlet::configured(&config.notify, config.outbound())? else {
        return Err(Failure::new(Exit::Config, "no webhook is configured").hint(
            "notify.url in foretide.toml, $FORETIDE_NOTIFY__URL, or a file that holds it: \
                 notify.url_file",
        ));
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| {
        Failure::new(Exit::Unavailable, "cannot start the thread that sends").because(&error)
    })?;
    let origin = outlet.webhook.origin();
    match runtime.block_on(outlet.send(&Fields::of_test(clock::now()))) {
        Ok(status) => {
            writeln!(context.out, "sent to {origin}: answered {status}")?;
            writeln!(
                context.out,
                "messages are sent for: {}",
                config.notify.topics()
            )?;
            Ok(())
        }
        Err(failure) => Err(refused(&origin, &failure)),
    }
}

fn refused(origin: &str, failure: &CallFailure) -> Failure {
    let told = Failure::new(Exit::Unavailable, format!("{origin}: {failure}"));
    match failure.kind {
        FailureKind::Denied | FailureKind::NotFound => {
            told.hint("the address may have been revoked: create a new one in the service")
        }
        FailureKind::Rejected => {
            told.hint("the service may need another body: set notify.template")
        }
        FailureKind::TimedOut | FailureKind::Throttled | FailureKind::Unavailable => told.hint(
            "`foretide run` retries each message for up to a minute, without delaying cycles",
        ),
        FailureKind::Malformed => told,
    }
}
