//! Live rows by server-sent events.
//!
//! A reader gets all rows and then those that change, never a backlog: one that is slow is told all
//! anew, one that is gone holds a bounded buffer until its connection ends.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::Response;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use futures_util::stream;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use super::app::App;

/// One reader.
struct Reader {
    app: Arc<App>,
    events: broadcast::Receiver<Bytes>,
    closing: watch::Receiver<()>,
    first: bool,
}

/// The stream of rows.
pub(crate) async fn rows(State(app): State<Arc<App>>) -> Response<Body> {
    let reader = Reader {
        events: app.hub.listen(),
        closing: app.closing.clone(),
        first: true,
        app,
    };
    let events = stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok::<_, Infallible>(event), reader))
    });
    let mut response = Response::new(Body::from_stream(events));
    let media_type = HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

impl Reader {
    /// The next event; none when the service stops.
    async fn next(&mut self) -> Option<Bytes> {
        if std::mem::take(&mut self.first) {
            return Some(self.app.hub.everything());
        }
        tokio::select! {
            event = self.events.recv() => match event {
                Ok(event) => Some(event),
                Err(RecvError::Lagged(_)) => Some(self.app.hub.everything()),
                Err(RecvError::Closed) => None,
            },
            _ = self.closing.changed() => None,
        }
    }
}
