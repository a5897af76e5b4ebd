//! What a database error means to a caller.

use ::fault::Fault;
use proto::policy::v1::Reason;
use sqlx::error::ErrorKind;
use std::time::Duration;

/// When to come back after the database was away.
const AWAY: Duration = Duration::from_secs(1);
/// When to come back after another transaction was in the way.
const CONTENDED: Duration = Duration::from_millis(50);

/// The fault for a database error. The error itself goes along for our log and is never shown.
///
/// A lost or unavailable connection is `UNAVAILABLE` with a time to come back; a serialization failure, a deadlock
/// or a lock not granted is `CONTENDED`, which [`retrying`](crate::retrying) tries again; a broken unique, exclusion
/// or foreign key constraint is `ALREADY_EXISTS` or `BROKEN_REFERENCE`, for callers that know no better by
/// [`constraint`]; a statement over its time limit is `DEADLINE_EXCEEDED`; anything else is `INTERNAL`.
pub fn fault(error: sqlx::Error) -> Fault {
    let fault = match &error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => away(),
        sqlx::Error::PoolTimedOut => {
            Fault::new(Reason::Overloaded, "every database connection is in use").retry_after(AWAY)
        }
        sqlx::Error::Database(database) => of_database(database.as_ref()),
        _ => Fault::new(Reason::Internal, "the register could not be read or written"),
    };
    fault.caused_by(error)
}

/// The name of the constraint that a write broke.
pub fn constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error()?.constraint()
}

fn away() -> Fault {
    Fault::new(Reason::Unavailable, "the database is away for the moment").retry_after(AWAY)
}

fn of_database(error: &dyn sqlx::error::DatabaseError) -> Fault {
    // The codes are those of PostgreSQL's manual, appendix A.
    match error.code().as_deref().unwrap_or_default() {
        "40001" | "40P01" | "55P03" => {
            Fault::new(Reason::Contended, "concurrent changes were in the way").retry_after(CONTENDED)
        }
        "57014" => Fault::new(Reason::DeadlineExceeded, "the statement took longer than allowed"),
        "53300" => Fault::new(Reason::Overloaded, "the database has no free connection").retry_after(AWAY),
        "25P03" => away(),
        code if code.starts_with("08") || code.starts_with("57P") => away(),
        _ => match error.kind() {
            ErrorKind::UniqueViolation | ErrorKind::ExclusionViolation => {
                Fault::new(Reason::AlreadyExists, "there is such a record already")
            }
            ErrorKind::ForeignKeyViolation => {
                Fault::new(Reason::BrokenReference, "a record referred to does not exist, or is still referred to")
            }
            _ => Fault::new(Reason::Internal, "the register could not be read or written"),
        },
    }
}
