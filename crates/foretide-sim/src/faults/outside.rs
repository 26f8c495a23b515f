//! Facts outside Foretide that hold scale-in back for as long as they last.

use foretide_domain::{GroupState, Obstacle};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::hits;

/// A fact that holds scale-in back for as long as it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutsideFact {
    /// An instance refresh is under way.
    Refresh,
    /// Process `AlarmNotification` is suspended.
    Suspended,
    /// Another scaling policy is active on the group.
    Policy,
    /// The permission to read scaling policies is missing.
    Unread,
    /// An operator has paused the group.
    Paused,
    /// CloudWatch shows no new datapoint.
    NoData,
}

impl OutsideFact {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Refresh,
        Self::Suspended,
        Self::Policy,
        Self::Unread,
        Self::Paused,
        Self::NoData,
    ];
}

/// From when until when a fact holds, in seconds since t = 0.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    from_s: i64,
    until_s: i64,
}

/// When each fact held last.
#[derive(Clone, Debug)]
pub(super) struct Outside {
    rng: ChaCha8Rng,
    spans: [Span; OutsideFact::ALL.len()],
}

impl Outside {
    pub(super) fn new(rng: ChaCha8Rng) -> Self {
        Self {
            rng,
            spans: [Span::default(); OutsideFact::ALL.len()],
        }
    }

    /// Lets a fact begin with this probability: half of them last for minutes, half for hours.
    pub(super) fn draw(&mut self, probability: f64, now_s: i64) {
        let rng = &mut self.rng;
        if !hits(rng, probability) {
            return;
        }
        let which = rng.random_range(0..self.spans.len());
        let lasts_s = if rng.random::<bool>() {
            rng.random_range(60..=900)
        } else {
            rng.random_range(3600..=21_600)
        };
        if let Some(span) = self.spans.get_mut(which) {
            if span.until_s <= now_s {
                span.from_s = now_s;
            }
            span.until_s = span.until_s.max(now_s + lasts_s);
        }
    }

    /// The facts that hold at `now_s`, with the seconds for which they have held.
    pub(super) fn holding(&self, now_s: i64) -> impl Iterator<Item = (OutsideFact, i64)> {
        let all = OutsideFact::ALL.into_iter().zip(&self.spans);
        let holding = all.filter(move |(_, span)| now_s < span.until_s);
        holding.map(move |(fact, span)| (fact, now_s - span.from_s))
    }

    pub(super) fn holds(&self, fact: OutsideFact, now_s: i64) -> bool {
        self.holding(now_s).any(|(one, _)| one == fact)
    }

    /// Shows the facts in a reading of the group.
    pub(super) fn show(&self, group: &mut GroupState, now_s: i64) {
        for (fact, _) in self.holding(now_s) {
            match fact {
                OutsideFact::Refresh => group.refreshing = true,
                OutsideFact::Suspended => group.suspended.alarm_notification = true,
                OutsideFact::Policy => group.obstacles.push(Obstacle::Policy {
                    name: "tt-cpu-50".into(),
                }),
                OutsideFact::Unread => group.obstacles.push(Obstacle::Unknown),
                OutsideFact::Paused | OutsideFact::NoData => {}
            }
        }
    }
}
