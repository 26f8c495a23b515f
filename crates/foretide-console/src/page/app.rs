//! The state that the handlers of the page share.

use std::sync::Arc;

use tokio::sync::watch;

use super::Page;
use super::guard::Guard;
use super::hub::Hub;

/// What the handlers share.
pub(crate) struct App {
    pub(crate) page: Page,
    pub(crate) hub: Arc<Hub>,
    pub(crate) guard: Guard,
    /// Closed when the streams have to end.
    pub(crate) closing: watch::Receiver<()>,
    /// Held where no server does.
    pub(super) _streams: Option<watch::Sender<()>>,
}
