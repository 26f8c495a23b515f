//! What an operator orders of a group, and which of it stands.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Mode, Timestamp};

/// What is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "order")]
pub enum Order {
    /// Change nothing of the group: until a time, or until told to go on.
    Pause {
        /// When it ends by itself.
        until: Option<Timestamp>,
    },
    /// Go on after a pause.
    Resume,
    /// Hold this capacity, as far as bounds and audit let it be.
    Pin {
        /// The capacity.
        capacity: u32,
        /// When it ends by itself.
        until: Timestamp,
    },
    /// Let the policy decide again.
    Unpin,
    /// Work in this mode; none is the configured one.
    Mode {
        /// The mode.
        mode: Option<Mode>,
    },
}

impl Order {
    /// Longest that an order may stand before it ends by itself: 30 days. An order for longer
    /// belongs into the configuration.
    pub const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

    /// Checks that an order that ends by itself does so after `now`, and within
    /// [`Order::LONGEST`].
    ///
    /// # Errors
    /// A sentence that says what is allowed.
    pub fn check(&self, now: Timestamp) -> Result<(), String> {
        let until = match self {
            Self::Pause { until } => *until,
            Self::Pin { until, .. } => Some(*until),
            Self::Resume | Self::Unpin | Self::Mode { .. } => None,
        };
        let allowed = |until: Timestamp| until > now && until <= now.plus(Self::LONGEST);
        if until.is_none_or(allowed) {
            Ok(())
        } else {
            Err("an order ends after now, and within 30 days".to_owned())
        }
    }
}

/// The orders that stand. They outlast a restart, so that nothing paused goes on by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// The group is left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Paused>,
    /// A capacity is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<Pinned>,
    /// The mode is not the configured one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<OrderedMode>,
}

/// A pause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// Who ordered it.
    pub by: String,
}

/// A capacity held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// The capacity.
    pub capacity: u32,
    /// When it ends by itself.
    pub until: Timestamp,
    /// Who ordered it.
    pub by: String,
}

/// A mode in place of the configured one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderedMode {
    /// The mode.
    pub mode: Mode,
    /// Who ordered it.
    pub by: String,
}

impl Orders {
    /// Whether none stands, as it nearly always is: then nothing is kept of it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes an order that `by` gave. A new one replaces an earlier one of its kind.
    pub fn take(&mut self, order: Order, by: &str) {
        let by = by.to_owned();
        match order {
            Order::Pause { until } => self.paused = Some(Paused { until, by }),
            Order::Resume => self.paused = None,
            Order::Pin { capacity, until } => {
                self.pinned = Some(Pinned {
                    capacity,
                    until,
                    by,
                });
            }
            Order::Unpin => self.pinned = None,
            Order::Mode { mode } => self.mode = mode.map(|mode| OrderedMode { mode, by }),
        }
    }

    /// Ends what has had its time; answers the orders that did so.
    pub fn expire(&mut self, now: Timestamp) -> Vec<Order> {
        let over = |until: Option<Timestamp>| until.is_some_and(|until| until <= now);
        let mut ended = Vec::new();
        if let Some(paused) = self.paused.take_if(|paused| over(paused.until)) {
            ended.push(Order::Pause {
                until: paused.until,
            });
        }
        if let Some(pinned) = self.pinned.take_if(|pinned| over(Some(pinned.until))) {
            ended.push(Order::Pin {
                capacity: pinned.capacity,
                until: pinned.until,
            });
        }
        ended
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pause { until: Some(until) } => write!(f, "pause until {until}"),
            Self::Pause { until: None } => f.write_str("pause until resumed"),
            Self::Resume => f.write_str("resume"),
            Self::Pin { capacity, until } => write!(f, "pin {capacity} until {until}"),
            Self::Unpin => f.write_str("unpin"),
            Self::Mode { mode: Some(mode) } => write!(f, "mode {mode}"),
            Self::Mode { mode: None } => f.write_str("mode as configured"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    #[test]
    fn an_order_stands_until_its_time_or_until_withdrawn() {
        let mut orders = Orders::default();
        let until = NOW.plus(Duration::from_secs(60));
        orders.take(Order::Pause { until: None }, "anna");
        let pin = Order::Pin { capacity: 4, until };
        orders.take(pin, "anna");
        assert_eq!(orders.expire(NOW.plus(Duration::from_secs(59))), []);
        assert_eq!(orders.expire(until), [pin]);
        assert!(orders.pinned.is_none());
        orders.take(Order::Resume, "bert");
        assert!(orders.is_empty());
    }

    #[test]
    fn a_pause_with_an_end_ends_and_a_mode_goes_back_to_the_configured_one() {
        let mut orders = Orders::default();
        let pause = Order::Pause { until: Some(NOW) };
        orders.take(pause, "anna");
        let mode = Some(Mode::Observe);
        orders.take(Order::Mode { mode }, "anna");
        assert_eq!(orders.expire(NOW), [pause]);
        assert_eq!(orders.mode.as_ref().map(|it| it.mode), mode);
        orders.take(Order::Mode { mode: None }, "anna");
        assert!(orders.is_empty());
    }
}
