//! Files that a user names: opened by one function, within limits, and parsed; and the trace file
//! that a pull writes part by part.
//!
//! Invariant: a file that is too long or has no end is refused by name, and never fills the memory.

mod content;
mod open;
mod outbound;
mod partial;
mod rows;

pub use content::{
    EXPOSED_WHY, Exposed, NO_UNIT, basic_auth, exposed, model, no_case, token, trace,
};
pub use open::{
    AUTHORITIES, CALENDAR, CONFIGURATION, Given, Kind, LABELLED_ROWS, MODEL, NEVER_WAIT, PASSWORD,
    SCENARIO, TOKEN, TRACE, TooLong, WEBHOOK_ADDRESS, bytes, is_readable, open, text,
};
pub use outbound::{authorities, outbound_of_process};
pub use partial::{Head, Partial};
pub use rows::{trace_of, trace_rows};
