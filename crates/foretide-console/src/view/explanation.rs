//! A decision unfolded: every input, what the policy wanted, what each guard rail made of it. The
//! lines are the domain's, which terminal and log show, too.

use foretide_domain::{Decision, Fact, Guard, Section};
use schemars::JsonSchema;
use serde::Serialize;

use super::group::AccuracyView;
use super::shape::GroupRow;

/// A decision as it is shown.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct DecisionView {
    pub(crate) at_ms: i64,
    pub(crate) next_cycle_ms: i64,
    /// Desired capacity before.
    pub(crate) from: u32,
    /// Desired capacity decided; the same where it holds.
    pub(crate) to: u32,
    /// The same text as log and terminal have.
    pub(crate) sentence: String,
    /// The guard rail that had the last word.
    #[schemars(with = "Option<String>")]
    pub(crate) bound_by: Option<Guard>,
    /// Everything that it depended on.
    pub(crate) sections: Vec<SectionView>,
}

/// Facts that belong together.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SectionView {
    pub(crate) title: &'static str,
    pub(crate) facts: Vec<FactView>,
}

/// One fact, its unit in the text.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct FactView {
    pub(crate) label: String,
    pub(crate) text: String,
}

/// What was known at one moment of the past.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct MomentView {
    pub(crate) version: u32,
    pub(crate) at_ms: i64,
    /// The group as it was then.
    pub(crate) group: GroupRow,
    /// The decision that stood then; none where none is kept.
    pub(crate) decision: Option<DecisionView>,
    /// How well the forecast had held until then.
    pub(crate) accuracy: AccuracyView,
}

/// Unfolds `decision`.
pub(crate) fn decision_view(decision: &Decision) -> DecisionView {
    let explanation = &decision.explanation;
    let from = explanation.inputs.desired;
    let unfolded = decision.unfold();
    DecisionView {
        at_ms: decision.at.as_millis(),
        next_cycle_ms: decision.next_look.as_millis(),
        from,
        to: decision.desired.unwrap_or(from),
        sentence: unfolded.sentence,
        bound_by: explanation.bound_by,
        sections: unfolded.sections.into_iter().map(section).collect(),
    }
}

fn section(section: Section) -> SectionView {
    let fact = |Fact { label, text }| FactView { label, text };
    SectionView {
        title: section.title,
        facts: section.facts.into_iter().map(fact).collect(),
    }
}
