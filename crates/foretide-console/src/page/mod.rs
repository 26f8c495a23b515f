//! The operator's page, its API and the metrics: one listener beside the loop, which it never
//! delays.
//!
//! Reading is open on loopback and needs the token elsewhere; orders always need the token. Names
//! from outside travel as JSON and become text nodes: no markup is made from them.

mod api;
mod app;
mod assets;
mod encoding;
mod group_metrics;
mod guard;
mod hub;
mod metrics;
mod openapi;
mod orders;
mod ports;
mod routes;
mod signal_metrics;
mod stream;

use std::fmt;
use std::sync::Arc;

pub use self::ports::{Answer, Controls, History};
pub use self::routes::{bind, page_router};
use crate::board::Board;

/// What the page stands on.
#[derive(Clone)]
pub struct Page {
    /// What is shown.
    pub board: Arc<Board>,
    /// What was before; none where only the board's memory is there.
    pub history: Option<Arc<dyn History>>,
    /// Where orders go; none takes none. They need a token, too.
    pub controls: Option<Arc<dyn Controls>>,
    /// Whether `/metrics` also serves renamed metrics under their old names.
    pub legacy_names: bool,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").finish_non_exhaustive()
    }
}
