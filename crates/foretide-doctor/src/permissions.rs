//! Checks of permissions.

use foretide_domain::{CallFailure, FailureKind, WriteOutcome};
use foretide_terminal::shell::Command;

use crate::finding::Finding;

/// The finding on a read call; `why` says what the call is for.
pub(crate) fn read<T>(
    operation: &'static str,
    answer: &Result<T, CallFailure>,
    fatal: bool,
    why: &str,
) -> Finding {
    let Err(failure) = answer else {
        return Finding::fine("permission", format!("{operation} is allowed"));
    };
    let what = format!("{operation}: {failure}");
    let check = match failure.kind {
        FailureKind::Unavailable
        | FailureKind::TimedOut
        | FailureKind::Throttled
        | FailureKind::Malformed => "connection",
        FailureKind::NotFound => "group",
        _ => "permission",
    };
    let finding = if fatal {
        Finding::fault(check, what, why)
    } else {
        Finding::warning(check, what, why)
    };
    finding.fix(match failure.kind {
        FailureKind::Denied => {
            format!("allow the action {operation} in the role's policy (docs/iam.md)")
        }
        FailureKind::NotFound => "aws autoscaling describe-auto-scaling-groups --query \
             'AutoScalingGroups[].AutoScalingGroupName'"
            .to_owned(),
        FailureKind::Malformed => {
            "another server than AWS answers: check aws.endpoint_url and AWS_ENDPOINT_URL"
                .to_owned()
        }
        FailureKind::Unavailable | FailureKind::TimedOut => {
            "check aws.endpoint_url, HTTPS_PROXY, the region and the network; then run foretide \
             doctor again"
                .to_owned()
        }
        _ => "run foretide doctor again".to_owned(),
    })
}

/// The finding on the write; none if the write was not tried. `doctor` is the command that checks
/// the group again.
pub(crate) fn write(group: &str, doctor: Command, outcome: Option<&WriteOutcome>) -> Finding {
    const CHECK: &str = "write";
    const WHY: &str = "without it no capacity is ever set";
    let prove = doctor.then("--prove-write");
    match outcome {
        None | Some(WriteOutcome::DryRun) => {
            Finding::note(CHECK, "SetDesiredCapacity is not proven", WHY).run(&prove)
        }
        Some(WriteOutcome::Accepted) => Finding::fine(CHECK, "SetDesiredCapacity is allowed"),
        Some(WriteOutcome::Moved { .. }) => {
            Finding::note(CHECK, "not proven: the group changed meanwhile", WHY).run(&prove)
        }
        Some(WriteOutcome::Failed(failure)) => {
            // As JSON: the short form would read a comma in the name as its end.
            let tag = serde_json::json!([{
                "ResourceId": group, "ResourceType": "auto-scaling-group",
                "Key": "foretide", "Value": "scale", "PropagateAtLaunch": false,
            }]);
            let tag = Command::of("aws autoscaling create-or-update-tags")
                .option("--tags", &tag.to_string());
            Finding::fault(CHECK, format!("SetDesiredCapacity: {failure}"), WHY)
                .run(&tag)
                .other_fix("allow the action SetDesiredCapacity in the role's policy (docs/iam.md)")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    #[test]
    fn a_write_that_was_not_tried_is_not_proven() {
        let severity = |outcome| write("web", Command::of("doctor"), outcome).severity;
        assert_eq!(severity(None), Severity::Note);
        assert_eq!(severity(Some(&WriteOutcome::Accepted)), Severity::Fine);
        let denied = WriteOutcome::Failed(CallFailure {
            kind: FailureKind::Denied,
            detail: "no".into(),
        });
        assert_eq!(severity(Some(&denied)), Severity::Fault);
    }
}
