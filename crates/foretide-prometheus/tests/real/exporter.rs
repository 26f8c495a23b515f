//! A target for Prometheus to scrape, which says what a test says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::PATIENCE;

/// The target.
pub(crate) struct Exporter {
    pub(crate) address: SocketAddr,
    text: Arc<Mutex<String>>,
    scrapes: watch::Receiver<u64>,
}

impl Exporter {
    /// A target that says `text`, in the text format of Prometheus.
    pub(crate) async fn new(text: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let text = Arc::new(Mutex::new(text.to_owned()));
        let (count, scrapes) = watch::channel(0);
        let says = Arc::clone(&text);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let text = says.lock().unwrap().clone();
                // Ends with an error where Prometheus is killed within a scrape.
                if answer(stream, &text).await.is_ok() {
                    count.send_modify(|count| *count += 1);
                }
            }
        });
        Self {
            address,
            text,
            scrapes,
        }
    }

    /// Says `text` from now on.
    pub(crate) fn says(&self, text: &str) {
        text.clone_into(&mut self.text.lock().unwrap());
    }

    /// Waits for `more` scrapes. The samples of all but the last of them are then readable:
    /// Prometheus stores a scrape before it begins the next one of the same target.
    pub(crate) async fn scraped(&mut self, more: u64) {
        let until = *self.scrapes.borrow() + more;
        let waited = timeout(PATIENCE, self.scrapes.wait_for(|count| *count >= until)).await;
        waited.expect("Prometheus scrapes").unwrap();
    }
}

async fn answer(mut stream: TcpStream, text: &str) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close";
    let answer = format!("{head}\r\nContent-Length: {}\r\n\r\n{text}", text.len());
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
