//! The columns of each table with their ranges, and the columns that name a row.
//!
//! Writing, reading and upgrading use this one list. The ranges are those of the types of
//! `foretide-domain`, or wider: Foretide has not written a value outside.

/// One table.
#[derive(Debug)]
pub(crate) struct Table {
    /// The table's name.
    pub(crate) name: &'static str,
    /// The columns that the checksum covers, in order. The column `checksum` follows them.
    pub(crate) columns: &'static [Column],
    /// Number of the first columns that name a row in a message.
    pub(crate) key: usize,
}

/// One column.
#[derive(Debug)]
pub(crate) struct Column {
    /// The column's name.
    pub(crate) name: &'static str,
    /// The values that the column may hold.
    pub(crate) holds: Holds,
    /// Whether the column may be NULL.
    pub(crate) nullable: bool,
}

/// The values that a column may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Holds {
    /// A whole number from the first to the second, both included.
    Integer(i64, i64),
    /// A finite number from the first to the second, both included.
    Real(f64, f64),
    /// Text with at most this number of bytes.
    Text(usize),
    /// At most this number of bytes.
    Blob(usize),
}

/// Longest value of the store: 64 MiB. The largest values written stay below 8 MiB: the reading of
/// a group of about ten thousand instances, and the forecast of a group. `SQLite` refuses to read a
/// longer value before it allocates memory.
pub(crate) const VALUE_BYTES_MAX: usize = 64 << 20;

/// Longest name of an account or group. AWS allows 255 characters for a group's name, of at most
/// four bytes each.
const NAME_BYTES_MAX: usize = 4096;
/// The last millisecond of the year 9999, where RFC 3339 ends.
const TIME_MAX: i64 = 253_402_300_799_999;
/// CloudWatch's periods last from one second to one day.
const PERIOD_MS_MIN: i64 = 1000;
const PERIOD_MS_MAX: i64 = 86_400_000;
/// Length of the hash of a forecast's content.
const HASH_BYTES: usize = 32;

const fn required(name: &'static str, holds: Holds) -> Column {
    Column {
        name,
        holds,
        nullable: false,
    }
}

const fn optional(name: &'static str, holds: Holds) -> Column {
    Column {
        name,
        holds,
        nullable: true,
    }
}

const ID: Holds = Holds::Integer(1, i64::MAX);
const TIME: Holds = Holds::Integer(0, TIME_MAX);
/// `seq` grows by one a row and never reaches the maximum of `i64`.
const SEQ: Holds = Holds::Integer(1, i64::MAX - 1);
const JSON: Holds = Holds::Text(VALUE_BYTES_MAX);
const NOT_NEGATIVE: Holds = Holds::Real(0.0, f64::MAX);
const ANY_FINITE: Holds = Holds::Real(f64::MIN, f64::MAX);
const CAPACITY: Holds = Holds::Integer(0, u32::MAX as i64);
/// Names of classes, guard rails and kinds of records.
const WORD: Holds = Holds::Text(256);

pub(crate) const COUNTER: Table = Table {
    name: "counter",
    columns: &[
        required("id", Holds::Integer(1, 1)),
        required("next_seq", SEQ),
    ],
    key: 1,
};

pub(crate) const GROUPS: Table = Table {
    name: "groups",
    columns: &[
        required("id", ID),
        required("account", Holds::Text(NAME_BYTES_MAX)),
        required("name", Holds::Text(NAME_BYTES_MAX)),
        required("thinned_until", TIME),
    ],
    key: 1,
};

pub(crate) const STATES: Table = Table {
    name: "states",
    columns: &[
        required("group_id", ID),
        required("at", TIME),
        required("state", JSON),
    ],
    key: 1,
};

pub(crate) const EVENTS: Table = Table {
    name: "events",
    columns: &[
        required("group_id", ID),
        required("at", TIME),
        required("seq", SEQ),
        required("event", JSON),
    ],
    key: 3,
};

pub(crate) const CHECKPOINTS: Table = Table {
    name: "checkpoints",
    columns: &[
        required("group_id", ID),
        required("at", TIME),
        required("seq", SEQ),
        optional("state", JSON),
        required("settings", JSON),
        required("controller", JSON),
        optional("forecast_id", ID),
    ],
    key: 3,
};

pub(crate) const OBSERVATIONS: Table = Table {
    name: "observations",
    columns: &[
        required("group_id", ID),
        required("start", TIME),
        required("period_ms", Holds::Integer(PERIOD_MS_MIN, PERIOD_MS_MAX)),
        optional("cpu_percent", NOT_NEGATIVE),
        required("instances", NOT_NEGATIVE),
        optional("network_in_bytes_per_s", NOT_NEGATIVE),
        optional("network_out_bytes_per_s", NOT_NEGATIVE),
        optional("memory_percent", NOT_NEGATIVE),
        optional("demand", ANY_FINITE),
    ],
    key: 2,
};

pub(crate) const DECISIONS: Table = Table {
    name: "decisions",
    columns: &[
        required("group_id", ID),
        required("at", TIME),
        required("seq", SEQ),
        required("desired_before", CAPACITY),
        optional("desired", CAPACITY),
        optional("class", WORD),
        optional("confidence", NOT_NEGATIVE),
        optional("bound_by", WORD),
        required("decision", JSON),
    ],
    key: 3,
};

pub(crate) const RECORDS: Table = Table {
    name: "records",
    columns: &[
        required("seq", SEQ),
        optional("group_id", ID),
        required("at", TIME),
        required("kind", WORD),
        required("sentence", JSON),
        required("record", JSON),
    ],
    key: 1,
};

/// The snapshot is not among the columns: its own hash protects the snapshot, and this checksum
/// covers the hash in the column `hash`.
pub(crate) const FORECASTS: Table = Table {
    name: "forecasts",
    columns: &[
        required("id", ID),
        required("group_id", ID),
        required("hash", Holds::Blob(HASH_BYTES)),
        required("at", TIME),
    ],
    key: 1,
};

/// All tables that have a checksum.
pub(crate) const TABLES: [&Table; 9] = [
    &COUNTER,
    &GROUPS,
    &STATES,
    &EVENTS,
    &CHECKPOINTS,
    &OBSERVATIONS,
    &DECISIONS,
    &RECORDS,
    &FORECASTS,
];

impl Table {
    /// The columns to read for a check: the columns of the table, then its checksum.
    pub(crate) fn selected(&self) -> String {
        let columns = self.columns.iter().map(|column| column.name);
        let columns: Vec<&str> = columns.chain(["checksum"]).collect();
        columns.join(", ")
    }

    /// Index of the first column after [`Self::selected`].
    pub(crate) const fn after(&self) -> usize {
        self.columns.len() + 1
    }
}
