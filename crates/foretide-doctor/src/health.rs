//! The health verdict that `foretide run` recorded, as findings. No condition is judged here.

use foretide_domain::{HealthState, Severity as Level, Verdict};

use crate::finding::Finding;

const CHECK: &str = "health";
const WHY: &str = "the newest verdict of `foretide run` on this group";

/// A finding for each condition of `verdict`; one finding if there is no condition.
pub fn recorded(verdict: &Verdict) -> Vec<Finding> {
    if verdict.is_healthy() {
        return vec![Finding::fine(
            CHECK,
            "the newest verdict of `foretide run` was: healthy",
        )];
    }
    let findings = verdict.conditions().iter().map(|condition| {
        let what = condition.to_string();
        // Somebody may have stopped it on purpose.
        let finding = match (condition.state(), condition.severity) {
            (HealthState::Stalled, _) | (_, Level::Notice | Level::Ok) => {
                Finding::note(CHECK, what, WHY)
            }
            (_, Level::Warning) => Finding::warning(CHECK, what, WHY),
            (_, Level::Critical) => Finding::fault(CHECK, what, WHY),
        };
        match condition.cause.next_step() {
            Some(step) if !leads_here(&step) => finding.fix(step),
            _ => finding,
        }
    });
    findings.collect()
}

/// Whether the next step is to run doctor, whose other findings then have the command.
fn leads_here(step: &str) -> bool {
    step.contains("`foretide doctor`")
}

#[cfg(test)]
mod tests {
    use foretide_domain::{Cause, Timestamp};

    use super::*;
    use crate::finding::Severity;

    #[test]
    fn each_condition_is_a_finding_and_a_stopped_run_is_no_fault() {
        let now = Timestamp::from_seconds(1_700_000_000);
        let found = [
            (Level::Critical, Cause::AtMaximum { max: 4, needed: 5 }),
            (Level::Critical, Cause::NotChecked { checked_at: now }),
            (Level::Notice, Cause::NotRead),
        ];
        let verdict = Verdict::new(found, &Verdict::default(), now);
        let findings = recorded(&verdict);
        let of = |part: &str| {
            let found = findings.iter().find(|finding| finding.what.contains(part));
            found.unwrap().severity
        };
        assert_eq!(of("5 instances are needed"), Severity::Fault);
        assert_eq!(of("not checked"), Severity::Note);
        assert_eq!(of("not read yet"), Severity::Note);
        let fix = |part: &str| {
            findings
                .iter()
                .find(|it| it.what.contains(part))?
                .fix
                .clone()
        };
        assert!(fix("5 instances are needed").is_some());
        assert_eq!(recorded(&Verdict::default())[0].severity, Severity::Fine);
    }
}
