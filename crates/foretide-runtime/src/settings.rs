//! Deadlines and limits of the whole process.

use std::time::Duration;

/// Deadlines and limits. Each field names its default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeSettings {
    /// Longest duration of a reading, including retries and the wait for a free call: 6 s, so that
    /// a prediction still fits into an interval of 10 s.
    pub read_deadline: Duration,
    /// Longest duration of reading a part of a history, without the wait for a free call: 60 s. No
    /// decision waits for history.
    pub history_deadline: Duration,
    /// Parts of histories read at once in one account: 2, so that cycles come first.
    pub histories_per_account: usize,
    /// Longest duration of a prediction: 6 s, as in the original.
    pub predict_deadline: Duration,
    /// Longest duration of a write: 20 s, less than the 30 s after which the controller gives a
    /// write up.
    pub write_deadline: Duration,
    /// Share of the interval, in percent, after which the cycle's outstanding calls are dropped:
    /// 90, so that a cycle ends before the next one begins.
    pub cycle_percent: u32,
    /// Longest time for which a write, or the receipt of an order, waits for the save of the state:
    /// 2 s, a hundred times the duration on a healthy disk.
    pub save_deadline: Duration,
    /// Batches under way at once in one account: 4 of groups and 4 of metrics.
    pub batches_per_account: usize,
    /// Writes under way at once in one account: 4. The service counts all calls of an account in
    /// one rate limit.
    pub writes_per_account: usize,
    /// Predictions under way at once: 32.
    pub predictions: usize,
    /// Cycles begin on this grid: 250 ms, so that groups that started at different moments still
    /// share calls.
    pub grid: Duration,
    /// Time for which a batch waits for more questions: 5 ms, enough for tasks that woke together.
    pub gather: Duration,
    /// Time for which a state waits for others before the commit, if no write waits for the state:
    /// 20 ms.
    pub commit_delay: Duration,
    /// Entries held in memory while the journal fails: 100,000, at most about 100 MB.
    pub held_entries: usize,
    /// Time between two tries of a failing journal: 5 s.
    pub journal_retry: Duration,
    /// Longest duration of one commit before the journal counts as failing: 30 s.
    pub commit_deadline: Duration,
    /// Time between two checkpoints of a group: 1 h. A replay starts at a checkpoint.
    pub checkpoint_every: Duration,
    /// Time between two checkpoints of a group with policy `forecast`: 1 d, the time between two
    /// fits. These checkpoints hold the history, and each fit makes one anyway.
    pub forecast_checkpoint_every: Duration,
    /// Longest time for which a stop waits for the last commit: 500 ms.
    pub flush_deadline: Duration,
}

impl Default for RuntimeSettings {
    fn default() -> Self {
        Self {
            read_deadline: Duration::from_secs(6),
            history_deadline: Duration::from_secs(60),
            histories_per_account: 2,
            predict_deadline: Duration::from_secs(6),
            write_deadline: Duration::from_secs(20),
            cycle_percent: 90,
            save_deadline: Duration::from_secs(2),
            batches_per_account: 4,
            writes_per_account: 4,
            predictions: 32,
            grid: Duration::from_millis(250),
            gather: Duration::from_millis(5),
            commit_delay: Duration::from_millis(20),
            held_entries: 100_000,
            journal_retry: Duration::from_secs(5),
            commit_deadline: Duration::from_secs(30),
            checkpoint_every: Duration::from_secs(3600),
            forecast_checkpoint_every: Duration::from_secs(24 * 3600),
            flush_deadline: Duration::from_millis(500),
        }
    }
}

impl RuntimeSettings {
    /// Longest duration of a cycle of a group with this interval.
    pub(crate) fn cycle_deadline(&self, interval: Duration) -> Duration {
        interval * self.cycle_percent.min(100) / 100
    }
}
