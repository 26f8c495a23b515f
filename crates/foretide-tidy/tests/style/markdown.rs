//! Checks on Markdown: a relative link leads somewhere.
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
