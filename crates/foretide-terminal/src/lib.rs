//! What a person at a terminal meets: failures with a next step, commands to paste, lines that fit,
//! and a canvas.
//!
//! A failure names an exit code; only the program ends by it. Nothing here prints by itself, except
//! the canvas, which has the screen while a view is shown.

mod failure;
mod lines;
pub mod screen;
pub mod shell;

pub use failure::{EXIT_CODES, Exit, Failure};
pub use lines::{Terminal, render, wrap};
