//! What instances cost: time from launch to termination, at least 60 s each.

/// EC2 bills by the second, with a minimum of a minute for every launch.
const MINIMUM_S: i64 = 60;
const HOUR_S: f64 = 3600.0;

/// Instance-seconds billed from scoring on.
#[derive(Clone, Debug)]
pub(super) struct Bill {
    from_s: i64,
    billed_s: i64,
}

impl Bill {
    pub(super) const fn new(from_s: i64) -> Self {
        Self {
            from_s,
            billed_s: 0,
        }
    }

    /// An instance ended.
    pub(super) fn close(&mut self, launched_s: i64, ended_s: i64) {
        self.billed_s += self.share(launched_s, ended_s);
    }

    /// Hours billed if the instances with these launch times ended now.
    pub(super) fn hours(&self, now_s: i64, running: impl Iterator<Item = i64>) -> f64 {
        let open: i64 = running
            .map(|launched_s| self.share(launched_s, now_s))
            .sum();
        // Seconds of a simulated life stay far below 2^52.
        (self.billed_s + open) as f64 / HOUR_S
    }

    fn share(&self, launched_s: i64, ended_s: i64) -> i64 {
        if ended_s < self.from_s {
            return 0;
        }
        let end = ended_s.max(launched_s + MINIMUM_S);
        (end - launched_s.max(self.from_s)).max(0)
    }
}
