//! The operator's page, its API and the metrics: one listener beside the loop, which it never
//! delays.
//!
//! Reading is open on loopback and needs the token elsewhere; orders always need the token. Names
//! from outside travel as JSON and become text nodes: no markup is made from them.

mod api;
mod assets;
mod group_metrics;
mod guard;
mod hub;
mod metrics;
mod openapi;
mod orders;
mod routes;
mod stream;

use std::fmt;
use std::sync::Arc;

use foretide_domain::{Record, Timestamp};

pub use self::orders::Controls;
pub use self::routes::{bind, page_router};
use crate::board::Board;

/// A boxed future, as the traits of this crate answer it.
pub type Answer<T> = std::pin::Pin<Box<dyn Future<Output = T> + Send>>;

/// Where what the board no longer has is read.
pub trait History: Send + Sync {
    /// Records of a group from `from`, included, to `to`, excluded, in their order.
    ///
    /// # Errors
    /// A sentence for a person: what cannot be read, and why.
    fn records(
        &self,
        group: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Answer<Result<Vec<(Timestamp, Record)>, String>>;
}

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
