//! One labelled line of an unfolded decision, and how its values are written.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is of.
    pub label: String,
    /// What it is, with its unit.
    pub text: String,
}

pub(super) fn fact(label: impl fmt::Display, text: impl fmt::Display) -> Fact {
    Fact {
        label: label.to_string(),
        text: text.to_string(),
    }
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

pub(super) fn known(value: Option<impl fmt::Display>) -> String {
    value.map_or_else(|| "not known".to_owned(), |value| value.to_string())
}

pub(super) fn seconds(span: Duration) -> String {
    format!("{} s", span.as_secs_f64())
}

pub(super) fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}
