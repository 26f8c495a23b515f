//! The page's routes. Every path, method and failure that is HTTP ends in an answer from here.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, Response, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get, post};
use foretide_http::{Problem, ServeConfig, ServeError, Server, Site};
use tokio::sync::watch;

use super::app::App;
use super::guard::Guard;
use super::hub::Hub;
use super::{Page, api, assets, metrics, openapi, orders, stream};

pub(crate) type Route = (&'static str, fn() -> MethodRouter<Arc<App>>);

/// Every route; the OpenAPI document is tested against those that are not part of the page.
pub(crate) const ROUTES: [Route; 21] = [
    ("/", || get(assets::page)),
    ("/assets/ahead.js", || get(assets::ahead)),
    ("/assets/app.css", || get(assets::style)),
    ("/assets/app.js", || get(assets::app)),
    ("/assets/chart.js", || get(assets::chart)),
    ("/assets/controls.js", || get(assets::controls)),
    ("/assets/dom.js", || get(assets::dom)),
    ("/assets/draw.js", || get(assets::draw)),
    ("/assets/group.js", || get(assets::group)),
    ("/assets/icon.svg", || get(assets::icon)),
    ("/assets/overview.js", || get(assets::overview)),
    ("/assets/stream.js", || get(assets::stream)),
    ("/health", || get(api::health)),
    ("/ready", || get(api::ready)),
    ("/metrics", || get(metrics::metrics)),
    ("/openapi.json", || get(openapi::document)),
    ("/api/v1/groups", || get(api::groups)),
    ("/api/v1/groups/{id}", || get(api::group)),
    ("/api/v1/groups/{id}/at", || get(api::moment)),
    ("/api/v1/groups/{id}/orders", || post(orders::order)),
    ("/api/v1/stream", || get(stream::rows)),
];

/// The page without its listener: to mount elsewhere, or to ask without a network. Its streams
/// end with the router.
pub fn page_router(config: &ServeConfig, page: Page) -> Router {
    let (streams, closing) = watch::channel(());
    build(config, page, closing, Some(streams))
}

/// The operator's page: checks the configuration and takes the port.
pub async fn bind(config: ServeConfig, page: Page) -> Result<Server, ServeError> {
    let (streams, closing) = watch::channel(());
    let site = Site {
        router: build(&config, page, closing, None),
        streams: Some(streams),
    };
    Server::bind(config, site).await
}

fn build(
    config: &ServeConfig,
    page: Page,
    closing: watch::Receiver<()>,
    streams: Option<watch::Sender<()>>,
) -> Router {
    let app = Arc::new(App {
        hub: Hub::new(Arc::clone(&page.board), page.controls.is_some()),
        page,
        guard: Guard::new(config),
        closing,
        _streams: streams,
    });
    let mut router = Router::new();
    for (path, handlers) in ROUTES {
        router = router.route(path, handlers());
    }
    router
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), admit))
        .with_state(app)
}

async fn admit(State(app): State<Arc<App>>, request: Request, next: Next) -> Response<Body> {
    let mut response = match app.guard.admit(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    assets::protect(response.headers_mut());
    response
}

async fn unknown_path(uri: Uri) -> Problem {
    let detail = format!("no such path `{}`; /openapi.json lists them", uri.path());
    Problem::new(StatusCode::NOT_FOUND, detail)
}

async fn wrong_method(method: Method, uri: Uri) -> Problem {
    let detail = format!("{} does not take {method}", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}
