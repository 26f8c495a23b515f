//! Where notifications go, as it is configured: the address itself, or a file that holds it.

use std::path::Path;

use foretide_files as file;
use foretide_notify::{NotifySettings, Outlet, OutletError};
use foretide_terminal::{Exit, Failure};

/// The webhook; none where none is configured.
///
/// # Errors
/// Where the file with the address cannot be read or holds none, and where nothing can be sent.
pub(crate) fn configured(settings: &NotifySettings) -> Result<Option<Outlet>, Failure> {
    let outlet = match (&settings.url, &settings.url_file) {
        (Some(url), _) => settings.outlet(url.clone()),
        (None, Some(path)) => settings.outlet(read_url(path)?),
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

/// The address that the file holds; line ends around it are the editor's.
fn read_url(path: &Path) -> Result<foretide_http::WebhookUrl, Failure> {
    let text = file::text(path, file::WEBHOOK_ADDRESS)?;
    text.trim().parse().map_err(|error| {
        let what = format!("{} holds no address of a webhook", path.display());
        Failure::new(Exit::Config, what).because(&error)
    })
}
