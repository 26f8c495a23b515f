//! A certificate authority of a test, servers that it vouches for, and a proxy to reach them by
//! names that no resolver knows.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A certificate authority, made anew.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// An authority that nobody trusts yet.
    ///
    /// # Panics
    /// No key can be made.
    #[expect(clippy::new_without_default, reason = "each one is another")]
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        // Two authorities of the same name would be taken for one.
        let name = format!("{:02x?}", key.public_key_raw());
        params
            .distinguished_name
            .push(DnType::CommonName, name.get(..60).unwrap());
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// Its certificate, as `AWS_CA_BUNDLE` wants it.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    fn acceptor(&self, name: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let config = builder
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// A network of a test: servers with names, and a proxy that knows them.
#[derive(Debug)]
pub struct Network {
    runtime: Runtime,
}

impl Network {
    /// An empty network.
    ///
    /// # Panics
    /// No thread can be started.
    #[expect(clippy::new_without_default, reason = "it starts threads")]
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        Self {
            runtime: runtime.unwrap(),
        }
    }

    /// A server on this machine with a certificate of `authority` for `name`. It passes on what it
    /// is sent, in clear text, to `behind`.
    pub fn tls(&self, authority: &Authority, name: &str, behind: SocketAddr) -> SocketAddr {
        let acceptor = authority.acceptor(name);
        self.listen(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                pass_on(&mut stream, behind).await;
            }
        })
    }

    /// A server without TLS that answers every request with `answer`, a whole answer of HTTP/1.1.
    pub fn plain(&self, answer: &'static str) -> SocketAddr {
        self.listen(move |mut stream| async move {
            // One request a connection: an answer after the first bytes of it.
            if stream.read(&mut [0; 4096]).await.is_ok() {
                drop(stream.write_all(answer.as_bytes()).await);
                drop(stream.shutdown().await);
            }
        })
    }

    /// A proxy that reaches each name of `servers`, and nothing else.
    pub fn proxy(&self, servers: &[(&str, SocketAddr)]) -> Proxy {
        let servers: BTreeMap<String, SocketAddr> = servers
            .iter()
            .map(|&(name, address)| (name.to_owned(), address))
            .collect();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        let address = self.listen(move |stream| {
            let (servers, seen) = (servers.clone(), Arc::clone(&seen));
            async move { relay(stream, &servers, &seen).await }
        });
        Proxy { address, heads }
    }

    fn listen<F>(&self, serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = self.runtime.block_on(TcpListener::bind("127.0.0.1:0"));
        let listener = listener.unwrap();
        let address = listener.local_addr().unwrap();
        self.runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream));
            }
        });
        address
    }
}

/// A proxy: tunnels for `https://`, requests passed on for `http://`.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Its address, for `HTTPS_PROXY`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads of all requests so far.
    pub fn heads(&self) -> Vec<String> {
        let heads = self.heads.lock();
        heads.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often a request began with `line`.
    pub fn count(&self, line: &str) -> usize {
        let heads = self.heads();
        heads.iter().filter(|head| head.starts_with(line)).count()
    }
}

async fn relay(
    mut stream: TcpStream,
    servers: &BTreeMap<String, SocketAddr>,
    heads: &Mutex<Vec<String>>,
) {
    let mut read = Vec::new();
    while !read.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => read.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8_lossy(&read).into_owned();
    let target = head.split(' ').nth(1).unwrap_or_default();
    let tunnels = head.starts_with("CONNECT ");
    let host = target.trim_start_matches("http://");
    let host = host.split([':', '/']).next().unwrap_or_default();
    let behind = servers.get(host).copied();
    heads
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(head);
    let Some(behind) = behind else {
        let refusal = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n";
        drop(stream.write_all(refusal).await);
        return;
    };
    if tunnels {
        let accepted = stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await;
        if accepted.is_ok() {
            pass_on(&mut stream, behind).await;
        }
        return;
    }
    // The head was read already: what is behind sees it first.
    if let Ok(mut server) = TcpStream::connect(behind).await
        && server.write_all(&read).await.is_ok()
    {
        drop(copy_bidirectional(&mut stream, &mut server).await);
    }
}

async fn pass_on<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, behind: SocketAddr) {
    if let Ok(mut server) = TcpStream::connect(behind).await {
        // Ends with an error once one side has hung up.
        drop(copy_bidirectional(stream, &mut server).await);
    }
}
