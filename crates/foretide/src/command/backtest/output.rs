//! The files of `--out`: summary, timelines, report.

use std::path::{Path, PathBuf};

use foretide_report::{file_name, render, write_csv};
use foretide_terminal::{Exit, Failure};

use crate::command::output::{cannot_create, whole};

use super::plan::Plan;
use super::run::Results;

/// Writes all files. Returns their paths.
pub(crate) fn write(
    folder: &Path,
    plan: &Plan,
    results: &Results,
) -> Result<Vec<PathBuf>, Failure> {
    let internal = |error: serde_json::Error| Failure::of(Exit::Internal, &error);
    let mut written = Vec::new();
    let mut put = |name: String, content: &[u8]| -> Result<(), Failure> {
        written.push(whole(folder, &name, content)?);
        Ok(())
    };
    let mut summary = serde_json::to_vec_pretty(&results.summary).map_err(internal)?;
    summary.push(b'\n');
    put("summary.json".to_owned(), &summary)?;
    for of in &results.timelines {
        let trace = plan
            .cases
            .get(of.trace)
            .map_or("trace", |case| case.trace().name());
        let mut csv = Vec::new();
        write_csv(of, &mut csv).map_err(|error| cannot_create(folder, &error))?;
        put(
            format!(
                "timeline-{}-{}.csv",
                file_name(trace),
                file_name(&of.policy)
            ),
            &csv,
        )?;
    }
    let page = render(&results.summary, &plan.cases, &results.timelines).map_err(internal)?;
    put("report.html".to_owned(), page.as_bytes())?;
    Ok(written)
}
