//! Asking the service, in process or as raw bytes on a connection.

use std::net::SocketAddr;
use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{CONTENT_TYPE, HOST};
use foretide_classifier::Model;
use foretide_http::ServeConfig;
use foretide_testing::{Answer, ask};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The body of the original's curl line, to the letter.
pub(crate) const SEED_BODY: &str =
    r#"{"features": [45.5, 60.2, 122.1, 35.6, 1200000000, 0.8, 0.92, "compute", "high"]}"#;

/// The service as configured by default; loading the model once saves the property tests minutes.
pub(crate) fn service() -> Router {
    static SERVICE: LazyLock<Router> = LazyLock::new(|| {
        foretide_predict::router(&ServeConfig::default(), Model::built_in().unwrap())
    });
    SERVICE.clone()
}

pub(crate) async fn post(service: Router, body: impl Into<Body>) -> Answer {
    let request = Request::post("/predict")
        .header(HOST, "localhost:8000")
        .header(CONTENT_TYPE, "application/json");
    ask(service, request.body(body.into()).unwrap()).await
}

/// A service that listens on a free port of loopback.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    done: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn start(config: ServeConfig) -> Self {
        let config = ServeConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            ..config
        };
        let server = foretide_predict::bind(config, Model::built_in().unwrap())
            .await
            .unwrap();
        let address = server.local_addr();
        let (stop, stopped) = oneshot::channel();
        let done = tokio::spawn(server.run(async {
            stopped.await.ok();
        }));
        Self {
            address,
            stop,
            done,
        }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// What comes back until the service closes the connection.
    pub(crate) async fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        read_to_end(&mut stream).await
    }

    /// Tells it to stop; the handle ends when it has.
    pub(crate) fn stop(self) -> JoinHandle<()> {
        self.stop.send(()).unwrap();
        self.done
    }
}

pub(crate) async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}
