//! The original's two files, rendered from committed entries.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use foretide_runtime::Entry;

use crate::lines::Narrator;
use crate::metrics_data;
use crate::rotate::{RotateError, RotatingFile};

/// Name of the log, as in the original.
const LOG: &str = "ec2_monitor.log";
/// Name of the metrics file, as in the original.
const METRICS: &str = "ec2_metrics_data.json";

/// Format of the log's lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Settings of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenderingOptions {
    /// Format of the log's lines.
    pub format: LogFormat,
    /// Size in bytes at which a file is rotated: 10 MiB, two to three weeks of one group.
    pub size_max: u64,
    /// Older files kept of each file: 5.
    pub kept: u32,
    /// Permissions of a new file, less the umask: 0640, because the lines name instances and
    /// decisions.
    pub file_mode: u32,
}

impl Default for RenderingOptions {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            size_max: 10 << 20,
            kept: 5,
            file_mode: 0o640,
        }
    }
}

/// Both files, open for appending.
pub struct Renderings {
    format: LogFormat,
    narrator: Narrator,
    log: RotatingFile,
    metrics: RotatingFile,
    warn: Warn,
    failing: bool,
}

/// Called once when a file cannot be written any more.
type Warn = Box<dyn Fn(&RotateError) + Send>;

impl Renderings {
    /// Opens or makes both files in `folder`. Calls `warn` once when a file cannot be written, and
    /// again only after it could be written in between.
    ///
    /// # Errors
    /// A file cannot be opened or made.
    pub fn open(
        folder: &Path,
        options: RenderingOptions,
        warn: impl Fn(&RotateError) + Send + 'static,
    ) -> Result<Self, RotateError> {
        std::fs::create_dir_all(folder).map_err(|error| RotateError {
            what: "make the folder",
            path: folder.to_owned(),
            error,
        })?;
        let open = |name| {
            let path = folder.join(name);
            RotatingFile::open(&path, options.size_max, options.kept, options.file_mode)
        };
        Ok(Self {
            format: options.format,
            narrator: Narrator::default(),
            log: open(LOG)?,
            metrics: open(METRICS)?,
            warn: Box::new(warn),
            failing: false,
        })
    }

    /// Writes the lines of `entries`. A failing file delays nothing; its lines wait in memory, up
    /// to 1 MiB.
    pub fn render(&mut self, entries: &[Arc<Entry>]) {
        let (mut log, mut metrics) = (String::new(), String::new());
        for entry in entries {
            for line in self.narrator.lines(entry) {
                match self.format {
                    LogFormat::Text => log.push_str(&line.to_string()),
                    LogFormat::Json => log.push_str(&line.to_json()),
                }
                log.push('\n');
            }
            metrics.extend(metrics_data::line(entry));
        }
        let (log, metrics) = (self.log.append(&log), self.metrics.append(&metrics));
        match log.and(metrics) {
            Ok(()) => self.failing = false,
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    (self.warn)(&error);
                }
            }
        }
    }
}

impl fmt::Debug for Renderings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renderings")
            .field("log", &self.log)
            .field("metrics", &self.metrics)
            .finish_non_exhaustive()
    }
}
