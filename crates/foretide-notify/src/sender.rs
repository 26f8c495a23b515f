//! Carries messages out: renders them, posts each with a few tries, and says once that it cannot
//! and once that it can again. A task of its own: nobody waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use foretide_domain::{CallFailure, FailureKind};
use foretide_http::Webhook;
use foretide_runtime::Notice;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout_at};

use super::template::{Fields, Template};

/// Longest that one try may take: webhooks answer within a second, and one that hangs is tried
/// again.
const ATTEMPT: Duration = Duration::from_secs(10);
/// Longest that one message is tried for: longer, those behind it would be old news.
const DEADLINE: Duration = Duration::from_secs(60);
/// Pause before the second try; doubled before every other.
const PAUSE: Duration = Duration::from_secs(1);

/// Where messages go, and what they look like.
#[derive(Debug)]
pub struct Outlet {
    /// The address.
    pub webhook: Webhook,
    /// The body.
    pub template: Template,
}

impl Outlet {
    /// Sends one message, with a few tries; the status of the answer that took it.
    pub async fn send(&self, fields: &Fields) -> Result<u16, CallFailure> {
        let body = self.template.body(fields).map_err(|error| CallFailure {
            kind: FailureKind::Rejected,
            detail: format!("the template {error}"),
        })?;
        tried(|| self.webhook.post(body.clone())).await
    }
}

/// What came of the messages since the start.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Taken by the other side.
    pub(super) sent: AtomicU64,
    /// Kept back by the limits.
    pub(super) suppressed: AtomicU64,
    /// Given up after the last try.
    pub(super) failed: AtomicU64,
    /// Not even tried: too many waited already.
    pub(super) dropped: AtomicU64,
}

impl Tally {
    /// The counts by the names that the metrics give them.
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

/// Adds to one of the counts.
pub(super) fn count(of: &AtomicU64, more: u64) {
    of.fetch_add(more, Ordering::Relaxed);
}

/// What is to be sent, to what is in force when its turn comes.
pub(super) struct Sender {
    pub(super) queue: mpsc::Receiver<Fields>,
    pub(super) outlet: watch::Receiver<Option<Arc<Outlet>>>,
    pub(super) tally: Arc<Tally>,
    pub(super) notices: mpsc::Sender<Notice>,
}

impl Sender {
    /// Sends until nobody is left to say anything and all is sent or given up.
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

/// Whether another try may help.
const fn may_pass(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::TimedOut | FailureKind::Throttled | FailureKind::Unavailable
    )
}

/// Tries until it is taken, refused for good, or late.
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

    /// Answers in turn, the last one for ever; how often it was asked, and how long all took.
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
