//! Who is let in: the host, then the origin, then the token.

use axum::extract::Request;
use axum::http::header::ORIGIN;
use axum::http::uri::Authority;
use axum::http::{StatusCode, Uri};
use foretide_http::Origin;
use foretide_http::Problem;
use foretide_http::ServeConfig;
use foretide_http::auth::{self, Token};
use foretide_http::host::{AllowedHosts, authority};

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
    /// Where browsers find the page behind a proxy.
    public_origin: Option<Origin>,
}

impl Guard {
    pub(crate) fn new(config: &ServeConfig) -> Self {
        Self {
            hosts: AllowedHosts::new(config.listen, config.hosts()),
            token: config.token.clone(),
            local: config.listen.ip().to_canonical().is_loopback(),
            public_origin: config.public_origin.clone(),
        }
    }

    /// The host first: a page that rebinds a name must not even learn whether a token is needed.
    pub(crate) fn admit(&self, request: &Request) -> Result<(), Problem> {
        self.hosts
            .check(request.uri(), request.headers())
            .map_err(|problem| problem.misdirected_as(StatusCode::FORBIDDEN))?;
        auth::one_at_most(request.headers())?;
        self.check_origin(request)?;
        match &self.token {
            Some(token) if !self.local && !is_open(request.uri().path()) => {
                token.check(request.headers())
            }
            _ => Ok(()),
        }
    }

    /// Orders need the token wherever they come from, and a browser's come from the page itself:
    /// a page of another port of this host is another page. A client that is no browser names no
    /// origin.
    pub(crate) fn admit_order(&self, request: &Request) -> Result<(), Problem> {
        let headers = request.headers();
        let own = Origin::plain(&authority(request.uri(), headers)?);
        for origin in headers.get_all(ORIGIN) {
            let origin = origin.to_str().ok().and_then(|it| it.parse().ok());
            if origin.is_none() || (origin != own && origin != self.public_origin) {
                let detail = "orders are taken from the page itself; `page.public_origin` names \
                              where browsers find it behind a proxy";
                return Err(Problem::new(StatusCode::FORBIDDEN, detail));
            }
        }
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
