//! Records of a demo as JSON Lines: one record of the controller in each line, with time and group.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use foretide_domain::{Hours, Record, Timestamp};
use foretide_terminal::{Exit, Failure};
use serde::Serialize;

const FILE: &str = "records.jsonl";
/// Bytes that are written and removed before the demo begins, so that a full disk is reported at
/// the start. They are about a minute of records; a demo writes some megabytes a day.
const PROBE_BYTES: usize = 64 * 1024;

/// One line of the file.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    group: &'a str,
    #[serde(flatten)]
    record: &'a Record,
}

/// Writes the records of a demo. The first failure is stored and reported at the end of the step,
/// because the controller that makes the records cannot handle it.
#[derive(Debug)]
pub struct Records {
    path: PathBuf,
    group: String,
    out: BufWriter<File>,
    lines: u64,
    failed: Option<io::Error>,
    /// Instance-hours of the newest decision.
    hours: Hours,
}

impl Records {
    /// Creates the folder and the file; a file of an earlier demo is replaced.
    pub fn create(folder: &Path, group: &str) -> Result<Self, Failure> {
        let path = folder.join(FILE);
        let failed = |error: io::Error| {
            Failure::new(
                Exit::CannotCreate,
                format!("cannot write {}", path.display()),
            )
            .because(&error)
            .hint("--records DIR names another folder for the records")
        };
        fs::create_dir_all(folder).map_err(failed)?;
        let mut file = File::create(&path).map_err(failed)?;
        probe(&mut file).map_err(failed)?;
        Ok(Self {
            out: BufWriter::new(file),
            group: group.into(),
            lines: 0,
            failed: None,
            hours: Hours::default(),
            path,
        })
    }

    /// Adds a record.
    pub(crate) fn add(&mut self, at: Timestamp, record: &Record) {
        if let Record::Decided(decision) = record {
            self.hours = decision.explanation.inputs.hours;
        }
        if self.failed.is_some() {
            return;
        }
        let line = Line {
            time: at.to_string(),
            group: &self.group,
            record,
        };
        let written = serde_json::to_writer(&mut self.out, &line)
            .map_err(io::Error::from)
            .and_then(|()| self.out.write_all(b"\n"));
        match written {
            Ok(()) => self.lines += 1,
            Err(error) => self.failed = Some(error),
        }
    }

    /// Instance-hours and time in violation of the newest decision.
    pub(crate) fn hours(&self) -> Hours {
        self.hours
    }

    /// Returns a stored failure, once.
    pub(crate) fn check(&mut self) -> Result<(), Failure> {
        match self.failed.take() {
            None => Ok(()),
            Some(error) => Err(self.cannot_go_on(&error)),
        }
    }

    /// Writes buffered records to the file.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        self.check()?;
        self.out.flush().map_err(|error| self.cannot_go_on(&error))
    }

    fn cannot_go_on(&self, error: &io::Error) -> Failure {
        Failure::new(
            Exit::Io,
            format!("cannot go on writing {}", self.path.display()),
        )
        .because(error)
        .hint("--records DIR names another folder for the records")
    }

    /// Path of the file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Number of records.
    pub(crate) const fn count(&self) -> u64 {
        self.lines
    }
}

fn probe(file: &mut File) -> io::Result<()> {
    use std::io::Seek;
    file.write_all(&vec![b'\n'; PROBE_BYTES])?;
    file.set_len(0)?;
    file.rewind()
}

#[cfg(test)]
mod tests {
    use foretide_domain::{Alarm, CallFailure, FailureKind};

    use super::*;

    #[test]
    fn every_line_is_an_object_with_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let mut records = Records::create(folder.path(), "web").unwrap();
        let failure = CallFailure {
            kind: FailureKind::Throttled,
            detail: "rate exceeded".into(),
        };
        records.add(Timestamp::from_seconds(0), &Record::Alarm(Alarm::DataStale));
        records.add(Timestamp::from_seconds(10), &Record::CallFailed(failure));
        records.finish().unwrap();
        let text = fs::read_to_string(records.path()).unwrap();
        assert_eq!(
            text,
            "{\"time\":\"1970-01-01T00:00:00Z\",\"group\":\"web\",\"record\":\"alarm\",\
             \"alarm\":\"data_stale\"}\n\
             {\"time\":\"1970-01-01T00:00:10Z\",\"group\":\"web\",\"record\":\"call_failed\",\
             \"kind\":\"throttled\",\"detail\":\"rate exceeded\"}\n"
        );
        assert_eq!(records.count(), 2);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let failure = Records::create(&file.join("below"), "web").err().unwrap();
        assert_eq!(failure.exit, Exit::CannotCreate);
        assert!(failure.what.contains("below"), "{failure:?}");
    }
}
