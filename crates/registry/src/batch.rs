//! Many callers' small writes in one statement: while one batch is being committed, the next gathers; nobody waits
//! for company.

use ::fault::Fault;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use proto::policy::v1::Reason;
use std::panic::AssertUnwindSafe;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

/// The most items of one batch.
const MOST: usize = 200;
/// The most items that may wait; more are refused unstarted.
const MOST_WAITING: usize = 10_000;

/// What writes a batch, and answers each item in order.
pub(crate) trait Writes: Send + 'static {
    /// What is written.
    type Item: Send + 'static;
    /// What its caller learns.
    type Outcome: Send + 'static;
    /// Whether the item may go with those already chosen. What may not, opens the next batch.
    fn may_join(&self, _chosen: &[Self::Item], _item: &Self::Item) -> bool {
        true
    }
    /// Writes all of the items, and gives back one outcome for each.
    fn write<'w>(&'w self, items: &'w [Self::Item]) -> BoxFuture<'w, Vec<Result<Self::Outcome, Fault>>>;
}

type Waiting<W> = (<W as Writes>::Item, oneshot::Sender<Result<<W as Writes>::Outcome, Fault>>);

/// The door to a single writer.
pub(crate) struct Batcher<W: Writes>(mpsc::Sender<Waiting<W>>);

impl<W: Writes> Batcher<W> {
    pub(crate) fn new(writer: W) -> Self {
        let (door, queue) = mpsc::channel(MOST_WAITING);
        tokio::spawn(work(writer, queue));
        Self(door)
    }

    /// Writes the item with whatever else is waiting. It is written even if the caller goes away.
    pub(crate) async fn write(&self, item: W::Item) -> Result<W::Outcome, Fault> {
        let (answer, answered) = oneshot::channel();
        let gone = || Fault::new(Reason::Unavailable, "the service is stopping");
        self.0.try_send((item, answer)).map_err(|refused| match refused {
            TrySendError::Full(_) => Fault::new(Reason::Overloaded, "too many writes are waiting"),
            TrySendError::Closed(_) => gone(),
        })?;
        answered.await.map_err(|_| gone())?
    }
}

async fn work<W: Writes>(writer: W, mut queue: mpsc::Receiver<Waiting<W>>) {
    let mut held_back = None;
    loop {
        let first = match held_back.take() {
            Some(item) => item,
            None => match queue.recv().await {
                Some(item) => item,
                None => return,
            },
        };
        let (mut items, mut answers) = (vec![first.0], vec![first.1]);
        while items.len() < MOST {
            let Ok((item, answer)) = queue.try_recv() else { break };
            if !writer.may_join(&items, &item) {
                held_back = Some((item, answer));
                break;
            }
            items.push(item);
            answers.push(answer);
        }
        // One that panics answers its own callers, and the next batch is written all the same.
        let outcomes = AssertUnwindSafe(writer.write(&items)).catch_unwind().await;
        let outcomes = outcomes.unwrap_or_else(|_| items.iter().map(|_| Err(panicked())).collect());
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // A caller that went away does not need its answer.
            drop(answer.send(outcome));
        }
    }
}

/// What the caller of a rule that panics learns; the panic itself is in the log.
pub(crate) fn panicked() -> Fault {
    Fault::new(Reason::Internal, "a rule panicked")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fragile;

    impl Writes for Fragile {
        type Item = u8;
        type Outcome = u8;

        fn write<'w>(&'w self, items: &'w [u8]) -> BoxFuture<'w, Vec<Result<u8, Fault>>> {
            let written = |item: &u8| {
                assert!(*item != 0, "this one panics");
                Ok(*item)
            };
            async move { items.iter().map(written).collect() }.boxed()
        }
    }

    #[tokio::test]
    async fn a_batch_that_panics_answers_its_callers_and_the_next_is_written() {
        let batcher = Batcher::new(Fragile);
        let refused = batcher.write(0).await.map_err(|fault| fault.reason().to_owned());
        assert_eq!(refused, Err("INTERNAL".to_owned()));
        assert!(matches!(batcher.write(1).await, Ok(1)));
    }
}
