//! The store for writing.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use foretide_control::{ForecastSnapshot, SavedState};
use foretide_domain::Timestamp;
use foretide_runtime::{Batch, BoxFuture, GroupKey, Journal, JournalError, JournalErrorKind};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::error::StoreError;
use crate::json::from_json;
use crate::lock::Lock;
use crate::open;
use crate::retention::{Retention, Thinner};
use crate::snapshot;
use crate::write::Writer;

/// The store, open for writing. Cheap to clone; closed with the last clone.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    open: Mutex<Open>,
    /// Given up after the connection is closed.
    _lock: Lock,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    writer: Writer,
    thinner: Thinner,
}

impl Store {
    /// Opens the store at `path`, or makes one with its folder; only this process may write to it
    /// from now on.
    pub fn open(path: &Path, retention: Retention) -> Result<Self, StoreError> {
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(|error| StoreError::Io {
                what: "make the folder",
                path: folder.to_owned(),
                error,
            })?;
        }
        let lock = Lock::take(path)?;
        let connection = open::for_writing(path)?;
        Ok(Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                open: Mutex::new(Open {
                    connection,
                    writer: Writer::new(),
                    thinner: Thinner::new(retention),
                }),
                _lock: lock,
            }),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Makes `batch` durable, or nothing of it. Blocks until it is.
    pub fn commit_blocking(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut open = self
            .inner
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Open {
            connection,
            writer,
            thinner,
        } = &mut *open;
        writer.commit(connection, &self.inner.path, batch)?;
        let newest = batch.entries.iter().map(|entry| entry.at).max();
        let newest = newest.max(batch.states.iter().map(|state| state.at).max());
        if let Some(now) = newest {
            // The batch is durable. What keeps old rows from being removed meets the next batch as
            // well and is said then.
            drop(thinner.step(connection, now));
        }
        Ok(())
    }

    /// The state kept last for `group`, and when it was kept.
    pub fn state(&self, group: &GroupKey) -> Result<Option<(Timestamp, SavedState)>, StoreError> {
        let open = self
            .inner
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state(&open.connection, &self.inner.path, group)
    }

    /// The forecast kept last for `group`.
    pub fn forecast(&self, group: &GroupKey) -> Result<Option<ForecastSnapshot>, StoreError> {
        let bytes = {
            let open = self
                .inner
                .open
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            newest_forecast(&open.connection, &self.inner.path, group)?
        };
        let open = |bytes: Vec<u8>| {
            let what = format!("the forecast of group {group}");
            snapshot::open(&self.inner.path, &what, &bytes)
        };
        bytes.map(open).transpose()
    }

    /// Limits the store's size in pages, as a full disk does: for tests of what follows from one.
    pub fn limit_pages(&self, pages: Option<u32>) -> Result<(), StoreError> {
        let open = self
            .inner
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let pages = pages.unwrap_or(u32::MAX - 1);
        let set =
            open.connection
                .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()));
        set.map_err(|error| StoreError::sqlite(&self.inner.path, error))
    }
}

pub(crate) fn state(
    connection: &Connection,
    path: &Path,
    group: &GroupKey,
) -> Result<Option<(Timestamp, SavedState)>, StoreError> {
    let sql = "SELECT at, state FROM states JOIN groups ON groups.id = group_id
               WHERE account = ?1 AND name = ?2";
    let names = params![group.account(), group.name()];
    let found = connection
        .query_row(sql, names, |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })
        .optional()
        .map_err(|error| StoreError::sqlite(path, error))?;
    let Some((at, text)) = found else {
        return Ok(None);
    };
    let state = from_json(path, &format!("the state of group {group}"), &text)?;
    Ok(Some((Timestamp::from_millis(at), state)))
}

fn newest_forecast(
    connection: &Connection,
    path: &Path,
    group: &GroupKey,
) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT snapshot FROM forecasts JOIN groups ON groups.id = group_id
               WHERE account = ?1 AND name = ?2 ORDER BY forecasts.id DESC LIMIT 1";
    let names = params![group.account(), group.name()];
    let found = connection
        .query_row(sql, names, |row| row.get(0))
        .optional();
    found.map_err(|error| StoreError::sqlite(path, error))
}

impl Journal for Store {
    fn commit(&self, batch: Arc<Batch>) -> BoxFuture<'_, Result<(), JournalError>> {
        let store = self.clone();
        Box::pin(blocking(move || store.commit_blocking(&batch)))
    }

    fn load<'a>(
        &'a self,
        group: &'a GroupKey,
    ) -> BoxFuture<'a, Result<Option<SavedState>, JournalError>> {
        let (store, group) = (self.clone(), group.clone());
        Box::pin(blocking(move || {
            Ok(store.state(&group)?.map(|(_, state)| state))
        }))
    }

    fn load_forecast<'a>(
        &'a self,
        group: &'a GroupKey,
    ) -> BoxFuture<'a, Result<Option<ForecastSnapshot>, JournalError>> {
        let (store, group) = (self.clone(), group.clone());
        Box::pin(blocking(move || store.forecast(&group)))
    }
}

/// Runs `work` where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, JournalError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(JournalError::from),
        Err(error) => Err(JournalError {
            kind: JournalErrorKind::Unavailable,
            detail: format!("the store's work did not end: {error}"),
        }),
    }
}
