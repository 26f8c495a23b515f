//! Trace files of the command line: the flags that say how one is read, and what was left out.

use std::path::Path;

use clap::Args;
use foretide_sim::{ReadOptions, Repeated, Trace, Zone};
use foretide_terminal::{Exit, Failure};

use crate::output::warn;

/// How trace files are read.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct TraceFlags {
    /// Column of a trace file that holds the load [default: value]. `backtest` takes several: the
    /// first is the load that CPU shows, each further one is a signal
    #[arg(long, value_name = "NAME", requires = "trace")]
    pub(crate) column: Vec<String>,
    /// What rows of the same time are: `sum` adds parts of one load, such as one a zone; `mean`
    /// averages; `first` drops copies [default: such rows are refused]
    #[arg(long, value_name = "sum|mean|first", requires = "trace")]
    pub(crate) repeated: Option<Repeated>,
    /// Zone of times without one: UTC, or a name such as Europe/Berlin [default: such times are
    /// refused]
    #[arg(long, value_name = "ZONE", requires = "trace")]
    pub(crate) time_zone: Option<Zone>,
}

impl TraceFlags {
    /// Reads a trace file. Warns on standard error of rows that are left out.
    pub(crate) fn read(&self, path: &Path) -> Result<Trace, Failure> {
        if self.column.len() > 1 {
            let what = "--column: this command reads one column";
            return Err(Failure::new(Exit::Usage, what).hint("name one --column"));
        }
        self.read_column(path, self.column.first())
    }

    /// Reads the first column of a trace file, and the further ones with their names.
    pub(crate) fn read_all(&self, path: &Path) -> Result<(Trace, Vec<(String, Trace)>), Failure> {
        let first = self.read_column(path, self.column.first())?;
        let further = self.column.iter().skip(1);
        let further = further.map(|name| Ok((name.clone(), self.read_column(path, Some(name))?)));
        Ok((first, further.collect::<Result<_, Failure>>()?))
    }

    fn read_column(&self, path: &Path, column: Option<&String>) -> Result<Trace, Failure> {
        let options = ReadOptions {
            column: column.cloned(),
            step_s: None,
            repeated: self.repeated,
            zone: self.time_zone.clone(),
        };
        let trace = foretide_files::trace(path, &options)?;
        for remark in trace.reading().remarks() {
            warn(&format!("{}: {remark}", path.display()));
        }
        Ok(trace)
    }
}
