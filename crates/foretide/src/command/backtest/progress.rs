//! How far a backtest is, on standard error.

use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressStyle};

use super::run::Ended;

/// A bar with the time left on a terminal; elsewhere a line whenever a policy is through a trace.
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new(0);
        // The template is fixed; were it wrong, the default style would say the same less well.
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} runs, {eta} left")
        {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// A run has ended.
    pub(super) fn tell(&self, ended: &Ended<'_>) {
        if !self.bar.is_hidden() {
            self.bar.set_length(ended.all as u64);
            self.bar.set_position(ended.done as u64);
        } else if let Some((trace, policy)) = ended.through {
            let (done, all) = (ended.done, ended.all);
            // Nobody may be reading; the figures are what counts.
            drop(writeln!(
                io::stderr(),
                "{done} of {all} runs: {policy} is through {trace}"
            ));
        }
    }

    /// Leaves nothing on the terminal.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
