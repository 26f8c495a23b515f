//! The messages between the runtime's tasks: from the runtime to the supervisor, and from the
//! supervisor to the task of one group.

use std::collections::HashMap;
use std::sync::Arc;

use foretide_control::SavedState;
use foretide_domain::{Order, Timestamp};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::account::Account;
use crate::fleet::{Fleet, GroupSetup};
use crate::key::GroupKey;
use crate::reload::{ReloadError, Reloaded};

/// Orders that one group's mailbox holds. Operators give orders one at a time, so 16 is ample; the
/// next order is refused with [`OrderError::Busy`].
const ORDERS: usize = 16;

/// Why an operator's order has no effect, or an effect that a restart would lose.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OrderError {
    /// The runtime controls no group of this name.
    #[error("this process controls no group {0}: /api/v1/groups lists the groups")]
    Unknown(GroupKey),
    /// The group's mailbox is full.
    #[error("{ORDERS} orders wait for group {0}: give the order again in a few seconds")]
    Busy(GroupKey),
    /// The order is in force, but the journal could not store the order.
    #[error(
        "the order is in force, but the journal could not store it: a restart would lose the order; \
         fix the journal as the log says, then give the order again"
    )]
    NotKept,
    /// The runtime is stopping, or a reload has just removed the group.
    #[error(
        "the order was not taken: Foretide is stopping, or a reload has removed the group; try again \
         once Foretide runs"
    )]
    Stopping,
}

/// Saved states by group, as loaded from the journal.
pub(crate) type States = HashMap<GroupKey, SavedState>;

/// A message to the supervisor.
pub(crate) enum Message {
    /// Replace accounts, groups and settings.
    Reload(Reload),
    /// Pass an order to a group. The sender gets `Ok` once the group's mailbox has the order.
    Order(
        GroupKey,
        OrderMessage,
        oneshot::Sender<Result<(), OrderError>>,
    ),
}

/// A new fleet for the supervisor.
pub(crate) struct Reload {
    /// Accounts and groups from now on.
    pub(crate) fleet: Fleet,
    /// Saved states of the groups that the running fleet does not have.
    pub(crate) states: States,
    /// Receives the result of the reload.
    pub(crate) done: oneshot::Sender<Result<Reloaded, ReloadError>>,
}

/// New settings for one group, and the account that reaches the group from now on.
pub(crate) struct Replacement {
    pub(crate) setup: GroupSetup,
    pub(crate) account: Arc<Account>,
}

/// An operator's order for one group.
pub(crate) struct OrderMessage {
    /// The order.
    pub(crate) order: Order,
    /// The name of the operator.
    pub(crate) by: String,
    /// Receives the receipt once the journal has stored the order, or has failed to.
    pub(crate) receipt: oneshot::Sender<OrderReceipt>,
}

/// The answer of a group's task to an order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OrderReceipt {
    /// Start of the first cycle that follows the order.
    pub(crate) next_cycle: Timestamp,
    /// Whether the journal has stored the order, so that a restart keeps the order.
    pub(crate) durable: bool,
}

/// The messages that one group's task receives.
pub(crate) struct Mailbox {
    pub(crate) replacements: mpsc::UnboundedReceiver<Replacement>,
    pub(crate) orders: mpsc::Receiver<OrderMessage>,
}

/// The supervisor's end of a [`Mailbox`].
pub(crate) struct MailboxSender {
    pub(crate) replacements: mpsc::UnboundedSender<Replacement>,
    pub(crate) orders: mpsc::Sender<OrderMessage>,
}

/// Makes an empty mailbox and its sender.
pub(crate) fn mailbox() -> (MailboxSender, Mailbox) {
    let (replacements, received_replacements) = mpsc::unbounded_channel();
    let (orders, received_orders) = mpsc::channel(ORDERS);
    let sender = MailboxSender {
        replacements,
        orders,
    };
    let mailbox = Mailbox {
        replacements: received_replacements,
        orders: received_orders,
    };
    (sender, mailbox)
}

/// Sends the receipt of an order once `durable` says whether the journal has stored the order.
/// Nothing else waits for `durable`.
pub(crate) async fn acknowledge(
    receipt: oneshot::Sender<OrderReceipt>,
    next_cycle: Timestamp,
    durable: impl Future<Output = bool>,
) {
    let durable = durable.await;
    // The operator may have stopped waiting; the order is in force all the same.
    let _nobody_waits = receipt.send(OrderReceipt {
        next_cycle,
        durable,
    });
}
