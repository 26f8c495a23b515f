//! Reads rows, and checks each of them before use.

use std::path::Path;

use foretide_runtime::GroupKey;
use rusqlite::{Connection, ErrorCode, Params, Row, params};

use crate::error::StoreError;
use crate::row;
use crate::table::{FORECASTS, GROUPS, Table, VALUE_BYTES_MAX};

/// A connection for reading the store at a path.
pub(crate) struct Query<'a> {
    connection: &'a Connection,
    path: &'a Path,
}

impl<'a> Query<'a> {
    pub(crate) const fn new(connection: &'a Connection, path: &'a Path) -> Self {
        Self { connection, path }
    }

    /// The rows of `table` that `clauses` select. `read` gets each row after its check, with the
    /// columns of `table` in order.
    ///
    /// # Errors
    /// [`StoreError::Row`] names the first damaged row.
    pub(crate) fn rows<T>(
        &self,
        table: &Table,
        clauses: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.rows_with(table, "", clauses, params, read)
    }

    /// Like [`Self::rows`], with the columns `more` after the checksum. Each begins with a comma.
    fn rows_with<T>(
        &self,
        table: &Table,
        more: &str,
        clauses: &str,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let columns = table.selected();
        let sql = format!("SELECT {columns}{more} FROM {} {clauses}", table.name);
        let failed = |error| self.failed(table, error);
        let mut statement = self.connection.prepare(&sql).map_err(failed)?;
        let mut rows = statement.query(params).map_err(failed)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let checked = row::check(table, row).map_err(failed)?;
            checked.map_err(|damage| StoreError::row(self.path, damage))?;
            found.push(read(row).map_err(failed)?);
        }
        Ok(found)
    }

    /// The row number of `group`; none if the store has no such group.
    pub(crate) fn group(&self, group: &GroupKey) -> Result<Option<i64>, StoreError> {
        let names = params![group.account(), group.name()];
        let found = self.rows(&GROUPS, "WHERE account = ?1 AND name = ?2", names, |row| {
            row.get(0)
        })?;
        Ok(found.first().copied())
    }

    /// The sealed snapshots of forecasts that `clauses` select by the parameter `id`.
    pub(crate) fn forecasts(&self, clauses: &str, id: i64) -> Result<Vec<Vec<u8>>, StoreError> {
        let snapshot = FORECASTS.after();
        self.rows_with(&FORECASTS, ", snapshot", clauses, [id], |row| {
            row.get(snapshot)
        })
    }

    /// The error for `error`. If a value is longer than `SQLite` may read, finds its row and names
    /// it.
    fn failed(&self, table: &Table, error: rusqlite::Error) -> StoreError {
        if error.sqlite_error_code() == Some(ErrorCode::TooBig) {
            let found = table.columns.iter().find_map(|column| {
                let key: Vec<&str> = table.columns[..table.key]
                    .iter()
                    .map(|it| it.name)
                    .collect();
                let key = key.join(" || ' ' || ");
                let (name, table) = (column.name, table.name);
                let sql = format!(
                    "SELECT {key}, octet_length({name}) FROM {table}
                     WHERE octet_length({name}) > {VALUE_BYTES_MAX} LIMIT 1"
                );
                self.connection
                    .query_row(&sql, [], |row| {
                        Ok((name, row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
                    })
                    .ok()
            });
            if let Some((column, key, length)) = found {
                let names = table.columns[..table.key].iter().map(|it| it.name);
                let pairs = names.zip(key.split(' '));
                let pairs: Vec<String> = pairs
                    .map(|(name, value)| format!("{name} = {value}"))
                    .collect();
                return StoreError::Row {
                    path: self.path.to_owned(),
                    row: format!("{} where {}", table.name, pairs.join(" and ")),
                    what: format!(
                        "column {column} has {length} bytes, expected at most {VALUE_BYTES_MAX}"
                    ),
                };
            }
        }
        StoreError::sqlite(self.path, error)
    }
}
