//! The decisions of a stretch of time as lines, with what people did to the group in between.

use foretide_domain::{Decision, Record};
use foretide_runtime::{Entry, What};
use foretide_terminal::shell::visible;
use foretide_terminal::wrap;

/// Columns of the indent of lines that go on.
const INDENT: usize = 2;

/// One line for each decision, and for each change that somebody else made or ordered. Decisions in
/// a row that differ only in figures share a line.
///
/// `decisions` and `said` are oldest first; of `said`, all else is left out. No line is wider than
/// `width`, unless a single word is.
pub fn story(decisions: &[Decision], said: &[Entry], width: Option<usize>) -> Vec<String> {
    let mut by_others = said.iter().filter(|entry| is_by_others(entry)).peekable();
    let mut lines = Vec::new();
    let line = |text: String| wrap(&visible(&text), width, INDENT);
    let mut rest = decisions;
    while let Some(first) = rest.first() {
        // A change is found at the start of the cycle that then decides on it.
        while let Some(entry) = by_others.next_if(|entry| entry.at <= first.at) {
            lines.push(line(told(entry)));
        }
        let change = by_others.peek().map(|entry| entry.at);
        let alike = |it: &&Decision| {
            change.is_none_or(|change| it.at < change) && shape(it) == shape(first)
        };
        let more = rest.iter().skip(1).take_while(alike).count();
        lines.push(line(format!("{} {first}", first.at)));
        let (alike, others) = rest.split_at(1 + more);
        if let Some(last) = alike.last().filter(|_| more > 0) {
            lines.push(format!("  and {more} more like it until {}", last.at));
        }
        rest = others;
    }
    lines.extend(by_others.map(|entry| line(told(entry))));
    lines
}

fn is_by_others(entry: &Entry) -> bool {
    matches!(
        entry.what,
        What::Record(Record::ForeignChange(_) | Record::Ordered { .. } | Record::OrderEnded(_))
    )
}

fn told(entry: &Entry) -> String {
    format!("{} {}", entry.at, entry.what)
}

fn shape(decision: &Decision) -> (Option<u32>, u32, String, String) {
    let why = &decision.explanation;
    let bound = why.bound_by.map(|guard| guard.to_string());
    (
        decision.desired,
        why.inputs.desired,
        why.proposal.rule.to_string(),
        bound.unwrap_or_default(),
    )
}
