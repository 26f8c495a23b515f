//! `report.html` of `foretide backtest --out`.

use std::path::PathBuf;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::{Browser, Scheme};

/// A name that would run if any part of the page took it for markup.
const NAME: &str = "web<img src=x onerror=document.title='run'><script>document.title='run'";

/// Three days of five-minute load: a daily cycle and one burst a day.
pub(crate) fn load() -> String {
    let rows = (0..3 * 288).map(|cell| {
        let hour = f64::from(cell) / 12.0;
        let daily = 500.0 - 400.0 * (hour / 24.0 * std::f64::consts::TAU).cos();
        let burst = if cell % 288 == 150 { 900.0 } else { 0.0 };
        format!("{},{:.3}", 1_700_006_400 + 300 * cell, daily + burst)
    });
    let head = String::from("timestamp,value");
    std::iter::once(head)
        .chain(rows)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Backtests the load, with a sweep, and gives the report that it wrote.
fn report(folder: &TempDir) -> PathBuf {
    let trace = folder.path().join(format!("{NAME}.csv"));
    std::fs::write(&trace, load()).unwrap();
    let output = Command::new(cargo_bin!("foretide"))
        .args([
            "backtest",
            "--warmup",
            "1d",
            "--sweep",
            "target=30..70:20",
            "--out",
            "out",
        ])
        .arg("--trace")
        .arg(&trace)
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    folder.path().join("out/report.html")
}

/// Every chart is drawn, and as wide as its place on the page.
const DRAWN: &str = "[...document.querySelectorAll('.chart')].length === 2
    && [...document.querySelectorAll('.chart')].every((chart) => {
         const drawn = chart.querySelector('.plot');
         return drawn && Math.abs(drawn.clientWidth - chart.clientWidth) < 2;
       })";

#[test]
fn the_report_opens_offline_wide_and_narrow_light_and_dark() {
    let Some(browser) = Browser::start("report") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    browser.open_file(&report(&folder));
    on_every_screen(&browser, DRAWN);
    browser.is_quiet();
}

/// Every chart has the page's colour.
const OF_ONE_COLOUR: &str = "[...document.querySelectorAll('.chart .plot')]
    .every((chart) => getComputedStyle(chart).backgroundColor
       === getComputedStyle(document.body).backgroundColor)";

/// Every label of every chart lies within its chart: an SVG cuts off what does not.
const WHOLE_LABELS: &str = "[...document.querySelectorAll('.chart .plot')].every((chart) => {
    const { left, right } = chart.getBoundingClientRect();
    return [...chart.querySelectorAll('.grid text')].every((label) => {
      const box = label.getBoundingClientRect();
      return box.left >= left - 0.5 && box.right <= right + 0.5;
    });
  })";

/// Wide and narrow, light and dark: it is drawn, fits, and its charts are of the page's colour.
pub(crate) fn on_every_screen(browser: &Browser, drawn: &str) {
    for (width, size) in [(1280, "wide"), (360, "phone")] {
        for (scheme, name) in [(Scheme::Light, "light"), (Scheme::Dark, "dark")] {
            browser.look(width, scheme);
            browser.wait_for(drawn);
            browser.fits();
            // The charts follow the page when they hear that its colours have changed.
            browser.wait_for(OF_ONE_COLOUR);
            browser.wait_for(WHOLE_LABELS);
            let paper = browser.ask("return getComputedStyle(document.body).backgroundColor");
            let expected = match scheme {
                Scheme::Light => "rgb(255, 255, 255)",
                Scheme::Dark => "rgb(20, 23, 27)",
            };
            assert_eq!(paper, expected);
            browser.picture(&format!("{size}-{name}"));
        }
    }
}

/// A sweep's name on the page: what the baseline is chosen from.
fn swept(name: &Value) -> &str {
    match name.as_str().unwrap() {
        "baseline" => "target-tracking",
        other => other,
    }
}

/// A policy's name on the page.
fn label(trace: &Value, name: &Value) -> String {
    match name.as_str().unwrap() {
        "forecast" => "Foretide: forecast".to_owned(),
        "baseline" => {
            let policies = trace["policies"].as_array().unwrap();
            let of = policies.iter().find(|policy| policy["name"] == *name);
            format!("baseline: {}", of.unwrap()["label"].as_str().unwrap())
        }
        other => other.to_owned(),
    }
}

#[test]
fn the_report_shows_every_figure_and_takes_no_name_for_markup() {
    let Some(browser) = Browser::start("report-figures") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = report(&folder);
    browser.open_file(&path);
    browser.wait_for(DRAWN);
    assert_eq!(browser.ask("return document.title"), "Foretide backtest");
    assert_eq!(
        browser.ask("return document.querySelector('h2').textContent"),
        NAME
    );
    assert_eq!(
        browser.ask("return document.querySelectorAll('img').length"),
        0
    );

    let summary = std::fs::read(path.with_file_name("summary.json")).unwrap();
    let summary: Value = serde_json::from_slice(&summary).unwrap();
    let trace = &summary["traces"][0];
    let names: Vec<&Value> = listed(trace, "policies");
    assert_eq!(names.len(), 9, "{names:?}");
    let shown = "return [...document.querySelectorAll('main table')].map((table) =>
        [...table.querySelectorAll('tbody td:first-child')].map((cell) => cell.textContent))";
    let curves = listed(trace, "curves");
    let turned = curves.contains(&&json!("forecast"));
    assert!(!turned, "policy forecast has no target to turn");
    let labels: Vec<String> = names.iter().map(|name| label(trace, name)).collect();
    assert!(
        labels
            .iter()
            .any(|it| it.starts_with("baseline: target tracking at ")),
        "{labels:?}"
    );
    let swept: Vec<&str> = curves.iter().map(|name| swept(name)).collect();
    assert_eq!(browser.ask(shown), json!([labels, swept]));
    let keys = |chart: u8| {
        browser.ask(&format!(
            "return [...document.querySelectorAll('.chart')[{chart}].querySelectorAll('.key')]
               .map((key) => key.textContent.trim())"
        ))
    };
    let demand = "demand, in instances needed".to_owned();
    assert_eq!(keys(0), json!([vec![demand], labels.clone()].concat()));
    assert_eq!(keys(1), json!(labels));
    let drawn =
        "return [...document.querySelectorAll('.chart')[1].querySelectorAll('.line')].length";
    assert_eq!(browser.ask(drawn), json!(curves.len()));
    let drawn =
        "return document.querySelectorAll('.chart')[1].querySelectorAll('.plot .mark').length";
    assert_eq!(browser.ask(drawn), json!(names.len()));
    let size = std::fs::metadata(&path).unwrap().len();
    assert!(size < 400_000, "{size} bytes");
    let command = browser.ask("return document.getElementById('command').textContent");
    assert_eq!(command, summary["command"]);
    let setup = browser.ask("return document.querySelector('dl').textContent");
    for part in [
        "warm-up days1",
        "bounds1..100",
        "boot180 s",
        "objective80 %",
    ] {
        assert!(
            setup.as_str().unwrap().contains(part),
            "{part} is not in {setup}"
        );
    }
    browser.is_quiet();
}

#[test]
fn a_chart_tells_its_values_under_the_pointer_and_zooms() {
    let Some(browser) = Browser::start("report-chart") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    browser.open_file(&report(&folder));
    browser.wait_for(DRAWN);
    let place = browser.ask(
        "const plot = document.querySelector('.chart .plot');
         plot.scrollIntoView({ block: 'center' });
         const { x, y, width, height } = plot.getBoundingClientRect();
         return [x, y, width, height]",
    );
    let place: Vec<f64> = serde_json::from_value(place).unwrap();
    let at = |across: f64| (place[0] + across * place[2], place[1] + 0.5 * place[3]);

    let (x, y) = at(0.3);
    browser.point_at(x, y);
    browser.wait_for("document.querySelector('.chart .when').textContent !== ''");
    let told = browser.ask("return document.querySelector('.chart .legend').textContent");
    // Only now: a picture of the whole page may move it below the pointer.
    browser.picture("hover");
    let told = told.as_str().unwrap();
    for part in ["needed", "forecast", "in service", "pending", "2023-11-16"] {
        assert!(told.contains(part), "{part} is not in {told}");
    }

    let range =
        "['from', 'to'].map((end) => Number(document.querySelector('.chart').dataset[end]))";
    let span = |range: Value| {
        let ends: Vec<f64> = serde_json::from_value(range).unwrap();
        ends[1] - ends[0]
    };
    let before = span(browser.ask(&format!("return {range}")));
    browser.drag(at(0.25), at(0.5));
    browser.wait_for(&format!("{range}[1] - {range}[0] < {}", 0.3 * before));
    let after = span(browser.ask(&format!("return {range}")));
    assert!((after / before - 0.25).abs() < 0.02, "{after} of {before}");
    browser.picture("zoomed");

    // The same by keys: the cursor moves and says where it is, Escape shows all.
    let press = |key: &str| {
        browser.ask(&format!(
            "const plot = document.querySelector('.chart .plot');
             plot.focus();
             plot.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true }}));
             return plot.getAttribute('aria-valuetext')"
        ))
    };
    press("Escape");
    let all = span(browser.ask(&format!("return {range}")));
    assert!(all > before, "{all} of {before}");
    let first = press("Home");
    let next = press("ArrowRight");
    assert!(
        first != next && next.as_str().unwrap().contains("in service"),
        "{next}"
    );
    browser.is_quiet();
}

fn listed<'t>(trace: &'t Value, what: &str) -> Vec<&'t Value> {
    let list = trace[what].as_array().unwrap();
    list.iter().map(|entry| &entry["name"]).collect()
}
