//! Many callers' small writes in one statement: while one batch is being committed, the next gathers; nobody waits
//! for company.

use ::fault::Fault;
use futures::future::BoxFuture;
use proto::policy::v1::Reason;
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
        let full = |_| Fault::new(Reason::Overloaded, "too many writes are waiting");
        self.0.try_send((item, answer)).map_err(full)?;
        let gone = |_| Fault::new(Reason::Unavailable, "the service is stopping");
        answered.await.map_err(gone)?
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
        let outcomes = writer.write(&items).await;
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // A caller that went away does not need its answer.
            drop(answer.send(outcome));
        }
    }
}
