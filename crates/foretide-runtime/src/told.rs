//! What a group's task is told from outside: other settings, and an operator's orders.

use std::sync::Arc;

use foretide_domain::{Order, Timestamp};
use tokio::sync::{mpsc, oneshot};

use crate::fleet::GroupSetup;
use crate::group::Account;

/// Orders of one group that wait: an operator gives one at a time.
const ORDERS: usize = 16;

/// New settings for a group, and how its account is reached now.
pub(crate) struct Replacement {
    pub(crate) setup: GroupSetup,
    pub(crate) account: Arc<Account>,
}

/// What an operator orders.
pub(crate) struct Ordered {
    pub(crate) order: Order,
    pub(crate) by: String,
    /// Told when the next look is, once the order is taken in.
    pub(crate) taken: oneshot::Sender<Timestamp>,
}

/// Where a task hears it.
pub(crate) struct Told {
    pub(crate) replacements: mpsc::UnboundedReceiver<Replacement>,
    pub(crate) orders: mpsc::Receiver<Ordered>,
}

/// Where it is said.
pub(crate) struct Telling {
    pub(crate) replacements: mpsc::UnboundedSender<Replacement>,
    pub(crate) orders: mpsc::Sender<Ordered>,
}

/// Both ends.
pub(crate) fn told() -> (Telling, Told) {
    let (replacements, replaced) = mpsc::unbounded_channel();
    let (orders, ordered) = mpsc::channel(ORDERS);
    let telling = Telling {
        replacements,
        orders,
    };
    let told = Told {
        replacements: replaced,
        orders: ordered,
    };
    (telling, told)
}
