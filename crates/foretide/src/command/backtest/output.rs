//! The files of `--out`: summary, timelines, report.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::failure::{Exit, Failure};
use crate::report::{file_name, render, write_csv};

use super::plan::Plan;
use super::run::Results;

/// Makes the folder, so that a wrong one is told before the runs and not after them.
pub(crate) fn prepare(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| cannot_create(folder, &error))?;
    let probe = folder.join(".foretide-probe");
    fs::write(&probe, b"probe")
        .and_then(|()| fs::remove_file(&probe))
        .map_err(|error| cannot_create(folder, &error))
}

/// Writes all files; says which.
pub(crate) fn write(
    folder: &Path,
    plan: &Plan,
    results: &Results,
) -> Result<Vec<PathBuf>, Failure> {
    let internal = |error: serde_json::Error| Failure::of(Exit::Internal, &error);
    let mut written = Vec::new();
    let mut put = |name: String, content: &[u8]| -> Result<(), Failure> {
        let path = folder.join(name);
        whole_file(&path, content).map_err(|error| cannot_create(&path, &error))?;
        written.push(path);
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

/// A file is there whole or not at all.
fn whole_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    let unfinished = PathBuf::from(unfinished);
    let mut file = fs::File::create(&unfinished)?;
    let done = file
        .write_all(content)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&unfinished, path));
    if done.is_err() {
        // The error of the writing is the one to tell; what is left over is only litter.
        drop(fs::remove_file(&unfinished));
    }
    done
}

fn cannot_create(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Exit::CannotCreate,
        format!("cannot write {}", path.display()),
    )
    .because(error)
    .hint("--out DIR names another folder")
}
