//! Who is let in: the host, then the origin, then the token.

use axum::extract::Request;
use axum::http::header::ORIGIN;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri};

use crate::auth::Token;
use crate::config::ServeConfig;
use crate::host::AllowedHosts;
use crate::problem::Problem;

/// Answered without a token: what shows nothing of the groups. The page itself is where the token
/// is typed in.
fn is_open(path: &str) -> bool {
    matches!(path, "/" | "/health" | "/ready") || path.starts_with("/assets/")
}

/// The rules of one listener.
#[derive(Debug)]
pub(crate) struct Guard {
    hosts: AllowedHosts,
    token: Option<Token>,
    /// Whether reading is open, too.
    local: bool,
}

impl Guard {
    pub(crate) fn new(config: &ServeConfig) -> Self {
        Self {
            hosts: AllowedHosts::new(config.listen, config.allowed_hosts.clone()),
            token: config.token.clone(),
            local: config.listen.ip().to_canonical().is_loopback(),
        }
    }

    /// The host first: a page that rebinds a name must not even learn whether a token is needed.
    pub(crate) fn admit(&self, request: &Request) -> Result<(), Problem> {
        self.hosts
            .check(request.uri(), request.headers())
            .map_err(|problem| problem.misdirected_as(StatusCode::FORBIDDEN))?;
        self.check_origin(request)?;
        match &self.token {
            Some(token) if !self.local && !is_open(request.uri().path()) => {
                token.check(request.headers())
            }
            _ => Ok(()),
        }
    }

    /// Orders need the token wherever they come from.
    pub(crate) fn admit_order(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Some(token) = &self.token else {
            let detail = "orders need a token, and none is configured";
            return Err(Problem::new(StatusCode::FORBIDDEN, detail));
        };
        token.check(headers)
    }

    /// A page of another site may send requests here, and says so.
    fn check_origin(&self, request: &Request) -> Result<(), Problem> {
        for origin in request.headers().get_all(ORIGIN) {
            let host = origin
                .to_str()
                .ok()
                .and_then(|origin| origin.parse::<Uri>().ok())
                .and_then(|origin| origin.authority().map(Authority::host).map(str::to_owned));
            if !host.is_some_and(|host| self.hosts.allows(&host)) {
                let detail = "requests of pages of another origin are refused";
                return Err(Problem::new(StatusCode::FORBIDDEN, detail));
            }
        }
        Ok(())
    }
}
