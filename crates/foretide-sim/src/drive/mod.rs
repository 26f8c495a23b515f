//! The shipping controller at work on a simulated group, in virtual time.
//!
//! Interprets the controller's effects within one step of the world: calls are answered at the
//! same time unless a fault says otherwise, wakes are honoured, records are handed out. Refuses to
//! decide anything itself.

mod contender;
mod driver;
mod reading;
mod simulation;

pub use contender::Driven;
pub use driver::{Driver, Predict};
pub use simulation::Simulation;
