//! One browser with one page, driven step by step.

use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::driver::Driver;
use crate::session::Session;

/// Chromium without a screen, an account, or anything to say to anybody. No name resolves but this
/// machine's, so that a page which needs the network cannot pass.
const FLAGS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

/// How a page is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

/// A browser of one test.
pub(crate) struct Browser {
    session: Session,
    test: String,
    /// A fresh profile, removed after the browser has ended.
    _profile: TempDir,
}

impl Browser {
    /// A browser for the test of that name; none, with a word, where none is installed.
    pub(crate) fn start(test: &str) -> Option<Self> {
        let driver = Driver::start(test)?;
        let profile = tempfile::tempdir().unwrap();
        let folder = format!("--user-data-dir={}", profile.path().display());
        let flags: Vec<&str> = FLAGS.into_iter().chain([folder.as_str()]).collect();
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "binary": driver.chromium, "args": flags },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let browser = Self {
            session: Session::new(driver, &wanted),
            test: test.to_owned(),
            _profile: profile,
        };
        browser.look(1280, Scheme::Light);
        Some(browser)
    }

    #[track_caller]
    fn devtools(&self, method: &str, parameters: &Value) -> Value {
        let command = json!({ "cmd": method, "params": parameters });
        self.session.post("goog/cdp/execute", &command)
    }

    /// A window of that width in CSS pixels, by a reader who prefers that scheme.
    pub(crate) fn look(&self, width: u32, scheme: Scheme) {
        let phone = width < 600;
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": phone }),
        );
        let value = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let feature = json!({ "name": "prefers-color-scheme", "value": value });
        self.devtools(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [feature] }),
        );
    }

    /// Opens an address and waits until it has loaded.
    pub(crate) fn open(&self, url: &str) {
        self.session.post("url", &json!({ "url": url }));
    }

    /// Opens a file of this machine.
    pub(crate) fn open_file(&self, path: &Path) {
        let path = path.canonicalize().unwrap();
        self.open(&format!("file://{}", path.display()));
    }

    /// What `return …` in the page gives.
    #[track_caller]
    pub(crate) fn ask(&self, script: &str) -> Value {
        let command = json!({ "script": script, "args": [] });
        self.session.post("execute/sync", &command)
    }

    /// Waits until an expression of the page is true, looked at in every frame it draws; the driver
    /// gives up after its script timeout of 30 s.
    #[track_caller]
    pub(crate) fn wait_for(&self, condition: &str) {
        let script = format!(
            "const done = arguments[0];
             const look = () => ({condition}) ? done(true) : requestAnimationFrame(look);
             look();"
        );
        let command = json!({ "script": script, "args": [] });
        self.session.post("execute/async", &command);
    }

    /// Moves the pointer there, in CSS pixels of the window.
    pub(crate) fn point_at(&self, x: f64, y: f64) {
        self.mouse("mouseMoved", x, y, 0);
    }

    /// Presses the button at one place and lets it go at another.
    pub(crate) fn drag(&self, from: (f64, f64), to: (f64, f64)) {
        self.mouse("mouseMoved", from.0, from.1, 0);
        self.mouse("mousePressed", from.0, from.1, 1);
        for part in [0.25, 0.5, 0.75, 1.0] {
            let at = |from: f64, to: f64| from + part * (to - from);
            self.mouse("mouseMoved", at(from.0, to.0), at(from.1, to.1), 1);
        }
        self.mouse("mouseReleased", to.0, to.1, 0);
    }

    /// `held` are the buttons held down after it, as a bit mask: a page sees a move without any as
    /// the end of a drag.
    fn mouse(&self, kind: &str, x: f64, y: f64, held: u32) {
        let button = if kind == "mouseMoved" { "none" } else { "left" };
        self.devtools(
            "Input.dispatchMouseEvent",
            &json!({
                "type": kind, "x": x, "y": y,
                "button": button, "buttons": held, "clickCount": 1,
            }),
        );
    }

    /// Fails on anything the page said of an error, and on any request that leaves this machine.
    #[track_caller]
    pub(crate) fn is_quiet(&self) {
        let errors: Vec<String> = self
            .log("browser")
            .into_iter()
            .filter(|(level, _)| ["SEVERE", "WARNING"].contains(&level.as_str()))
            .map(|(_, message)| message)
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        let asked = self.log("performance").into_iter();
        let asked: Vec<String> = asked.filter_map(|(_, entry)| asked_for(&entry)).collect();
        assert!(!asked.is_empty(), "the page itself is not in the log");
        let away: Vec<&String> = asked.iter().filter(|url| !stays_here(url)).collect();
        assert!(away.is_empty(), "{away:#?}");
    }

    /// Levels and messages of a log since it was last read.
    fn log(&self, kind: &str) -> Vec<(String, String)> {
        let entries = self.session.post("se/log", &json!({ "type": kind }));
        let text = |entry: &Value, part: &str| entry[part].as_str().unwrap().to_owned();
        let entries = entries.as_array().unwrap().iter();
        entries
            .map(|entry| (text(entry, "level"), text(entry, "message")))
            .collect()
    }

    /// Fails where the page is wider than the window.
    #[track_caller]
    pub(crate) fn fits(&self) {
        let [page, window] = ["scrollWidth", "clientWidth"].map(|width| {
            self.ask(&format!("return document.documentElement.{width}"))
                .as_f64()
                .unwrap()
        });
        assert!(page <= window, "{page} px in a window of {window} px");
    }

    /// Keeps a picture of the whole page where pictures are asked for.
    pub(crate) fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("TEST_SCREENSHOTS") else {
            return;
        };
        let taken = self.devtools(
            "Page.captureScreenshot",
            &json!({ "format": "png", "captureBeyondViewport": true }),
        );
        let folder = PathBuf::from(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let png = BASE64_STANDARD
            .decode(taken["data"].as_str().unwrap())
            .unwrap();
        std::fs::write(folder.join(format!("{}-{name}.png", self.test)), png).unwrap();
    }
}

/// The address of a request, from one entry of the performance log.
fn asked_for(entry: &str) -> Option<String> {
    let entry: Value = serde_json::from_str(entry).unwrap();
    let (message, parameters) = (&entry["message"], &entry["message"]["params"]);
    let url = match message["method"].as_str()? {
        "Network.requestWillBeSent" => &parameters["request"]["url"],
        "Network.webSocketCreated" => &parameters["url"],
        _ => return None,
    };
    Some(url.as_str()?.to_owned())
}

fn stays_here(url: &str) -> bool {
    let schemes = ["file:", "data:", "blob:", "about:", "chrome:"];
    let own = ["http://127.0.0.1:", "ws://127.0.0.1:"];
    schemes
        .iter()
        .chain(&own)
        .any(|start| url.starts_with(start))
}
