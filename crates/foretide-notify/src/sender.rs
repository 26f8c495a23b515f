//! Sends messages: renders each and posts it, with retries. Logs once when sending fails and once
//! when it works again. Runs in its own task, so that no cycle waits for a webhook.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use foretide_domain::{CallFailure, FailureKind};
use foretide_http::Webhook;
use foretide_runtime::Notice;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout_at};

use super::template::{Fields, Template};

/// Timeout of one attempt. Webhooks answer within a second; after a timeout, the attempt is
/// repeated.
const ATTEMPT: Duration = Duration::from_secs(10);
/// Timeout of one message with all attempts: later messages in the queue must not become too old.
const DEADLINE: Duration = Duration::from_secs(60);
/// Pause before the second attempt; it doubles before each further attempt.
const PAUSE: Duration = Duration::from_secs(1);

/// The webhook and the template of messages.
#[derive(Debug)]
pub struct Outlet {
    /// The address.
    pub webhook: Webhook,
    /// The body.
    pub template: Template,
}

impl Outlet {
    /// Sends one message, with retries. Returns the status of the answer that accepted the message.
    pub async fn send(&self, fields: &Fields) -> Result<u16, CallFailure> {
        let body = self.template.body(fields).map_err(|error| CallFailure {
            kind: FailureKind::Rejected,
            detail: format!("the template {error}"),
        })?;
        tried(|| self.webhook.post(body.clone())).await
    }
}

/// Counts of messages since the start, by outcome.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Accepted by the webhook.
    pub(super) sent: AtomicU64,
    /// Not sent because of the hourly limits.
    pub(super) suppressed: AtomicU64,
    /// Failed in every attempt.
    pub(super) failed: AtomicU64,
    /// Not attempted, because the queue was full.
    pub(super) dropped: AtomicU64,
}

impl Tally {
    /// The counts by their names in `/metrics`.
    pub(super) fn outcomes(&self) -> [(&'static str, u64); 4] {
        [
            ("sent", &self.sent),
            ("failed", &self.failed),
            ("dropped", &self.dropped),
            ("suppressed", &self.suppressed),
        ]
        .map(|(outcome, count)| (outcome, count.load(Ordering::Relaxed)))
    }
}

/// Adds `more` to a count.
pub(super) fn count(of: &AtomicU64, more: u64) {
    of.fetch_add(more, Ordering::Relaxed);
}

/// The queue of messages, with the settings that apply when a message is sent.
pub(super) struct Sender {
    pub(super) queue: mpsc::Receiver<Fields>,
    pub(super) outlet: watch::Receiver<Option<Arc<Outlet>>>,
    pub(super) tally: Arc<Tally>,
    pub(super) notices: mpsc::Sender<Notice>,
}

impl Sender {
    /// Sends until all senders of the queue are gone and every message has been sent or has failed.
    pub(super) async fn run(mut self) {
        let mut failing_since = None;
        while let Some(fields) = self.queue.recv().await {
            let outlet = self.outlet.borrow().clone();
            // Switched off while it waited.
            let Some(outlet) = outlet else { continue };
            match outlet.send(&fields).await {
                Ok(_) => {
                    count(&self.tally.sent, 1);
                    if let Some(before) = failing_since.take() {
                        let unsent = self.unsent().saturating_sub(before);
                        self.say(Notice::NotifyRecovered { unsent });
                    }
                }
                Err(failure) => {
                    let before = self.unsent();
                    count(&self.tally.failed, 1);
                    if failing_since.is_none() {
                        failing_since = Some(before);
                        let origin = outlet.webhook.origin();
                        let why = format!("{origin}: {failure}");
                        self.say(Notice::NotifyFailed { why });
                    }
                }
            }
        }
    }

    fn unsent(&self) -> u64 {
        let (failed, dropped) = (&self.tally.failed, &self.tally.dropped);
        failed.load(Ordering::Relaxed) + dropped.load(Ordering::Relaxed)
    }

    fn say(&self, notice: Notice) {
        // Full only while the loop that takes notices stands still itself.
        self.notices.try_send(notice).ok();
    }
}

/// Whether another attempt may succeed.
const fn may_pass(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::TimedOut | FailureKind::Throttled | FailureKind::Unavailable
    )
}

/// Attempts until the webhook accepts the message, refuses it for good, or the timeout ends.
async fn tried<F, P>(mut post: P) -> Result<u16, CallFailure>
where
    F: Future<Output = Result<u16, CallFailure>>,
    P: FnMut() -> F,
{
    let deadline = Instant::now() + DEADLINE;
    let mut pause = PAUSE;
    loop {
        let until = deadline.min(Instant::now() + ATTEMPT);
        let answer = timeout_at(until, post()).await.unwrap_or_else(|_| {
            Err(CallFailure {
                kind: FailureKind::TimedOut,
                detail: "no answer in time".to_owned(),
            })
        });
        match answer {
            Err(failure) if may_pass(failure.kind) && Instant::now() + pause < deadline => {
                sleep(pause).await;
                pause *= 2;
            }
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Gives the answers in turn, the last one for ever. Returns the number of requests, and the
    /// time of all.
    async fn tries(answers: &[Result<u16, FailureKind>]) -> (Result<u16, FailureKind>, u32, u64) {
        let mut left: VecDeque<_> = answers.iter().copied().collect();
        let mut asked = 0;
        let began = Instant::now();
        let result = tried(|| {
            asked += 1;
            let answer = if left.len() > 1 {
                left.pop_front()
            } else {
                left.front().copied()
            };
            async move {
                answer.unwrap().map_err(|kind| CallFailure {
                    kind,
                    detail: String::new(),
                })
            }
        });
        let result = result.await.map_err(|failure| failure.kind);
        (result, asked, began.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_again_with_longer_pauses_until_it_is_late() {
        let unavailable = Err(FailureKind::Unavailable);
        assert_eq!(
            tries(&[unavailable, unavailable, Ok(200)]).await,
            (Ok(200), 3, 3)
        );
        // 1 + 2 + 4 + 8 + 16 s; another 32 would be too late.
        assert_eq!(tries(&[unavailable]).await, (unavailable, 6, 31));
        let throttled = Err(FailureKind::Throttled);
        assert_eq!(tries(&[throttled, Ok(204)]).await, (Ok(204), 2, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_for_good_is_not_tried_again() {
        let gone = Err(FailureKind::NotFound);
        assert_eq!(tries(&[gone]).await, (gone, 1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_hangs_is_given_up_in_time() {
        let began = Instant::now();
        let mut asked = 0;
        let result = tried(|| {
            asked += 1;
            std::future::pending::<Result<u16, CallFailure>>()
        });
        let failure = result.await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::TimedOut);
        assert!(began.elapsed() <= DEADLINE, "{:?}", began.elapsed());
        assert_eq!(asked, 5, "at 0, 11, 23, 37 and 55 s");
    }
}
