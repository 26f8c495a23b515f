//! The tables, and the steps from an older schema to the present one.
//!
//! Times are milliseconds since 1970-01-01 UTC. `seq` numbers all rows in the order of their
//! commits. Columns in JSON hold values of `foretide-domain` unchanged.

/// "Ftde": marks a database as Foretide's.
pub(crate) const APPLICATION_ID: i64 = 0x4674_6465;

/// The step from each version to the next. The first step makes version 1 from nothing.
///
/// A released step is never changed; a change is a new step.
pub(crate) const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE counter (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        next_seq INTEGER NOT NULL
    ) STRICT;
    INSERT INTO counter VALUES (1, 1);

    CREATE TABLE groups (
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        name TEXT NOT NULL,
        -- Decisions before this time are thinned to minutes.
        thinned_until INTEGER NOT NULL DEFAULT 0,
        UNIQUE (account, name)
    ) STRICT;

    -- Each controller's newest state.
    CREATE TABLE states (
        group_id INTEGER PRIMARY KEY REFERENCES groups,
        at INTEGER NOT NULL,
        state TEXT NOT NULL
    ) STRICT;

    -- What each controller was told, for replay.
    CREATE TABLE events (
        group_id INTEGER NOT NULL REFERENCES groups,
        at INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        event TEXT NOT NULL,
        PRIMARY KEY (group_id, at, seq)
    ) STRICT, WITHOUT ROWID;

    -- Where a replay can start; no state where the controller began with nothing.
    CREATE TABLE checkpoints (
        group_id INTEGER NOT NULL REFERENCES groups,
        at INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        state TEXT,
        settings TEXT NOT NULL,
        PRIMARY KEY (group_id, at, seq)
    ) STRICT, WITHOUT ROWID;

    -- Closed periods of metrics, with the value seen last.
    CREATE TABLE observations (
        group_id INTEGER NOT NULL REFERENCES groups,
        start INTEGER NOT NULL,
        period_ms INTEGER NOT NULL,
        cpu_percent REAL,
        instances REAL NOT NULL,
        network_in_bytes_per_s REAL,
        network_out_bytes_per_s REAL,
        memory_percent REAL,
        demand REAL,
        PRIMARY KEY (group_id, start)
    ) STRICT, WITHOUT ROWID;

    -- What was decided, and why: the explanation in full.
    CREATE TABLE decisions (
        group_id INTEGER NOT NULL REFERENCES groups,
        at INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        -- Desired capacity as it was, and as decided; none keeps what is.
        desired_before INTEGER NOT NULL,
        desired INTEGER,
        class TEXT,
        confidence REAL,
        bound_by TEXT,
        decision TEXT NOT NULL,
        PRIMARY KEY (group_id, at, seq)
    ) STRICT, WITHOUT ROWID;

    -- Everything else that was said: how writes ended, what became of them, failures, alarms, and
    -- the notices of the runtime, which need not belong to a group.
    CREATE TABLE records (
        seq INTEGER PRIMARY KEY,
        group_id INTEGER REFERENCES groups,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        sentence TEXT NOT NULL,
        record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX records_by_group ON records (group_id, at);

    CREATE VIEW outcomes AS SELECT account, name, datetime(at / 1000, 'unixepoch') AS time, kind,
        sentence FROM records JOIN groups ON groups.id = group_id
        WHERE kind IN ('settled', 'outcome_seen', 'foreign_change');
    CREATE VIEW alarms AS SELECT account, name, datetime(at / 1000, 'unixepoch') AS time, sentence
        FROM records JOIN groups ON groups.id = group_id WHERE kind = 'alarm';
",
    "
    -- What forecasts rest on: history and model, as a snapshot that is kept with a checkpoint. The
    -- hash is that of its content; one that has not changed is kept once.
    CREATE TABLE forecasts (
        id INTEGER PRIMARY KEY,
        group_id INTEGER NOT NULL REFERENCES groups,
        hash BLOB NOT NULL,
        at INTEGER NOT NULL,
        snapshot BLOB NOT NULL,
        UNIQUE (group_id, hash)
    ) STRICT;

    -- A replay needs the settings as data. Checkpoints of version 1 have none, and events before
    -- the first checkpoint replay to nothing.
    DELETE FROM events;
    DELETE FROM checkpoints;
    ALTER TABLE checkpoints ADD COLUMN controller TEXT NOT NULL DEFAULT '';
    ALTER TABLE checkpoints ADD COLUMN forecast_id INTEGER REFERENCES forecasts;
    CREATE INDEX checkpoints_by_forecast ON checkpoints (forecast_id);
",
    "
    -- Over all other columns of the row, so that a row that was changed from outside is an error.
    -- The migration fills it in, except for rows with a value outside its column's range: NULL.
    ALTER TABLE counter ADD COLUMN checksum INTEGER;
    ALTER TABLE groups ADD COLUMN checksum INTEGER;
    ALTER TABLE states ADD COLUMN checksum INTEGER;
    ALTER TABLE events ADD COLUMN checksum INTEGER;
    ALTER TABLE checkpoints ADD COLUMN checksum INTEGER;
    ALTER TABLE observations ADD COLUMN checksum INTEGER;
    ALTER TABLE decisions ADD COLUMN checksum INTEGER;
    ALTER TABLE records ADD COLUMN checksum INTEGER;
    ALTER TABLE forecasts ADD COLUMN checksum INTEGER;
",
];

/// The version that this program writes.
pub(crate) const VERSION: i64 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_leads_to_the_next_version() {
        assert_eq!(usize::try_from(VERSION), Ok(MIGRATIONS.len()));
    }
}
