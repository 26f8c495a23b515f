//! A group in three sentences: what it does, why, what comes next.

use std::cmp::Ordering;

use foretide_domain::{Decision, Guard, Mode};

use crate::board::Track;

use super::shape::{LoadNow, Story};

/// Tells it.
pub(crate) fn story(track: &Track, load: &LoadNow) -> Story {
    Story {
        doing: doing(track),
        why: track.decision().map(|decision| why(decision)),
        next: next(load),
    }
}

fn doing(track: &Track) -> String {
    let Some(reading) = track.reading else {
        return "Not read yet".to_owned();
    };
    let (desired, serving) = (reading.desired, reading.counts.in_service);
    let pending = reading.counts.pending;
    let now = match serving.cmp(&desired) {
        Ordering::Less => {
            format!("Scaling out to {desired}: {serving} in service, {pending} pending")
        }
        Ordering::Greater => format!("Scaling in to {desired}: {serving} in service"),
        Ordering::Equal => format!("Holding {desired} {}", instances(desired)),
    };
    let withheld = track.decision().and_then(|decision| {
        let bound = decision.explanation.bound_by == Some(Guard::Mode);
        decision.desired.filter(|_| bound)
    });
    match withheld {
        Some(wanted) => format!("{now}; would set {wanted}"),
        None if track.mode() == Mode::Observe || track.facts.dry_run => {
            format!("{now}; only watching")
        }
        None => now,
    }
}

fn instances(count: u32) -> &'static str {
    if count == 1 { "instance" } else { "instances" }
}

/// The decision's sentence without the figures behind it, which are shown beside it.
fn why(decision: &Decision) -> String {
    let whole = decision.to_string();
    let sentence = whole.rsplit_once(" [").map_or(&*whole, |(words, _)| words);
    let words = sentence
        .split_once(": ")
        .map_or(sentence, |(_, words)| words);
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

fn next(load: &LoadNow) -> Option<String> {
    let ahead = load.forecast_ahead_s?;
    let [median, .., high] = load.forecast_need_instances?;
    let minutes = ahead / 60;
    Some(if median == high {
        format!(
            "In {minutes} min the load should need {median} {}",
            instances(median)
        )
    } else {
        format!(
            "In {minutes} min the load should need {median} {}, {high} at the 99.6 % quantile",
            instances(median)
        )
    })
}
