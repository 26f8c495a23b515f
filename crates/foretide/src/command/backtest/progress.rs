//! Progress of a backtest, on standard error.

use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressStyle};

use super::run::Ended;

/// A bar with the time left on a terminal; elsewhere one line when all runs of a policy on a trace
/// have finished.
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new(0);
        // The template is fixed; if it were wrong, the default style would still show progress.
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} runs, {eta} left")
        {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Shows that a run has finished.
    pub(super) fn tell(&self, ended: &Ended<'_>) {
        if !self.bar.is_hidden() {
            self.bar.set_length(ended.all as u64);
            self.bar.set_position(ended.done as u64);
        } else if let Some((trace, policy)) = ended.through {
            let (done, all) = (ended.done, ended.all);
            // Standard error may be closed; progress is not essential.
            drop(writeln!(
                io::stderr(),
                "{done} of {all} runs finished: {policy} on {trace}"
            ));
        }
    }

    /// Removes the bar from the terminal.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
