//! Removes old rows, a few after every commit, so that no commit waits long.

use std::time::Duration;

use foretide_domain::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use crate::write::seal_group;

const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE_MS: i64 = 60_000;
/// Pages given back to the file system at a time: 4 MiB.
const PAGES_GIVEN_BACK: u32 = 1024;
/// Most halvings of the windows when the store is too large: down to one 64th.
const HALVINGS_MAX: u32 = 6;

/// How long the store keeps which rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// For events, checkpoints and every single decision: 2 days. A replay reaches back this far.
    pub full: Duration,
    /// For decisions thinned to one a minute (and all that changed something), for records and
    /// notices: 30 days.
    pub thinned: Duration,
    /// For observed periods: 63 days, as long as CloudWatch keeps five-minute periods.
    pub observations: Duration,
    /// Most bytes that the store may use: 8 GiB. Above this size, `full` and `thinned` are halved
    /// until the store fits.
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

/// Removes old rows of one group after each commit.
#[derive(Debug)]
pub(crate) struct Thinner {
    retention: Retention,
    halvings: u32,
    /// The group of the last step.
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

    /// Removes old rows of the next group.
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
        // Forecasts that a remaining checkpoint needs stay; so does the newest one, which a restart
        // needs.
        transaction.execute(
            "DELETE FROM forecasts WHERE group_id = ?1
             AND id NOT IN (SELECT forecast_id FROM checkpoints
                WHERE group_id = ?1 AND forecast_id IS NOT NULL)
             AND id < (SELECT max(id) FROM forecasts WHERE group_id = ?1)",
            params![group],
        )?;
        // The last decision of each minute stays, and every decision that changed something.
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

    /// Called after a round over all groups. Gives space back, and shortens the windows while the
    /// store is too large.
    fn fit(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        let pages = number("PRAGMA page_count")? - number("PRAGMA freelist_count")?;
        let used = pages.saturating_mul(number("PRAGMA page_size")?);
        let used = u64::try_from(used).unwrap_or(0);
        let too_much = used > self.retention.bytes_max;
        if too_much && self.halvings < HALVINGS_MAX {
            self.halvings += 1;
        } else if used < self.retention.bytes_max / 4 {
            // Twice the window holds at most twice the rows, so the store still fits.
            self.halvings = self.halvings.saturating_sub(1);
        }
        connection.execute_batch(&format!("PRAGMA incremental_vacuum({PAGES_GIVEN_BACK})"))
    }
}
