//! Findings as text and as JSON.

use foretide_doctor::{Finding, Severity};
use foretide_terminal::Failure;
use foretide_terminal::shell::visible;
use foretide_terminal::wrap;

use crate::command::{Context, SCHEMA_VERSION};

/// Prints the findings on `subject`, the worst first.
pub(super) fn print(
    subject: &str,
    findings: &[Finding],
    json: bool,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    if json {
        for finding in sorted {
            let mut value = serde_json::json!(finding);
            value["schema_version"] = SCHEMA_VERSION.into();
            value["subject"] = subject.into();
            writeln!(context.out, "{value}")?;
        }
        return Ok(());
    }
    writeln!(context.out, "{}", visible(subject))?;
    for finding in sorted {
        write!(context.out, "{}", text(finding, context.terminal.wrap_at()))?;
    }
    Ok(())
}

fn text(finding: &Finding, width: Option<usize>) -> String {
    let mark = match finding.severity {
        Severity::Fine => "fine   ",
        Severity::Note => "note   ",
        Severity::Warning => "warning",
        Severity::Fault => "fault  ",
    };
    let head = format!("{mark} {}: {}", finding.check, finding.what);
    let mut text = hanging("  ", "          ", &visible(&head), width);
    let parts = [
        ("why:", &finding.why, width),
        // To paste: a line end within a command would end it.
        ("fix:", &finding.fix, None),
        ("or:", &finding.other_fix, None),
    ];
    for (label, part, width) in parts {
        if let Some(part) = part {
            let line = format!("{label} {}", visible(part));
            text.push_str(&hanging("          ", "            ", &line, width));
        }
    }
    text
}

/// `text` broken into lines. The first line begins with `first`, the others with `rest`.
fn hanging(first: &str, rest: &str, text: &str, width: Option<usize>) -> String {
    let room = width.map(|width| width.saturating_sub(rest.len()).max(1));
    let mut lines = String::new();
    for (index, line) in wrap(text, room, 0).lines().enumerate() {
        let begin = if index == 0 { first } else { rest };
        lines.push_str(begin);
        lines.push_str(line);
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_columns_hold_it() {
        let finding = Finding::warning(
            "bounds",
            "the peak of the last hours wants more instances than the group may have",
            "capacity stays short however good the forecast is",
        )
        .fix("aws autoscaling update-auto-scaling-group --max-size 9")
        .other_fix("max = 9");
        let shown = text(&finding, Some(60));
        let (whole, broken): (Vec<&str>, Vec<&str>) =
            shown.lines().partition(|line| line.contains("fix:"));
        let widest = broken.iter().map(|line| line.chars().count()).max();
        assert!(widest <= Some(60), "{shown}");
        assert!(
            whole[0].ends_with("update-auto-scaling-group --max-size 9"),
            "{shown}"
        );
        assert!(shown.starts_with("  warning bounds: "), "{shown}");
    }
}
