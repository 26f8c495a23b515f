//! Calendars as known events: recurrence rules, iCalendar files and scheduled actions of AWS, each
//! as a function from a text and a window of time to occurrences.
//!
//! Invariant: nothing here opens a file, calls out or reads a clock, and every text from outside
//! has a limit: bytes, events, rules and occurrences. An event that cannot be understood is left
//! out by name, and takes away no other.

mod actions;
mod conflict;
mod cron;
mod demand;
mod ical;
mod length;
mod line;
mod recurring;
mod rule;
mod value;
mod window;

pub use actions::{ScheduledAction, changes};
pub use conflict::{CONFLICTS_MAX, Conflict, conflicts};
pub use cron::{Cron, NoCron};
pub use demand::Demand;
pub use ical::{
    CALENDAR_BYTES_MAX, CalendarRead, EVENTS_MAX, OCCURRENCES_MAX, RULES_MAX, Unreadable, read,
};
pub use length::{LENGTH_MAX, Length};
pub use line::{CalendarLine, Place, rooted};
pub use recurring::RecurringEvent;
pub use rule::{BEGINS_MAX, Recurrence, RuleError, STEPS_MAX};
pub use window::Window;
