//! Files that commands write into a folder of the user's choice.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use foretide_terminal::{Exit, Failure};

/// Creates the folder, so that an unusable folder is reported before the runs.
pub(crate) fn prepare(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| cannot_create(folder, &error))?;
    let probe = folder.join(".foretide-probe");
    fs::write(&probe, b"probe")
        .and_then(|()| fs::remove_file(&probe))
        .map_err(|error| cannot_create(folder, &error))
}

/// Writes a file into the folder. Returns the path.
pub(crate) fn whole(folder: &Path, name: &str, content: &[u8]) -> Result<PathBuf, Failure> {
    let path = folder.join(name);
    whole_at(&path, content)?;
    Ok(path)
}

/// Writes the file `path` atomically: the file is complete or does not exist.
pub(crate) fn whole_at(path: &Path, content: &[u8]) -> Result<(), Failure> {
    // The process's umask takes from these.
    at_once(path, content, 0o666)
}

/// Writes a file that only its owner may read, atomically.
pub(crate) fn private_at(path: &Path, content: &[u8]) -> Result<(), Failure> {
    at_once(path, content, 0o600)
}

fn at_once(path: &Path, content: &[u8], mode: u32) -> Result<(), Failure> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    let unfinished = PathBuf::from(unfinished);
    // One that a killed process left would keep its mode.
    drop(fs::remove_file(&unfinished));
    let mut options = fs::OpenOptions::new();
    let file = options
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&unfinished);
    let mut file = file.map_err(|error| cannot_create(path, &error))?;
    let done = file
        .write_all(content)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&unfinished, path));
    if done.is_err() {
        // The error of the writing is the one to tell; what is left over is only litter.
        drop(fs::remove_file(&unfinished));
    }
    done.map_err(|error| Failure {
        exit: Exit::Io,
        ..cannot_create(path, &error)
    })
}

/// The failure for a file that cannot be created, with the flag that sets another.
pub(crate) fn cannot_create(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Exit::CannotCreate,
        format!("cannot write {}", path.display()),
    )
    .because(error)
    .hint("--out DIR names another folder")
}
