//! The page's own files, part of the binary, and the headers that fence it in.

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, Response};

/// Own files and nothing else: no inline script or style, no other site, no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

pub(crate) async fn page() -> Response<Body> {
    file(HTML, include_str!("assets/index.html"))
}

pub(crate) async fn icon() -> Response<Body> {
    file("image/svg+xml", include_str!("assets/icon.svg"))
}

pub(crate) async fn style() -> Response<Body> {
    file(CSS, include_str!("assets/app.css"))
}

pub(crate) async fn ahead() -> Response<Body> {
    file(JS, include_str!("assets/ahead.js"))
}

pub(crate) async fn app() -> Response<Body> {
    file(JS, include_str!("assets/app.js"))
}

pub(crate) async fn chart() -> Response<Body> {
    file(JS, include_str!("assets/chart.js"))
}

pub(crate) async fn controls() -> Response<Body> {
    file(JS, include_str!("assets/controls.js"))
}

pub(crate) async fn dom() -> Response<Body> {
    file(JS, foretide_chart::DOM)
}

pub(crate) async fn draw() -> Response<Body> {
    file(JS, foretide_chart::DRAW)
}

pub(crate) async fn group() -> Response<Body> {
    file(JS, include_str!("assets/group.js"))
}

pub(crate) async fn overview() -> Response<Body> {
    file(JS, include_str!("assets/overview.js"))
}

pub(crate) async fn stream() -> Response<Body> {
    file(JS, include_str!("assets/stream.js"))
}

/// Not cached: a page of one version must not meet a server of another.
fn file(media_type: &'static str, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// Fences every answer in.
pub(crate) fn protect(headers: &mut HeaderMap) {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
