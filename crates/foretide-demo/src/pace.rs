//! Speed of virtual time.

use std::time::Duration;

use foretide_terminal::screen::Key;

/// Most time that is simulated at once after a pause of the process, such as a suspended laptop.
const CATCH_UP: Duration = Duration::from_millis(500);
/// Bounds of the speed, in virtual seconds per second.
const SPEEDS: std::ops::RangeInclusive<u32> = 1..=1_000_000;

/// Speed of virtual time.
pub(crate) struct Pace {
    pub(crate) speed: u32,
    pub(crate) paused: bool,
    to_the_end: bool,
    /// Virtual seconds that have passed and are not yet simulated.
    pub(crate) owed_s: f64,
}

impl Pace {
    pub(crate) fn new(speed: u32) -> Self {
        Self {
            speed,
            paused: false,
            to_the_end: false,
            owed_s: 0.0,
        }
    }

    pub(crate) fn press(&mut self, key: Key) {
        match key {
            Key::Pause => self.paused = !self.paused,
            Key::Faster => self.speed = (self.speed.saturating_mul(2)).min(*SPEEDS.end()),
            Key::Slower => self.speed = (self.speed / 2).max(*SPEEDS.start()),
            Key::End => self.to_the_end = true,
            Key::Quit | Key::Interrupt => {}
        }
    }

    /// Virtual seconds to simulate now, if `passed` is the time since the last call.
    pub(crate) fn due_s(&mut self, passed: Duration) -> f64 {
        let passed = passed.min(CATCH_UP);
        if self.to_the_end {
            return f64::INFINITY;
        }
        if !self.paused {
            self.owed_s += passed.as_secs_f64() * f64::from(self.speed);
        }
        self.owed_s
    }
}
