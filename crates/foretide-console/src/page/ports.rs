//! The calls that the page makes of whoever runs it.

use foretide_domain::{Order, Record, Timestamp};

use crate::board::GroupFacts;

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

/// The way by which orders come to the groups.
pub trait Controls: Send + Sync {
    /// Orders something of a group in the name of `by`. Answers when the look is that carries it
    /// out.
    ///
    /// # Errors
    /// A sentence for a person: why it is not taken.
    fn order(
        &self,
        group: &GroupFacts,
        order: Order,
        by: String,
    ) -> Answer<Result<Timestamp, String>>;
}
