//! Settings of notifications.

use std::path::PathBuf;

use foretide_http::{InvalidWebhookUrl, WebhookUrl};
use foretide_notify::{NotifySettings, Template, Topic};
use schemars::JsonSchema;
use serde::Deserialize;

use super::broken::{Broken, broken};
use super::set::set;

/// Settings of the notifications.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawNotify {
    /// Address of the webhook: `https://`, or `http://` on loopback. A secret: only its host is
    /// ever shown.
    pub(super) url: Option<WebhookAddress>,
    /// File that holds the address instead.
    #[schemars(extend("format" = "path"))]
    pub(super) url_file: Option<PathBuf>,
    /// Events that send a message, for a condition when it begins, every 24 hours while it holds,
    /// and when it ends: `scaling` (a capacity was written), `cannot-write` (desired capacity
    /// cannot be set, or something outside holds it), `at-max` (more is needed than the maximum),
    /// `stalled` (no fresh data, the load is in doubt, no cycle, or no answer from the predictor),
    /// `breaker` (launches fail or hang, or new instances die), `budget` (the violation budget is
    /// overspent), `forecast` (the budget is out of reach), `fault` (a defect of
    /// Foretide).
    pub(super) events: Option<Vec<RawTopic>>,
    /// Body of the message: a Jinja template that makes JSON. Values: `text`, `event`, `state`
    /// (`happened`, `began`, `still holds`, `ended`), `group`, `time`, each written with its
    /// quotes; `slack(text)` escapes as Slack wants it. No place for a secret.
    pub(super) template: Option<String>,
    /// Most messages of one group in any hour, for scaling and for alarms each. Messages beyond the
    /// limit are counted; the next message gives their number.
    pub(super) hourly_per_group: Option<u32>,
    /// The same for all groups together.
    pub(super) hourly: Option<u32>,
}

/// The address of a webhook, checked where it is read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct WebhookAddress(pub(super) WebhookUrl);

impl TryFrom<String> for WebhookAddress {
    type Error = InvalidWebhookUrl;

    fn try_from(text: String) -> Result<Self, InvalidWebhookUrl> {
        text.parse().map(Self)
    }
}

/// As [`Topic`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum RawTopic {
    Scaling,
    CannotWrite,
    AtMax,
    Stalled,
    Breaker,
    Budget,
    Forecast,
    Fault,
}

impl From<RawTopic> for Topic {
    fn from(raw: RawTopic) -> Self {
        match raw {
            RawTopic::Scaling => Self::Scaling,
            RawTopic::CannotWrite => Self::CannotWrite,
            RawTopic::AtMax => Self::AtMax,
            RawTopic::Stalled => Self::Stalled,
            RawTopic::Breaker => Self::Breaker,
            RawTopic::Budget => Self::Budget,
            RawTopic::Forecast => Self::Forecast,
            RawTopic::Fault => Self::Fault,
        }
    }
}

/// The settings with defaults for unset keys.
pub(super) fn resolved(raw: RawNotify) -> NotifySettings {
    let mut notify = NotifySettings {
        url: raw.url.map(|it| it.0),
        url_file: raw.url_file,
        ..NotifySettings::default()
    };
    if let Some(events) = raw.events {
        notify.events = events.into_iter().map(Into::into).collect();
    }
    set(&mut notify.template, raw.template);
    set(&mut notify.limits.group, raw.hourly_per_group);
    set(&mut notify.limits.all, raw.hourly);
    notify
}

/// Checks of settings that would send no message.
pub(super) fn checks(notify: &NotifySettings) -> Vec<Broken> {
    // One a second: more is a mistake.
    let is_rate = |limit| (1..=3600).contains(&limit);
    let rate = "must be at least 1 and at most 3600";
    let mut found = broken([
        (
            "url_file",
            notify.url.is_none() || notify.url_file.is_none(),
            "and `notify.url` exclude each other",
        ),
        ("hourly_per_group", is_rate(notify.limits.group), rate),
        ("hourly", is_rate(notify.limits.all), rate),
    ]);
    if let Err(error) = Template::new(&notify.template) {
        found.push(("template", error.to_string().into()));
    }
    found
}
