//! Passes orders from the page to the running groups.

use std::sync::{Arc, OnceLock};

use foretide_console::{Answer, Controls, GroupFacts};
use foretide_domain::{Order, Timestamp};
use foretide_runtime::{GroupKey, Orderly};

/// Handle to the runtime, which starts after the page has bound its port.
#[derive(Clone, Debug, Default)]
pub(super) struct Way(Arc<OnceLock<Orderly>>);

impl Way {
    /// Sends orders to `orderly` from now on.
    pub(super) fn leads_to(&self, orderly: Orderly) {
        // There is one runtime: nothing was set before.
        drop(self.0.set(orderly));
    }
}

impl Controls for Way {
    fn order(
        &self,
        group: &GroupFacts,
        order: Order,
        by: String,
    ) -> Answer<Result<Timestamp, String>> {
        let orderly = self.0.get().cloned();
        let key = GroupKey::new(group.account.as_deref().unwrap_or_default(), &group.name);
        Box::pin(async move {
            let Some(orderly) = orderly else {
                return Err("the groups are still being started: try again".to_owned());
            };
            let taken = orderly.order(&key, order, by).await;
            taken.map_err(|error| error.to_string())
        })
    }
}
