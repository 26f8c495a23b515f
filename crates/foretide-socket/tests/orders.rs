//! The client against the server over a real socket: what is taken, what is refused, and what a
//! client cannot do.
#![expect(clippy::unwrap_used, reason = "tests may panic")]

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use foretide_domain::{Order, Timestamp};
use foretide_runtime::GroupKey;
use foretide_socket::{Answer, ControlSocket, FILE, Orders, Request, SendError, send};
use tokio::sync::watch;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// Remembers the orders that it got.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Vec<(GroupKey, Order, String)>>>);

impl Orders for Taken {
    async fn order(&self, group: &GroupKey, order: Order, by: String) -> Result<Timestamp, String> {
        self.0.lock().unwrap().push((group.clone(), order, by));
        Ok(NOW.plus(Duration::from_secs(10)))
    }
}

/// A server on a socket of its own.
struct Rig {
    taken: Taken,
    path: PathBuf,
    _groups: watch::Sender<Vec<GroupKey>>,
    _folder: tempfile::TempDir,
}

fn rig() -> Rig {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let socket = ControlSocket::bind(&path).unwrap();
    let groups = ["eu/web", "eu/api", "us/api"];
    let groups = groups.map(|it| it.split_once('/').unwrap());
    let groups = groups.map(|(account, name)| GroupKey::new(account, name));
    let (sender, receiver) = watch::channel(groups.to_vec());
    let taken = Taken::default();
    socket.serve(taken.clone(), receiver, || NOW);
    Rig {
        taken,
        path,
        _groups: sender,
        _folder: folder,
    }
}

async fn ask(path: &Path, group: &str, order: Order) -> Result<Answer, SendError> {
    let request = Request {
        group: group.to_owned(),
        order,
        by: "anna\n: deploy".to_owned(),
    };
    let path = path.to_owned();
    let sent = tokio::task::spawn_blocking(move || send(&path, &request));
    sent.await.unwrap()
}

fn why(answer: Answer) -> String {
    match answer {
        Answer::Refused { why } => why,
        Answer::Taken { .. } => panic!("taken"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_reaches_its_group_with_the_person_and_the_user() {
    let rig = rig();
    let answer = ask(&rig.path, "web", Order::Resume).await.unwrap();
    let group = "eu/web".to_owned();
    let next_cycle = NOW.plus(Duration::from_secs(10));
    assert_eq!(answer, Answer::Taken { group, next_cycle });
    let taken = rig.taken.0.lock().unwrap();
    let (key, order, by) = taken.first().unwrap();
    assert_eq!(
        (key.to_string().as_str(), order),
        ("eu/web", &Order::Resume)
    );
    assert!(by.starts_with("anna : deploy (user id "), "{by}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_groups_ambiguous_names_and_endless_orders_are_refused() {
    let rig = rig();
    let unknown = ask(&rig.path, "nope", Order::Resume).await.unwrap();
    assert!(why(unknown).contains("no group \"nope\""));
    let twice = ask(&rig.path, "api", Order::Resume).await.unwrap();
    assert!(why(twice).contains("eu/api, us/api"));
    for until in [NOW, NOW.plus(Order::LONGEST + Duration::from_secs(1))] {
        let pin = Order::Pin { capacity: 3, until };
        let refused = ask(&rig.path, "web", pin).await.unwrap();
        assert!(why(refused).contains("30 days"));
    }
    assert!(rig.taken.0.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_silence_and_a_flood_do_not_end_the_server() {
    let rig = rig();
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(UnixStream::connect(&rig.path).unwrap());
    }
    for noise in ["{}\n", "nonsense\n", "{\"group\":1}\n"] {
        let path = rig.path.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let mut stream = UnixStream::connect(path).unwrap();
            stream.write_all(noise.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        assert!(answer.await.unwrap().contains("refused"), "{noise}");
    }
    let path = rig.path.clone();
    let flood = tokio::task::spawn_blocking(move || {
        let mut stream = UnixStream::connect(path).unwrap();
        // The server hangs up once the line is too long.
        drop(stream.write_all(&vec![b'x'; 1 << 20]));
        let mut answer = String::new();
        drop(stream.read_to_string(&mut answer));
        answer
    });
    assert_eq!(flood.await.unwrap(), "");
    let answer = ask(&rig.path, "web", Order::Resume).await.unwrap();
    assert!(matches!(answer, Answer::Taken { .. }));
    drop(silent);
}

#[tokio::test]
async fn the_socket_is_the_users_alone_and_replaces_only_a_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let socket = ControlSocket::bind(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // As after a kill: the file is still there.
    std::mem::forget(socket);
    let socket = ControlSocket::bind(&path).unwrap();
    drop(socket);
    assert!(!path.exists());
    std::fs::write(&path, "a letter").unwrap();
    assert!(ControlSocket::bind(&path).is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a letter");
}

#[test]
fn without_a_run_the_client_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let request = Request {
        group: "web".to_owned(),
        order: Order::Resume,
        by: String::new(),
    };
    let error = send(&path, &request).unwrap_err();
    assert!(matches!(error, SendError::NotRunning { .. }), "{error}");
}
