//! The instances: pending, in service, and the order in which they come and go.

use std::collections::VecDeque;

use super::WorldConfig;
use super::billing::Bill;

/// Ends of launches kept for a reader that comes later; more would only grow.
const ENDED_KEPT: usize = 1000;
/// Longest boot time simulated: a day. A launch beyond it never ends in practice.
const LONGEST_BOOT_S: f64 = 86_400.0;

/// How one launch ended, in seconds since t = 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaunchEnd {
    /// Number of the launch, counted from 0.
    pub ordinal: u64,
    /// Launched at.
    pub launched_s: i64,
    /// In service, or failed, at.
    pub ended_s: i64,
    /// Whether the instance came into service.
    pub succeeded: bool,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    ordinal: u64,
    launched_s: i64,
    ready_s: i64,
    fails: bool,
}

/// All instances of the group. Both queues stand in order of launch.
#[derive(Clone, Debug)]
pub(super) struct Fleet {
    serving: VecDeque<i64>,
    pending: VecDeque<Pending>,
    /// Earliest end of a boot, so that a step in which nothing ends costs one comparison.
    next_ready_s: i64,
    launches: u64,
    ended: VecDeque<LaunchEnd>,
    pub(super) boot_factor: f64,
}

impl Fleet {
    pub(super) fn new(initial: u32, config: &WorldConfig) -> Self {
        let mut serving = VecDeque::with_capacity(config.bounds.max().min(4096) as usize);
        serving.extend((0..initial).map(|_| 0));
        Self {
            serving,
            pending: VecDeque::new(),
            next_ready_s: i64::MAX,
            launches: 0,
            ended: VecDeque::new(),
            boot_factor: 1.0,
        }
    }

    pub(super) fn in_service(&self) -> u32 {
        u32::try_from(self.serving.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn pending(&self) -> u32 {
        u32::try_from(self.pending.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn oldest_pending_s(&self) -> Option<i64> {
        self.pending.front().map(|pending| pending.launched_s)
    }

    pub(super) fn launch_times(&self) -> impl Iterator<Item = i64> {
        let pending = self.pending.iter().map(|pending| pending.launched_s);
        self.serving.iter().copied().chain(pending)
    }

    pub(super) fn take_ended(&mut self) -> Vec<LaunchEnd> {
        if self.ended.is_empty() {
            Vec::new()
        } else {
            self.ended.drain(..).collect()
        }
    }

    /// Moves what is ready into service, or out where its launch fails.
    pub(super) fn boot(&mut self, now_s: i64, bill: &mut Bill) {
        if now_s < self.next_ready_s {
            return;
        }
        let mut waiting = VecDeque::with_capacity(self.pending.len());
        for pending in std::mem::take(&mut self.pending) {
            if pending.ready_s > now_s {
                waiting.push_back(pending);
                continue;
            }
            if pending.fails {
                bill.close(pending.launched_s, now_s);
            } else {
                self.enter(pending.launched_s);
            }
            self.note_end(&pending, now_s);
        }
        self.pending = waiting;
        self.next_ready_s = self.earliest_ready();
    }

    /// Launches `count` instances now.
    pub(super) fn launch(&mut self, count: u32, now_s: i64, config: &WorldConfig) {
        for _ in 0..count {
            let ordinal = self.launches;
            let (boot_s, fails) = config
                .boot
                .draw(config.seed, ordinal, config.launch_failure);
            self.launches += 1;
            let boot_s = (boot_s * self.boot_factor).clamp(0.0, LONGEST_BOOT_S);
            #[expect(
                clippy::cast_possible_truncation,
                reason = "clamped to a day; a NaN becomes 0"
            )]
            let ready_s = now_s + boot_s.ceil() as i64;
            self.pending.push_back(Pending {
                ordinal,
                launched_s: now_s,
                ready_s,
                fails,
            });
            self.next_ready_s = self.next_ready_s.min(ready_s);
        }
    }

    /// Ends `count` instances: pending ones first, newest first; then serving ones, oldest first.
    pub(super) fn shrink(&mut self, count: u32, now_s: i64, bill: &mut Bill) {
        for _ in 0..count {
            let launched_s = match self.pending.pop_back() {
                Some(pending) => Some(pending.launched_s),
                None => self.serving.pop_front(),
            };
            if let Some(launched_s) = launched_s {
                bill.close(launched_s, now_s);
            }
        }
        self.next_ready_s = self.earliest_ready();
    }

    fn enter(&mut self, launched_s: i64) {
        let place = self.serving.partition_point(|&other| other <= launched_s);
        self.serving.insert(place, launched_s);
    }

    fn note_end(&mut self, pending: &Pending, now_s: i64) {
        if self.ended.len() == ENDED_KEPT {
            self.ended.pop_front();
        }
        self.ended.push_back(LaunchEnd {
            ordinal: pending.ordinal,
            launched_s: pending.launched_s,
            ended_s: now_s,
            succeeded: !pending.fails,
        });
    }

    fn earliest_ready(&self) -> i64 {
        let ready = self.pending.iter().map(|pending| pending.ready_s);
        ready.min().unwrap_or(i64::MAX)
    }
}
