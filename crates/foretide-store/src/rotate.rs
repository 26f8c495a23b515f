//! A file of lines that is rotated when it is full. The file ends with a whole line, even after a
//! crash.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Longest text held in memory while the file cannot be written, in bytes.
const HELD_MAX: usize = 1 << 20;
/// Bytes read at a time in search of the end of the last line.
const BLOCK: u64 = 4096;

/// Why a file of lines cannot be written.
#[derive(Debug, Error)]
#[error("cannot {what} {}", path.display())]
pub struct RotateError {
    /// The operation that failed.
    pub what: &'static str,
    /// The file of the operation.
    pub path: PathBuf,
    /// The system's error.
    #[source]
    pub error: io::Error,
}

/// A file of lines, open for appending.
#[derive(Debug)]
pub(crate) struct RotatingFile {
    path: PathBuf,
    file: File,
    size: u64,
    size_max: u64,
    /// Number of older files; `name.1` is the newest of them.
    kept: u32,
    /// Lines that could not be written yet.
    held: String,
}

impl RotatingFile {
    /// Opens the file at `path`, or makes the file with the permissions `mode`. Removes a last line
    /// that a crash has cut.
    pub(crate) fn open(
        path: &Path,
        size_max: u64,
        kept: u32,
        mode: u32,
    ) -> Result<Self, RotateError> {
        let failed = |what| move |error| failure(what, path, error);
        let mut file = open(path, mode).map_err(failed("open"))?;
        let size = whole_lines(&mut file).map_err(failed("read"))?;
        file.set_len(size).map_err(failed("mend"))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            size,
            size_max,
            kept,
            held: String::new(),
        })
    }

    /// Appends `lines`, each ended by a newline: all of them, or none for now. Lines that could not
    /// be written come first at the next call; beyond 1 MiB the oldest lines are lost.
    pub(crate) fn append(&mut self, lines: &str) -> Result<(), RotateError> {
        self.held.push_str(lines);
        if self.held.is_empty() {
            return Ok(());
        }
        let written = self.write_held();
        if written.is_err() && self.held.len() > HELD_MAX {
            let surplus = self.held.len() - HELD_MAX;
            let end = self.held.as_bytes()[surplus..]
                .iter()
                .position(|byte| *byte == b'\n');
            let cut = end.map_or(self.held.len(), |end| surplus + end + 1);
            self.held.drain(..cut);
        }
        written
    }

    fn write_held(&mut self) -> Result<(), RotateError> {
        let full = self.size > 0 && self.size + self.held.len() as u64 > self.size_max;
        // A file that cannot be rotated keeps growing: better too long than with lines missing.
        let rotated = if full { self.rotate() } else { Ok(()) };
        if let Err(error) = self.file.write_all(self.held.as_bytes()) {
            // Half a line would merge with the next line. If truncating fails as well, the next
            // opening removes the half line.
            drop(self.file.set_len(self.size));
            return Err(failure("write", &self.path, error));
        }
        self.size += self.held.len() as u64;
        self.held.clear();
        rotated
    }

    /// Starts a new file with the permissions of the old one. If a rotation is interrupted and
    /// tried again, the second try overwrites the oldest file at most, and only if a newer one
    /// needs its place.
    fn rotate(&mut self) -> Result<(), RotateError> {
        self.shift()?;
        let former = self.file.metadata();
        let former = former.map_err(|error| failure("read", &self.path, error))?;
        let permissions = former.permissions();
        let moved = match self.kept {
            0 => fs::remove_file(&self.path),
            _ => fs::rename(&self.path, numbered(&self.path, 0)),
        };
        done_or_gone(moved).map_err(|error| failure("rename", &self.path, error))?;
        let opened = open(&self.path, permissions.mode());
        self.file = opened.map_err(|error| failure("open", &self.path, error))?;
        self.size = 0;
        // Restores the permission bits that the umask removed; without them, lines are written all
        // the same.
        let kept = self.file.set_permissions(permissions);
        kept.map_err(|error| failure("keep the permissions of", &self.path, error))?;
        self.shift()
    }

    /// Gives `name.0`, the newest old file, the name `name.1`, and gives each older file in the way
    /// the next number. Stops at the first free number, which an interrupted shift leaves. The
    /// oldest file is lost.
    fn shift(&self) -> Result<(), RotateError> {
        let is_there = |number: &u32| numbered(&self.path, *number).exists();
        if !is_there(&0) {
            return Ok(());
        }
        let free = (1..=self.kept).find(|number| !is_there(number));
        for number in (0..free.unwrap_or(self.kept)).rev() {
            let from = numbered(&self.path, number);
            let moved = fs::rename(&from, numbered(&self.path, number + 1));
            done_or_gone(moved).map_err(|error| failure("rename", &from, error))?;
        }
        Ok(())
    }
}

/// A file that is missing need not be moved: another program has moved it.
fn done_or_gone(moved: io::Result<()>) -> io::Result<()> {
    match moved {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn failure(what: &'static str, path: &Path, error: io::Error) -> RotateError {
    RotateError {
        what,
        path: path.to_owned(),
        error,
    }
}

fn open(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(mode)
        .open(path)
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

/// Length of the file up to the end of its last whole line, in bytes.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut block = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        file.seek(SeekFrom::Start(start))?;
        block.clear();
        (&*file).take(end - start).read_to_end(&mut block)?;
        if let Some(at) = block.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(path: &Path) -> String {
        fs::read_to_string(path).unwrap_or_default()
    }

    #[test]
    fn a_file_that_has_grown_is_rotated_and_only_so_many_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut file = RotatingFile::open(&path, 10, 2, 0o640).unwrap();
        for line in ["one..\n", "two..\n", "three\n", "four.\n"] {
            file.append(line).unwrap();
        }
        assert_eq!(text(&path), "four.\n");
        assert_eq!(text(&numbered(&path, 1)), "three\n");
        assert_eq!(text(&numbered(&path, 2)), "two..\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_new_file_has_the_mode_asked_for_and_a_rotated_one_hands_its_own_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let mut file = RotatingFile::open(&path, 6, 2, 0o640).unwrap();
        assert_eq!(mode(&path), 0o640);
        file.append("one..\n").unwrap();
        file.append("two..\n").unwrap();
        assert_eq!((mode(&path), mode(&numbered(&path, 1))), (0o640, 0o640));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
        drop(file);
        let mut file = RotatingFile::open(&path, 6, 2, 0o640).unwrap();
        assert_eq!(mode(&path), 0o604, "a file that is there keeps its mode");
        file.append("three\n").unwrap();
        assert_eq!((mode(&path), mode(&numbered(&path, 1))), (0o604, 0o604));
        assert_eq!(text(&path), "three\n");
    }

    fn kept(folder: &Path) -> Vec<String> {
        let path = folder.join("log");
        (1..=3)
            .map(|number| text(&numbered(&path, number)))
            .collect()
    }

    #[test]
    fn a_rotation_that_fails_again_and_again_destroys_no_older_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut file = RotatingFile::open(&path, 6, 3, 0o640).unwrap();
        for line in ["one..\n", "two..\n", "three\n"] {
            file.append(line).unwrap();
        }
        // A folder in the place of a file cannot be overwritten.
        let older = numbered(&path, 2);
        fs::rename(&older, folder.path().join("aside")).unwrap();
        fs::create_dir(&older).unwrap();
        fs::write(numbered(&path, 3), "zero.\n").unwrap();
        fs::create_dir(folder.path().join("busy")).unwrap();
        fs::rename(folder.path().join("busy"), numbered(&path, 0)).unwrap();
        for line in ["four.\n", "five.\n", "six..\n"] {
            assert!(file.append(line).is_err(), "{line}");
        }
        assert_eq!(text(&path), "three\nfour.\nfive.\nsix..\n", "it grows on");
        assert_eq!(text(&numbered(&path, 3)), "zero.\n");
        assert_eq!(text(&numbered(&path, 1)), "two..\n");
    }

    #[test]
    fn a_file_that_somebody_moved_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut file = RotatingFile::open(&path, 6, 3, 0o640).unwrap();
        file.append("one..\n").unwrap();
        file.append("two..\n").unwrap();
        fs::remove_file(&path).unwrap();
        for line in ["three\n", "four.\n"] {
            file.append(line).unwrap();
        }
        assert_eq!(text(&path), "four.\n");
        assert_eq!(kept(folder.path()), ["three\n", "one..\n", ""]);
    }

    #[test]
    fn a_rotation_that_broke_off_is_finished_by_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(numbered(&path, 0), "two..\n").unwrap();
        fs::write(numbered(&path, 2), "one..\n").unwrap();
        let mut file = RotatingFile::open(&path, 6, 3, 0o640).unwrap();
        file.append("three\n").unwrap();
        file.append("four.\n").unwrap();
        assert_eq!(text(&path), "four.\n");
        assert_eq!(kept(folder.path()), ["three\n", "two..\n", "one..\n"]);
    }

    #[test]
    fn what_could_not_be_written_comes_first_when_it_can() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut file = RotatingFile::open(&path, 1000, 2, 0o640).unwrap();
        file.append("one\n").unwrap();
        file.file = File::open(&path).unwrap();
        assert!(file.append("two\n").is_err(), "open for reading only");
        file.file = open(&path, 0o640).unwrap();
        file.append("three\n").unwrap();
        assert_eq!(text(&path), "one\ntwo\nthree\n");
    }

    proptest! {
        /// Cut anywhere, the file goes on after the last whole line.
        #[test]
        fn a_cut_line_is_removed(
            lines in prop::collection::vec("[a-z]{0,9}\n", 0..9),
            cut in 0..99_usize,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("log");
            let whole = lines.concat();
            let left = &whole[..cut.min(whole.len())];
            fs::write(&path, left).unwrap();
            RotatingFile::open(&path, 1000, 2, 0o640).unwrap().append("end\n").unwrap();
            let kept = left.rfind('\n').map_or("", |at| &left[..=at]);
            prop_assert_eq!(text(&path), format!("{kept}end\n"));
        }
    }
}
