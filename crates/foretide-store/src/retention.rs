//! What is kept for how long. A little is removed after every commit, so that no commit waits long.

use std::time::Duration;

use foretide_domain::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use crate::write::seal_group;

const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE_MS: i64 = 60_000;
/// Pages given back to the file system at a time: 4 MiB.
const PAGES_GIVEN_BACK: u32 = 1024;
/// How often the windows may be halved for the sake of the size: to a 64th.
const HALVINGS_MAX: u32 = 6;

/// What is kept for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Events, checkpoints and every single decision: 2 days. A replay reaches back so far.
    pub full: Duration,
    /// Decisions thinned to one a minute (all those that changed something), and all that was said:
    /// 30 days.
    pub thinned: Duration,
    /// Observed periods: 63 days, as long as CloudWatch keeps five-minute ones.
    pub observations: Duration,
    /// Bytes that the store may use: 8 GiB. Above, `full` and `thinned` are halved until it fits.
    pub bytes_max: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            full: 2 * DAY,
            thinned: 30 * DAY,
            observations: 63 * DAY,
            bytes_max: 8 << 30,
        }
    }
}

/// Removes what is too old, one group after each commit.
#[derive(Debug)]
pub(crate) struct Thinner {
    retention: Retention,
    halvings: u32,
    /// The group dealt with last.
    after: i64,
}

impl Thinner {
    pub(crate) fn new(retention: Retention) -> Self {
        Self {
            retention,
            halvings: 0,
            after: 0,
        }
    }

    /// Deals with the next group.
    pub(crate) fn step(
        &mut self,
        connection: &mut Connection,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let mut next = self.next(connection)?;
        if next.is_none() {
            self.fit(connection)?;
            self.after = 0;
            next = self.next(connection)?;
        }
        let Some(group) = next else { return Ok(()) };
        self.after = group;
        self.thin(connection, group, now)
    }

    fn next(&self, connection: &Connection) -> rusqlite::Result<Option<i64>> {
        let sql = "SELECT id FROM groups WHERE id > ?1 ORDER BY id LIMIT 1";
        connection
            .query_row(sql, [self.after], |row| row.get(0))
            .optional()
    }

    fn thin(
        &self,
        connection: &mut Connection,
        group: i64,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let before = |span: Duration| now.minus(span).as_millis();
        let full = before(self.retention.full / 2_u32.pow(self.halvings));
        let full = full.div_euclid(MINUTE_MS) * MINUTE_MS;
        let thinned = before(self.retention.thinned / 2_u32.pow(self.halvings));
        let observations = before(self.retention.observations);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for sql in [
            "DELETE FROM events WHERE group_id = ?1 AND at < ?2",
            "DELETE FROM checkpoints WHERE group_id = ?1 AND at < ?2",
        ] {
            transaction.execute(sql, params![group, full])?;
        }
        for sql in [
            "DELETE FROM decisions WHERE group_id = ?1 AND at < ?2",
            "DELETE FROM records WHERE group_id = ?1 AND at < ?2",
            "DELETE FROM records WHERE ?1 AND group_id IS NULL AND at < ?2",
        ] {
            transaction.execute(sql, params![group, thinned])?;
        }
        transaction.execute(
            "DELETE FROM observations WHERE group_id = ?1 AND start < ?2",
            params![group, observations],
        )?;
        // What a checkpoint still kept needs stays, and the newest, which a restart needs.
        transaction.execute(
            "DELETE FROM forecasts WHERE group_id = ?1
             AND id NOT IN (SELECT forecast_id FROM checkpoints
                WHERE group_id = ?1 AND forecast_id IS NOT NULL)
             AND id < (SELECT max(id) FROM forecasts WHERE group_id = ?1)",
            params![group],
        )?;
        // The last of each minute stays, and whatever changed something.
        transaction.execute(
            "DELETE FROM decisions WHERE group_id = ?1 AND at < ?2
             AND at >= (SELECT thinned_until FROM groups WHERE id = ?1)
             AND desired IS NULL AND EXISTS (
                SELECT 1 FROM decisions AS later WHERE later.group_id = decisions.group_id
                AND later.at > decisions.at
                AND later.at < (decisions.at / 60000 + 1) * 60000)",
            params![group, full],
        )?;
        let (account, name, until): (String, String, i64) = transaction.query_row(
            "SELECT account, name, thinned_until FROM groups WHERE id = ?1",
            [group],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        if full > until {
            seal_group(&transaction, group, &account, &name, full)?;
        }
        transaction.commit()
    }

    /// After a round over all groups: gives space back, and shortens the windows while what is used
    /// is too much.
    fn fit(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        let pages = number("PRAGMA page_count")? - number("PRAGMA freelist_count")?;
        let used = pages.saturating_mul(number("PRAGMA page_size")?);
        let used = u64::try_from(used).unwrap_or(0);
        let too_much = used > self.retention.bytes_max;
        if too_much && self.halvings < HALVINGS_MAX {
            self.halvings += 1;
        } else if used < self.retention.bytes_max / 4 {
            // Twice the window is at most twice the rows: it still fits.
            self.halvings = self.halvings.saturating_sub(1);
        }
        connection.execute_batch(&format!("PRAGMA incremental_vacuum({PAGES_GIVEN_BACK})"))
    }
}
