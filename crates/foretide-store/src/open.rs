//! Opens the store's file: makes a new store, upgrades an older one, and refuses every other file
//! without changing it.
//!
//! `SQLite` alone looks at the content. A descriptor of this crate would drop `SQLite`'s locks when
//! it is closed (see the invariants of the crate).

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use crate::error::StoreError;
use crate::schema::{APPLICATION_ID, VERSION};
use crate::table::VALUE_BYTES_MAX;
use crate::upgrade::{Upgrade, copy_of, upgrade};

/// Only the owner may read or write the store, because the store describes a customer's fleet.
pub(crate) const MODE: u32 = 0o600;
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "64 MiB is below i32::MAX"
)]
const VALUE_BYTES_MAX_SQLITE: i32 = VALUE_BYTES_MAX as i32;
/// Smallest page of an `SQLite` database, in bytes. A smaller file with content is no database.
const PAGE_BYTES_MIN: u64 = 512;
/// Longest time for which a reader may block the writer, or the writer a reader.
const BUSY: Duration = Duration::from_secs(5);

/// Opens the store at `path` for writing, or makes one. Returns the result of the upgrade, if there
/// was one.
pub(crate) fn for_writing(path: &Path) -> Result<(Connection, Option<Upgrade>), StoreError> {
    if !exists(path)? {
        make(path)?;
    }
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let sqlite = |error| StoreError::sqlite(path, error);
    let found = version(&connection, path)?;
    if found == 0 {
        // This option must be set before the first table. It lets `SQLite` give space back.
        connection
            .pragma_update(None, "auto_vacuum", "INCREMENTAL")
            .map_err(sqlite)?;
    }
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .map_err(sqlite)?;
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(sqlite)?;
    connection
        .pragma_update(None, "foreign_keys", true)
        .map_err(sqlite)?;
    let upgraded = upgrade(&mut connection, path, found)?;
    fs::set_permissions(path, Permissions::from_mode(MODE))
        .map_err(|error| io("restrict", path, error))?;
    Ok((connection, upgraded))
}

/// Opens the store at `path` for reading.
pub(crate) fn for_reading(path: &Path) -> Result<Connection, StoreError> {
    if !exists(path)? {
        let error = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(io("open", path, error));
    }
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    match version(&connection, path)? {
        VERSION => Ok(connection),
        found => Err(StoreError::Corrupt {
            path: path.to_owned(),
            what: format!("schema version {found}, and only a writer brings it to {VERSION}"),
        }),
    }
}

fn io(what: &'static str, path: &Path, error: std::io::Error) -> StoreError {
    StoreError::Io {
        what,
        path: path.to_owned(),
        error,
    }
}

/// Whether there is a file at `path`. Looks without opening the file, because this process may have
/// it open as a store.
fn exists(path: &Path) -> Result<bool, StoreError> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(StoreError::Foreign {
            path: path.to_owned(),
            what: "not a file",
        }),
        // `SQLite` would treat a file without a whole page as empty, and write over it.
        Ok(found) if (1..PAGE_BYTES_MIN).contains(&found.len()) => Err(StoreError::Foreign {
            path: path.to_owned(),
            what: "not an SQLite database",
        }),
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(io("look at", path, error)),
    }
}

/// Makes an empty file with permissions for the owner alone. No other process has a new file open.
fn make(path: &Path) -> Result<(), StoreError> {
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(path);
    opened.map(drop).map_err(|error| io("make", path, error))
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let sqlite = |error| StoreError::sqlite(path, error);
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    connection.busy_timeout(BUSY).map_err(sqlite)?;
    connection
        .set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX_SQLITE)
        .map_err(sqlite)?;
    Ok(connection)
}

/// The schema's version: 0 for a database without any table.
fn version(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let number = |sql| {
        connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .map_err(|error| StoreError::sqlite(path, error))
    };
    let application = number("PRAGMA application_id")?;
    let found = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    match (application, found) {
        (APPLICATION_ID, 1..=VERSION) => Ok(found),
        (APPLICATION_ID, _) if found > VERSION => Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known: VERSION,
            copy: Some(copy_of(path, VERSION)).filter(|copy| copy.exists()),
        }),
        (0, 0) if tables == 0 => Ok(0),
        _ => Err(StoreError::Foreign {
            path: path.to_owned(),
            what: "an SQLite database of another program",
        }),
    }
}
