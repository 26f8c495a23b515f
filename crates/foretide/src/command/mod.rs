//! The commands: each collects its inputs, calls the crates that do the work, and prints.

pub(crate) mod args;
pub(crate) mod backtest;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod discover;
pub(crate) mod doctor;
pub(crate) mod emulator;
pub(crate) mod explain;
pub(crate) mod forecast;
pub(crate) mod man;
pub(crate) mod notify;
pub(crate) mod order;
pub(crate) mod pull;
pub(crate) mod remote;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod status;
pub(crate) mod trace;
pub(crate) mod traced;
pub(crate) mod train;

mod calendars;
pub(crate) mod init;
mod input;
mod kept;
mod output;

use std::io::Write;

use foretide_terminal::Terminal;

/// Version of the output of `--json`, `docs/json.md`. Raised when a field changes its meaning or is
/// removed.
pub(crate) const SCHEMA_VERSION: u32 = 2;

/// Output and terminal of every command.
pub(crate) struct Context<'a> {
    /// Standard output.
    pub(crate) out: &'a mut dyn Write,
    /// Facts about the terminal.
    pub(crate) terminal: Terminal,
}
