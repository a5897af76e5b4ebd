//! Parcels: what is to be delivered to whom. Put here by the change that asks for it, in its transaction; taken by whoever
//! is free, each by one at a time; delivered again only after whoever had it gave no sign.

use fault::Fault;
use proto::consular::v1::mailbox_message::Channel;
use sqlx::{PgConnection, PgPool, Row as _};
use std::time::Duration;

/// For how long a parcel is one sender's alone.
const HOLD: Duration = Duration::from_secs(60);
/// How often a parcel is tried before it is given up.
pub(crate) const TRIES: i16 = 6;
/// The pause after the first failure; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_secs(20);

/// Takes parcels that wait. Those under way have a time in the future, and come back when it has passed.
const CLAIM: &str = "
    with next as (
        select key from parcels where state = 'QUEUED' and due_at <= clock_timestamp()
        order by due_at limit $1 for update skip locked)
    update parcels p set due_at = clock_timestamp() + make_interval(secs => $2), attempts = attempts + 1
    from next where p.key = next.key
    returning p.key, p.message, p.registration, p.channel, p.address, p.language, p.subject, p.body, p.attempts";

const DELIVERED: &str = "update parcels set state = 'DELIVERED', delivered_at = clock_timestamp(), failure = ''
    where key = any ($1) and state = 'QUEUED'";

const FAILED: &str = "update parcels set failure = $2, state = case when $3 then 'FAILED' else state end,
        due_at = clock_timestamp() + make_interval(secs => $4)
    where key = $1 and state = 'QUEUED'";

const PUT: &str = "insert into parcels (key, registration, channel, address, language, subject, body)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict (key) do nothing";

/// One thing for one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// What makes it the same one: delivered under this key once, it is delivered.
    pub key: String,
    /// The message it carries; empty of a code or reminder.
    pub message: String,
    /// Whom it is for.
    pub registration: String,
    /// By what.
    pub channel: Channel,
    /// Where to.
    pub address: String,
    /// The language of the registrant.
    pub language: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub body: String,
    /// The how many-th try it is.
    pub attempts: i16,
}

/// By what an address is reached.
pub(crate) fn channel_of(address: &str) -> Channel {
    if address.contains('@') { Channel::Email } else { Channel::Sms }
}

/// Puts a parcel with its own text into the queue, with the change that asks for it.
pub(crate) async fn put(on: &mut PgConnection, parcel: &Parcel) -> Result<(), Fault> {
    let query = sqlx::query(PUT).bind(&parcel.key).bind(&parcel.registration).bind(parcel.channel.as_str_name());
    let query = query.bind(&parcel.address).bind(&parcel.language).bind(&parcel.subject).bind(&parcel.body);
    query.execute(on).await.map(drop).map_err(pg::fault)
}

/// Takes up to so many parcels.
pub(crate) async fn claim(pool: &PgPool, most: i64) -> Result<Vec<Parcel>, Fault> {
    let rows = sqlx::query(CLAIM).bind(most).bind(HOLD.as_secs_f64()).fetch_all(pool).await.map_err(pg::fault)?;
    let parcel = |row: &sqlx::postgres::PgRow| -> Result<Parcel, sqlx::Error> {
        Ok(Parcel {
            key: row.try_get(0)?,
            message: row.try_get(1)?,
            registration: row.try_get(2)?,
            channel: Channel::from_str_name(row.try_get(3)?).unwrap_or_default(),
            address: row.try_get(4)?,
            language: row.try_get(5)?,
            subject: row.try_get(6)?,
            body: row.try_get(7)?,
            attempts: row.try_get(8)?,
        })
    };
    rows.iter().map(parcel).collect::<Result<_, _>>().map_err(pg::fault)
}

/// These were delivered.
pub(crate) async fn delivered(pool: &PgPool, keys: &[String]) -> Result<(), Fault> {
    sqlx::query(DELIVERED).bind(keys).execute(pool).await.map(drop).map_err(pg::fault)
}

/// This was not: it is tried again later, or given up.
pub(crate) async fn failed(pool: &PgPool, parcel: &Parcel, why: &str, for_good: bool) -> Result<(), Fault> {
    let give_up = for_good || parcel.attempts >= TRIES;
    let pause = FIRST_PAUSE.as_secs_f64() * f64::from(1_u32 << parcel.attempts.clamp(1, 10));
    let query = sqlx::query(FAILED).bind(&parcel.key).bind(why).bind(give_up).bind(pause);
    query.execute(pool).await.map(drop).map_err(pg::fault)
}
