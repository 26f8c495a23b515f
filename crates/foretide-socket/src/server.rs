//! The server: takes orders for the groups of one run.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use foretide_domain::{Order, Timestamp};
use foretide_runtime::{GroupKey, OrderHandle};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::message::{Answer, LINE_MAX, Request};

/// Longest time that a client takes for its request, and for reading the answer.
const CLIENT_TIME: Duration = Duration::from_secs(5);
/// Longest time that a group takes for an order.
const GROUP_TIME: Duration = Duration::from_secs(30);
/// Clients at a time. Further clients wait for a place.
const CLIENTS: usize = 8;
/// Longest name of a person with the reason, in characters; the rest is cut.
const BY_MAX: usize = 200;
/// Pause after a failure to accept: it may be that there are no descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Takes orders for groups.
pub trait Orders: Send + Sync + 'static {
    /// Gives `order` to `group` in the name of `by`. Returns the start of the next cycle.
    fn order(
        &self,
        group: &GroupKey,
        order: Order,
        by: String,
    ) -> impl Future<Output = Result<Timestamp, String>> + Send;
}

impl Orders for OrderHandle {
    async fn order(&self, group: &GroupKey, order: Order, by: String) -> Result<Timestamp, String> {
        let taken = Self::order(self, group, order, by).await;
        taken.map_err(|error| error.to_string())
    }
}

/// The socket, bound. The file is removed when the socket is dropped.
#[derive(Debug)]
pub struct ControlSocket {
    listener: UnixListener,
    file: File,
}

/// The socket's file.
#[derive(Debug)]
struct File(PathBuf);

impl Drop for File {
    fn drop(&mut self) {
        // It is of no use to anybody; the next run removes it as well.
        drop(fs::remove_file(&self.0));
    }
}

impl ControlSocket {
    /// Binds the socket at `path`, for the user of this process. A socket that an earlier run left
    /// behind is replaced, so the caller must know that no other run uses `path`.
    ///
    /// # Errors
    /// Another file is in the way, the path is too long for a socket (107 bytes), or the folder
    /// cannot be written.
    pub fn bind(path: &Path) -> io::Result<Self> {
        match fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_socket() => fs::remove_file(path)?,
            Ok(_) => {
                let what = "a file that is no socket is in the way";
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
            }
            Err(_) => {}
        }
        let listener = UnixListener::bind(path)?;
        let file = File(path.to_path_buf());
        // Until here the umask holds: nobody else may write to the socket under any usual one.
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, file })
    }

    /// Takes orders until the task is aborted. `groups` are the groups at any time; `now` tells the
    /// time.
    pub fn serve(
        self,
        orders: impl Orders,
        groups: watch::Receiver<Vec<GroupKey>>,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> JoinHandle<()> {
        let desk = Arc::new(Desk {
            orders,
            groups,
            now: Box::new(now),
        });
        let Self { listener, file } = self;
        let places = Arc::new(Semaphore::new(CLIENTS));
        tokio::spawn(async move {
            // Held for as long as the task runs.
            let _file = file;
            while let Ok(place) = Arc::clone(&places).acquire_owned().await {
                let Ok((stream, _)) = listener.accept().await else {
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                };
                let desk = Arc::clone(&desk);
                tokio::spawn(async move {
                    desk.attend(stream).await;
                    drop(place);
                });
            }
        })
    }
}

/// Where orders are taken.
struct Desk<O> {
    orders: O,
    groups: watch::Receiver<Vec<GroupKey>>,
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

impl<O: Orders> Desk<O> {
    /// Serves one client. A client that sends nothing in time gets no answer.
    async fn attend(&self, mut stream: UnixStream) {
        let user = stream.peer_cred().map(|it| it.uid()).ok();
        let Ok(Ok(line)) = timeout(CLIENT_TIME, read_line(&mut stream)).await else {
            return;
        };
        let answer = match serde_json::from_str(&line) {
            Ok(request) => self.answer(request, user).await,
            Err(error) => refused(format!("no request that this version knows: {error}")),
        };
        let Ok(mut line) = serde_json::to_string(&answer) else {
            return;
        };
        line.push('\n');
        // A client that has gone misses its answer; the order is recorded.
        drop(timeout(CLIENT_TIME, stream.write_all(line.as_bytes())).await);
    }

    async fn answer(&self, request: Request, user: Option<u32>) -> Answer {
        let Request { group, order, by } = request;
        if let Err(why) = order.check((self.now)()) {
            return refused(why);
        }
        let key = match self.group(&group) {
            Ok(key) => key,
            Err(why) => return refused(why),
        };
        let ordered = self.orders.order(&key, order, signed(&by, user));
        match timeout(GROUP_TIME, ordered).await {
            Ok(Ok(next_cycle)) => Answer::Taken {
                group: key.to_string(),
                next_cycle,
            },
            Ok(Err(why)) => refused(why),
            Err(_) => refused(format!(
                "the group did not answer within {} s; `foretide status` shows whether the order \
                 stands",
                GROUP_TIME.as_secs()
            )),
        }
    }

    /// The group called `name`: its name, or `account/name` where several have the name.
    fn group(&self, name: &str) -> Result<GroupKey, String> {
        let groups = self.groups.borrow();
        let found = GroupKey::named(&groups, name, None).cloned();
        found.map_err(|several| {
            if several.is_empty() {
                return format!("this run has no group {name:?}");
            }
            let names: Vec<String> = several.iter().map(ToString::to_string).collect();
            format!("several groups have the name: {}", names.join(", "))
        })
    }
}

fn refused(why: String) -> Answer {
    Answer::Refused { why }
}

/// A whole line; an end before it is an error.
async fn read_line(stream: &mut UnixStream) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(stream.take(LINE_MAX))
        .read_line(&mut line)
        .await?;
    if line.ends_with('\n') {
        Ok(line)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// The person as recorded: what the client says, and the user that the kernel knows.
fn signed(by: &str, user: Option<u32>) -> String {
    let visible = by.chars().take(BY_MAX);
    let visible: String = visible
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let user = user.map_or_else(|| "not known".to_owned(), |user| user.to_string());
    format!("{visible} (user id {user}, on a terminal)")
}
