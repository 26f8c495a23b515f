//! The overview of all groups from the store: health, capacity, load, orders and the newest
//! decision of each, the worst first; as values for JSON and as lines for a terminal.
//!
//! Nothing here judges health: the recorded verdict is shown.

mod glance;
mod lines;

pub use glance::{Glance, glances};
pub use lines::{fit, lines};
