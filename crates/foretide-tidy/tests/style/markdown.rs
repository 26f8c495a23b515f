//! Checks on Markdown: a relative link leads somewhere, a row of a table has the cells of its head.
//!
//! Links to other sites are not followed, nor are anchors: a test that needs the network fails
//! for other people's reasons.

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag};

use crate::Finding;

/// Every relative link or picture whose target `exists` denies; targets are as written, relative
/// to the file's own folder, without their anchor.
pub(crate) fn broken_links(text: &str, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let mut found = Vec::new();
    for (event, range) in Parser::new_ext(text, Options::all()).into_offset_iter() {
        let targets = match event {
            Event::Start(Tag::Link {
                link_type: LinkType::Email,
                ..
            }) => continue,
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                vec![dest_url.to_string()]
            }
            Event::Html(html) | Event::InlineHtml(html) => attributes(&html),
            _ => continue,
        };
        let line = 1 + text[..range.start].matches('\n').count();
        for target in targets {
            let path = target.split(['#', '?']).next().unwrap_or_default();
            if is_elsewhere(&target) || path.is_empty() {
                continue;
            }
            if path.starts_with('/') || !exists(path) {
                found.push(Finding::new(
                    line,
                    format!("the link `{target}` leads nowhere"),
                ));
            }
        }
    }
    found
}

/// Every row of a table with more or fewer cells than its head. The renderer adds and drops cells
/// in silence, so the source is counted: a bar ends a cell, within backquotes too, unless escaped.
pub(crate) fn uneven_tables(text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (event, range) in Parser::new_ext(text, Options::all()).into_offset_iter() {
        let Event::Start(Tag::Table(columns)) = event else {
            continue;
        };
        let first = 1 + text[..range.start].matches('\n').count();
        for (line, row) in (first..).zip(text[range].trim_end().lines()) {
            let cells = cells(row);
            if cells != columns.len() {
                let what = format!("{cells} cells in a table of {}", columns.len());
                found.push(Finding::new(line, what));
            }
        }
    }
    found
}

fn cells(row: &str) -> usize {
    let row = row.replace(r"\|", "");
    let row = row.trim();
    let row = row.strip_prefix('|').unwrap_or(row);
    row.strip_suffix('|').unwrap_or(row).split('|').count()
}

fn is_elsewhere(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:")
}

/// The targets in a piece of HTML, which a README may use to place its picture.
fn attributes(html: &str) -> Vec<String> {
    let after = |name| html.split(name).skip(1);
    after("src=\"")
        .chain(after("href=\"").chain(after("srcset=\"")))
        .filter_map(|rest: &str| rest.split('"').next().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Vec<Finding> {
        broken_links(text, |target| {
            target == "here.md" || target == "docs/picture.svg"
        })
    }

    #[test]
    fn links_that_lead_somewhere_and_links_to_other_sites_are_fine() {
        assert_eq!(
            check(
                "[a](here.md) [b](here.md#part) [c](#part) [d](https://example.org/x)\n\
                 ![p](docs/picture.svg) <img src=\"docs/picture.svg\"> <me@example.org>\n\
                 `[code](gone.md)`"
            ),
            []
        );
    }

    #[test]
    fn a_row_with_another_number_of_cells_is_found() {
        let head = "text\n\n| a | b |\n|---|---|\n";
        let lines = |rows: &str| {
            let found = uneven_tables(&format!("{head}{rows}\n\na | b | c\n"));
            found.iter().map(|it| it.line).collect::<Vec<_>>()
        };
        assert_eq!(lines(r"| `x \| y` | z |"), [0_usize; 0]);
        assert_eq!(lines("| `x | y` | z |"), [5]);
        assert_eq!(lines("| x | y |\n| z |"), [6]);
    }

    #[test]
    fn a_broken_link_picture_reference_or_tag_is_found_with_its_line() {
        let lines = |text| {
            check(text)
                .iter()
                .map(|found| found.line)
                .collect::<Vec<_>>()
        };
        assert_eq!(lines("fine\n\n[a](gone.md)"), [3]);
        assert_eq!(lines("![a](gone.svg)"), [1]);
        assert_eq!(lines("[a][there]\n\n[there]: gone.md#part"), [1]);
        assert_eq!(lines("<p><img src=\"gone.png\" width=\"9\"></p>"), [1]);
        assert_eq!(lines("[a](/here.md)"), [1]);
    }
}
