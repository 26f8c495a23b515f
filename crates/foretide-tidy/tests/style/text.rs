//! Checks on any text, whatever its language.

use crate::Finding;

/// Folders of one machine: a file that names one works nowhere else.
const MACHINE_PATHS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/tm", "p/t/"),
    concat!("/ro", "ot/"),
    concat!("../sha", "red"),
];

/// Marks of unfinished work: finish it, or write down where it is planned.
const MARKERS: &[&str] = &[concat!("FIX", "ME"), concat!("XX", "X")];

pub(crate) fn machine_paths(text: &str) -> Vec<Finding> {
    search(text, MACHINE_PATHS, |found| {
        format!("`{found}` exists on one machine only")
    })
}

pub(crate) fn markers(text: &str) -> Vec<Finding> {
    search(text, MARKERS, |found| {
        format!("`{found}` marks unfinished work")
    })
}

/// Where any of `wanted` stands in `text` by itself, not as a part of a longer word.
fn search(text: &str, wanted: &[&str], message: impl Fn(&str) -> String) -> Vec<Finding> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for word in wanted.iter().filter(|word| stands_alone(line, word)) {
            found.push(Finding::new(number, message(word)));
        }
    }
    found
}

fn stands_alone(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        // A folder is followed by what is in it; a word ends with itself.
        let ends = word.ends_with('/') || !after.is_some_and(is_part_of_word);
        ends && !before.is_some_and(is_part_of_word)
    })
}

fn is_part_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_one_machine_is_found_with_its_line() {
        let planted = format!("fine\nsee {}main/x\n", MACHINE_PATHS[0]);
        assert_eq!(
            machine_paths(&planted)
                .iter()
                .map(|f| f.line)
                .collect::<Vec<_>>(),
            [2]
        );
        for path in MACHINE_PATHS {
            assert_eq!(machine_paths(&format!("\"{path}\"")).len(), 1, "{path}");
        }
    }

    #[test]
    fn a_longer_path_or_word_that_only_contains_one_is_fine() {
        let inside = format!("frame{}x", MACHINE_PATHS[0]);
        assert_eq!(machine_paths(&inside), []);
        assert_eq!(
            machine_paths("https://example.org/workers/ and target/tmp/x"),
            []
        );
        assert_eq!(markers(&format!("{}Y", MARKERS[1])), []);
    }

    #[test]
    fn a_mark_of_unfinished_work_is_found() {
        for marker in MARKERS {
            assert_eq!(markers(&format!("// {marker}: later")).len(), 1, "{marker}");
        }
    }
}
