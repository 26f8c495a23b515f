//! Debian's Prometheus as a process of its own, in a temporary folder, on a port that it chose.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

use crate::PATIENCE;

/// What Debian's package prometheus installs.
const PROMETHEUS: &str = "prometheus";
pub(crate) const PROMTOOL: &str = "promtool";

/// The folder of a Prometheus: configuration and data. Survives the process.
pub(crate) struct Folder {
    folder: TempDir,
    program: PathBuf,
}

impl Folder {
    /// An empty folder; none, with a word, where Prometheus is not installed.
    pub(crate) fn new(test: &str) -> Option<Self> {
        let (Some(program), Some(_)) = (on_path(PROMETHEUS), on_path(PROMTOOL)) else {
            // As for the browser: where no test may be skipped, all that tests need is installed.
            assert!(
                std::env::var_os("TEST_REQUIRE_BROWSER").is_none(),
                "no {PROMETHEUS} and {PROMTOOL} on the path: apt-get install prometheus"
            );
            skipped(test);
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let new = Self { folder, program };
        new.write("prometheus.yml", "{}");
        Some(new)
    }

    /// Configures a scrape of `target` every second, the shortest interval of Prometheus.
    pub(crate) fn scrape(&self, target: SocketAddr) {
        let job = format!("{{job_name: test, static_configs: [{{targets: ['{target}']}}]}}");
        let global = "{scrape_interval: 1s, scrape_timeout: 1s}";
        self.write(
            "prometheus.yml",
            &format!("global: {global}\nscrape_configs: [{job}]\n"),
        );
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts Prometheus on a free port.
    pub(crate) async fn start(&self) -> Server {
        self.start_at("127.0.0.1:0".parse().unwrap()).await
    }

    /// Starts Prometheus at `address`. Waits until it answers.
    pub(crate) async fn start_at(&self, address: SocketAddr) -> Server {
        let mut command = Command::new(&self.program);
        command
            .current_dir(self.folder.path())
            .arg("--config.file=prometheus.yml")
            .arg("--storage.tsdb.path=data")
            .arg(format!("--web.listen-address={address}"));
        if self.path("web.yml").exists() {
            command.arg("--web.config.file=web.yml");
        }
        let command = command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = line(&mut log, "msg=\"Listening on\"").await;
        let (_, address) = address.rsplit_once("address=").unwrap();
        let address = address.trim().parse().unwrap();
        line(&mut log, "Server is ready to receive web requests").await;
        // A program that cannot write its log may wait for ever.
        tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
        Server { child, address }
    }
}

/// A Prometheus that runs. Ends with the value.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Kills it, as a crash would. Waits until it is gone.
    pub(crate) async fn kill(mut self) {
        timeout(PATIENCE, self.child.kill()).await.unwrap().unwrap();
    }
}

/// Waits for a line of the log that has `part`.
async fn line(log: &mut Lines<BufReader<ChildStderr>>, part: &str) -> String {
    let mut seen = Vec::new();
    let found = timeout(PATIENCE, async {
        while let Some(line) = log.next_line().await.unwrap() {
            seen.push(line.clone());
            if line.contains(part) {
                return Some(line);
            }
        }
        None
    });
    let found = found.await.ok().flatten();
    found.unwrap_or_else(|| panic!("no line has {part:?}:\n{}", seen.join("\n")))
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
    writeln!(error, "skipped: {test}: no {PROMETHEUS} and {PROMTOOL}").unwrap();
}
