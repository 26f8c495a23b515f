//! Calendars of the configuration, and the expansion of what recurs by a rule.

use foretide_calendar::{CalendarLine, Place, Window};
use foretide_domain::Timestamp;
use foretide_http::client::OutboundUrl;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Config, GroupSettings};

/// A calendar, written in one line.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct Calendar(pub(crate) CalendarLine);

impl TryFrom<String> for Calendar {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let line: CalendarLine = text.parse()?;
        if let Place::Url(url) = &line.place {
            let checked = url.parse::<OutboundUrl>();
            checked.map_err(|error| format!("calendar `{}`: {error}", line.name))?;
        }
        Ok(Self(line))
    }
}

impl Config {
    /// Adds the occurrences of events that recur by a rule, around `now`.
    ///
    /// # Errors
    /// An event that begins too often, by its name.
    pub fn expand_rules(&mut self, now: Timestamp) -> Result<(), String> {
        let window = Window::of_rule(now);
        let groups = self.groups.values_mut();
        for GroupSettings { controller, live } in groups.chain([&mut self.defaults]) {
            for event in &live.recurring {
                let expanded = event
                    .expanded(window)
                    .map_err(|error| format!("event `{}`: {error}", event.name))?;
                controller.calendar.push(expanded);
            }
        }
        Ok(())
    }
}
