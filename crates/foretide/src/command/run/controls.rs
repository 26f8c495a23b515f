//! Passes orders from the page, and from terminals, to the running groups.

use std::sync::{Arc, OnceLock};

use foretide_config::RunSettings;
use foretide_console::{Answer, Controls, GroupFacts};
use foretide_domain::{Order, Timestamp};
use foretide_runtime::{GroupKey, OrderHandle};
use foretide_socket::{ControlSocket, FILE};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock;
use crate::output::warn;

/// Takes orders on the socket in the run's folder. The run holds the store of that folder, so no
/// other run uses the socket. A run goes on without the socket where it cannot be made.
pub(super) fn socket(
    run: &RunSettings,
    orders: OrderHandle,
    groups: watch::Receiver<Vec<GroupKey>>,
) -> Option<JoinHandle<()>> {
    let path = run.output.join(FILE);
    match ControlSocket::bind(&path) {
        Ok(socket) => Some(socket.serve(orders, groups, clock::now)),
        Err(error) => {
            let path = path.display();
            warn(&format!(
                "no orders from a terminal (`foretide pause`): {path}: {error}"
            ));
            None
        }
    }
}

/// Handle to the runtime, which starts after the page has bound its port.
#[derive(Clone, Debug, Default)]
pub(super) struct Way(Arc<OnceLock<OrderHandle>>);

impl Way {
    /// Sends orders to `handle` from now on.
    pub(super) fn leads_to(&self, handle: OrderHandle) {
        // There is one runtime: nothing was set before.
        drop(self.0.set(handle));
    }
}

impl Controls for Way {
    fn order(
        &self,
        group: &GroupFacts,
        order: Order,
        by: String,
    ) -> Answer<Result<Timestamp, String>> {
        let handle = self.0.get().cloned();
        let key = GroupKey::new(group.account.as_deref().unwrap_or_default(), &group.name);
        Box::pin(async move {
            let Some(handle) = handle else {
                return Err("the groups are still being started: try again".to_owned());
            };
            let taken = handle.order(&key, order, by).await;
            taken.map_err(|error| error.to_string())
        })
    }
}
