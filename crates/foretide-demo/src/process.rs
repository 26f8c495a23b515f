//! How a demo is shown, and the process that shows it.

use std::net::SocketAddr;
use std::time::Duration;

use foretide_terminal::Failure;

/// How it is to be shown.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Simulated seconds a second.
    pub speed: u32,
    /// Lines even on a terminal.
    pub plain: bool,
    /// Address of the page, where one is given.
    pub listen: Option<SocketAddr>,
    /// No page.
    pub no_page: bool,
    /// End at the end, also on a terminal with a page.
    pub exit: bool,
}

/// The process around a demo.
pub trait Process {
    /// Time begins to pass.
    fn start(&mut self);

    /// The time that has passed since this, or the start, was called last.
    fn lap(&mut self) -> Duration;

    /// Fails where the process was asked to stop.
    fn stopped(&self) -> Result<(), Failure>;
}

/// How a run ended.
pub(crate) enum End {
    /// With the trace.
    Whole,
    /// The viewer had seen enough.
    Left,
}
