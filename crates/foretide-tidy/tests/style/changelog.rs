//! Checks on CHANGELOG.md: the form of <https://keepachangelog.com>, newest first.

use crate::Finding;

const KINDS: &[&str] = &[
    "Added",
    "Changed",
    "Deprecated",
    "Fixed",
    "Removed",
    "Security",
];

pub(crate) fn findings(text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    if text.lines().next() != Some("# Changelog") {
        found.push(Finding::new(1, "the first line is `# Changelog`"));
    }
    let mut newest: Option<&str> = None;
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(kind) = line.strip_prefix("### ") {
            if !KINDS.contains(&kind) {
                found.push(Finding::new(
                    number,
                    format!("`{kind}` is none of {KINDS:?}"),
                ));
            }
        } else if let Some(version) = line.strip_prefix("## ") {
            match date(version) {
                Some(date) if newest.is_some_and(|newest| date > newest) => {
                    found.push(Finding::new(number, "versions stand newest first"));
                }
                Some(date) => newest = Some(date),
                None if version == "[Unreleased]" && newest.is_none() => {}
                None => found.push(Finding::new(
                    number,
                    format!("`{version}` is neither `[Unreleased]` on top nor `[1.2.3] - date`"),
                )),
            }
        }
    }
    found
}

/// The date of a version's heading, if it has the form `[1.2.3] - 2026-01-31`.
fn date(heading: &str) -> Option<&str> {
    let (version, date) = heading.strip_prefix('[')?.split_once("] - ")?;
    let digits = |text: &str| !text.is_empty() && text.chars().all(|digit| digit.is_ascii_digit());
    let numbers: Vec<&str> = version.split('.').collect();
    let parts: Vec<&str> = date.split('-').collect();
    let is_version = numbers.len() == 3 && numbers.into_iter().all(digits);
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    (is_version && lengths == [4, 2, 2] && parts.into_iter().all(digits)).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_keep_a_changelog_is_fine() {
        let text = "# Changelog\n\nText.\n\n## [Unreleased]\n\n### Added\n\n- x\n\n\
                    ## [0.2.0] - 2026-11-23\n\n### Fixed\n\n- y\n\n## [0.1.0] - 2026-10-01\n";
        assert_eq!(findings(text), []);
    }

    #[test]
    fn every_departure_from_it_is_found_with_its_line() {
        let lines = |text| {
            findings(text)
                .iter()
                .map(|found| found.line)
                .collect::<Vec<_>>()
        };
        assert_eq!(lines("# History\n"), [1]);
        assert_eq!(lines("# Changelog\n## 0.1.0\n"), [2]);
        assert_eq!(lines("# Changelog\n## [0.1] - 2026-01-01\n"), [2]);
        assert_eq!(lines("# Changelog\n## [0.1.0] - 1 May 2026\n"), [2]);
        assert_eq!(lines("# Changelog\n## [Unreleased]\n### News\n"), [3]);
        assert_eq!(
            lines("# Changelog\n## [0.1.0] - 2026-01-01\n## [0.2.0] - 2026-02-01\n"),
            [3]
        );
        assert_eq!(
            lines("# Changelog\n## [0.1.0] - 2026-01-01\n## [Unreleased]\n"),
            [3]
        );
    }
}
