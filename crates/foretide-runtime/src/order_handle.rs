//! The handle through which an operator's orders reach a group.

use std::fmt;

use foretide_domain::{Order, Timestamp};
use tokio::sync::{mpsc, oneshot};

use crate::key::GroupKey;
use crate::message::{Message, OrderError, OrderMessage};

/// Sends orders to the groups of a runtime. Cheap to clone; outlives the runtime safely.
#[derive(Clone)]
pub struct OrderHandle(mpsc::Sender<Message>);

impl OrderHandle {
    pub(crate) const fn new(supervisor: mpsc::Sender<Message>) -> Self {
        Self(supervisor)
    }

    /// Gives the group `key` an order in the name of `by`. Waits until the group's controller has
    /// applied the order and the journal has stored the order. Returns the start of the first cycle
    /// that follows the order.
    ///
    /// # Errors
    /// With [`OrderError::NotKept`] the order is in force until the process ends. With any other
    /// error the order has changed nothing.
    pub async fn order(
        &self,
        key: &GroupKey,
        order: Order,
        by: String,
    ) -> Result<Timestamp, OrderError> {
        let (receipt, answer) = oneshot::channel();
        let (passed, is_passed) = oneshot::channel();
        let message = OrderMessage { order, by, receipt };
        let message = Message::Order(key.clone(), message, passed);
        self.0
            .send(message)
            .await
            .map_err(|_| OrderError::Stopping)?;
        is_passed.await.map_err(|_| OrderError::Stopping)??;
        let receipt = answer.await.map_err(|_| OrderError::Stopping)?;
        if receipt.durable {
            Ok(receipt.next_cycle)
        } else {
            Err(OrderError::NotKept)
        }
    }
}

impl fmt::Debug for OrderHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OrderHandle")
    }
}
