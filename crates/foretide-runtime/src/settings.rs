//! How long things may take and how much may be under way: one set for the whole process.

use std::time::Duration;

/// Deadlines and limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeSettings {
    /// Longest that a reading may take, retries and waiting for its turn included: 6 s, so that the
    /// model can still be asked within an interval of 10 s.
    pub read_deadline: Duration,
    /// Longest that reading a part of the past may take, waiting for its turn left out: 60 s; no
    /// decision waits for it.
    pub history_deadline: Duration,
    /// Parts of the past being read at once in one account: 2, so that looks come first.
    pub histories_per_account: usize,
    /// Longest that the model may take: 6 s, the original's.
    pub predict_deadline: Duration,
    /// Longest that a write may take: 20 s, below the 30 s after which the controller gives it up.
    pub write_deadline: Duration,
    /// Share of the interval, in percent, after which a look's outstanding calls are given up: 90,
    /// so that it has ended before the next one begins.
    pub cycle_percent: u32,
    /// Longest that a write, or the answer to an order, waits for the state to be durable: 2 s, a
    /// hundred times what a healthy disk needs.
    pub save_deadline: Duration,
    /// Batches under way at once in one account: 4 a kind.
    pub batches_per_account: usize,
    /// Writes under way at once in one account: 4; the service has one bucket for all calls.
    pub writes_per_account: usize,
    /// Questions to the model under way at once: 32.
    pub predictions: usize,
    /// Looks begin on this grid: 250 ms, so that groups that were started at different moments
    /// still share their calls.
    pub grid: Duration,
    /// How long a batch waits for more to join: 5 ms, enough for tasks that woke together.
    pub gather: Duration,
    /// How long a state waits for others before it is committed, where no write waits for it: 20
    /// ms.
    pub commit_delay: Duration,
    /// Entries held in memory while the journal fails: 100,000, some 100 MB at worst.
    pub held_entries: usize,
    /// Time between two tries of a failing journal: 5 s.
    pub journal_retry: Duration,
    /// Longest that one commit may take before the journal counts as failing: 30 s.
    pub commit_deadline: Duration,
    /// Time between two checkpoints of a group: 1 h; a replay starts at one.
    pub checkpoint_every: Duration,
    /// The same for a group that is forecast, whose checkpoints hold its history: 1 d, the time
    /// between two fits, each of which is kept anyway.
    pub forecast_checkpoint_every: Duration,
    /// Longest that stopping waits for the last commit: 500 ms.
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
    /// Longest that a look at a group with this interval may take.
    pub(crate) fn cycle_deadline(&self, interval: Duration) -> Duration {
        interval * self.cycle_percent.min(100) / 100
    }
}
