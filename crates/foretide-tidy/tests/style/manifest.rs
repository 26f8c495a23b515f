//! Checks on a crate's Cargo.toml.

use toml::{Table, Value};

use crate::Finding;

/// A crate says what it is for, and takes the lints that hold for all.
pub(crate) fn findings(text: &str) -> Vec<Finding> {
    let manifest: Table = match text.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![Finding::new(1, format!("not TOML: {error}"))],
    };
    let key = |table: &str, key: &str| {
        manifest
            .get(table)
            .and_then(|table| table.get(key))
            .cloned()
    };
    let mut found = Vec::new();
    match key("package", "description") {
        Some(Value::String(text)) if !text.trim().is_empty() && !text.ends_with('.') => {}
        _ => found.push(Finding::new(
            1,
            "the package needs a description without a full stop",
        )),
    }
    if key("lints", "workspace") != Some(Value::Boolean(true)) {
        found.push(Finding::new(
            1,
            "the lints of the workspace are not taken: `[lints]`",
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crate_with(description: &str, lints: &str) -> String {
        format!("[package]\nname = \"a\"\n{description}\n{lints}\n")
    }

    #[test]
    fn a_described_crate_with_the_lints_of_all_is_fine() {
        let text = crate_with("description = \"What it is\"", "[lints]\nworkspace = true");
        assert_eq!(findings(&text), []);
    }

    #[test]
    fn a_missing_or_empty_description_and_own_lints_are_found() {
        let lints = "[lints]\nworkspace = true";
        assert_eq!(findings(&crate_with("", lints)).len(), 1);
        assert_eq!(findings(&crate_with("description = \" \"", lints)).len(), 1);
        assert_eq!(
            findings(&crate_with("description = \"It is.\"", lints)).len(),
            1
        );
        assert_eq!(
            findings(&crate_with("description = \"It is\"", "")).len(),
            1
        );
        assert_eq!(findings("[package").len(), 1);
    }
}
