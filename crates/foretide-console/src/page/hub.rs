//! One voice for all streams: each change is put into words once and sent to everybody.
//!
//! The voice speaks while somebody listens. A listener that is too slow for it is told everything
//! anew instead of what it missed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::broadcast;
use tokio::time::{sleep, timeout};

use super::api::Overview;
use crate::board::{Board, lock};
use crate::view::{Cached, cached, fleet};

/// Least time between two events: smooth to look at.
const PAUSE: Duration = Duration::from_millis(250);
/// Who has nothing to say says so, so that a listener can tell silence from death.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Events that a listener may be behind: two seconds.
const BEHIND: usize = 8;

/// The voice.
#[derive(Debug)]
pub(crate) struct Hub {
    board: Arc<Board>,
    /// Whether orders are taken.
    controls: bool,
    voice: Mutex<Option<broadcast::Sender<Bytes>>>,
}

impl Hub {
    pub(crate) fn new(board: Arc<Board>, controls: bool) -> Arc<Self> {
        Arc::new(Self {
            board,
            controls,
            voice: Mutex::new(None),
        })
    }

    /// Listens from now on. Must be called within a tokio runtime.
    pub(crate) fn listen(self: &Arc<Self>) -> broadcast::Receiver<Bytes> {
        let mut voice = lock(&self.voice);
        if let Some(voice) = &*voice {
            return voice.subscribe();
        }
        let (sender, receiver) = broadcast::channel(BEHIND);
        *voice = Some(sender);
        tokio::spawn(Arc::clone(self).speak(self.board.version()));
        receiver
    }

    /// Everything, for a listener that is new or was too slow.
    pub(crate) fn everything(&self) -> Bytes {
        self.since(None)
    }

    /// Speaks until nobody listens.
    async fn speak(self: Arc<Self>, mut seen: u64) {
        let mut bell = self.board.bell();
        loop {
            sleep(PAUSE).await;
            // A bell that is gone rings no more: the heartbeat goes on.
            drop(timeout(HEARTBEAT, bell.changed()).await);
            bell.mark_unchanged();
            // Read before the rows: what changes meanwhile is told next time, perhaps again.
            let newest = self.board.version();
            let event = self.since(Some(seen));
            seen = newest;
            let mut voice = lock(&self.voice);
            let heard = voice
                .as_ref()
                .is_some_and(|voice| voice.send(event).is_ok());
            if !heard {
                *voice = None;
                return;
            }
        }
    }

    /// An event of the rows changed since a version, or of all.
    fn since(&self, seen: Option<u64>) -> Bytes {
        let now = self.board.now();
        let mut rows = Vec::new();
        for track in self.board.tracks() {
            let mut track = lock(&track);
            if seen.is_none_or(|seen| track.version > seen) {
                rows.push(cached(&mut track, now));
            }
        }
        let overview = Overview {
            fleet: fleet(self.board.system(), now, self.controls),
            groups: rows.iter().filter_map(Cached::json).collect(),
        };
        let mut text = b"data: ".to_vec();
        // Rows are JSON by their types; were one not, an empty event is a heartbeat.
        if serde_json::to_writer(&mut text, &overview).is_err() {
            text = b": ".to_vec();
        }
        text.extend_from_slice(b"\n\n");
        text.into()
    }
}
