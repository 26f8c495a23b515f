//! A proxy that cuts connections in mid-answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The proxy.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    most: Arc<AtomicUsize>,
}

impl Relay {
    /// A proxy in front of `behind` that passes everything on.
    pub(crate) async fn new(behind: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let most = Arc::new(AtomicUsize::new(usize::MAX));
        let bound = Arc::clone(&most);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(behind).await.unwrap();
                // Ends with an error where the client hangs up first.
                tokio::spawn(pass_on(client, server, bound.load(Ordering::SeqCst)));
            }
        });
        Self { address, most }
    }

    /// Cuts every new connection after `bytes` of the server.
    pub(crate) fn cut_after(&self, bytes: usize) {
        self.most.store(bytes, Ordering::SeqCst);
    }
}

async fn pass_on(mut client: TcpStream, mut server: TcpStream, most: usize) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let asks = tokio::io::copy(&mut from_client, &mut to_server);
    let answers = async {
        let (mut left, mut block) = (most, [0; 4096]);
        while left > 0 {
            let read = from_server.read(&mut block).await?;
            let passed = block.get(..read.min(left)).unwrap_or_default();
            if passed.is_empty() {
                break;
            }
            to_client.write_all(passed).await?;
            left -= passed.len();
        }
        to_client.shutdown().await
    };
    tokio::select! {
        copied = asks => copied.map(drop),
        answered = answers => answered,
    }
}
