//! The rows that were pulled so far, in a file beside the trace file. The first line describes the
//! pull. Rows follow in parts; a line after each part gives the time up to which rows are complete.
//! Text after the last such line is an incomplete part and is dropped, so the file is valid however
//! the program ended.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use foretide_domain::Timestamp;
use foretide_terminal::{Exit, Failure};
use serde::{Deserialize, Serialize};

use crate::open::{NEVER_WAIT, TRACE, is_readable, text};
use crate::rows;

/// Prefix of the line that closes a part.
const UNTIL: &str = "# until ";
/// Prefix of the first line, which describes the pull.
const HEAD: &str = "# foretide pull ";

/// Description of a pull.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Name of the Auto Scaling group.
    pub group: String,
    /// Its region.
    pub region: String,
    /// Length of the history in days.
    pub days: u32,
    /// Length of a row's period in seconds.
    pub step_s: u64,
    /// Meaning of the column `value`.
    pub value: String,
    /// Start of the history: `days` before the pull began.
    from: Timestamp,
}

impl Head {
    /// The pull of the last `days` days before `now`, in rows of `period`.
    pub fn new(
        group: &str,
        region: &str,
        value: String,
        days: u32,
        period: Duration,
        now: Timestamp,
    ) -> Self {
        Self {
            group: group.to_owned(),
            region: region.to_owned(),
            days,
            step_s: period.as_secs(),
            value,
            from: now.minus(Duration::from_hours(24) * days),
        }
    }

    fn is_same_pull(&self, other: &Self) -> bool {
        let from = self.from;
        *self
            == Self {
                from,
                ..other.clone()
            }
    }
}

/// The file, open and locked.
#[derive(Debug)]
pub struct Partial {
    file: File,
    path: PathBuf,
    head: Head,
    until: Timestamp,
    resumed: bool,
}

impl Partial {
    /// Begins the pull that `head` describes, or continues it if the file beside `out` is of the
    /// same pull.
    pub fn open(out: &Path, head: Head) -> Result<Self, Failure> {
        let path = beside(out, "partial");
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .custom_flags(NEVER_WAIT)
            .open(&path)
            .map_err(|error| cannot_create(&path, &error))?;
        let found = file.metadata();
        let found = found.map_err(|error| Failure::unreadable(&path, &error))?;
        is_readable(&path, found.file_type())?;
        if file.try_lock().is_err() {
            let what = format!("{} is in use by another pull", path.display());
            return Err(Failure::new(Exit::Unavailable, what));
        }
        let mut partial = Self {
            file,
            until: head.from,
            path,
            head,
            resumed: false,
        };
        partial.take_up()?;
        Ok(partial)
    }

    /// Reads the file's complete parts; an empty file is begun.
    fn take_up(&mut self) -> Result<(), Failure> {
        let mut text = String::new();
        let longest = TRACE.bytes_max;
        let read = (&self.file).take(longest + 1).read_to_string(&mut text);
        read.map_err(|error| Failure::unreadable(&self.path, &error))?;
        if text.len() as u64 > longest {
            return Err(self.foreign());
        }
        let first = text.lines().next().unwrap_or_default();
        if !text.contains('\n') && (HEAD.starts_with(first) || first.starts_with(HEAD)) {
            // New, or cut off within its first line.
            return self.begin();
        }
        let found = first.strip_prefix(HEAD);
        let found: Option<Head> = found.and_then(|head| serde_json::from_str(head).ok());
        let Some(found) = found.filter(|found| found.is_same_pull(&self.head)) else {
            return Err(self.foreign());
        };
        let begun = (first.len() + 1, found.from);
        let (kept, until) = closed(&text).unwrap_or(begun);
        self.until = until;
        self.head = found;
        self.resumed = true;
        let cut = self.file.set_len(kept as u64);
        cut.and_then(|()| self.file.seek(SeekFrom::End(0)).map(drop))
            .map_err(|error| cannot_write(&self.path, &error))
    }

    fn foreign(&self) -> Failure {
        let what = format!("{} is of another pull", self.path.display());
        Failure::new(Exit::Data, what).hint("remove it, or name another file by --out")
    }

    fn begin(&mut self) -> Result<(), Failure> {
        let head = serde_json::to_string(&self.head).unwrap_or_default();
        let begun = self.file.set_len(0);
        begun
            .and_then(|()| self.file.seek(SeekFrom::Start(0)).map(drop))
            .and_then(|()| self.put(&format!("{HEAD}{head}\n")))
            .map_err(|error| cannot_write(&self.path, &error))
    }

    /// Description of the pull.
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// Path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether an earlier pull is continued.
    pub const fn resumed(&self) -> bool {
        self.resumed
    }

    /// The time up to which rows are complete.
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// Adds a part: `rows` up to `until`.
    pub fn append(&mut self, rows: &str, until: Timestamp) -> Result<(), Failure> {
        self.put(&format!("{rows}{UNTIL}{}\n", until.as_millis()))
            .map_err(|error| cannot_write(&self.path, &error))?;
        self.until = until;
        Ok(())
    }

    /// Ends the pull for now; removes the file if it has no rows.
    pub fn leave(self) {
        if !self.resumed {
            // Were it to stay, the next pull would go on with it.
            drop(fs::remove_file(&self.path));
        }
    }

    fn put(&mut self, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes())?;
        self.file.sync_data()
    }

    /// Writes the trace file `out` atomically. Returns the number of rows; without rows, no file is
    /// written.
    pub fn finish(self, out: &Path) -> Result<usize, Failure> {
        let text = text(&self.path, TRACE)?;
        let rows: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        if !rows.is_empty() {
            let new = beside(out, "new");
            write_whole(&new, &format!("{}\n{}\n", rows::HEADER, rows.join("\n")))
                .and_then(|()| fs::rename(&new, out))
                .map_err(|error| cannot_write(out, &error))?;
        }
        fs::remove_file(&self.path).map_err(|error| cannot_write(&self.path, &error))?;
        Ok(rows.len())
    }
}

/// Length of `text` up to the end of its last complete part, and the time up to which rows are
/// complete.
fn closed(text: &str) -> Option<(usize, Timestamp)> {
    let mut found = None;
    let mut length = 0;
    for line in text.split_inclusive('\n') {
        length += line.len();
        let until = line
            .strip_suffix('\n')
            .and_then(|line| line.strip_prefix(UNTIL));
        if let Some(millis) = until.and_then(|millis| millis.parse().ok()) {
            found = Some((length, Timestamp::from_millis(millis)));
        }
    }
    found
}

fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

fn cannot_create(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Exit::CannotCreate,
        format!("cannot make {}", path.display()),
    )
    .because(error)
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Io, format!("cannot write {}", path.display())).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(days: u32) -> Head {
        Head {
            group: "web".into(),
            region: "eu-west-1".into(),
            days,
            step_s: 60,
            value: "load".into(),
            from: Timestamp::from_seconds(0),
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn what_was_cut_off_is_dropped_and_the_rest_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.csv");
        let mut partial = Partial::open(&out, head(1)).unwrap();
        assert!(!partial.resumed() && partial.until() == at(0));
        partial.append("1,1,1,1\n", at(60)).unwrap();
        partial.put("2,2,2,2\n3,3").unwrap();
        drop(partial);
        let later = Head {
            from: at(777),
            ..head(1)
        };
        let mut partial = Partial::open(&out, later).unwrap();
        assert!(partial.resumed() && partial.until() == at(60));
        assert_eq!(partial.head().from, at(0), "it goes on as it was begun");
        partial.append("2,5,5,5\n", at(120)).unwrap();
        assert!(!out.exists());
        assert_eq!(partial.finish(&out).unwrap(), 2);
        let text = fs::read_to_string(&out).unwrap();
        assert_eq!(text, "timestamp,value,in_service,cpu\n1,1,1,1\n2,5,5,5\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn every_cut_of_the_file_is_taken_up_without_loss_of_a_closed_part() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.csv");
        let mut partial = Partial::open(&out, head(1)).unwrap();
        partial.append("1,1,1,1\n", at(60)).unwrap();
        partial.append("2,2,2,2\n", at(120)).unwrap();
        let path = partial.path.clone();
        drop(partial);
        let whole = fs::read(&path).unwrap();
        let first_closed = closed(std::str::from_utf8(&whole[..whole.len() - 3]).unwrap())
            .unwrap()
            .0;
        for length in 0..=whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let partial = Partial::open(&out, head(1)).unwrap();
            let expected = match length {
                all if all == whole.len() => at(120),
                some if some >= first_closed => at(60),
                _ => at(0),
            };
            assert_eq!(partial.until(), expected, "{length}");
        }
    }

    #[test]
    fn a_file_of_another_pull_and_one_in_use_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.csv");
        let held = Partial::open(&out, head(1)).unwrap();
        let refused = Partial::open(&out, head(1)).unwrap_err();
        assert!(
            refused.what.ends_with("in use by another pull"),
            "{refused:?}"
        );
        let path = held.path.clone();
        drop(held);
        assert!(
            Partial::open(&out, head(2))
                .unwrap_err()
                .what
                .contains("another pull")
        );
        for foreign in ["timestamp,value\n1,1\n", "a note"] {
            fs::write(&path, foreign).unwrap();
            assert_eq!(Partial::open(&out, head(1)).unwrap_err().exit, Exit::Data);
            assert_eq!(fs::read_to_string(&path).unwrap(), foreign);
        }
    }
}
