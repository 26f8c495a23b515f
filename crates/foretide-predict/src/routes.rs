//! The routes and what stands before them: the host check, then the token. Every path, method and
//! failure that is HTTP ends in an answer from here.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{Method, Response, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get, post};
use foretide_classifier::Model;
use foretide_http::Problem;
use foretide_http::auth::{self, Token};
use foretide_http::body::{self, Limits};
use foretide_http::host::AllowedHosts;
use foretide_http::{ServeConfig, ServeError, Server, Site};
use serde::Serialize;

use crate::openapi;
use crate::rows::{self, ModelName};

/// Answered without a token: a prober needs no secret, and learns none.
const OPEN_PATHS: [&str; 2] = ["/health", "/ready"];

pub(crate) type Route = (&'static str, fn() -> MethodRouter<Arc<App>>);

/// Every route; the OpenAPI document is tested against this table.
pub(crate) const ROUTES: [Route; 5] = [
    ("/predict", || post(answer_prediction)),
    ("/health", || get(health)),
    ("/ready", || get(ready)),
    ("/model", || get(model)),
    ("/openapi.json", || get(openapi_document)),
];

/// What the handlers share.
pub(crate) struct App {
    model: Model,
    name: ModelName,
    hosts: AllowedHosts,
    token: Option<Token>,
    limits: Limits,
}

impl App {
    /// The host first: a page that rebinds a name must not even learn whether a token is needed.
    fn admit(&self, request: &Request) -> Result<(), Problem> {
        self.hosts.check(request.uri(), request.headers())?;
        auth::one_at_most(request.headers())?;
        match &self.token {
            Some(token) if !OPEN_PATHS.contains(&request.uri().path()) => {
                token.check(request.headers())
            }
            _ => Ok(()),
        }
    }
}

/// The service without its listener: to mount elsewhere, or to ask without a network.
pub fn router(config: &ServeConfig, model: Model) -> Router {
    let app = Arc::new(App {
        name: ModelName::of(&model),
        model,
        hosts: AllowedHosts::new(config.listen, config.hosts()),
        token: config.token.clone(),
        limits: Limits {
            bytes: config.body_limit_bytes,
            time: config.body_timeout,
        },
    });
    let mut router = Router::new();
    for (path, handlers) in ROUTES {
        router = router.route(path, handlers());
    }
    router
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard))
        .with_state(app)
}

/// The prediction service: checks the configuration and takes the port.
pub async fn bind(config: ServeConfig, model: Model) -> Result<Server, ServeError> {
    let site = Site {
        router: router(&config, model),
        streams: None,
    };
    Server::bind(config, site).await
}

/// Binds and runs: [`bind`], then [`Server::run`].
pub async fn serve(
    config: ServeConfig,
    model: Model,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    bind(config, model).await?.run(shutdown).await;
    Ok(())
}

async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response<Body> {
    match app.admit(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn answer_prediction(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response<Body>, Problem> {
    let (head, body) = request.into_parts();
    let body = body::read_json(&head.headers, body, app.limits).await?;
    rows::answer(&app.model, &app.name, &body).await
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

/// The process answers.
async fn health() -> Response<Body> {
    body::json(StatusCode::OK, &Status { status: "ok" })
}

/// The model is loaded and checked: the port opens only then, so this answers the same for as
/// long as it answers. It stays apart from `/health` for probers that ask for both.
async fn ready() -> Response<Body> {
    body::json(StatusCode::OK, &Status { status: "ready" })
}

async fn model(State(app): State<Arc<App>>) -> Response<Body> {
    body::json(StatusCode::OK, app.model.facts())
}

async fn openapi_document() -> Response<Body> {
    let mut response = Response::new(Body::from(openapi::DOCUMENT));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn unknown_path(uri: Uri) -> Problem {
    let paths = ROUTES.map(|(path, _)| path).join(", ");
    let detail = format!("no such path `{}`, there are: {paths}", uri.path());
    Problem::new(StatusCode::NOT_FOUND, detail)
}

async fn wrong_method(method: Method, uri: Uri) -> Problem {
    let detail = format!("{} does not take {method}", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}
