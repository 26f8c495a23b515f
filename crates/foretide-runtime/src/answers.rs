//! The answers of one batched call. Each group gets its answer at once.

use std::sync::{Mutex, PoisonError};

use foretide_domain::CallFailure;
use tokio::sync::oneshot;

/// The answer for one group.
pub type Reply<T> = Result<T, CallFailure>;

/// Slots for the answers of one batched call, in the order of the questions.
///
/// An adapter fills each slot as soon as it knows the answer, so a slow group in a batch delays no
/// other group. After the call the runtime fills the remaining slots with a failure.
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

    /// Slots for `count` answers and their receivers, for tests of adapters.
    pub fn collected(count: usize) -> (Self, Vec<oneshot::Receiver<Reply<T>>>) {
        let (senders, receivers): (Vec<_>, Vec<_>) =
            std::iter::repeat_with(oneshot::channel).take(count).unzip();
        (Self::new(senders), receivers)
    }

    /// Sends `reply` to the asker at `index`. Ignores a second reply for the same index and an
    /// index out of range.
    pub fn put(&self, index: usize, reply: Reply<T>) {
        let Some(place) = self.places.get(index) else {
            return;
        };
        let sender = place.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            // A group whose deadline passed, or that was stopped, no longer waits for an answer.
            drop(sender.send(reply));
        }
    }

    /// Sends `failure` to every asker that has no answer yet.
    pub fn put_rest(&self, failure: &CallFailure) {
        for index in 0..self.places.len() {
            self.put(index, Err(failure.clone()));
        }
    }

    /// Number of slots.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are no slots.
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
