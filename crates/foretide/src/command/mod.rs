//! The commands: each gathers its inputs, calls the crates that do the work, and prints.

pub(crate) mod backtest;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod emulator;
pub(crate) mod explain;
pub(crate) mod forecast;
pub(crate) mod notify;
pub(crate) mod pull;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod status;
pub(crate) mod trace;
pub(crate) mod train;

mod input;
mod kept;
mod output;

use std::io::Write;

use foretide_terminal::Terminal;

/// Version of what `--json` prints, `docs/json.md`. Raised where a field changes its meaning or
/// goes.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// What every command is given.
pub(crate) struct Context<'a> {
    /// Standard output.
    pub(crate) out: &'a mut dyn Write,
    /// What is known of the terminal.
    pub(crate) terminal: Terminal,
}
