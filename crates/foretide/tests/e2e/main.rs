//! The built program as a person or a script meets it: arguments and files in; text, exit code and
//! signals out.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what fails here fails the test"
)]

mod backtest;
mod config;
mod contract;
mod crowd;
mod demo;
mod emulator;
mod forecast;
mod help;
mod kept;
mod limits;
mod outbound;
mod pasted;
mod pull;
mod report;
mod run;
mod serve;
mod terminal;
mod trace;
mod train;
mod tutorial;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

/// A folder of its own to run the program in, with nothing of the caller's environment.
struct Room {
    folder: TempDir,
}

impl Room {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn command(&self) -> Command {
        Command::from_std(self.process())
    }

    fn process(&self) -> std::process::Command {
        process_in(self.folder.path())
    }

    /// Runs to the end: exit code, standard output, standard error.
    #[track_caller]
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let output = self.command().args(args).output().unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    /// Runs what must succeed without a word on standard error; its output.
    #[track_caller]
    fn done(&self, args: &[&str]) -> String {
        let (code, out, error) = self.run(args);
        assert_eq!((code, error.as_str()), (0, ""), "{out}");
        out
    }

    /// Runs what must fail with `code`, print nothing, and say each of `parts`.
    #[track_caller]
    fn fails(&self, args: &[&str], code: i32, parts: &[&str]) {
        let (found, out, error) = self.run(args);
        assert_eq!((found, out.as_str()), (code, ""), "{error}");
        assert!(error.starts_with("error: "), "{error}");
        for part in parts {
            assert!(error.contains(part), "{part:?} is not in:\n{error}");
        }
    }
}

fn process_in(folder: &Path) -> std::process::Command {
    let mut command = std::process::Command::new(cargo_bin!("foretide"));
    command.current_dir(folder).env_clear();
    command
}

/// Two days of minutes, a daily cycle.
fn trace_of_two_days() -> String {
    let rows = (0..2 * 1440).map(|minute| {
        let hour = f64::from(minute) / 60.0;
        let load = 500.0 + 400.0 * (hour / 24.0 * std::f64::consts::TAU).sin();
        let at = 1_700_006_400 + 60 * minute;
        format!("{at},{load:.3},{minute}")
    });
    let head = String::from("timestamp,value,other");
    let lines: Vec<String> = std::iter::once(head).chain(rows).collect();
    lines.join("\n")
}
