//! The operator's page, over a running `foretide demo`.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use serde_json::json;
use tempfile::TempDir;

use crate::browser::{Browser, Scheme};

/// A name that would run if any part of the page took it for markup.
const NAME: &str = "web<img src=x onerror=document.title='run'><script>document.title='run'";

/// A demo that serves its page, ended with the value.
struct Demo {
    child: Child,
    /// Kept open: a demo that cannot print ends.
    _out: BufReader<ChildStdout>,
    address: String,
}

impl Demo {
    /// On the address, at ten minutes a second.
    fn start(folder: &TempDir, listen: &str, args: &[&str]) -> Self {
        Self::paced(folder, listen, "600", args)
    }

    /// At so many simulated seconds a second.
    fn paced(folder: &TempDir, listen: &str, speed: &str, args: &[&str]) -> Self {
        let mut child = Command::new(cargo_bin!("foretide"))
            .args(["demo", "--listen", listen, "--speed", speed])
            .args(args)
            .current_dir(folder.path())
            .env_clear()
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert!(out.read_line(&mut line).unwrap() > 0, "the demo ended");
            if let Some(address) = line.strip_prefix("page: http://") {
                break address.trim().to_owned();
            }
        };
        Self {
            child,
            _out: out,
            address,
        }
    }

    fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        if self.child.kill().is_ok() {
            self.child.wait().ok();
        }
    }
}

/// The chart shows a load and the story is told.
const SHOWN: &str = "document.querySelector('.plot .load-line')?.getAttribute('d').length > 100
    && document.querySelector('.story.doing p').textContent.length > 5";

#[test]
fn the_page_of_a_demo_moves_explains_and_fits_every_screen() {
    let Some(browser) = Browser::start("page") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder, "127.0.0.1:0", &["--policy", "forecast"]);
    browser.open(&demo.url());
    browser.wait_for(SHOWN);
    browser.ask("window.before = document.querySelector('.plot .load-line').getAttribute('d')");
    browser.wait_for("document.querySelector('.plot .load-line').getAttribute('d') !== before");

    browser.ask("document.querySelector('details > summary').click()");
    browser.wait_for("document.querySelector('details').open");
    let titles = "return [...document.querySelectorAll('details h3')].map((h) => h.textContent)";
    let titles = browser.ask(titles).to_string();
    for part in ["Group", "Measured", "Forecast", "Guard rails", "Outcome"] {
        assert!(titles.contains(part), "{part} is not in {titles}");
    }
    for (width, size) in [(1600, "wide"), (360, "phone")] {
        for (scheme, name) in [(Scheme::Light, "light"), (Scheme::Dark, "dark")] {
            browser.look(width, scheme);
            browser.wait_for(SHOWN);
            browser.fits();
            let paper = browser.ask("return getComputedStyle(document.body).backgroundColor");
            let expected = match scheme {
                Scheme::Light => "rgb(244, 246, 248)",
                Scheme::Dark => "rgb(14, 19, 25)",
            };
            assert_eq!(paper, expected);
            browser.picture(&format!("{size}-{name}"));
        }
    }
    browser.ask("document.getElementById('theme').click()");
    let paper = browser.ask("return getComputedStyle(document.body).backgroundColor");
    assert_eq!(paper, "rgb(244, 246, 248)");
    browser.is_quiet();
}

/// A moment in the address is shown in every card and tile, and what happens meanwhile changes
/// none.
#[test]
fn a_moment_in_the_address_is_shown_everywhere_and_can_be_left() {
    let Some(browser) = Browser::start("page-moment") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder, "127.0.0.1:0", &["--policy", "forecast"]);
    browser.open(&demo.url());
    browser.wait_for(SHOWN);
    browser.wait_for("document.getElementById('clock').textContent > '2024-01-08 02:30'");
    browser.open(&format!(
        "{}#/g/demo?at=2024-01-08T01:00:00.000Z",
        demo.url()
    ));
    browser.wait_for("document.querySelector('.group.then') !== null");
    browser.wait_for("document.querySelector('.past').textContent.includes('2024-01-08 01:00')");
    let told =
        "[...document.querySelectorAll('.story p, .tiles dd, .lifecycle, .decision .sentence')]
        .map((part) => part.textContent).join('|')";
    browser.wait_for(&format!("({told}).includes('CPU')"));
    browser.wait_for("document.querySelector('.tiles dt').textContent === 'CPU then'");
    let then = browser.ask(&format!("return window.then = {told}"));
    // The demo goes on for half an hour of its time.
    browser.wait_for("document.getElementById('clock').textContent > '2024-01-08 03:10'");
    assert_eq!(browser.ask(&format!("return {told}")), then);
    let decided = browser.ask("return document.querySelector('.decision time').textContent");
    assert!(
        decided.as_str().unwrap().contains("2024-01-08 0"),
        "{decided}"
    );
    assert!(!decided.as_str().unwrap().contains("01-08 03"), "{decided}");
    browser.picture("moment");
    // Control: without the moment the tiles are of now, and Back returns to it.
    browser.ask("document.querySelector('.past button').click()");
    browser.wait_for("document.querySelector('.tiles dt').textContent === 'CPU now'");
    assert_eq!(browser.ask("return location.hash"), "#/g/demo");
    browser.ask("history.back()");
    browser.wait_for("document.querySelector('.tiles dt').textContent === 'CPU then'");
    browser.is_quiet();
}

/// The picture in the README.
#[test]
fn most_of_a_day_shows_the_forecast_what_it_led_to_and_how_well_it_held() {
    let Some(browser) = Browser::start("page-day") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::paced(&folder, "127.0.0.1:0", "7200", &["--policy", "forecast"]);
    browser.open(&demo.url());
    browser.wait_for(SHOWN);
    browser.wait_for("document.getElementById('clock').textContent > '2024-01-08 16:30'");
    let fan = "document.querySelector('.fan-area').getAttribute('d').length > 1000";
    browser.wait_for(fan);
    let coverage = "[...document.querySelectorAll('.tiles div')]
        .find((tile) => tile.textContent.startsWith('Forecast coverage'))
        .querySelector('dd').textContent";
    let coverage = browser.ask(&format!("return {coverage}"));
    let covered = coverage
        .as_str()
        .unwrap()
        .split_once(" %")
        .unwrap()
        .0
        .to_owned();
    let covered: f64 = covered.parse().unwrap();
    assert!((50.0..=100.0).contains(&covered), "{coverage}");
    assert!(browser.ask("return document.querySelectorAll('.mark.scale_out').length > 0") == true);
    browser.picture("light");
    let tiles = browser.ask("return document.querySelector('.tiles').textContent");
    let tiles = tiles.as_str().unwrap();
    // Seventeen hours: hours are shown, and no share of them.
    for early in ["Violation budgettoo early", "Against the baselinetoo early"] {
        assert!(tiles.contains(early), "{early} is not in {tiles}");
    }
    assert!(tiles.contains("instance-hours"), "{tiles}");
    // Of all that is left of the chart then, the baseline is the most.
    browser.ask(
        "[...document.querySelectorAll('.key')].find((key) => key.textContent.startsWith('Forecast of needed')).click()",
    );
    let top = browser.ask("return document.querySelector('.baseline-line').getBBox().y");
    assert!(top.as_f64().unwrap() >= 0.0, "cut off at {top}");
    browser.is_quiet();
}

/// After some days of a demo the hours to come are drawn, and the group stands on its price list.
#[test]
fn what_is_to_come_and_what_the_promise_costs_are_shown_now_and_not_for_a_moment() {
    let Some(browser) = Browser::start("page-ahead") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let args = ["--policy", "forecast", "--days", "14"];
    let demo = Demo::paced(&folder, "127.0.0.1:0", "14400", &args);
    browser.open(&demo.url());
    browser.wait_for(SHOWN);
    let outlook = "document.querySelector('.card.outlook')";
    browser.wait_for(&format!("{outlook}.checkVisibility()"));
    let drawn = "document.querySelector('.outlook .load-line')?.getAttribute('d').length > 300
        && document.querySelector('.outlook .most') !== null";
    browser.wait_for(drawn);
    let said = browser.ask(&format!("return {outlook}.textContent"));
    for words in [
        "The next 48 hours",
        "Most is needed from 2024-01-0",
        "the group's maximum is",
        "it decides no capacity",
    ] {
        assert!(
            said.as_str().unwrap().contains(words),
            "{words} is not in {said}"
        );
    }
    let own = "document.querySelector('.prices .own')";
    browser.wait_for(&format!("{own}?.checkVisibility()"));
    let shown = browser.ask(&format!("return {own}.textContent"));
    assert!(shown.as_str().unwrap().contains("this group"), "{shown}");
    // The share is the one that the tile of the violation budget shows.
    let same = "const share = document.querySelector('.prices .own th').textContent.split(':')[0];
        return [...document.querySelectorAll('.tiles div')]
            .some((tile) => tile.textContent.includes(`${share} of the time`))";
    assert!(browser.ask(same) == true);
    for width in [1280, 390] {
        for (scheme, name) in [(Scheme::Light, "light"), (Scheme::Dark, "dark")] {
            browser.look(width, scheme);
            browser.wait_for(drawn);
            browser.fits();
            browser.picture(&format!("{width}-{name}"));
        }
    }
    browser.open(&format!(
        "{}#/g/demo?at=2024-01-02T12:00:00.000Z",
        demo.url()
    ));
    browser.wait_for("document.querySelector('.group.then') !== null");
    browser.wait_for(&format!("!{outlook}.checkVisibility()"));
    browser.is_quiet();
}

/// A place of the chart in the window: shares of its width and height.
fn place(browser: &Browser, x: f64, y: f64) -> (f64, f64) {
    let script = "const box = document.querySelector('.plot').getBoundingClientRect();
                  return [box.left, box.top, box.width, box.height]";
    let sides = browser.ask(script);
    let [left, top, width, height] = [0, 1, 2, 3].map(|side| sides[side].as_f64().unwrap());
    (left + x * width, top + y * height)
}

const WHEN: &str = "document.querySelector('.when').textContent";

#[test]
fn the_chart_is_hovered_zoomed_and_scrolled_by_pointer_and_keys() {
    let Some(browser) = Browser::start("page-chart") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder, "127.0.0.1:0", &["--policy", "forecast"]);
    browser.open(&demo.url());
    browser.wait_for(SHOWN);
    // Forty minutes of history, so that the middle of the chart is a moment of it.
    browser.wait_for("document.querySelector('.plot').getAttribute('aria-valuemax') > 40");
    browser.wait_for("document.querySelectorAll('.mark').length > 0");

    let (x, y) = place(&browser, 0.6, 0.5);
    browser.point_at(x, y);
    browser.wait_for("document.querySelector('.plot .cursor')");
    let value = "document.querySelector('.key .value').textContent";
    assert!(browser.ask(&format!("return {value}")) != "–");
    browser.ask(&format!(
        "window.when = {WHEN}; document.querySelector('.plot').focus()"
    ));
    let press = |key: &str| {
        let event = json!({ "key": key, "bubbles": true, "cancelable": true });
        browser.ask(&format!(
            "document.querySelector('.plot').dispatchEvent(new KeyboardEvent('keydown', {event}))"
        ));
    };
    press("ArrowLeft");
    press("ArrowLeft");
    browser.wait_for(&format!("{WHEN} !== when"));

    let pressed = "document.querySelector('.ranges [aria-pressed=\"true\"]')";
    assert!(browser.ask(&format!("return {pressed} !== null")) == true);
    browser.drag(place(&browser, 0.4, 0.5), place(&browser, 0.7, 0.5));
    browser.wait_for(&format!("{pressed} === null"));
    browser.ask("document.querySelector('.ranges button').click()");
    browser.wait_for(&format!("{pressed} !== null"));

    press("Enter");
    browser.wait_for("!document.querySelector('.past').hidden");
    let title = "document.querySelector('.decision h2').textContent";
    browser.wait_for(&format!("{title} === 'Decision that stood then'"));
    browser.picture("past");
    browser.ask("document.querySelector('.past button').click()");
    browser.wait_for(&format!("{title} === 'Last decision'"));
    browser.is_quiet();
}

#[test]
fn a_page_outlives_the_server_and_says_that_it_is_alone() {
    let Some(browser) = Browser::start("page-restart") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder, "127.0.0.1:0", &[]);
    browser.open(&demo.url());
    browser.wait_for(SHOWN);
    let address = demo.address.clone();
    drop(demo);
    let state = "document.getElementById('connection').dataset.state";
    browser.wait_for(&format!("{state} === 'lost'"));
    let banner = browser.ask("return document.getElementById('banner').textContent");
    assert!(
        banner.as_str().unwrap().starts_with("Disconnected"),
        "{banner}"
    );
    browser.picture("alone");
    let _again = Demo::start(&folder, &address, &[]);
    browser.wait_for(&format!("{state} === 'live'"));
    browser.wait_for("document.getElementById('banner').hidden");
}

#[test]
fn a_groups_name_is_text_on_the_page() {
    let Some(browser) = Browser::start("page-name") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let key = serde_json::to_string(NAME).unwrap();
    let config = format!("[group.{key}]\npolicy = \"target-tracking\"\n");
    std::fs::write(folder.path().join("foretide.toml"), config).unwrap();
    let demo = Demo::start(&folder, "127.0.0.1:0", &["--group", NAME, "--records", "r"]);
    browser.open(&demo.url());
    browser.wait_for(SHOWN);
    assert_eq!(
        browser.ask("return document.querySelector('h1').textContent"),
        NAME
    );
    browser.ask("location.hash = '#/'");
    browser.wait_for("document.querySelector('.groups tbody a')");
    let name = browser.ask("return document.querySelector('.groups tbody a').textContent");
    assert_eq!(name, NAME);
    let standing = "return document.querySelector('.groups .standing').textContent";
    let standing = browser.ask(standing);
    assert!(
        standing.as_str().unwrap().starts_with("Mode enforce"),
        "{standing}"
    );
    browser.fits();
    browser.picture("overview");
    assert_eq!(
        browser.ask("return document.querySelectorAll('img').length"),
        0
    );
    assert_eq!(browser.ask("return document.title"), "Foretide");
    browser.is_quiet();
}
