//! A service whose answers have no end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What the buffers of both sockets and of the HTTP library may hold beyond what was read.
pub const BUFFERS: usize = 24 * 1024 * 1024;

/// A service that answers 200 and sends until the client hangs up; its origin, and what it sent.
///
/// # Panics
/// Where it finds no port.
pub async fn endless() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // Ends with an error once the client has hung up.
            drop(send_until_cut_off(stream, &counted).await);
        }
    });
    (origin, sent)
}

async fn send_until_cut_off(mut stream: TcpStream, sent: &AtomicUsize) -> std::io::Result<()> {
    // The rest of the request, where there is one, need not be read.
    let _begun: usize = stream.read(&mut [0; 4096]).await?;
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        .await?;
    let block = vec![b' '; 64 * 1024];
    loop {
        stream.write_all(&block).await?;
        sent.fetch_add(block.len(), Ordering::SeqCst);
    }
}
