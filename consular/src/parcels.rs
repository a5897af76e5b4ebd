//! Parcels: what is to be delivered to whom. Put here by the change that asks for it, in its transaction; taken by whoever
//! is free, each by one at a time; delivered again only after whoever had it gave no sign.

use fault::Fault;
use proto::consular::v1::delivery_receipt::Carrier;
use proto::consular::v1::mailbox_message::Channel;
use sqlx::{PgConnection, PgPool, Row as _};
use std::time::Duration;

/// For how long a parcel is one sender's alone.
const HOLD: Duration = Duration::from_secs(60);
/// For how long after that a sender begins with more of what it holds: the rest of its hold is for those in hand.
pub(crate) const BEGIN: Duration = Duration::from_secs(30);
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
    returning p.key, p.message, p.registration, p.about, p.channel, p.address, p.others, p.language, p.subject, p.body,
        p.attempts";

const DELIVERED: &str = "update parcels
    set state = 'DELIVERED', delivered_at = clock_timestamp(), failure = '', tried = true, carrier = $2
    where key = any ($1) and state = 'QUEUED'";

const LATER: &str =
    "update parcels set failure = $2, tried = true, due_at = clock_timestamp() + make_interval(secs => $3)
    where key = $1 and state = 'QUEUED'";

/// The next address in the place of the one that failed, with all its tries before it.
const OTHERWISE: &str = "update parcels
    set past = concat_ws('; ', nullif(past, ''), channel || ': ' || $2), failure = '', tried = tried or $3, attempts = 0,
        address = others[1], others = others[2:],
        channel = case when position('@' in others[1]) > 0 then 'EMAIL' else 'SMS' end, due_at = clock_timestamp()
    where key = $1 and state = 'QUEUED'";

const GIVEN_UP: &str = "update parcels
    set failure = concat_ws('; ', nullif(past, ''), channel || ': ' || $2), tried = tried or $3,
        state = case when tried or $3 then 'FAILED' else 'UNSENT' end
    where key = $1 and state = 'QUEUED'";

const GIVEN_BACK: &str = "update parcels set due_at = clock_timestamp(), attempts = attempts - 1
    where key = any ($1) and state = 'QUEUED'";

const PUT: &str = "insert into parcels (key, registration, about, channel, address, others, language, subject, body)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (key) do nothing";

/// One thing for one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parcel {
    /// What makes it the same one: delivered under this key once, it is delivered.
    pub key: String,
    /// The message it carries; empty of a code or reminder.
    pub message: String,
    /// Whom it is for; empty of what is about another record.
    pub registration: String,
    /// The booking or intake it is about, and for whoever that names.
    pub about: String,
    /// By what.
    pub channel: Channel,
    /// Where to.
    pub address: String,
    /// The person's further addresses, in the order they are tried.
    pub others: Vec<String>,
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

/// The addresses that there are, as a parcel has them: the first, by what it is reached, and the others.
pub(crate) fn ways<'a>(addresses: impl IntoIterator<Item = &'a String>) -> Option<(Channel, String, Vec<String>)> {
    let mut addresses = addresses.into_iter().filter(|address| !address.is_empty()).cloned();
    let first = addresses.next()?;
    Some((channel_of(&first), first, addresses.collect()))
}

/// Puts a parcel with its own text into the queue, with the change that asks for it.
pub(crate) async fn put(on: &mut PgConnection, parcel: &Parcel) -> Result<(), Fault> {
    let query = sqlx::query(PUT).bind(&parcel.key).bind(&parcel.registration).bind(&parcel.about);
    let query = query.bind(parcel.channel.as_str_name()).bind(&parcel.address).bind(&parcel.others);
    let query = query.bind(&parcel.language).bind(&parcel.subject).bind(&parcel.body);
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
            about: row.try_get(3)?,
            channel: Channel::from_str_name(row.try_get(4)?).unwrap_or_default(),
            address: row.try_get(5)?,
            others: row.try_get(6)?,
            language: row.try_get(7)?,
            subject: row.try_get(8)?,
            body: row.try_get(9)?,
            attempts: row.try_get(10)?,
        })
    };
    rows.iter().map(parcel).collect::<Result<_, _>>().map_err(pg::fault)
}

/// These were delivered, to this carrier.
pub(crate) async fn delivered(pool: &PgPool, keys: &[String], carrier: Carrier) -> Result<(), Fault> {
    let query = sqlx::query(DELIVERED).bind(keys).bind(carrier.as_str_name());
    query.execute(pool).await.map(drop).map_err(pg::fault)
}

/// These were not begun with, and whoever is free takes them.
pub(crate) async fn give_back(pool: &PgPool, keys: &[String]) -> Result<(), Fault> {
    sqlx::query(GIVEN_BACK).bind(keys).execute(pool).await.map(drop).map_err(pg::fault)
}

/// This was not, for now: it is tried again later, if it was not tried often enough.
pub(crate) async fn failed_for_now(pool: &PgPool, parcel: &Parcel, why: &str) -> Result<(), Fault> {
    if parcel.attempts >= TRIES {
        return failed_for_good(pool, parcel, why, true).await;
    }
    let pause = FIRST_PAUSE.as_secs_f64() * f64::from(1_u32 << parcel.attempts.clamp(1, 10));
    let query = sqlx::query(LATER).bind(&parcel.key).bind(why).bind(pause);
    query.execute(pool).await.map(drop).map_err(pg::fault)
}

/// This will not be at this address: the person's next one is tried, or it is given up. `tried` says whether there was a
/// carrier to try it with.
pub(crate) async fn failed_for_good(pool: &PgPool, parcel: &Parcel, why: &str, tried: bool) -> Result<(), Fault> {
    let text = if parcel.others.is_empty() { GIVEN_UP } else { OTHERWISE };
    let query = sqlx::query(text).bind(&parcel.key).bind(why).bind(tried);
    query.execute(pool).await.map(drop).map_err(pg::fault)
}
