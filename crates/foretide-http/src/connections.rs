//! The open connections: how many are served, how many of them may come from one peer, and which
//! connection is closed to make room for a new one. It keeps a reserve in which only `/health` and
//! `/ready` are answered, so that no number of slow clients keeps a prober out.
//!
//! A connection beyond a bound takes the place of the one that has waited longest for a request
//! head, else of the one whose answer has been on its way longest. If every connection runs a
//! handler, the new one goes into the reserve. The reserve makes room in the same way.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::header::{HeaderValue, RETRY_AFTER};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::oneshot;

use crate::lock::lock;
use crate::network::Network;
use crate::problem::Problem;

/// Connections beyond the general bound, for probes alone. A probe is answered within one turn of
/// the event loop, which accepts one connection a turn; 32 leave room for 31 turns. More would only
/// hold more idle sockets.
const RESERVE: usize = 32;

/// When a refused client may ask again: most requests take milliseconds, the longest body 10 s.
const RETRY_AFTER_S: &str = "1";

/// The paths that the reserve answers, of both services.
const PROBES: [&str; 2] = ["/health", "/ready"];

/// How many connections there may be.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    /// Of all peers together.
    pub(crate) total: usize,
    /// Of one peer, counted by address, of IPv6 by its /64: what one subscriber is given.
    pub(crate) per_peer: usize,
    /// Peers that the bound per peer does not bind, beside loopback.
    pub(crate) trusted: Vec<Network>,
}

impl Bounds {
    /// The address that the bound per peer counts; none where the bound does not apply.
    fn counted(&self, peer: IpAddr) -> Option<IpAddr> {
        let peer = peer.to_canonical();
        if peer.is_loopback() || self.trusted.iter().any(|network| network.contains(peer)) {
            return None;
        }
        Some(match peer {
            IpAddr::V4(_) => peer,
            IpAddr::V6(address) => {
                let prefix = address.to_bits() & !u128::from(u64::MAX);
                Ipv6Addr::from_bits(prefix).into()
            }
        })
    }
}

/// Why a connection is in the reserve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// Every connection runs a handler.
    Busy,
    /// Every connection of this peer runs a handler.
    PeerBusy,
}

impl Refusal {
    fn answer(self) -> Response<Body> {
        let (status, what) = match self {
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "all connections"),
            Self::PeerBusy => (
                StatusCode::TOO_MANY_REQUESTS,
                "all connections of this peer",
            ),
        };
        let detail = format!(
            "{what} are busy: only {} are answered now",
            PROBES.join(", ")
        );
        let mut response = Problem::new(status, detail).into_response();
        let wait = HeaderValue::from_static(RETRY_AFTER_S);
        response.headers_mut().insert(RETRY_AFTER, wait);
        response
    }
}

/// What a connection does. The lower, the rather it is closed to make room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Waits for a request head: new, slow or idle.
    Waiting,
    /// Its answer is being sent: a stream, or a client that does not read.
    Sending,
    /// A handler runs. The time limit of the body ends it.
    Handling,
}

#[derive(Debug)]
struct Open {
    /// None is not bound by the bound per peer.
    peer: Option<IpAddr>,
    refusal: Option<Refusal>,
    stage: Stage,
    /// Rises with every change of any stage.
    since: u64,
    /// Dropped to close the connection.
    _close: oneshot::Sender<Infallible>,
}

#[derive(Debug, Default)]
struct Table {
    open: BTreeMap<u64, Open>,
    changes: u64,
}

impl Table {
    fn count(&self, wanted: impl Fn(&Open) -> bool) -> usize {
        self.open.values().filter(|open| wanted(open)).count()
    }

    /// Closes the connection to be closed first among those wanted; false if there is none.
    fn make_room(&mut self, wanted: impl Fn(&Open) -> bool) -> bool {
        let those = self.open.iter().filter(|(_, open)| wanted(open));
        let first = those.min_by_key(|(_, open)| (open.stage, open.since));
        let first = first.map(|(id, _)| *id);
        first.is_some_and(|id| self.open.remove(&id).is_some())
    }

    /// Why a connection of `peer` has to go into the reserve, after room was made if it can be.
    fn refusal(&mut self, bounds: &Bounds, peer: Option<IpAddr>) -> Option<Refusal> {
        let general = |open: &Open| open.refusal.is_none();
        let of_peer = |open: &Open| general(open) && peer.is_some() && open.peer == peer;
        let closable = |open: &Open| open.stage < Stage::Handling;
        if self.count(of_peer) >= bounds.per_peer
            && !self.make_room(|open| of_peer(open) && closable(open))
        {
            return Some(Refusal::PeerBusy);
        }
        if self.count(general) >= bounds.total
            && !self.make_room(|open| general(open) && closable(open))
        {
            return Some(Refusal::Busy);
        }
        None
    }
}

/// All connections of one listener.
#[derive(Debug)]
pub(crate) struct Connections {
    bounds: Bounds,
    table: Mutex<Table>,
}

impl Connections {
    pub(crate) fn new(bounds: Bounds) -> Arc<Self> {
        Arc::new(Self {
            bounds,
            table: Mutex::default(),
        })
    }

    /// A place for a new connection. The receiver ends when another connection needs the place.
    pub(crate) fn admit(
        self: &Arc<Self>,
        peer: IpAddr,
    ) -> (Arc<Place>, oneshot::Receiver<Infallible>) {
        let peer = self.bounds.counted(peer);
        let mut table = lock(&self.table);
        let refusal = table.refusal(&self.bounds, peer);
        let in_reserve = |open: &Open| open.refusal.is_some();
        if refusal.is_some() && table.count(in_reserve) >= RESERVE {
            table.make_room(in_reserve);
        }
        let (close, closed) = oneshot::channel();
        let id = table.changes;
        table.changes += 1;
        let open = Open {
            peer,
            refusal,
            stage: Stage::Waiting,
            since: id,
            _close: close,
        };
        table.open.insert(id, open);
        drop(table);
        let place = Place {
            connections: Arc::clone(self),
            id,
            refusal,
        };
        (Arc::new(place), closed)
    }

    fn enter(&self, id: u64, stage: Stage) {
        let mut table = lock(&self.table);
        table.changes += 1;
        let since = table.changes;
        if let Some(open) = table.open.get_mut(&id) {
            (open.stage, open.since) = (stage, since);
        }
    }
}

/// The place of one connection, given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    connections: Arc<Connections>,
    id: u64,
    refusal: Option<Refusal>,
}

impl Place {
    /// Whether the connection answers probes only.
    pub(crate) const fn is_reserve(&self) -> bool {
        self.refusal.is_some()
    }

    /// A head has arrived: the turn of a request for `path`, or the answer that refuses it.
    pub(crate) fn begin(self: &Arc<Self>, path: &str) -> (Turn, Option<Response<Body>>) {
        self.connections.enter(self.id, Stage::Handling);
        let refusal = self.refusal.filter(|_| !PROBES.contains(&path));
        (Turn(Arc::clone(self)), refusal.map(Refusal::answer))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.connections.table).open.remove(&self.id);
    }
}

/// One request of a connection. The connection waits for the next one when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Arc<Place>);

impl Turn {
    /// The handler has answered.
    pub(crate) fn sending(self, body: Body) -> Answer {
        self.0.connections.enter(self.0.id, Stage::Sending);
        Answer { body, _turn: self }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.connections.enter(self.0.id, Stage::Waiting);
    }
}

/// The body of an answer, which holds the turn of its request until it is sent.
#[derive(Debug)]
pub(crate) struct Answer {
    body: Body,
    _turn: Turn,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(total: usize, per_peer: usize) -> Arc<Connections> {
        Connections::new(Bounds {
            total,
            per_peer,
            trusted: vec!["10.9.0.0/16".parse().unwrap()],
        })
    }

    type Held = (Arc<Place>, oneshot::Receiver<Infallible>);

    fn is_closed((_, closed): &mut Held) -> bool {
        closed.try_recv() == Err(oneshot::error::TryRecvError::Closed)
    }

    const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn the_connection_that_waited_longest_makes_room() {
        let connections = connections(3, 1);
        let mut held: Vec<Held> = (0..3).map(|_| connections.admit(LOOPBACK)).collect();
        drop(held[0].0.begin("/model"));
        let mut fourth = connections.admit(LOOPBACK);
        let closed: Vec<bool> = held.iter_mut().map(is_closed).collect();
        assert_eq!(
            closed,
            [false, true, false],
            "the first had a request since"
        );
        assert!(!fourth.0.is_reserve() && !is_closed(&mut fourth));
    }

    #[test]
    fn an_answer_that_is_not_read_makes_room_after_all_that_wait() {
        let connections = connections(2, 1);
        let mut stream = connections.admit(LOOPBACK);
        let (turn, _) = stream.0.begin("/api/v1/stream");
        let _unread = turn.sending(Body::empty());
        let mut idle = connections.admit(LOOPBACK);
        let mut third = connections.admit(LOOPBACK);
        assert!(is_closed(&mut idle) && !is_closed(&mut stream));
        let handled = third.0.begin("/model");
        let fourth = connections.admit(LOOPBACK);
        assert!(is_closed(&mut stream) && !is_closed(&mut third));
        assert!(!fourth.0.is_reserve());
        drop(handled);
    }

    #[test]
    fn while_all_run_handlers_the_reserve_answers_probes_whoever_floods_it() {
        let connections = connections(1, 1);
        let busy = connections.admit(LOOPBACK);
        let _handler = busy.0.begin("/predict");
        let mut flood: Vec<Held> = (0..1000).map(|_| connections.admit(LOOPBACK)).collect();
        let probe = connections.admit(LOOPBACK);
        assert!(probe.0.is_reserve());
        assert!(probe.0.begin("/health").1.is_none());
        assert!(probe.0.begin("/ready").1.is_none());
        let (_, refused) = probe.0.begin("/model");
        let refused = refused.unwrap();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers()[RETRY_AFTER], "1");
        let open = flood
            .iter_mut()
            .filter_map(|held| (!is_closed(held)).then_some(()));
        assert_eq!(open.count(), RESERVE - 1);
        assert_eq!(lock(&connections.table).open.len(), 1 + RESERVE);
        drop((busy.0, flood, probe.0));
    }

    #[test]
    fn a_place_is_given_back_when_the_connection_ends() {
        let connections = connections(2, 2);
        let held = connections.admit(LOOPBACK);
        let (turn, _) = held.0.begin("/model");
        let answer = turn.sending(Body::empty());
        drop(held);
        assert_eq!(
            lock(&connections.table).open.len(),
            1,
            "the answer is being sent"
        );
        drop(answer);
        assert_eq!(lock(&connections.table).open.len(), 0);
    }

    #[test]
    fn one_peer_closes_only_its_own_and_is_told_apart_by_a_64() {
        let connections = connections(100, 2);
        let admit = |address: &str| connections.admit(address.parse().unwrap());
        let mut other = admit("192.0.2.2");
        let mut first = admit("2001:db8::1");
        let second = admit("2001:db8::ffff");
        let _handler = second.0.begin("/predict");
        let third = admit("2001:db8::2");
        assert!(is_closed(&mut first) && !is_closed(&mut other));
        let _handler = third.0.begin("/predict");
        let fourth = admit("2001:db8:0:0:1::");
        let refused = fourth.0.begin("/model").1.unwrap();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(!admit("2001:db8:0:1::1").0.is_reserve(), "another /64");
    }

    #[test]
    fn loopback_and_trusted_proxies_have_no_bound_of_their_own() {
        let bounds = &connections(1, 1).bounds;
        for free in [
            "127.0.0.1",
            "::1",
            "::ffff:127.0.0.1",
            "10.9.1.1",
            "::ffff:10.9.1.1",
        ] {
            assert_eq!(bounds.counted(free.parse().unwrap()), None, "{free}");
        }
        for (peer, counted) in [
            ("10.8.1.1", "10.8.1.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ] {
            let counted = counted.parse().unwrap();
            assert_eq!(bounds.counted(peer.parse().unwrap()), Some(counted));
        }
    }
}
