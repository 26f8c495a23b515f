//! What a group's task is told from outside: other settings, and an operator's orders.

use std::sync::Arc;

use foretide_domain::{Order, Timestamp};
use tokio::sync::{mpsc, oneshot};

use crate::account::Account;
use crate::fleet::GroupSetup;

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
    /// Told once the order is taken in and kept, or cannot be.
    pub(crate) taken: oneshot::Sender<Taken>,
}

/// What became of an order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    /// The look that carries it out.
    pub(crate) next_look: Timestamp,
    /// Whether it outlives the process.
    pub(crate) kept: bool,
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

/// Answers an order whose look is at `next_look` once it is known whether it is `kept`; nothing
/// else waits for that.
pub(crate) async fn acknowledge(
    taken: oneshot::Sender<Taken>,
    next_look: Timestamp,
    kept: impl Future<Output = bool>,
) {
    let kept = kept.await;
    // That nobody waits for the answer changes nothing.
    let _nobody_waits = taken.send(Taken { next_look, kept });
}
