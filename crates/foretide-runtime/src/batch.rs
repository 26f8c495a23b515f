//! Gathers the questions of many groups to one account into few calls.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use foretide_domain::{CallFailure, FailureKind};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::answers::{Answers, Reply};

/// Accepts questions for the next batch. The gathering task ends once the last clone is dropped.
pub(crate) struct Batcher<R, T> {
    asks: mpsc::UnboundedSender<Ask<R, T>>,
}

impl<R, T> Batcher<R, T> {
    /// Queues `request` and returns at once. The receiver gets the answer.
    pub(crate) fn ask(&self, request: R) -> oneshot::Receiver<Reply<T>> {
        let (answer, receiver) = oneshot::channel();
        // If the gathering task has ended, the receiver sees that its sender was dropped.
        drop(self.asks.send(Ask { request, answer }));
        receiver
    }
}

/// Limits of the batches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gathering {
    /// Most questions in one call.
    pub(crate) size: usize,
    /// Most calls under way at once.
    pub(crate) calls: usize,
    /// Time for which the first question of a batch waits for others.
    pub(crate) gather: Duration,
    /// Longest duration of a call, including the wait for a free call.
    pub(crate) deadline: Duration,
}

/// One group's question, and the sender for its answer.
struct Ask<R, T> {
    request: R,
    answer: oneshot::Sender<Reply<T>>,
}

/// Makes a queue for questions, and the loop that answers the questions by `call`. The caller
/// spawns the loop as a task.
pub(crate) fn batcher<R, T, C, F>(
    gathering: Gathering,
    call: C,
) -> (Batcher<R, T>, impl Future<Output = ()> + Send)
where
    R: Send + 'static,
    T: Send + 'static,
    C: Fn(Vec<R>, Arc<Answers<T>>) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let (asks, questions) = mpsc::unbounded_channel();
    (
        Batcher { asks },
        gather(questions, gathering, Arc::new(call)),
    )
}

async fn gather<R, T, C, F>(
    mut questions: mpsc::UnboundedReceiver<Ask<R, T>>,
    gathering: Gathering,
    call: Arc<C>,
) where
    R: Send + 'static,
    T: Send + 'static,
    C: Fn(Vec<R>, Arc<Answers<T>>) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let turns = Arc::new(Semaphore::new(gathering.calls));
    let mut calls = JoinSet::new();
    loop {
        let first = tokio::select! {
            first = questions.recv() => first,
            Some(_) = calls.join_next() => continue,
        };
        let Some(first) = first else { return };
        sleep(gathering.gather).await;
        let mut asked = vec![first];
        while let Ok(next) = questions.try_recv() {
            asked.push(next);
        }
        asked.retain(|ask| !ask.answer.is_closed());
        while !asked.is_empty() {
            let rest = asked.split_off(asked.len().min(gathering.size.max(1)));
            let batch = std::mem::replace(&mut asked, rest);
            let turns = Arc::clone(&turns);
            let call = Arc::clone(&call);
            calls.spawn(carry_out(batch, turns, call, gathering.deadline));
        }
    }
}

async fn carry_out<R, T, C, F>(
    batch: Vec<Ask<R, T>>,
    turns: Arc<Semaphore>,
    call: Arc<C>,
    deadline: Duration,
) where
    C: Fn(Vec<R>, Arc<Answers<T>>) -> F,
    F: Future<Output = ()>,
{
    let (requests, senders): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .map(|ask| (ask.request, ask.answer))
        .unzip();
    let answers = Arc::new(Answers::new(senders));
    let in_turn = async {
        let _turn = turns.acquire().await;
        call(requests, Arc::clone(&answers)).await;
    };
    let failure = match timeout(deadline, in_turn).await {
        Ok(()) => CallFailure {
            kind: FailureKind::Malformed,
            detail: "the answer says nothing of this group".to_owned(),
        },
        Err(_) => CallFailure {
            kind: FailureKind::TimedOut,
            detail: format!("no answer within {} s", deadline.as_secs_f64()),
        },
    };
    answers.put_rest(&failure);
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    const GATHERING: Gathering = Gathering {
        size: 3,
        calls: 2,
        gather: Duration::from_millis(5),
        deadline: Duration::from_secs(6),
    };

    #[tokio::test(start_paused = true)]
    async fn questions_asked_together_share_calls_of_the_size_allowed() {
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&sizes);
        let (batcher, gathering) = batcher(
            GATHERING,
            move |requests: Vec<usize>, answers: Arc<Answers<usize>>| {
                seen.lock().unwrap().push(requests.len());
                async move {
                    for (index, request) in requests.into_iter().enumerate() {
                        answers.put(index, Ok(request * 10));
                    }
                }
            },
        );
        tokio::spawn(gathering);
        let waiting: Vec<_> = (0..7).map(|request| batcher.ask(request)).collect();
        for (request, answer) in waiting.into_iter().enumerate() {
            assert_eq!(answer.await.unwrap(), Ok(request * 10));
        }
        let mut sizes = sizes.lock().unwrap().clone();
        sizes.sort_unstable();
        assert_eq!(sizes, [1, 3, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_answered_early_does_not_wait_for_the_rest_of_the_call() {
        let (batcher, gathering) = batcher(
            GATHERING,
            |_: Vec<usize>, answers: Arc<Answers<usize>>| async move {
                answers.put(0, Ok(1));
                std::future::pending::<()>().await;
            },
        );
        tokio::spawn(gathering);
        let start = tokio::time::Instant::now();
        let (fast, slow) = (batcher.ask(0), batcher.ask(1));
        assert_eq!(fast.await.unwrap(), Ok(1));
        assert!(start.elapsed() < Duration::from_millis(10));
        let failure = slow.await.unwrap().unwrap_err();
        assert_eq!(failure.kind, FailureKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_that_the_answer_leaves_out_is_told_so() {
        let (batcher, gathering) =
            batcher(GATHERING, |_: Vec<usize>, _: Arc<Answers<usize>>| async {});
        tokio::spawn(gathering);
        let failure = batcher.ask(0).await.unwrap().unwrap_err();
        assert_eq!(failure.kind, FailureKind::Malformed);
    }
}
