//! A server that answers as a test says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The whole head.
    pub(crate) head: String,
    /// The path, without parameters.
    pub(crate) path: String,
    parameters: HashMap<String, String>,
}

impl Request {
    fn read(head: String) -> Self {
        let target = head.split(' ').nth(1).unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = path.to_owned();
        let pairs = form_urlencoded::parse(query.as_bytes());
        let parameters = pairs.into_owned().collect();
        Self {
            head,
            path,
            parameters,
        }
    }

    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// Whether it asks for the own times of the samples.
    pub(crate) fn asks_for_times(&self) -> bool {
        self.parameter("query").starts_with("timestamp(")
    }

    /// All times that it asks for, in seconds.
    pub(crate) fn times(&self) -> Vec<i64> {
        let number = |name| self.parameter(name).parse::<i64>().unwrap();
        let step = usize::try_from(number("step")).unwrap();
        (number("start")..=number("end")).step_by(step).collect()
    }
}

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    /// Sends this and closes the connection.
    Says(Vec<u8>),
    /// Sends nothing and keeps the connection open.
    Hangs,
}

impl Does {
    /// An answer with a media type and a body.
    pub(crate) fn answer(status: &str, media: &str, body: &str) -> Self {
        Self::with_head(status, &format!("Content-Type: {media}\r\n"), body)
    }

    /// An answer with lines of its head, each with its line break.
    pub(crate) fn with_head(status: &str, lines: &str, body: &str) -> Self {
        let length = body.len();
        let text = format!(
            "HTTP/1.1 {status}\r\n{lines}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        Self::Says(text.into_bytes())
    }

    pub(crate) fn json(status: &str, body: &str) -> Self {
        Self::answer(status, "application/json", body)
    }

    /// A success with `result`, series in JSON.
    pub(crate) fn result(result: &str) -> Self {
        let data = format!(r#"{{"resultType":"matrix","result":[{result}]}}"#);
        Self::json(
            "200 OK",
            &format!(r#"{{"status":"success","data":{data}}}"#),
        )
    }

    /// A success with one series.
    pub(crate) fn series(values: &[(i64, &str)]) -> Self {
        let values: Vec<String> = values
            .iter()
            .map(|(at, value)| format!(r#"[{at},"{value}"]"#))
            .collect();
        let values = values.join(",");
        Self::result(&format!(
            r#"{{"metric":{{"__name__":"load"}},"values":[{values}]}}"#
        ))
    }
}

/// The server.
#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) origin: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Fake {
    /// A server that does with each request what `does` says.
    pub(crate) async fn new(does: impl Fn(&Request) -> Does + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (kept, does) = (Arc::clone(&seen), Arc::new(does));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (kept, does) = (Arc::clone(&kept), Arc::clone(&does));
                tokio::spawn(async move {
                    let serve = |request: &Request| {
                        kept.lock().unwrap().push(request.clone());
                        does(request)
                    };
                    // Ends with an error once the client has hung up.
                    drop(serve_one(stream, serve).await);
                });
            }
        });
        Self { origin, seen }
    }

    /// A server with the same answer to every request.
    pub(crate) async fn same(does: Does) -> Self {
        Self::new(move |_| does.clone()).await
    }

    /// All requests so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve_one(mut stream: TcpStream, serve: impl Fn(&Request) -> Does) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let request = Request::read(String::from_utf8_lossy(&head).into_owned());
    match serve(&request) {
        Does::Says(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await
        }
        Does::Hangs => std::future::pending().await,
    }
}
