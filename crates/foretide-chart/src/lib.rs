//! The charts: that of the operator's page and of the reports, as browser scripts, and that of
//! terminals, [`blocks`].
//!
//! The page serves them as modules; a report, which is one file, carries them joined into one
//! script. They draw SVG from columns of figures and make text nodes of everything that comes from
//! outside, never markup.

pub mod blocks;

/// Building elements and writing figures.
pub const DOM: &str = include_str!("dom.js");

/// Scales, ticks and paths: what every chart is drawn with.
pub const DRAW: &str = include_str!("draw.js");

/// A chart of lines and points for a report.
pub const PLOT: &str = include_str!("plot.js");

/// Modules joined into one classic script, in their order: what one exports, those after it see.
pub fn joined(modules: &[&str]) -> String {
    let mut script = String::from("\"use strict\";\n");
    for line in modules.iter().flat_map(|module| module.lines()) {
        if line.starts_with("import ") {
            continue;
        }
        script.push_str(line.strip_prefix("export ").unwrap_or(line));
        script.push('\n');
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joined_script_is_no_module_and_cannot_end_its_element() {
        let script = joined(&[DOM, DRAW, PLOT]);
        for line in script.lines() {
            assert!(!line.starts_with("import "), "{line}");
            assert!(!line.starts_with("export "), "{line}");
        }
        assert!(!script.contains("</script"));
        assert!(script.contains("class Plot"));
    }
}
