//! Settings of Prometheus servers, one table for each.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use foretide_http::BasicAuth;
use foretide_prometheus::{InvalidPrometheusUrl, PrometheusUrl, TIMEOUT_DEFAULT, TIMEOUT_MAX};
use schemars::JsonSchema;
use serde::Deserialize;

use super::broken::{Broken, broken};
use super::quantity::Span;

/// Settings of one Prometheus server.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPrometheus {
    /// Address of the server, with the path before `/api/v1` where there is one. `http://` is
    /// allowed to any host without a token and without a password.
    pub(super) url: Option<Address>,
    /// File that holds a bearer token. Cannot be combined with `user` and `password_file`.
    #[schemars(extend("format" = "path"))]
    pub(super) token_file: Option<PathBuf>,
    /// Name for basic authentication; `password_file` belongs to it.
    pub(super) user: Option<String>,
    /// File that holds the password of `user`. A line break at its end does not count.
    #[schemars(extend("format" = "path"))]
    pub(super) password_file: Option<PathBuf>,
    /// File of PEM certificates: the authorities that are trusted for this server, in place of the
    /// system's and of those that `AWS_CA_BUNDLE` names.
    #[schemars(extend("format" = "path"))]
    pub(super) ca_file: Option<PathBuf>,
    /// Longest time for one request, at most `2m`. If left out, `10s`.
    pub(super) timeout: Option<Span>,
}

/// The address of a server, checked where it is read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct Address(pub(super) PrometheusUrl);

impl TryFrom<String> for Address {
    type Error = InvalidPrometheusUrl;

    fn try_from(text: String) -> Result<Self, InvalidPrometheusUrl> {
        text.parse().map(Self)
    }
}

/// A Prometheus server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrometheusSettings {
    /// Its address.
    pub url: PrometheusUrl,
    /// With which secret it is called.
    pub login: PrometheusLogin,
    /// File of the certificate authorities that are trusted for it.
    pub ca_file: Option<PathBuf>,
    /// Longest time for one request.
    pub timeout: Duration,
}

/// With which secret a Prometheus server is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrometheusLogin {
    /// With none.
    None,
    /// With the bearer token in this file.
    Token(PathBuf),
    /// With a name, and the password in a file.
    Password {
        /// The name.
        user: String,
        /// The file.
        file: PathBuf,
    },
}

/// The servers by name. A server without an address is left out; [`checks`] refuses it.
pub(super) fn resolved(
    raw: &BTreeMap<String, RawPrometheus>,
) -> BTreeMap<String, PrometheusSettings> {
    let server = |raw: &RawPrometheus| {
        let password = raw.user.clone().zip(raw.password_file.clone());
        let login = match (&raw.token_file, password) {
            (Some(file), _) => PrometheusLogin::Token(file.clone()),
            (None, Some((user, file))) => PrometheusLogin::Password { user, file },
            (None, None) => PrometheusLogin::None,
        };
        Some(PrometheusSettings {
            url: raw.url.as_ref()?.0.clone(),
            login,
            ca_file: raw.ca_file.clone(),
            timeout: raw.timeout.map_or(TIMEOUT_DEFAULT, Into::into),
        })
    };
    let servers = raw.iter();
    let servers = servers.filter_map(|(name, raw)| Some((name.clone(), server(raw)?)));
    servers.collect()
}

/// Checks of one server.
pub(super) fn checks(raw: &RawPrometheus) -> Vec<Broken> {
    let (token, user) = (raw.token_file.is_some(), raw.user.as_deref());
    let password = raw.password_file.is_some();
    let url = raw.url.as_ref().map(|url| &url.0);
    let secret = token || password;
    let timeout = raw.timeout.map_or(TIMEOUT_DEFAULT, Into::into);
    // Any password will do: the name is what is checked.
    let is_name = |user: &str| BasicAuth::new(user, "password").is_ok();
    broken([
        (
            "url",
            url.is_some(),
            "is missing: url = \"https://prometheus.example:9090\"",
        ),
        (
            "url",
            !secret || url.is_none_or(|url| !url.is_plain_beyond_loopback()),
            "must be https:// beside `token_file` or `password_file`: the secret would cross the \
             network in plain text",
        ),
        (
            "token_file",
            !token || (user.is_none() && !password),
            "cannot be combined with `user` and `password_file`",
        ),
        (
            "user",
            user.is_none() || password,
            "needs `password_file` beside it",
        ),
        (
            "user",
            user.is_none_or(is_name),
            "must have 1 to 1024 bytes, without a colon or a control character",
        ),
        (
            "password_file",
            !password || user.is_some(),
            "needs `user` beside it",
        ),
        (
            "ca_file",
            raw.ca_file.is_none() || url.is_none_or(PrometheusUrl::is_tls),
            "does nothing for http://: use https://, or leave it out",
        ),
        (
            "timeout",
            !timeout.is_zero() && timeout <= TIMEOUT_MAX,
            "must be above 0s and at most 2m",
        ),
    ])
}
