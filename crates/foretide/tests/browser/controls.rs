//! An operator's orders, given on the page of `foretide run` over the emulator.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use assert_cmd::cargo::cargo_bin;

use crate::browser::{Browser, Scheme};

const TOKEN: &str = "Zq7vB1nX4cRt9LmK2pWd";

/// A command that serves something, ended with the value.
struct Serving {
    child: Child,
    /// Kept open: a command that cannot print ends.
    _out: BufReader<ChildStdout>,
    address: String,
}

impl Serving {
    /// Starts it and waits for the line that tells where.
    fn start(folder: &Path, command: &mut Command, tells: &str) -> Self {
        let mut child = command
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert!(out.read_line(&mut line).unwrap() > 0, "it ended");
            if let Some(address) = line.strip_prefix(tells) {
                break address.trim().to_owned();
            }
        };
        Self {
            child,
            _out: out,
            address,
        }
    }

    fn run(folder: &Path, emulator: &Self) -> Self {
        let mut command = Command::new(cargo_bin!("foretide"));
        command
            .args(["run", "--quiet", "--listen", "127.0.0.1:0"])
            .env_clear()
            .env("AWS_ENDPOINT_URL", &emulator.address)
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "emulator")
            .env("AWS_SECRET_ACCESS_KEY", "emulator");
        Self::start(folder, &mut command, "page: ")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        if self.child.kill().is_ok() {
            self.child.wait().ok();
        }
    }
}

const SETTINGS: &str = "[run]\ncontrols = true\ntoken_file = \"token\"\n\
    [group.web]\nmode = \"observe\"\ninterval = \"1s\"\n";

#[test]
fn a_group_is_paused_pinned_and_switched_on_its_page() {
    let Some(browser) = Browser::start("controls") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), TOKEN).unwrap();
    std::fs::write(folder.path().join("foretide.toml"), SETTINGS).unwrap();
    let mut command = Command::new(cargo_bin!("foretide"));
    command.args(["emulator", "--listen", "127.0.0.1:0"]);
    let emulator = Serving::start(folder.path(), &mut command, "listening on ");
    let run = Serving::run(folder.path(), &emulator);
    browser.open(&format!("{}/", run.address));
    browser.wait_for("document.querySelector('.controls')?.hidden === false");

    let form = |index: usize| format!("document.querySelectorAll('.controls .order')[{index}]");
    let standing = |part: &str| {
        browser.wait_for(&format!(
            "document.querySelector('.standing').textContent.includes('{part}')"
        ));
    };
    let press = |index: usize| {
        browser.ask(&format!("{}.querySelector('button').click()", form(index)));
    };
    press(0);
    browser.wait_for(&format!("!{}.hidden", form(4)));
    browser.ask(&format!(
        "{}.querySelector('input').value = '{TOKEN}'",
        form(4)
    ));
    press(4);
    standing("Paused until resumed, by 127.0.0.1 over HTTP");
    browser.wait_for("document.querySelector('.events').textContent.includes('pause until')");
    browser.ask(&format!("{}.querySelector('input').value = 3", form(1)));
    press(1);
    standing("Pinned to 3 until");
    browser.ask(&format!(
        "{}.querySelector('select').value = 'enforce'",
        form(3)
    ));
    press(3);
    standing("Mode enforce by 127.0.0.1 over HTTP; observe is configured");
    for (width, scheme, name) in [(1200, Scheme::Light, "light"), (360, Scheme::Dark, "phone")] {
        browser.look(width, scheme);
        standing("Paused");
        browser.fits();
        browser.picture(name);
    }
    press(0);
    browser.wait_for("!document.querySelector('.standing').textContent.includes('Paused')");
    press(2);
    browser.wait_for("!document.querySelector('.standing').textContent.includes('Pinned')");
    browser.is_quiet();
}
