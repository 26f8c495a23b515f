//! The answer to a call out, as far as it came and was wanted.

use axum::body::Bytes;
use axum::http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

/// How the body of an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The body is whole.
    Whole,
    /// The body has more bytes than were wanted. The rest was not read.
    TooLong,
    /// The connection ended before the body did; why.
    CutOff(String),
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, or the beginning of the body.
    pub body: Vec<u8>,
    /// How the body ended.
    pub end: End,
}

impl Answer {
    /// Reads at most `most` bytes of the body. Takes as long as the other side does: bound it.
    pub(crate) async fn read(answer: Response<Incoming>, most: usize) -> Self {
        let (head, mut incoming) = answer.into_parts();
        let mut body = Vec::new();
        let end = loop {
            match incoming.frame().await {
                None => break End::Whole,
                Some(Err(error)) => break End::CutOff(foretide_outbound::cause(&error)),
                Some(Ok(frame)) => {
                    let data = frame.into_data().unwrap_or_else(|_| Bytes::new());
                    let left = most - body.len();
                    body.extend_from_slice(data.get(..left).unwrap_or(&data));
                    if data.len() > left {
                        break End::TooLong;
                    }
                }
            }
        };
        Self {
            status: head.status,
            headers: head.headers,
            body,
            end,
        }
    }
}
