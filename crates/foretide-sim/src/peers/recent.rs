//! The largest number wanted over a while: how several policies delay scaling in.

use std::collections::VecDeque;

/// Maximum over a sliding window of time, each number looked at once.
#[derive(Clone, Debug, Default)]
pub(super) struct RecentMax {
    /// Falling numbers, each with its time: only these can still become the maximum.
    wanted: VecDeque<(i64, u32)>,
}

impl RecentMax {
    /// Adds what is wanted at `now_s` and tells the maximum since `now_s - window_s`, inclusive.
    pub(super) fn push(&mut self, now_s: i64, want: u32, window_s: i64) -> u32 {
        while self.wanted.back().is_some_and(|&(_, other)| other <= want) {
            self.wanted.pop_back();
        }
        self.wanted.push_back((now_s, want));
        while self
            .wanted
            .front()
            .is_some_and(|&(at, _)| at < now_s - window_s)
        {
            self.wanted.pop_front();
        }
        self.wanted.front().map_or(want, |&(_, most)| most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_includes_its_far_end() {
        let mut recent = RecentMax::default();
        assert_eq!(recent.push(0, 5, 300), 5);
        assert_eq!(recent.push(300, 2, 300), 5);
        assert_eq!(recent.push(310, 3, 300), 3);
        assert_eq!(recent.push(320, 7, 300), 7);
    }
}
