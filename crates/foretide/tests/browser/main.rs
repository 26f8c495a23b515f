//! The pages that people look at, in headless Chromium: what they show, that they make no error and
//! ask nothing of the network, light and dark, wide and on a phone.
//!
//! Where Chromium or its WebDriver is not installed a test says `skipped: …` on standard error;
//! with `TEST_REQUIRE_BROWSER=1` it fails instead. `TEST_SCREENSHOTS=DIR` keeps pictures there.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what fails here fails the test"
)]

mod browser;
mod controls;
mod driver;
mod forecast;
mod page;
mod report;
mod session;
