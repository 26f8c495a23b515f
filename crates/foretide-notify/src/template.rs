//! Renders the body of a message: a Jinja template that makes JSON. Every value is written as a
//! JSON string with its quotes, so that no name from outside can change the structure.

use foretide_domain::Timestamp;
use foretide_runtime::GroupKey;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, context};
use thiserror::Error;

use super::limit::KeptBack;
use super::message::{Message, Phase, Topic};

/// The default template: Slack and compatible services accept it.
pub const DEFAULT: &str = r#"{"text": {{ slack(text) }} }"#;

/// Limit of steps of one rendering, which bounds time and memory. The default template takes some
/// tens.
const FUEL: u64 = 20_000;

/// Why a text is no valid template. Shows nothing but the template itself.
#[derive(Debug, Error)]
pub enum NoTemplate {
    /// The template has a syntax error, or names an unknown value.
    #[error("{0}")]
    Jinja(String),
    /// The result is not JSON.
    #[error(
        "makes no JSON of a message ({0}); values come with their quotes: {{\"a\": {{{{ text }}}} }}"
    )]
    NoJson(String),
}

/// The values that a template may name, all of them text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    /// The whole message in one line.
    pub text: String,
    /// Name of the topic; `suppressed` for a report of suppressed messages, `test` for a test
    /// message.
    pub event: String,
    /// `happened`, `began` or `ended`.
    pub state: String,
    /// `account/name`; empty for messages about the whole process.
    pub group: String,
    /// Time, RFC 3339.
    pub time: String,
}

/// The note about suppressed messages.
fn more(count: u64) -> String {
    format!("{count} more suppressed")
}

impl Fields {
    /// The values of `message`, before which `kept_back` messages were suppressed.
    pub fn of(message: &Message, kept_back: u64) -> Self {
        let mut text = format!("{}: {}", message.group, message.what);
        if kept_back > 0 {
            text = format!("{text}; {}", more(kept_back));
        }
        Self {
            text,
            event: message.topic.to_string(),
            state: message.phase.to_string(),
            group: message.group.to_string(),
            time: message.at.to_string(),
        }
    }

    /// The values of a report of suppressed messages.
    pub fn of_kept_back(kept_back: &KeptBack, at: Timestamp) -> Self {
        let group = kept_back.group.as_ref().map(ToString::to_string);
        let about = group.as_deref().unwrap_or("all groups");
        Self {
            text: format!("{about}: {}", more(kept_back.count)),
            event: "suppressed".to_owned(),
            state: Phase::Happened.to_string(),
            group: group.unwrap_or_default(),
            time: at.to_string(),
        }
    }

    /// The values of a test message.
    pub fn of_test(at: Timestamp) -> Self {
        Self {
            text: "Foretide sends its notifications here: this is a test".to_owned(),
            event: "test".to_owned(),
            state: Phase::Happened.to_string(),
            group: String::new(),
            time: at.to_string(),
        }
    }
}

/// A template that was tested.
#[derive(Debug)]
pub struct Template {
    environment: Environment<'static>,
    source: String,
}

impl Template {
    /// Parses `source` and tests it with messages that need every kind of escaping.
    pub fn new(source: &str) -> Result<Self, NoTemplate> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Json);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.add_function("slack", slack);
        let template = Self {
            environment,
            source: source.to_owned(),
        };
        for fields in samples() {
            let body = template.body(&fields)?;
            let read = serde_json::from_slice::<serde_json::Value>(&body);
            read.map_err(|error| NoTemplate::NoJson(error.to_string()))?;
        }
        Ok(template)
    }

    /// The body for `fields`.
    pub fn body(&self, fields: &Fields) -> Result<Vec<u8>, NoTemplate> {
        let Fields {
            text,
            event,
            state,
            group,
            time,
        } = fields;
        let values = context! { text, event, state, group, time };
        let body = self.environment.render_str(&self.source, values);
        body.map(String::into_bytes)
            .map_err(|error| NoTemplate::Jinja(said(&error)))
    }
}

fn said(error: &Error) -> String {
    let line = error.line().map(|line| format!(" in line {line}"));
    let what = error.detail().map_or_else(
        || error.kind().to_string(),
        |detail| format!("{}: {detail}", error.kind()),
    );
    format!("is no template{}: {what}", line.unwrap_or_default())
}

/// The three characters that Slack gives a meaning to:
/// <https://api.slack.com/reference/surfaces/formatting#escaping>.
fn slack(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// One message of each topic and phase with characters that need escaping, and messages without a
/// group.
fn samples() -> Vec<Fields> {
    let at = Timestamp::from_seconds(0);
    let message = |(topic, phase)| Message {
        topic,
        phase,
        group: GroupKey::new("eu-west-1", "a \"name\" \\ <b>\n"),
        at,
        what: "scale out 2 -> 3".to_owned(),
    };
    let phases = [Phase::Happened, Phase::Began, Phase::Ended];
    let pairs = Topic::ALL
        .into_iter()
        .flat_map(|topic| phases.map(|phase| (topic, phase)));
    let mut samples: Vec<Fields> = pairs.map(|pair| Fields::of(&message(pair), 3)).collect();
    let kept_back = KeptBack {
        group: None,
        count: 1,
    };
    samples.push(Fields::of_kept_back(&kept_back, at));
    samples.push(Fields::of_test(at));
    samples
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value as Json;

    use super::*;

    fn fields(text: &str) -> Fields {
        Fields {
            text: text.to_owned(),
            ..Fields::of_test(Timestamp::from_seconds(0))
        }
    }

    fn rendered(template: &str, text: &str) -> Json {
        let template = Template::new(template).unwrap();
        serde_json::from_slice(&template.body(&fields(text)).unwrap()).unwrap()
    }

    #[test]
    fn the_default_is_slacks_and_mentions_nobody() {
        let body = rendered(DEFAULT, "<!channel> a \"b\" & 2 -> 3");
        assert_eq!(body["text"], "&lt;!channel&gt; a \"b\" &amp; 2 -&gt; 3");
    }

    #[test]
    fn a_template_may_choose_by_the_state() {
        let template = r#"{"routing_key": "k", "dedup_key": {{ group ~ "/" ~ event }},
            "event_action": {{ "resolve" if state == "ended" else "trigger" }},
            "at": {{ time }}}"#;
        let body = rendered(template, "x");
        assert_eq!(body["event_action"], "trigger");
        assert_eq!(body["dedup_key"], "/test");
        assert_eq!(body["at"], "1970-01-01T00:00:00Z");
    }

    #[test]
    fn what_makes_no_json_or_names_nothing_is_refused() {
        let refused = |template: &str| Template::new(template).unwrap_err().to_string();
        assert!(refused(r#"{"text": "{{ text }}"}"#).contains("values come with their quotes"));
        assert!(refused(r#"{"text": {{ txt }} }"#).contains("is no template in line 1: undefined"));
        assert!(refused("{{ text").contains("is no template"));
        assert!(refused("").contains("makes no JSON"));
        let endless =
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        assert!(refused(endless).contains("fuel"), "{}", refused(endless));
        // Right for most messages, wrong for the ends.
        assert!(refused(r#"{"a": {{ text }} {{ "," if state == "ended" }} }"#).contains("no JSON"));
    }

    proptest! {
        #[test]
        fn no_text_breaks_out(text in any::<String>()) {
            let body = rendered(r#"{"a": {{ text }}, "b": {{ group }} }"#, &text);
            prop_assert_eq!(body["a"].as_str(), Some(text.as_str()));
        }
    }
}
