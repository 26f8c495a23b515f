//! The way by which an operator's orders come to a group.

use std::fmt;

use foretide_domain::{Order, Timestamp};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::key::GroupKey;
use crate::supervisor::Ask;
use crate::told::Ordered;

/// Why an order is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OrderError {
    /// No such group is looked after.
    #[error("group {0} is not looked after")]
    Unknown(GroupKey),
    /// Its task takes no more at the moment.
    #[error("group {0} takes no more orders at the moment")]
    Busy(GroupKey),
    /// It is in force, and cannot be kept.
    #[error("taken, but not kept: the journal cannot be written, and a restart would forget it")]
    NotKept,
    /// The runtime is stopping, or the group was dropped meanwhile.
    #[error("stopping")]
    Stopping,
}

/// Gives orders to the groups of a runtime, from wherever it is held.
#[derive(Clone)]
pub struct Orderly(mpsc::Sender<Ask>);

impl fmt::Debug for Orderly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Orderly")
    }
}

impl Orderly {
    pub(crate) const fn new(asks: mpsc::Sender<Ask>) -> Self {
        Self(asks)
    }

    /// Orders something of a group, in the name of `by`. Answers when the look is that carries it
    /// out, once the group's controller has taken it in and the journal has it.
    ///
    /// # Errors
    /// Why it is not taken, and then nothing has changed; or that it is, for as long as the process
    /// runs ([`OrderError::NotKept`]).
    pub async fn order(
        &self,
        key: &GroupKey,
        order: Order,
        by: String,
    ) -> Result<Timestamp, OrderError> {
        let (taken, answer) = oneshot::channel();
        let (passed, is_passed) = oneshot::channel();
        let ordered = Ordered { order, by, taken };
        let ask = Ask::Order(key.clone(), ordered, passed);
        self.0.send(ask).await.map_err(|_| OrderError::Stopping)?;
        is_passed.await.map_err(|_| OrderError::Stopping)??;
        let taken = answer.await.map_err(|_| OrderError::Stopping)?;
        if taken.kept {
            Ok(taken.next_look)
        } else {
            Err(OrderError::NotKept)
        }
    }
}
