//! Opens the file: makes a new one, brings an older one up to date, refuses everything else without
//! touching it.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Read as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::error::StoreError;
use crate::schema::{APPLICATION_ID, MIGRATIONS, VERSION};

/// How every `SQLite` database begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Only its owner may read or write the store: it tells of a customer's fleet.
const MODE: u32 = 0o600;
/// How long a reader may hold a writer up, and the other way round.
const BUSY: Duration = Duration::from_secs(5);

/// The store at `path` for writing; makes it where there is none.
pub(crate) fn for_writing(path: &Path) -> Result<Connection, StoreError> {
    if has_content(path)? {
        check_magic(path)?;
    } else {
        make(path)?;
    }
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let sqlite = |error| StoreError::sqlite(path, error);
    let found = version(&connection, path)?;
    if found == 0 {
        // Has to be said before the first table; lets space be given back.
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
    migrate(&mut connection, found).map_err(sqlite)?;
    fs::set_permissions(path, Permissions::from_mode(MODE))
        .map_err(|error| io("restrict", path, error))?;
    Ok(connection)
}

/// The store at `path` for reading.
pub(crate) fn for_reading(path: &Path) -> Result<Connection, StoreError> {
    if !has_content(path)? {
        let error = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(io("open", path, error));
    }
    check_magic(path)?;
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

fn has_content(path: &Path) -> Result<bool, StoreError> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(StoreError::Foreign {
            path: path.to_owned(),
            what: "not a file",
        }),
        // An empty file is what a crash right after making it leaves.
        Ok(found) => Ok(found.len() > 0),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(io("look at", path, error)),
    }
}

fn make(path: &Path) -> Result<(), StoreError> {
    let opened = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(MODE)
        .open(path);
    opened.map(drop).map_err(|error| io("make", path, error))
}

fn check_magic(path: &Path) -> Result<(), StoreError> {
    let mut start = [0; MAGIC.len()];
    let read = File::open(path).and_then(|mut file| {
        let mut head = Vec::with_capacity(start.len());
        file.by_ref()
            .take(start.len() as u64)
            .read_to_end(&mut head)?;
        Ok(head)
    });
    let head = read.map_err(|error| io("read", path, error))?;
    let length = head.len().min(start.len());
    start[..length].copy_from_slice(&head[..length]);
    if &start == MAGIC {
        return Ok(());
    }
    Err(StoreError::Foreign {
        path: path.to_owned(),
        what: "not an SQLite database",
    })
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let sqlite = |error| StoreError::sqlite(path, error);
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    connection.busy_timeout(BUSY).map_err(sqlite)?;
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
        }),
        (0, 0) if tables == 0 => Ok(0),
        _ => Err(StoreError::Foreign {
            path: path.to_owned(),
            what: "an SQLite database of another program",
        }),
    }
}

/// All steps and the mark of the version are one transaction.
fn migrate(connection: &mut Connection, found: i64) -> rusqlite::Result<()> {
    let done = usize::try_from(found).unwrap_or(0);
    let steps = MIGRATIONS.get(done..).unwrap_or_default();
    if steps.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    for step in steps {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}
