//! Where the answers of a batched call go: to each group as soon as it is there.

use std::sync::{Mutex, PoisonError};

use foretide_domain::CallFailure;
use tokio::sync::oneshot;

/// One group's answer.
pub type Reply<T> = Result<T, CallFailure>;

/// The places for the answers of one batched call, in the order of what was asked.
///
/// An adapter answers each group when it can: who is slow within a batch then delays nobody else.
/// What is left unanswered when the call ends is answered with a failure by the runtime.
#[derive(Debug)]
pub struct Answers<T> {
    places: Vec<Mutex<Option<oneshot::Sender<Reply<T>>>>>,
}

impl<T> Answers<T> {
    pub(crate) fn new(senders: impl IntoIterator<Item = oneshot::Sender<Reply<T>>>) -> Self {
        let places = senders.into_iter().map(|sender| Mutex::new(Some(sender)));
        Self {
            places: places.collect(),
        }
    }

    /// Places for `count` answers, and where they come out: for the tests of adapters.
    pub fn collected(count: usize) -> (Self, Vec<oneshot::Receiver<Reply<T>>>) {
        let (senders, receivers): (Vec<_>, Vec<_>) =
            std::iter::repeat_with(oneshot::channel).take(count).unzip();
        (Self::new(senders), receivers)
    }

    /// Answers what was asked at `index`. The first answer counts; one for which there is no place
    /// is dropped.
    pub fn put(&self, index: usize, reply: Reply<T>) {
        let Some(place) = self.places.get(index) else {
            return;
        };
        let sender = place.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            // A group that no longer waits (its deadline passed, or it was stopped) needs no
            // answer.
            drop(sender.send(reply));
        }
    }

    /// Answers everything that has no answer yet.
    pub fn put_rest(&self, failure: &CallFailure) {
        for index in 0..self.places.len() {
            self.put(index, Err(failure.clone()));
        }
    }

    /// How many answers are wanted.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether nothing was asked.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use foretide_domain::FailureKind;

    use super::*;

    #[test]
    fn the_first_answer_counts_and_the_rest_gets_the_failure() {
        let (answers, mut receivers) = Answers::collected(2);
        answers.put(0, Ok(1));
        answers.put(0, Ok(2));
        answers.put(7, Ok(3));
        let failure = CallFailure {
            kind: FailureKind::Malformed,
            detail: "nothing".to_owned(),
        };
        answers.put_rest(&failure);
        assert_eq!(receivers[0].try_recv(), Ok(Ok(1)));
        assert_eq!(receivers[1].try_recv(), Ok(Err(failure)));
    }
}
