//! The configured webhook: the address itself, or a file that holds it.

use std::path::Path;

use foretide_files as file;
use foretide_notify::{NotifySettings, Outlet, OutletError};
use foretide_outbound::Outbound;
use foretide_terminal::{Exit, Failure};

/// The webhook; none if none is configured.
///
/// # Errors
/// If the file cannot be read or holds no address, or if the client cannot be prepared.
pub(crate) fn configured(
    settings: &NotifySettings,
    outbound: &Outbound,
) -> Result<Option<Outlet>, Failure> {
    let outlet = match (&settings.url, &settings.url_file) {
        (Some(url), _) => settings.outlet(url.clone(), outbound),
        (None, Some(path)) => settings.outlet(read_url(path)?, outbound),
        (None, None) => return Ok(None),
    };
    outlet.map(Some).map_err(|error| {
        let exit = match error {
            OutletError::Webhook(_) => Exit::Unavailable,
            OutletError::Template(_) => Exit::Config,
        };
        Failure::of(exit, &error)
    })
}

/// The address in the file, without white space around it.
fn read_url(path: &Path) -> Result<foretide_http::WebhookUrl, Failure> {
    let text = file::text(path, file::WEBHOOK_ADDRESS)?;
    text.trim().parse().map_err(|error| {
        let what = format!("{} holds no address of a webhook", path.display());
        Failure::new(Exit::Config, what).because(&error)
    })
}
