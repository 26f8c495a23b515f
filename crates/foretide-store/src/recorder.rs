//! A journal that also writes the original's files.

use std::sync::{Arc, Mutex, PoisonError};

use foretide_control::{ForecastSnapshot, SavedState};
use foretide_runtime::{Batch, BoxFuture, GroupKey, Journal, JournalError};

use crate::renderings::Renderings;
use crate::store::{Store, blocking};

/// A store, and the files rendered from the store.
#[derive(Clone, Debug)]
pub struct Recorder {
    store: Store,
    renderings: Arc<Mutex<Renderings>>,
}

impl Recorder {
    /// Commits to `store`, then renders to `renderings`.
    pub fn new(store: Store, renderings: Renderings) -> Self {
        Self {
            store,
            renderings: Arc::new(Mutex::new(renderings)),
        }
    }
}

impl Journal for Recorder {
    fn commit(&self, batch: Arc<Batch>) -> BoxFuture<'_, Result<(), JournalError>> {
        let recorder = self.clone();
        Box::pin(blocking(move || {
            recorder.store.commit_blocking(&batch)?;
            let mut renderings = recorder
                .renderings
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            renderings.render(&batch.entries);
            Ok(())
        }))
    }

    fn load<'a>(
        &'a self,
        group: &'a GroupKey,
    ) -> BoxFuture<'a, Result<Option<SavedState>, JournalError>> {
        self.store.load(group)
    }

    fn load_forecast<'a>(
        &'a self,
        group: &'a GroupKey,
    ) -> BoxFuture<'a, Result<Option<ForecastSnapshot>, JournalError>> {
        self.store.load_forecast(group)
    }
}
