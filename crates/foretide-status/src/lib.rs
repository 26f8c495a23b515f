//! The overview of all groups from the store: health, capacity, load, orders and the newest
//! decision of each, the worst first; as values for JSON and as lines for a terminal.
//!
//! Also the decisions of a stretch of time, a line each, and the group that a person means.
//!
//! Nothing here judges health: the recorded verdict is shown.

mod glance;
mod lines;
mod named;
mod story;

pub use glance::{Glance, glances};
pub use lines::{fit, lines};
pub use named::named;
pub use story::story;
