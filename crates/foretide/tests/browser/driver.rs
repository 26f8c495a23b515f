//! Chromium's WebDriver server as a process of its own, one a test.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What Debian's packages chromium and chromium-driver install.
const CHROMIUM: &str = "chromium";
const DRIVER: &str = "chromedriver";

/// Ends with the value.
pub(crate) struct Driver {
    child: Child,
    /// Kept open: a driver that cannot write its log ends.
    _out: BufReader<std::process::ChildStdout>,
    pub(crate) url: String,
    pub(crate) chromium: PathBuf,
}

impl Driver {
    /// The driver on a port that it chose; none, with a word, where there is no browser.
    pub(crate) fn start(test: &str) -> Option<Self> {
        let (Some(driver), Some(chromium)) = (on_path(DRIVER), on_path(CHROMIUM)) else {
            assert!(
                std::env::var_os("TEST_REQUIRE_BROWSER").is_none(),
                "no {DRIVER} and {CHROMIUM} on the path: apt-get install chromium chromium-driver"
            );
            skipped(test);
            return None;
        };
        let mut command = Command::new(driver);
        command.arg("--port=0").stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let port = port(&mut out);
        Some(Self {
            child,
            _out: out,
            url: format!("http://127.0.0.1:{port}"),
            chromium,
        })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        if self.child.kill().is_ok() {
            self.child.wait().ok();
        }
    }
}

/// The port in `ChromeDriver was started successfully on port 38123.`
fn port(out: &mut impl BufRead) -> u16 {
    let mut said = String::new();
    loop {
        let before = said.len();
        let read = out.read_line(&mut said).unwrap();
        assert!(read > 0, "the driver ended: {said}");
        if let Some((_, port)) = said[before..].split_once("successfully on port ") {
            return port.trim().trim_end_matches('.').parse().unwrap();
        }
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let mut found = std::env::split_paths(&folders).map(|folder| folder.join(name));
    found.find(|path: &PathBuf| Path::is_file(path))
}

/// Past the harness's capture, which swallows what passing tests print.
fn skipped(test: &str) {
    use std::io::Write;
    let mut error = std::io::stderr();
    writeln!(error, "skipped: {test}: no {DRIVER} and {CHROMIUM}").unwrap();
}
