//! Writes one batch in one transaction.

use std::collections::HashMap;
use std::path::Path;

use foretide_control::ForecastSnapshot;
use foretide_domain::{Datapoint, Decision, Record, Timestamp};
use foretide_runtime::{Batch, Checkpoint, Entry, GroupKey, Notice, What};
use rusqlite::types::ToSql;
use rusqlite::{
    Connection, OptionalExtension as _, Statement, Transaction, TransactionBehavior, params,
    params_from_iter,
};

use crate::error::StoreError;
use crate::json::to_json;
use crate::query::Query;
use crate::row;
use crate::snapshot::{self, Sealed};
use crate::table::{
    CHECKPOINTS, COUNTER, DECISIONS, EVENTS, FORECASTS, GROUPS, OBSERVATIONS, RECORDS, STATES,
    Table,
};

/// Writes batches. Remembers the row numbers of groups.
#[derive(Debug)]
pub(crate) struct Writer {
    ids: HashMap<GroupKey, i64>,
}

impl Writer {
    /// A writer for the store at `path`. Checks the store's counter of rows.
    pub(crate) fn new(connection: &Connection, path: &Path) -> Result<Self, StoreError> {
        next_seq(connection, path)?;
        Ok(Self {
            ids: HashMap::new(),
        })
    }

    /// Makes `batch` durable, or nothing of it.
    pub(crate) fn commit(
        &mut self,
        connection: &mut Connection,
        path: &Path,
        batch: &Batch,
    ) -> Result<(), StoreError> {
        let result = self.try_commit(connection, path, batch);
        if result.is_err() {
            // Numbers that a failed transaction gave to groups do not exist.
            self.ids.clear();
        }
        result
    }

    fn try_commit(
        &mut self,
        connection: &mut Connection,
        path: &Path,
        batch: &Batch,
    ) -> Result<(), StoreError> {
        let sqlite = |error| StoreError::sqlite(path, error);
        // Take the right to write at once: a transaction that begins by reading fails without any
        // wait if another program has written in between.
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(sqlite)?;
        let mut seq = next_seq(&transaction, path)?;
        {
            let mut insert = Inserts::prepare(&transaction, path).map_err(sqlite)?;
            for entry in &batch.entries {
                let group = match &entry.group {
                    Some(key) => Some(self.id(&transaction, key).map_err(sqlite)?),
                    None => None,
                };
                insert.entry(group, seq, entry)?;
                seq += 1;
            }
            for state in &batch.states {
                let group = self.id(&transaction, &state.group).map_err(sqlite)?;
                let json = to_json(path, &*state.state)?;
                let row: RowValues<'_> = params![group, state.at.as_millis(), json];
                put(path, &mut insert.state, &STATES, row)?;
            }
        }
        let counter: RowValues<'_> = params![1, seq];
        let sum = row::checksum(&COUNTER, counter).map_err(sqlite)?;
        transaction
            .execute(
                "UPDATE counter SET next_seq = ?1, checksum = ?2",
                [seq, sum],
            )
            .map_err(sqlite)?;
        transaction.commit().map_err(sqlite)
    }

    fn id(&mut self, transaction: &Transaction<'_>, key: &GroupKey) -> rusqlite::Result<i64> {
        if let Some(id) = self.ids.get(key) {
            return Ok(*id);
        }
        let names = params![key.account(), key.name()];
        let insert = "INSERT INTO groups (account, name) VALUES (?1, ?2)
            ON CONFLICT DO NOTHING RETURNING id";
        let made = transaction
            .query_row(insert, names, |row| row.get::<_, i64>(0))
            .optional()?;
        let id = if let Some(id) = made {
            seal_group(transaction, id, key.account(), key.name(), 0)?;
            id
        } else {
            let find = "SELECT id FROM groups WHERE account = ?1 AND name = ?2";
            transaction.query_row(find, names, |row| row.get(0))?
        };
        self.ids.insert(key.clone(), id);
        Ok(id)
    }
}

/// Sets the time up to which the group's decisions are thinned, and the checksum of its row.
pub(crate) fn seal_group(
    connection: &Connection,
    id: i64,
    account: &str,
    name: &str,
    thinned_until: i64,
) -> rusqlite::Result<()> {
    let sum = row::checksum(&GROUPS, params![id, account, name, thinned_until])?;
    let sql = "UPDATE groups SET thinned_until = ?2, checksum = ?3 WHERE id = ?1";
    connection.execute(sql, [id, thinned_until, sum]).map(drop)
}

/// The number of the next row.
fn next_seq(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let found = Query::new(connection, path).rows(&COUNTER, "", [], |row| row.get(1))?;
    found.first().copied().ok_or_else(|| StoreError::Row {
        path: path.to_owned(),
        row: format!("{} where id = 1", COUNTER.name),
        what: "the row is missing".to_owned(),
    })
}

/// The values of one row, in the order of the table's columns.
type RowValues<'a> = &'a [&'a dyn ToSql];

/// The prepared statements of one transaction.
struct Inserts<'a> {
    path: &'a Path,
    event: Statement<'a>,
    checkpoint: Statement<'a>,
    forecast: Statement<'a>,
    seal_forecast: Statement<'a>,
    find_forecast: Statement<'a>,
    observation: Statement<'a>,
    decision: Statement<'a>,
    record: Statement<'a>,
    state: Statement<'a>,
}

impl<'a> Inserts<'a> {
    fn prepare(transaction: &'a Transaction<'_>, path: &'a Path) -> rusqlite::Result<Self> {
        let prepare = |sql| transaction.prepare(sql);
        Ok(Self {
            path,
            event: prepare("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5)")?,
            checkpoint: prepare(
                "INSERT INTO checkpoints (group_id, at, seq, state, settings, controller,
                 forecast_id, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?,
            forecast: prepare(
                "INSERT INTO forecasts (group_id, hash, at, snapshot) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO NOTHING RETURNING id",
            )?,
            seal_forecast: prepare("UPDATE forecasts SET checksum = ?2 WHERE id = ?1")?,
            find_forecast: prepare("SELECT id FROM forecasts WHERE group_id = ?1 AND hash = ?2")?,
            observation: prepare(
                "INSERT OR REPLACE INTO observations
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?,
            decision: prepare(
                "INSERT INTO decisions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?,
            record: prepare("INSERT INTO records VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?,
            state: prepare("INSERT OR REPLACE INTO states VALUES (?1, ?2, ?3, ?4)")?,
        })
    }

    fn entry(&mut self, group: Option<i64>, seq: i64, entry: &Entry) -> Result<(), StoreError> {
        let at = entry.at;
        match &entry.what {
            What::Event(event) => {
                let json = to_json(self.path, event)?;
                let row = params![group, at.as_millis(), seq, json];
                put(self.path, &mut self.event, &EVENTS, row)
            }
            What::Checkpoint(checkpoint) => self.checkpoint(group, at, seq, checkpoint),
            What::Record(Record::Observed(point)) => self.observation(group, point),
            What::Record(Record::Decided(decision)) => self.decision(group, at, seq, decision),
            What::Record(record) => {
                let json = to_json(self.path, record)?;
                let sentence = record.to_string();
                let row = params![seq, group, at.as_millis(), kind(record), sentence, json];
                put(self.path, &mut self.record, &RECORDS, row)
            }
            What::Notice(notice) => self.notice(group, at, seq, notice),
        }
    }

    fn checkpoint(
        &mut self,
        group: Option<i64>,
        at: Timestamp,
        seq: i64,
        checkpoint: &Checkpoint,
    ) -> Result<(), StoreError> {
        let state = match &checkpoint.snapshot.state {
            Some(state) => Some(to_json(self.path, state)?),
            None => None,
        };
        let forecast = match &checkpoint.snapshot.forecast {
            Some(forecast) => Some(self.forecast(group, at, forecast)?),
            None => None,
        };
        let controller = to_json(self.path, &*checkpoint.controller)?;
        let settings = &*checkpoint.settings;
        let at = at.as_millis();
        let row = params![group, at, seq, state, settings, controller, forecast];
        put(self.path, &mut self.checkpoint, &CHECKPOINTS, row)
    }

    /// The row number of `forecast` in the table of forecasts; inserts the forecast if it is new.
    fn forecast(
        &mut self,
        group: Option<i64>,
        at: Timestamp,
        forecast: &ForecastSnapshot,
    ) -> Result<i64, StoreError> {
        let Sealed { hash, bytes } = snapshot::seal(self.path, forecast)?;
        let at = at.as_millis();
        let sqlite = |error| StoreError::sqlite(self.path, error);
        let made = self
            .forecast
            .query_row(params![group, hash, at, bytes], |row| row.get::<_, i64>(0))
            .optional()
            .map_err(sqlite)?;
        if let Some(id) = made {
            let sum = row::checksum(&FORECASTS, params![id, group, hash, at]).map_err(sqlite)?;
            self.seal_forecast.execute([id, sum]).map_err(sqlite)?;
            return Ok(id);
        }
        let found = self
            .find_forecast
            .query_row(params![group, hash], |row| row.get(0));
        found.map_err(sqlite)
    }

    fn observation(&mut self, group: Option<i64>, point: &Datapoint) -> Result<(), StoreError> {
        let period = i64::try_from(point.period.as_millis()).unwrap_or(i64::MAX);
        let row = params![
            group,
            point.start.as_millis(),
            period,
            point.cpu.map(foretide_domain::Percent::get),
            point.instances,
            point.network_in.map(foretide_domain::BytesPerSecond::get),
            point.network_out.map(foretide_domain::BytesPerSecond::get),
            point.memory.map(foretide_domain::Percent::get),
            point.demand,
        ];
        put(self.path, &mut self.observation, &OBSERVATIONS, row)
    }

    fn decision(
        &mut self,
        group: Option<i64>,
        at: Timestamp,
        seq: i64,
        decision: &Decision,
    ) -> Result<(), StoreError> {
        let why = &decision.explanation;
        let class = why.inputs.class;
        let bound_by = match why.bound_by {
            Some(guard) => Some(to_json(self.path, &guard)?.replace('"', "")),
            None => None,
        };
        let row = params![
            group,
            at.as_millis(),
            seq,
            why.inputs.desired,
            decision.desired,
            class.map(|(class, _)| class.action()),
            class.map(|(_, confidence)| confidence),
            bound_by,
            to_json(self.path, decision)?,
        ];
        put(self.path, &mut self.decision, &DECISIONS, row)
    }

    fn notice(
        &mut self,
        group: Option<i64>,
        at: Timestamp,
        seq: i64,
        notice: &Notice,
    ) -> Result<(), StoreError> {
        let json = to_json(self.path, notice)?;
        let row = params![seq, group, at.as_millis(), NOTICE, notice.to_string(), json];
        put(self.path, &mut self.record, &RECORDS, row)
    }
}

/// Kind of the runtime's notices in the table of records.
pub(crate) const NOTICE: &str = "notice";

/// Kind of a record in the table of records. Observations and decisions have tables of their own,
/// and no kind.
fn kind(record: &Record) -> &'static str {
    match record {
        Record::Observed(_) => "observed",
        Record::Decided(_) => "decided",
        Record::Settled { .. } => "settled",
        Record::OutcomeSeen(_) => "outcome_seen",
        Record::ForeignChange(_) => "foreign_change",
        Record::Ordered { .. } => "ordered",
        Record::OrderEnded(_) => "order_ended",
        Record::CallFailed(_) => "call_failed",
        Record::MetricsLate { .. } => "metrics_late",
        Record::Gap { .. } => "gap",
        Record::Alarm(_) => "alarm",
        Record::Health { .. } => "health",
        Record::Outlook(_) => "outlook",
        Record::Prices(_) => "prices",
    }
}

/// Inserts `row` and its checksum into `table`.
fn put(
    path: &Path,
    statement: &mut Statement<'_>,
    table: &Table,
    row: RowValues<'_>,
) -> Result<(), StoreError> {
    let mut put = || {
        let sum = row::checksum(table, row)?;
        let values = row.iter().copied().chain([&sum as &dyn ToSql]);
        statement.execute(params_from_iter(values))
    };
    put()
        .map(drop)
        .map_err(|error| StoreError::sqlite(path, error))
}
