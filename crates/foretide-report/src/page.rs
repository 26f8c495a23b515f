//! The frame of every page: one file that opens offline, with a content security policy under which
//! nothing is loaded.
//!
//! The figures are JSON inside the page. The script makes text nodes from the figures and never
//! markup, so that a trace's name cannot become markup.

use foretide_chart::{DOM, DRAW, PLOT, joined};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;

const STYLE: &str = include_str!("report.css");
const FIGURES: &str = include_str!("figures.js");

/// Nothing is loaded from anywhere; the page's own script may run.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'";

/// A page with `body`, and with `scripts` after it.
pub(crate) fn page(title: &str, body: &Markup, scripts: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (body)
                (scripts)
            }
        }
    };
    page.into_string()
}

/// The figures as JSON, and the script that draws them.
///
/// # Errors
/// If the figures cannot be written as JSON.
pub(crate) fn scripts(
    summary: &impl Serialize,
    series: &impl Serialize,
    own: &str,
) -> Result<Markup, serde_json::Error> {
    let (summary, series) = (inert_json(summary)?, inert_json(series)?);
    let script = joined(&[DOM, DRAW, PLOT, FIGURES, own]);
    Ok(html! {
        script type="application/json" id="summary" { (PreEscaped(summary)) }
        script type="application/json" id="series" { (PreEscaped(series)) }
        script { (PreEscaped(script)) }
    })
}

/// JSON that cannot end the surrounding element.
fn inert_json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string(value)?.replace('<', "\\u003c"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_the_element_that_it_stands_in() {
        let json = inert_json(&"</script><script>alert(1)</script>").unwrap();
        assert!(!json.contains('<'), "{json}");
        let back: String = serde_json::from_str(&json).unwrap();
        assert_eq!(back, "</script><script>alert(1)</script>");
    }

    #[test]
    fn a_page_has_no_place_for_another_site_and_its_script_is_no_module() {
        let scripts = scripts(&1, &2, "const own = 3;").unwrap();
        let page = page("a <title>", &html! { p { "text" } }, &scripts);
        assert!(page.contains("a &lt;title&gt;") && page.contains("const own = 3;"));
        assert!(page.contains("default-src 'none'"), "{page}");
        for outside in ["src=", "href=", "\nimport ", "\nexport "] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}
