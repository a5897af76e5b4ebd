//! The pool and the limits every connection of it carries.

use crate::fault;
use ::fault::Fault;
use proto::policy::v1::Reason;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgPool};
use std::str::FromStr;
use std::time::Duration;

/// How a service reaches its database.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it is: `postgres://user:password@host:5432/accreditation`; `?host=/run/legation` names a socket's folder.
    pub url: SecretString,
    /// How many connections at most.
    pub max_connections: u32,
    /// How long to wait for a free connection before the caller is told that we are overloaded.
    pub acquire_timeout: Duration,
    /// After how long the server gives a statement up.
    pub statement_timeout: Duration,
    /// After how long the server ends a transaction that does nothing. Event readers stop at the oldest open
    /// transaction, so one that hangs would hold back every event of the service.
    pub idle_in_transaction_timeout: Duration,
    /// What the server shows as the client's name.
    pub application_name: String,
}

impl Settings {
    /// The settings for a database at `url`, everything else as the house has it.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: SecretString::from(url.into()),
            max_connections: 16,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(15),
            idle_in_transaction_timeout: Duration::from_secs(15),
            application_name: "legation".to_owned(),
        }
    }

    /// What a connection is opened with.
    ///
    /// # Errors
    /// `INTERNAL` if the address cannot be read.
    pub fn options(&self) -> Result<PgConnectOptions, Fault> {
        let options = PgConnectOptions::from_str(self.url.expose_secret())
            .map_err(|error| Fault::new(Reason::Internal, "the database address cannot be read").caused_by(error))?;
        let milliseconds = |limit: Duration| limit.as_millis().to_string();
        // Worth a look, but nothing is wrong: a busy machine makes any statement slow once.
        let told_at = "info".parse().expect("it is the name of a level");
        let options = options.log_slow_statements(told_at, SLOW);
        Ok(options.application_name(&self.application_name).options([
            ("statement_timeout", milliseconds(self.statement_timeout)),
            ("idle_in_transaction_session_timeout", milliseconds(self.idle_in_transaction_timeout)),
        ]))
    }
}

/// From when on a statement is told in the log.
const SLOW: Duration = Duration::from_secs(1);

/// How long a connection may have been idle before it is tested at its next use. Testing every time, as sqlx does
/// by default, costs each statement a second round trip.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// Opens the pool. It holds one connection when this returns, so a database that is away is noticed here.
///
/// # Errors
/// As [`fault()`](crate::fault()).
pub async fn connect(settings: &Settings) -> Result<PgPool, Fault> {
    PgPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(settings.acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(settings.options()?)
        .await
        .map_err(fault)
}
