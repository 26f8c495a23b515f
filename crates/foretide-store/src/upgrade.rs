//! Upgrades an older store: first makes a copy, then runs all steps in one transaction.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::StoreError;
use crate::open::MODE;
use crate::row;
use crate::schema::{APPLICATION_ID, MIGRATIONS, VERSION};
use crate::table::{TABLES, Table};

/// Most damaged rows that are named: enough to see table and group. The others are counted.
const NAMED_MAX: usize = 10;
/// The first version whose rows have checksums.
const CHECKSUMS_SINCE: i64 = 3;

/// The result of an upgrade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// The version before.
    pub from: i64,
    /// The version after.
    pub to: i64,
    /// The copy of the store from before the upgrade.
    pub copy: PathBuf,
    /// Number of rows with a value outside its column's range. These rows stay unchanged; reading
    /// one is an error.
    pub damaged: u64,
    /// The first damaged rows: `TABLE where KEY: COLUMN is VALUE, expected RANGE`.
    pub named: Vec<String>,
}

/// The path of the copy of a store of `version`.
pub(crate) fn copy_of(path: &Path, version: i64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".v{version}.bak"));
    name.into()
}

/// Upgrades the store from version `found` to [`VERSION`]; none if it has that version. Version 0
/// is a database without tables.
pub(crate) fn upgrade(
    connection: &mut Connection,
    path: &Path,
    found: i64,
) -> Result<Option<Upgrade>, StoreError> {
    let sqlite = |error| StoreError::sqlite(path, error);
    let done = usize::try_from(found).unwrap_or(0);
    let steps = MIGRATIONS.get(done..).unwrap_or_default();
    if steps.is_empty() {
        return Ok(None);
    }
    let copy = copy_of(path, found);
    if found > 0 {
        make_copy(connection, &copy)?;
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(sqlite)?;
    for step in steps {
        transaction.execute_batch(step).map_err(sqlite)?;
    }
    let mut upgrade = Upgrade {
        from: found,
        to: VERSION,
        copy,
        damaged: 0,
        named: Vec::new(),
    };
    if found < CHECKSUMS_SINCE {
        add_checksums(&transaction, &mut upgrade).map_err(sqlite)?;
    }
    let marks = [
        ("application_id", APPLICATION_ID),
        ("user_version", VERSION),
    ];
    for (name, value) in marks {
        transaction
            .pragma_update(None, name, value)
            .map_err(sqlite)?;
    }
    transaction.commit().map_err(sqlite)?;
    Ok((found > 0).then_some(upgrade))
}

/// Copies the store to the new file `copy`, which only the owner may read. Replaces the copy of an
/// upgrade that was killed. Removes a copy that could not be finished.
fn make_copy(connection: &Connection, copy: &Path) -> Result<(), StoreError> {
    let failed = |what, error| StoreError::Io {
        what,
        path: copy.to_owned(),
        error,
    };
    match std::fs::remove_file(copy) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(failed("replace the copy", error));
        }
        _ => {}
    }
    let Some(name) = copy.to_str() else {
        let error = std::io::Error::from(ErrorKind::InvalidInput);
        return Err(failed("copy the store to a name that is not UTF-8:", error));
    };
    // `VACUUM INTO` accepts an empty file. Without one it would make a file that everybody may
    // read.
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(copy);
    made.map_err(|error| failed("make the copy", error))?;
    let copied = connection.execute("VACUUM INTO ?1", [name]);
    copied.map(drop).map_err(|error| {
        // Report the error that stopped the copy, not this one.
        drop(std::fs::remove_file(copy));
        StoreError::sqlite(copy, error)
    })
}

/// Adds a checksum to every row whose columns are within their ranges.
fn add_checksums(transaction: &Transaction<'_>, upgrade: &mut Upgrade) -> rusqlite::Result<()> {
    for table in TABLES {
        let count = i32::try_from(table.columns.len()).unwrap_or(-1);
        let sum =
            move |context: &mut Context<'_>| Ok(row::sum_in_range(table, &values(context)).ok());
        transaction.create_scalar_function(
            "row_checksum",
            count,
            FunctionFlags::SQLITE_DETERMINISTIC,
            sum,
        )?;
        let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        let (name, columns) = (table.name, columns.join(", "));
        transaction.execute(
            &format!("UPDATE {name} SET checksum = row_checksum({columns})"),
            [],
        )?;
        transaction.remove_function("row_checksum", count)?;
        count_damaged(transaction, table, upgrade)?;
    }
    Ok(())
}

fn values<'a>(context: &'a Context<'_>) -> Vec<ValueRef<'a>> {
    (0..context.len())
        .map(|index| context.get_raw(index))
        .collect()
}

fn count_damaged(
    transaction: &Transaction<'_>,
    table: &Table,
    upgrade: &mut Upgrade,
) -> rusqlite::Result<()> {
    let sql = format!(
        "SELECT {} FROM {} WHERE checksum IS NULL",
        table.selected(),
        table.name
    );
    let mut statement = transaction.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        upgrade.damaged += 1;
        if upgrade.named.len() < NAMED_MAX {
            upgrade.named.extend(
                row::check(table, row)?
                    .err()
                    .map(|damage| damage.to_string()),
            );
        }
    }
    Ok(())
}
