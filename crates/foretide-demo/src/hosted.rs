//! Serves the operator's page from a thread of its own, beside synchronous code.

use std::net::SocketAddr;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use foretide_console::Page;
use foretide_http::{ServeConfig, ServeError};
use foretide_terminal::{Exit, Failure};
use tokio::sync::oneshot;

/// A page that is served until this value is dropped.
#[derive(Debug)]
pub(crate) struct Hosted {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    ended: mpsc::Receiver<()>,
}

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum NoPage {
    /// The server cannot start.
    Refused(ServeError),
    /// The server's thread cannot start.
    Thread(std::io::Error),
}

impl Hosted {
    /// Binds the port and serves the page.
    pub(crate) fn start(config: ServeConfig, page: Page) -> Result<Self, NoPage> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(NoPage::Thread)?;
        let server = runtime
            .block_on(foretide_console::bind(config, page))
            .map_err(NoPage::Refused)?;
        let address = server.local_addr();
        let (stop, stopped) = oneshot::channel();
        let (alive, ended) = mpsc::channel();
        let thread = std::thread::Builder::new().name("page".into());
        let thread = thread.spawn(move || {
            let _alive: mpsc::Sender<()> = alive;
            // A sender that is gone stops as well as one that says so.
            runtime.block_on(server.run(async { drop(stopped.await) }));
        });
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread.map_err(NoPage::Thread)?),
            ended,
        })
    }

    /// The bound address.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for `span`. Returns false if the page has ended.
    pub(crate) fn wait(&self, span: Duration) -> bool {
        matches!(
            self.ended.recv_timeout(span),
            Err(RecvTimeoutError::Timeout)
        )
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that failed has told so itself.
            drop(thread.join());
        }
    }
}

/// The failure of the command.
impl From<NoPage> for Failure {
    fn from(why: NoPage) -> Self {
        match why {
            NoPage::Thread(error) => {
                Self::new(Exit::Unavailable, "cannot start the page").because(&error)
            }
            NoPage::Refused(error @ ServeError::AddressInUse { .. }) => {
                Self::of(Exit::Unavailable, &error)
                    .hint("--listen 127.0.0.1:0 takes a free port, --no-page goes without")
            }
            NoPage::Refused(error @ ServeError::RemoteWithoutToken { .. }) => {
                Self::of(Exit::Config, &error).hint("--listen 127.0.0.1:8080 stays on this machine")
            }
            NoPage::Refused(error) => Self::of(Exit::Unavailable, &error),
        }
    }
}
