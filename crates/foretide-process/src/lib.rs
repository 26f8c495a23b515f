//! The process as its surroundings see it: the signals that stop a command, and what systemd is
//! told.

pub mod service_manager;
mod stop;

pub use stop::Stop;
