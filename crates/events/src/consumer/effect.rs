//! One event, one transaction: inbox, handler, commit.

use super::handler::{Handler, HandlerError};
use crate::event::Event;
use futures::FutureExt as _;
use sqlx::PgPool;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use telemetry::Trace;
use tracing::Instrument as _;

const TAKE_IN: &str = "insert into inbox (source, event) values ($1, $2) on conflict do nothing";

/// What became of an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It had its effect now.
    Made,
    /// It had its effect before.
    Known,
}

/// Why an event had no effect.
pub(super) enum Failure {
    /// The database is away. It says nothing of the event.
    Database(HandlerError),
    /// The handler failed, or what it did cannot be committed.
    Handler(HandlerError),
}

/// Makes the event's effect unless it was made before. A second consumer that has the same event waits at the inbox
/// row until the first has committed or failed.
pub(super) async fn effect(
    pool: &PgPool,
    group: &str,
    handler: &impl Handler,
    event: &Event,
) -> Result<Effect, Failure> {
    let away = |error: sqlx::Error| Failure::Database(error.into());
    let mut tx = pg::begin(pool).await.map_err(|fault| Failure::Database(fault.to_string().into()))?;
    let taken = sqlx::query(TAKE_IN).bind(group).bind(&event.id).execute(&mut *tx).await.map_err(away)?;
    if taken.rows_affected() == 0 {
        return tx.rollback().await.map(|()| Effect::Known).map_err(away);
    }
    // What is done because of the event is a step of the trace in which it happened.
    let span = tracing::info_span!("event", group, event = event.id, kind = event.kind, verb = event.verb);
    Trace::enter(&span, Trace::parse(&event.traceparent));
    let outcome = AssertUnwindSafe(handler.handle(&mut tx, event).instrument(span)).catch_unwind().await;
    let error = match outcome {
        Ok(Ok(())) => return tx.commit().await.map(|()| Effect::Made).map_err(after_commit),
        Ok(Err(error)) => error,
        Err(panic) => words(&*panic).into(),
    };
    // A handler that failed because its connection was lost did not fail by itself.
    match tx.rollback().await {
        Ok(()) => Err(Failure::Handler(error)),
        Err(lost) => Err(away(lost)),
    }
}

/// A commit the database refused (a deferred constraint) is the handler's; one that was not answered is tried again,
/// and the inbox tells whether it had happened.
fn after_commit(error: sqlx::Error) -> Failure {
    let is_refused =
        error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code.starts_with("23"));
    if is_refused { Failure::Handler(error.into()) } else { Failure::Database(error.into()) }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the handler panicked: {}", text.unwrap_or("without words"))
}
