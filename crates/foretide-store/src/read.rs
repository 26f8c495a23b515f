//! Reads the store, in the process that writes the store or in another one.

use std::collections::{HashMap, hash_map};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use foretide_control::{Event, ForecastSnapshot, SavedState, Snapshot};
use foretide_domain::{BytesPerSecond, Datapoint, Decision, LoadSource, Percent, Timestamp};
use foretide_runtime::{Checkpoint, Entry, GroupKey, What};
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::json::from_json;
use crate::open;
use crate::query::Query;
use crate::row;
use crate::snapshot;
use crate::store::{newest_forecast, state};
use crate::table::{CHECKPOINTS, DECISIONS, EVENTS, GROUPS, OBSERVATIONS, RECORDS, TABLES, Table};
use crate::write::NOTICE;

/// The store, open for reading.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    connection: Mutex<Connection>,
}

/// The newest facts about a group.
#[derive(Clone, Debug)]
pub struct Latest {
    /// The controller's state, and the time of its save.
    pub state: Option<(Timestamp, SavedState)>,
    /// The newest decision.
    pub decision: Option<Decision>,
    /// The record of the newest finished write.
    pub write: Option<Entry>,
    /// The record of the newest alarm.
    pub alarm: Option<Entry>,
}

/// The load of a group, as far as a store knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Loads {
    /// Length of the newest period; none where no load is known.
    pub period: Option<Duration>,
    /// Starts of the periods of the forecast's history and their load in instance-percent: see
    /// [`ForecastSnapshot::loads`]. Empty where the history has periods of another length.
    pub past: Vec<(Timestamp, f64)>,
    /// The observed periods, oldest first.
    pub observed: Vec<Datapoint>,
}

/// One step of a replay.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every step is an event: boxed, each would be allocated"
)]
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Pass this event to the controller.
    Event(Event),
    /// Start the controller here, or continue from its own state as `Controller::restore` does.
    Checkpoint(Box<Checkpoint>),
}

impl Reader {
    /// Opens the store at `path`.
    ///
    /// # Errors
    /// There is no store of a known version at `path`, or it cannot be read.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = open::for_reading(path)?;
        Ok(Self {
            path: path.to_owned(),
            connection: Mutex::new(connection),
        })
    }

    /// Every group that the store has ever had an entry of, by account and name.
    pub fn groups(&self) -> Result<Vec<GroupKey>, StoreError> {
        self.with(|query| query.rows(&GROUPS, "ORDER BY account, name", [], key))
    }

    /// The newest facts about `group`.
    pub fn latest(&self, group: &GroupKey) -> Result<Latest, StoreError> {
        let state = state(&self.connection(), &self.path, group)?;
        let newest = "WHERE group_id = ?1 ORDER BY at DESC, seq DESC LIMIT 1";
        let decisions = self.with(|query| match query.group(group)? {
            Some(id) => query.rows(&DECISIONS, newest, [id], decision_text),
            None => Ok(Vec::new()),
        })?;
        Ok(Latest {
            state,
            decision: self.decisions_of(&decisions)?.pop(),
            write: self.newest(group, "settled")?,
            alarm: self.newest(group, "alarm")?,
        })
    }

    fn newest(&self, group: &GroupKey, kind: &str) -> Result<Option<Entry>, StoreError> {
        let newest = "WHERE group_id = ?1 AND kind = ?2 ORDER BY seq DESC LIMIT 1";
        let rows = self.with(|query| match query.group(group)? {
            Some(id) => query.rows(&RECORDS, newest, params![id, kind], raw_entry),
            None => Ok(Vec::new()),
        })?;
        let entry = |raw: RawEntry| self.entry_of(&raw, Some(group.clone()));
        rows.into_iter().next().map(entry).transpose()
    }

    /// Decisions from `from` (included) to `to` (excluded), oldest first.
    pub fn decisions(
        &self,
        group: &GroupKey,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Decision>, StoreError> {
        let texts = self.within(&DECISIONS, "at", group, from, to, decision_text)?;
        self.decisions_of(&texts)
    }

    /// The newest decision at or before `at`.
    pub fn decision_at(
        &self,
        group: &GroupKey,
        at: Timestamp,
    ) -> Result<Option<Decision>, StoreError> {
        let newest = "WHERE group_id = ?1 AND at <= ?2 ORDER BY at DESC, seq DESC LIMIT 1";
        let at = at.as_millis();
        let texts = self.with(|query| match query.group(group)? {
            Some(id) => query.rows(&DECISIONS, newest, [id, at], decision_text),
            None => Ok(Vec::new()),
        })?;
        Ok(self.decisions_of(&texts)?.pop())
    }

    fn decisions_of(&self, texts: &[String]) -> Result<Vec<Decision>, StoreError> {
        let decision = |text: &String| from_json(&self.path, "a decision", text);
        texts.iter().map(decision).collect()
    }

    /// Entries from `from` (included) to `to` (excluded) of `group`, or of everything if `group` is
    /// none: notices, and records other than observations and decisions.
    pub fn records_and_notices(
        &self,
        group: Option<&GroupKey>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Entry>, StoreError> {
        let (from, to) = (from.as_millis(), to.as_millis());
        let (groups, rows) = self.with(|query| {
            let groups: HashMap<i64, GroupKey> = query
                .rows(&GROUPS, "", [], |row| Ok((row.get(0)?, key(row)?)))?
                .into_iter()
                .collect();
            let rows = match group {
                None => query.rows(
                    &RECORDS,
                    "WHERE at >= ?1 AND at < ?2 ORDER BY seq",
                    [from, to],
                    raw_entry,
                )?,
                Some(group) => match query.group(group)? {
                    None => Vec::new(),
                    Some(id) => query.rows(
                        &RECORDS,
                        "WHERE group_id = ?1 AND at >= ?2 AND at < ?3 ORDER BY seq",
                        [id, from, to],
                        raw_entry,
                    )?,
                },
            };
            Ok((groups, rows))
        })?;
        let entry = |raw: RawEntry| {
            let group = raw.group.and_then(|id| groups.get(&id).cloned());
            self.entry_of(&raw, group)
        };
        rows.into_iter().map(entry).collect()
    }

    fn entry_of(&self, raw: &RawEntry, group: Option<GroupKey>) -> Result<Entry, StoreError> {
        let what = match raw.kind.as_str() {
            NOTICE => What::Notice(from_json(&self.path, "a notice", &raw.record)?),
            _ => What::Record(from_json(&self.path, "a record", &raw.record)?),
        };
        Ok(Entry {
            group,
            at: Timestamp::from_millis(raw.at),
            what,
        })
    }

    /// Observed periods that start from `from` (included) to `to` (excluded).
    pub fn observations(
        &self,
        group: &GroupKey,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Datapoint>, StoreError> {
        self.within(&OBSERVATIONS, "start", group, from, to, datapoint)
    }

    /// Time of the newest checkpoint at or before `at`.
    pub fn checkpoint_before(
        &self,
        group: &GroupKey,
        at: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let newest = "WHERE group_id = ?1 AND at <= ?2 ORDER BY at DESC, seq DESC LIMIT 1";
        let at = at.as_millis();
        let rows = self.with(|query| match query.group(group)? {
            Some(id) => query.rows(&CHECKPOINTS, newest, [id, at], |row| row.get(1)),
            None => Ok(Vec::new()),
        })?;
        Ok(rows.first().copied().map(Timestamp::from_millis))
    }

    /// Events and checkpoints from `from` (included) to `to` (excluded), in order.
    pub fn steps(
        &self,
        group: &GroupKey,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(Timestamp, Step)>, StoreError> {
        let mut raw = self.within(&EVENTS, "at", group, from, to, raw_event)?;
        raw.extend(self.within(&CHECKPOINTS, "at", group, from, to, raw_checkpoint)?);
        raw.sort_by_key(|step| (step.at, step.seq));
        let mut forecasts = HashMap::new();
        let mut step = |raw: RawStep| {
            let at = Timestamp::from_millis(raw.at);
            if let Some(event) = &raw.event {
                let event = from_json(&self.path, "an event", event)?;
                return Ok((at, Step::Event(event)));
            }
            let checkpoint = self.checkpoint(raw, &mut forecasts)?;
            Ok((at, Step::Checkpoint(Box::new(checkpoint))))
        };
        raw.into_iter().map(&mut step).collect()
    }

    /// Reads a checkpoint. Checkpoints with the same forecast share one copy.
    fn checkpoint(
        &self,
        raw: RawStep,
        forecasts: &mut HashMap<i64, Arc<ForecastSnapshot>>,
    ) -> Result<Checkpoint, StoreError> {
        let what = "a checkpoint";
        let state = raw.state.map(|state| from_json(&self.path, what, &state));
        let forecast = match raw.forecast {
            None => None,
            Some(id) => Some(match forecasts.entry(id) {
                hash_map::Entry::Occupied(known) => Arc::clone(known.get()),
                hash_map::Entry::Vacant(place) => {
                    Arc::clone(place.insert(Arc::new(self.forecast(id)?)))
                }
            }),
        };
        let controller = raw.controller.unwrap_or_default();
        Ok(Checkpoint {
            snapshot: Snapshot {
                state: state.transpose()?,
                forecast,
            },
            controller: Arc::new(from_json(&self.path, what, &controller)?),
            settings: raw.settings.unwrap_or_default().into(),
        })
    }

    fn forecast(&self, id: i64) -> Result<ForecastSnapshot, StoreError> {
        let found = self.with(|query| query.forecasts("WHERE id = ?1", id))?;
        let bytes = found.first().map_or(&[][..], Vec::as_slice);
        snapshot::open(&self.path, "the forecast of a checkpoint", bytes)
    }

    /// All load of `group` that is known: what was observed, and what the newest forecast rests on.
    pub fn loads(&self, group: &GroupKey) -> Result<Loads, StoreError> {
        let (first, last) = (i64::MIN, i64::MAX);
        let ever = (Timestamp::from_millis(first), Timestamp::from_millis(last));
        let observed = self.observations(group, ever.0, ever.1)?;
        let kept = self.newest_forecast(group)?;
        let period = observed.last().map(|newest| newest.period);
        let period = period.or_else(|| Some(kept.as_ref()?.period()));
        // Loads by the group's own metric are no CPU, which the observed ones are.
        let by_cpu = |kept: &ForecastSnapshot| kept.source() != Some(LoadSource::Metric);
        let kept = kept.filter(|kept| Some(kept.period()) == period && by_cpu(kept));
        Ok(Loads {
            period,
            past: kept.map(|kept| kept.loads().collect()).unwrap_or_default(),
            observed,
        })
    }

    /// The newest forecast of `group`, with the history that it rests on; none where none is kept.
    fn newest_forecast(&self, group: &GroupKey) -> Result<Option<ForecastSnapshot>, StoreError> {
        let bytes = newest_forecast(&self.connection(), &self.path, group)?;
        let what = format!("the forecast of group {group}");
        bytes
            .map(|bytes| snapshot::open(&self.path, &what, &bytes))
            .transpose()
    }

    /// Reads the whole file and returns a sentence for each problem; empty if there is none.
    /// Reports the problems that `SQLite` finds, and of each table the first ten rows that differ
    /// from the rows written.
    pub fn check(&self) -> Result<Vec<String>, StoreError> {
        let connection = self.connection();
        let sqlite = |error| StoreError::sqlite(&self.path, error);
        let mut wrong = Vec::new();
        connection
            .pragma_query(None, "integrity_check", |row| {
                wrong.push(row.get::<_, String>(0)?);
                Ok(())
            })
            .map_err(sqlite)?;
        wrong.retain(|line| line != "ok");
        for table in TABLES {
            wrong.extend(damaged(&connection, table).map_err(sqlite)?);
        }
        Ok(wrong)
    }

    fn connection(&self) -> std::sync::MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(
        &self,
        read: impl FnOnce(&Query<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        read(&Query::new(&self.connection(), &self.path))
    }

    /// The rows of `group` whose `time` is from `from` (included) to `to` (excluded), sorted by
    /// time and then by commit.
    fn within<T>(
        &self,
        table: &Table,
        time: &str,
        group: &GroupKey,
        from: Timestamp,
        to: Timestamp,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        // The key of each of these tables begins with group and time.
        let clauses = format!(
            "WHERE group_id = ?1 AND {time} >= ?2 AND {time} < ?3 ORDER BY {}",
            table.columns[..table.key]
                .iter()
                .map(|column| column.name)
                .collect::<Vec<_>>()
                .join(", ")
        );
        self.with(|query| match query.group(group)? {
            Some(id) => {
                let params = [id, from.as_millis(), to.as_millis()];
                query.rows(table, &clauses, params, read)
            }
            None => Ok(Vec::new()),
        })
    }
}

/// Most damaged rows named for a table: enough to see their common cause.
const DAMAGED_MAX: usize = 10;

/// The first damaged rows of `table`, each with its name and problem.
fn damaged(connection: &Connection, table: &Table) -> rusqlite::Result<Vec<String>> {
    let sql = format!("SELECT {} FROM {}", table.selected(), table.name);
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()?.filter(|_| found.len() < DAMAGED_MAX) {
        found.extend(
            row::check(table, row)?
                .err()
                .map(|damage| damage.to_string()),
        );
    }
    Ok(found)
}

/// Account and name of a row of the table `groups`.
fn key(row: &Row<'_>) -> rusqlite::Result<GroupKey> {
    let (account, name): (String, String) = (row.get(1)?, row.get(2)?);
    Ok(GroupKey::new(&account, &name))
}

fn decision_text(row: &Row<'_>) -> rusqlite::Result<String> {
    row.get(8)
}

struct RawStep {
    at: i64,
    seq: i64,
    event: Option<String>,
    state: Option<String>,
    settings: Option<String>,
    controller: Option<String>,
    forecast: Option<i64>,
}

fn raw_event(row: &Row<'_>) -> rusqlite::Result<RawStep> {
    Ok(RawStep {
        at: row.get(1)?,
        seq: row.get(2)?,
        event: row.get(3)?,
        state: None,
        settings: None,
        controller: None,
        forecast: None,
    })
}

fn raw_checkpoint(row: &Row<'_>) -> rusqlite::Result<RawStep> {
    Ok(RawStep {
        at: row.get(1)?,
        seq: row.get(2)?,
        event: None,
        state: row.get(3)?,
        settings: row.get(4)?,
        controller: row.get(5)?,
        forecast: row.get(6)?,
    })
}

struct RawEntry {
    group: Option<i64>,
    at: i64,
    kind: String,
    record: String,
}

fn raw_entry(row: &Row<'_>) -> rusqlite::Result<RawEntry> {
    Ok(RawEntry {
        group: row.get(1)?,
        at: row.get(2)?,
        kind: row.get(3)?,
        record: row.get(5)?,
    })
}

fn datapoint(row: &Row<'_>) -> rusqlite::Result<Datapoint> {
    let number = |index| row.get::<_, Option<f64>>(index);
    let period: i64 = row.get(2)?;
    Ok(Datapoint {
        start: Timestamp::from_millis(row.get(1)?),
        period: Duration::from_millis(period.unsigned_abs()),
        cpu: number(3)?.and_then(Percent::new),
        instances: row.get(4)?,
        network_in: number(5)?.and_then(BytesPerSecond::new),
        network_out: number(6)?.and_then(BytesPerSecond::new),
        memory: number(7)?.and_then(Percent::new),
        demand: number(8)?,
        unaccounted: None,
    })
}
