//! Terminal output: failures with a next step, commands to paste, wrapped lines, and full-screen
//! mode.
//!
//! A failure has an exit code; only the program itself exits with this code. Only full-screen mode
//! prints; all other functions return text.

mod failure;
mod lines;
pub mod screen;
pub mod shell;

pub use failure::{EXIT_CODES, Exit, Failure};
pub use lines::{Terminal, render, wrap};
