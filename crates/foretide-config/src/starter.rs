//! A first configuration file, with the reason beside each setting.

use std::fmt::Write as _;

/// What a first file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Starter {
    /// Region of the groups; none leaves it to the AWS SDK.
    pub region: Option<String>,
    /// Violation budget as the file writes it, such as `0.5%`; none for the default.
    pub budget: Option<String>,
    /// Price of an instance-hour as the file writes it, such as `0.096 USD/h`.
    pub price: Option<String>,
    /// Path of a file with the webhook's address.
    pub webhook_file: Option<String>,
    /// The groups.
    pub groups: Vec<StarterGroup>,
}

/// A group of a first file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StarterGroup {
    /// Name of the Auto Scaling group.
    pub name: String,
    /// Sentences on the group's history, written above its table.
    pub remarks: Vec<String>,
}

const HEAD: &str = "\
# Foretide's configuration, begun by `foretide init`. `foretide config default` shows every key, and
# `foretide config check` checks this file.
";

const MODE: &str = "\
# \"observe\" decides and records, and never sets desired capacity. Once `foretide report` has convinced
# you, set \"enforce\" in the table of one group, and send SIGHUP to the run.
mode = \"observe\"
";

const BUDGET: &str = "\
# Share of the time that the group may be above the objective, 80 % CPU.
";

const GROUPS: &str = "\
# One table for each Auto Scaling group. What a table leaves out is as in [defaults].
";

impl Starter {
    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{HEAD}\n[defaults]\n{MODE}");
        let set = |text: &mut String, comment: &str, key: &str, value: &Option<String>| {
            if let Some(value) = value {
                // Writing to a string does not fail.
                writeln!(text, "{comment}{key} = {}", quoted(value)).ok();
            }
        };
        set(&mut text, "", "region", &self.region);
        let price = "# Price of an instance-hour. Page and report then show costs.\n";
        set(&mut text, price, "price", &self.price);
        if self.budget.is_some() {
            text.push_str("\n[defaults.forecast]\n");
            set(&mut text, BUDGET, "budget", &self.budget);
        }
        if self.webhook_file.is_some() {
            text.push_str("\n[notify]\n");
            set(&mut text, "", "url_file", &self.webhook_file);
        }
        text.push('\n');
        text.push_str(GROUPS);
        for group in &self.groups {
            for remark in &group.remarks {
                text.push_str("# ");
                // A line end in a remark must not begin a line of settings.
                text.extend(remark.chars().map(|c| if c.is_control() { ' ' } else { c }));
                text.push('\n');
            }
            write!(text, "[group.{}]\n\n", quoted(&group.name)).ok();
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }
}

/// `text` as a TOML string of one line, as a key may be. Its escapes are those of JSON, but for one
/// character that JSON leaves as it is.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Sources;

    #[test]
    fn the_file_is_valid_and_says_what_was_asked_for_whatever_the_names() {
        let names = ["web", "a \"b\" c", "x]\ny = 1\u{7f}", "日本"];
        let group = |name: &str| StarterGroup {
            name: name.to_owned(),
            remarks: vec!["forecast 1\nmode = \"enforce\"".to_owned()],
        };
        let starter = Starter {
            region: Some("eu-west-1".to_owned()),
            budget: Some("1%".to_owned()),
            price: Some("0.096 USD/h".to_owned()),
            webhook_file: Some("hook".to_owned()),
            groups: names.map(group).to_vec(),
        };
        let mut sources = Sources::default();
        sources.file(Path::new("foretide.toml"), starter.text());
        let config = sources.load().unwrap();
        let mut wanted = names.to_vec();
        wanted.sort_unstable();
        let found: Vec<&String> = config.groups.keys().collect();
        assert_eq!(found, wanted);
        let defaults = &config.defaults;
        assert!((defaults.controller.forecast.budget - 0.01).abs() < 1e-12);
        assert_eq!(defaults.controller.mode, foretide_domain::Mode::Observe);
        assert_eq!(defaults.live.reach.region.as_deref(), Some("eu-west-1"));
        assert!(defaults.live.price.is_some() && config.notify.url_file.is_some());
    }

    #[test]
    fn what_was_not_asked_for_is_left_out() {
        let text = Starter::default().text();
        assert!(
            !text.contains("price =") && !text.contains("[notify]"),
            "{text}"
        );
    }
}
