//! What a consumer does with an event.

use crate::event::Event;
use pg::Tx;
use std::error::Error;

/// Why a handler could not do its work. Its words go to the log and the dead letters, so they hold no personal data.
pub type HandlerError = Box<dyn Error + Send + Sync>;

/// What a consumer does with an event. What it does in the transaction it does once; what it does elsewhere it may do
/// again, since an event is tried anew after a failure.
pub trait Handler: Send + Sync {
    /// Whether the event has an effect here at all. One that has none is acknowledged without a transaction, and leaves no row in
    /// the inbox; the answer may depend on the event alone, or a second delivery would be judged otherwise.
    fn concerns(&self, event: &Event) -> bool {
        let _ = event;
        true
    }

    /// Does the work in the transaction that also writes the inbox. It neither commits nor rolls back.
    fn handle(&self, tx: &mut Tx, event: &Event) -> impl Future<Output = Result<(), HandlerError>> + Send;
}
