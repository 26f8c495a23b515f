//! `forecast.html` of `foretide forecast --out`.

use std::process::Command;

use assert_cmd::cargo::cargo_bin;

use crate::browser::Browser;
use crate::report::{load, on_every_screen};

/// Two charts, each with the lines of load, median and upper quantile, as wide as its place.
const DRAWN: &str = "[...document.querySelectorAll('.chart')].length === 2
    && [...document.querySelectorAll('.chart')].every((chart) => {
         const drawn = chart.querySelector('.plot');
         const lines = [...chart.querySelectorAll('.plot .line')];
         return drawn && Math.abs(drawn.clientWidth - chart.clientWidth) < 2
           && lines.length === 3 && lines.every((line) => line.getAttribute('d').length > 100);
       })";

#[test]
fn the_forecast_is_drawn_offline_wide_and_narrow_light_and_dark() {
    let Some(browser) = Browser::start("forecast") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{}.csv", "a-name-that-is-wider-than-a-phone-".repeat(3));
    let trace = folder.path().join(&name);
    std::fs::write(&trace, load()).unwrap();
    let output = Command::new(cargo_bin!("foretide"))
        .args(["forecast", "--boot", "180s,600s", "--out", "out", "--trace"])
        .arg(&name)
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    browser.open_file(&folder.path().join("out/forecast.html"));
    on_every_screen(&browser, DRAWN);
    let title = browser.ask("return document.title");
    assert_eq!(title, "Foretide forecast");
    browser.is_quiet();
}
