//! The store for reading, by the process that writes it or another one.

use std::collections::{HashMap, hash_map};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use foretide_control::{ForecastSnapshot, SavedState};
use foretide_domain::{BytesPerSecond, Datapoint, Decision, Event, Percent, Timestamp};
use foretide_runtime::{Checkpoint, GroupKey, What};
use rusqlite::{Connection, Params, Row, params};

use crate::error::StoreError;
use crate::json::from_json;
use crate::open;
use crate::snapshot;
use crate::store::state;
use crate::write::NOTICE;

/// The store, open for reading.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    connection: Mutex<Connection>,
}

/// What is known of a group right now.
#[derive(Clone, Debug)]
pub struct Latest {
    /// Its controller's state, and when it was kept.
    pub state: Option<(Timestamp, SavedState)>,
    /// The newest decision.
    pub decision: Option<Decision>,
    /// How the newest write ended.
    pub write: Option<Said>,
    /// The newest alarm.
    pub alarm: Option<Said>,
}

/// Something that was said: a record other than an observation or a decision, or a notice.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The group; none where it concerns the whole process.
    pub group: Option<GroupKey>,
    /// When.
    pub at: Timestamp,
    /// What: `What::Record` or `What::Notice`.
    pub what: What,
}

/// One step of a replay.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Tell the controller.
    Event(Event),
    /// Begin here, or go on from the controller's own state as `Controller::restore` does.
    Checkpoint(Box<Checkpoint>),
}

impl Reader {
    /// Opens the store at `path`.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = open::for_reading(path)?;
        Ok(Self {
            path: path.to_owned(),
            connection: Mutex::new(connection),
        })
    }

    /// Every group that was ever looked after, by account and name.
    pub fn groups(&self) -> Result<Vec<GroupKey>, StoreError> {
        let sql = "SELECT account, name FROM groups ORDER BY account, name";
        self.rows(sql, [], |row| key(row, 0, 1))
    }

    /// What is known of `group` right now.
    pub fn latest(&self, group: &GroupKey) -> Result<Latest, StoreError> {
        let state = state(&self.connection(), &self.path, group)?;
        let sql =
            format!("SELECT decision FROM decisions WHERE {OF_GROUP} ORDER BY at DESC LIMIT 1");
        let decisions = self.rows(&sql, params![group.account(), group.name()], |row| {
            row.get::<_, String>(0)
        })?;
        let decision = match decisions.first() {
            Some(text) => Some(from_json(&self.path, "a decision", text)?),
            None => None,
        };
        Ok(Latest {
            state,
            decision,
            write: self.newest(group, "settled")?,
            alarm: self.newest(group, "alarm")?,
        })
    }

    fn newest(&self, group: &GroupKey, kind: &str) -> Result<Option<Said>, StoreError> {
        let sql = format!(
            "{SAID} WHERE account = ?1 AND name = ?2 AND kind = ?3 ORDER BY seq DESC LIMIT 1"
        );
        let rows = self.rows(&sql, params![group.account(), group.name(), kind], raw_said)?;
        rows.into_iter()
            .next()
            .map(|raw| self.said_of(raw))
            .transpose()
    }

    /// Decisions from `from`, included, to `to`, excluded; the oldest first.
    pub fn decisions(
        &self,
        group: &GroupKey,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Decision>, StoreError> {
        let sql = format!("SELECT decision FROM decisions WHERE {WITHIN} ORDER BY at, seq");
        let texts = self.rows(&sql, within(group, from, to), |row| row.get::<_, String>(0))?;
        let decision = |text: &String| from_json(&self.path, "a decision", text);
        texts.iter().map(decision).collect()
    }

    /// The decision in force at `at`: the newest at or before it.
    pub fn decision_at(
        &self,
        group: &GroupKey,
        at: Timestamp,
    ) -> Result<Option<Decision>, StoreError> {
        let sql = format!(
            "SELECT decision FROM decisions WHERE {OF_GROUP} AND at <= ?3
             ORDER BY at DESC, seq DESC LIMIT 1"
        );
        let row = params![group.account(), group.name(), at.as_millis()];
        let found = self.rows(&sql, row, |row| row.get::<_, String>(0))?;
        let decision = |text: &String| from_json(&self.path, "a decision", text);
        found.first().map(decision).transpose()
    }

    /// What was said of `group`, or of everything, from `from`, included, to `to`, excluded.
    pub fn said(
        &self,
        group: Option<&GroupKey>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Said>, StoreError> {
        let sql = format!(
            "{SAID} WHERE (?1 IS NULL OR (account = ?1 AND name = ?2)) AND at >= ?3 AND at < ?4
             ORDER BY seq"
        );
        let row = params![
            group.map(GroupKey::account),
            group.map(GroupKey::name),
            from.as_millis(),
            to.as_millis()
        ];
        let rows = self.rows(&sql, row, raw_said)?;
        rows.into_iter().map(|raw| self.said_of(raw)).collect()
    }

    fn said_of(&self, raw: RawSaid) -> Result<Said, StoreError> {
        let what = match raw.kind.as_str() {
            NOTICE => What::Notice(from_json(&self.path, "a notice", &raw.record)?),
            _ => What::Record(from_json(&self.path, "a record", &raw.record)?),
        };
        Ok(Said {
            group: raw.group,
            at: Timestamp::from_millis(raw.at),
            what,
        })
    }

    /// Observed periods that start from `from`, included, to `to`, excluded.
    pub fn observations(
        &self,
        group: &GroupKey,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Datapoint>, StoreError> {
        let sql = format!(
            "SELECT start, period_ms, cpu_percent, instances, network_in_bytes_per_s,
             network_out_bytes_per_s, memory_percent, demand
             FROM observations WHERE {OF_GROUP} AND start >= ?3 AND start < ?4 ORDER BY start"
        );
        self.rows(&sql, within(group, from, to), datapoint)
    }

    /// When the newest checkpoint at or before `at` was made.
    pub fn checkpoint_before(
        &self,
        group: &GroupKey,
        at: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let sql = format!(
            "SELECT max(at) FROM checkpoints WHERE {OF_GROUP} AND at <= ?3 HAVING max(at) NOT NULL"
        );
        let row = params![group.account(), group.name(), at.as_millis()];
        let rows = self.rows(&sql, row, |row| row.get(0))?;
        Ok(rows.first().copied().map(Timestamp::from_millis))
    }

    /// Events and checkpoints from `from`, included, to `to`, excluded, in their order.
    pub fn steps(
        &self,
        group: &GroupKey,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(Timestamp, Step)>, StoreError> {
        let sql = format!(
            "SELECT at, seq, event, NULL, NULL, NULL, NULL FROM events WHERE {WITHIN} UNION ALL
             SELECT at, seq, NULL, state, settings, controller, forecast_id FROM checkpoints
             WHERE {WITHIN} ORDER BY 1, 2"
        );
        let rows = self.rows(&sql, within(group, from, to), raw_step)?;
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
        rows.into_iter().map(&mut step).collect()
    }

    /// Checkpoints that rest on the same forecast share it.
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
            state: state.transpose()?,
            forecast,
            controller: Arc::new(from_json(&self.path, what, &controller)?),
            settings: raw.settings.unwrap_or_default().into(),
        })
    }

    fn forecast(&self, id: i64) -> Result<ForecastSnapshot, StoreError> {
        let sql = "SELECT snapshot FROM forecasts WHERE id = ?1";
        let found = self.rows(sql, [id], |row| row.get::<_, Vec<u8>>(0))?;
        let bytes = found.first().map_or(&[][..], Vec::as_slice);
        snapshot::open(&self.path, "the forecast of a checkpoint", bytes)
    }

    /// What `SQLite` finds wrong with the file; nothing where all is well. Reads all of it.
    pub fn check(&self) -> Result<Vec<String>, StoreError> {
        let said = self.rows("PRAGMA integrity_check", [], |row| row.get::<_, String>(0))?;
        Ok(said.into_iter().filter(|line| line != "ok").collect())
    }

    fn connection(&self) -> std::sync::MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn rows<T>(
        &self,
        sql: &str,
        row: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let connection = self.connection();
        let rows = || {
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map(row, read)?;
            rows.collect::<rusqlite::Result<Vec<T>>>()
        };
        rows().map_err(|error| StoreError::sqlite(&self.path, error))
    }
}

/// The group named by the first two parameters.
const OF_GROUP: &str = "group_id = (SELECT id FROM groups WHERE account = ?1 AND name = ?2)";
/// That group's, between the times of the next two.
const WITHIN: &str = "group_id = (SELECT id FROM groups WHERE account = ?1 AND name = ?2)
    AND at >= ?3 AND at < ?4";
const SAID: &str = "SELECT account, name, at, kind, record FROM records
    LEFT JOIN groups ON groups.id = group_id";

fn within(group: &GroupKey, from: Timestamp, to: Timestamp) -> (String, String, i64, i64) {
    (
        group.account().to_owned(),
        group.name().to_owned(),
        from.as_millis(),
        to.as_millis(),
    )
}

fn key(row: &Row<'_>, account: usize, name: usize) -> rusqlite::Result<GroupKey> {
    let (account, name): (String, String) = (row.get(account)?, row.get(name)?);
    Ok(GroupKey::new(&account, &name))
}

struct RawStep {
    at: i64,
    event: Option<String>,
    state: Option<String>,
    settings: Option<String>,
    controller: Option<String>,
    forecast: Option<i64>,
}

fn raw_step(row: &Row<'_>) -> rusqlite::Result<RawStep> {
    Ok(RawStep {
        at: row.get(0)?,
        event: row.get(2)?,
        state: row.get(3)?,
        settings: row.get(4)?,
        controller: row.get(5)?,
        forecast: row.get(6)?,
    })
}

struct RawSaid {
    group: Option<GroupKey>,
    at: i64,
    kind: String,
    record: String,
}

fn raw_said(row: &Row<'_>) -> rusqlite::Result<RawSaid> {
    let account: Option<String> = row.get(0)?;
    let group = match account {
        Some(_) => Some(key(row, 0, 1)?),
        None => None,
    };
    Ok(RawSaid {
        group,
        at: row.get(2)?,
        kind: row.get(3)?,
        record: row.get(4)?,
    })
}

fn datapoint(row: &Row<'_>) -> rusqlite::Result<Datapoint> {
    let number = |index| row.get::<_, Option<f64>>(index);
    let period: i64 = row.get(1)?;
    Ok(Datapoint {
        start: Timestamp::from_millis(row.get(0)?),
        period: Duration::from_millis(u64::try_from(period).unwrap_or(0)),
        cpu: number(2)?.and_then(Percent::new),
        instances: row.get(3)?,
        network_in: number(4)?.and_then(BytesPerSecond::new),
        network_out: number(5)?.and_then(BytesPerSecond::new),
        memory: number(6)?.and_then(Percent::new),
        demand: number(7)?,
    })
}
