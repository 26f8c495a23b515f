//! Writes the store.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use foretide_control::{ForecastSnapshot, SavedState};
use foretide_domain::Timestamp;
use foretide_runtime::{Batch, BoxFuture, GroupKey, Journal, JournalError, JournalErrorKind};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::durable::Files;
use crate::error::StoreError;
use crate::json::from_json;
use crate::lock::Lock;
use crate::open;
use crate::query::Query;
use crate::retention::{Retention, Thinner};
use crate::snapshot;
use crate::table::STATES;
use crate::upgrade::Upgrade;
use crate::write::Writer;

/// The store, open for writing. Cheap to clone; the last clone closes the store when dropped.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    open: Mutex<Open>,
    /// Unlocks after the connection is closed.
    _lock: Lock,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    files: Files,
    writer: Writer,
    thinner: Thinner,
}

impl Drop for Open {
    /// Tells `SQLite` to leave the write-ahead log if files were moved. The last connection to
    /// close moves the log into the store and removes the log by its name; after a move, that name
    /// may belong to the log of another store.
    fn drop(&mut self) {
        if self.files.in_place().is_err() {
            let keep = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
            // A connection that does not know the option has no other way.
            drop(self.connection.set_db_config(keep, true));
        }
    }
}

impl Store {
    /// Opens the store at `path`, or makes the store and its folder. From now on only this process
    /// may write the store.
    ///
    /// # Errors
    /// Another process writes the store, the file is no store, or the disk fails.
    pub fn open(path: &Path, retention: Retention) -> Result<Self, StoreError> {
        Self::open_and_upgrade(path, retention).map(|(store, _)| store)
    }

    /// Like [`Store::open`], and returns the result of the upgrade of an older store.
    pub fn open_and_upgrade(
        path: &Path,
        retention: Retention,
    ) -> Result<(Self, Option<Upgrade>), StoreError> {
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
        let (connection, upgraded) = open::for_writing(path)?;
        let writer = Writer::new(&connection, path)?;
        let open = Open {
            connection,
            files: Files::of(path)?,
            writer,
            thinner: Thinner::new(retention),
        };
        let store = Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                open: Mutex::new(open),
                _lock: lock,
            }),
        };
        Ok((store, upgraded))
    }

    /// The store's path.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Makes `batch` durable, or nothing of it. Blocks until then.
    ///
    /// Durable data is in the files at the store's path, so an empty batch checks whether the data
    /// of earlier commits still is.
    ///
    /// # Errors
    /// [`StoreError::Moved`] if the files at the path are not the open files; an error of the disk
    /// or of `SQLite`.
    pub fn commit_blocking(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut open = self
            .inner
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Open {
            connection,
            files,
            writer,
            thinner,
        } = &mut *open;
        files.in_place()?;
        if batch.is_empty() {
            return Ok(());
        }
        writer.commit(connection, &self.inner.path, batch)?;
        files.in_place()?;
        let newest = batch.entries.iter().map(|entry| entry.at).max();
        let newest = newest.max(batch.states.iter().map(|state| state.at).max());
        if let Some(now) = newest {
            // The batch is durable. An error that keeps old rows from being removed meets the next
            // batch as well, which reports it.
            drop(thinner.step(connection, now));
        }
        Ok(())
    }

    /// The newest state of `group`, and the time of its save.
    pub fn state(&self, group: &GroupKey) -> Result<Option<(Timestamp, SavedState)>, StoreError> {
        let open = self
            .inner
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state(&open.connection, &self.inner.path, group)
    }

    /// The newest forecast of `group`.
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

    /// Limits the store's size in pages, as a full disk does. For tests.
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
    let query = Query::new(connection, path);
    let Some(id) = query.group(group)? else {
        return Ok(None);
    };
    let found = query.rows(&STATES, "WHERE group_id = ?1", [id], |row| {
        Ok((row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
    })?;
    let Some((at, text)) = found.first() else {
        return Ok(None);
    };
    let state = from_json(path, &format!("the state of group {group}"), text)?;
    Ok(Some((Timestamp::from_millis(*at), state)))
}

pub(crate) fn newest_forecast(
    connection: &Connection,
    path: &Path,
    group: &GroupKey,
) -> Result<Option<Vec<u8>>, StoreError> {
    let query = Query::new(connection, path);
    let Some(id) = query.group(group)? else {
        return Ok(None);
    };
    let newest = "WHERE group_id = ?1 ORDER BY id DESC LIMIT 1";
    let found = query.forecasts(newest, id)?;
    Ok(found.into_iter().next())
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

/// Runs `work` on a thread that may block.
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
