//! Codes that prove an address: made at random, kept as digests, sent as parcels, guessed at a few times only.

use crate::parcels::{self, Parcel, channel_of};
use crate::register_practice::RegisterPractice;
use chrono::{DateTime, TimeDelta, Utc};
use fault::{Fault, refuse_if};
use proto::consular::v1::{Reason, Registration};
use proto::policy::v1::Reason as House;
use registry::Reader;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use sqlx::{PgPool, Row as _};

/// A new code in the place of the one before, unless too many were sent today.
const KEEP: &str = "
    insert into contact_codes as known (registration, address, digest, expires_at, day) values ($1, $2, $3, $4, $5)
    on conflict (registration, address) do update set digest = excluded.digest, expires_at = excluded.expires_at,
        attempts = 0, day = excluded.day, sent = case when known.day = excluded.day then known.sent + 1 else 1 end
    returning sent";

/// A guess counts whether it is right or not, and before that is looked at.
const GUESS: &str = "update contact_codes set attempts = attempts + 1 where registration = $1 and address = $2";

/// How many codes there can be: six digits.
const CODES: u32 = 1_000_000;

/// What a guess finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guess {
    Right,
    Wrong,
    /// Guessed at too often already.
    Spent,
}

impl Guess {
    /// A guess that is right, or the reason why not.
    pub(crate) fn must_be_right(self) -> Result<(), Fault> {
        refuse_if(self == Self::Spent, Reason::CodeSpent, "the code was guessed at too often")?;
        refuse_if(self == Self::Wrong, Reason::CodeWrong, "the code is not the one that was sent, or its time is over")
    }
}

/// What is kept of a code. It is bound to its address, so that one row cannot be put in the place of another.
fn kept(registration: &str, address: &str, code: &str) -> Vec<u8> {
    digest(&SHA256, format!("{registration}\n{address}\n{code}").as_bytes()).as_ref().to_vec()
}

/// Six digits that nobody can foretell.
fn random() -> Result<String, Fault> {
    let none = |_| Fault::new(House::Internal, "the system gives no random numbers");
    let mut bytes = [0; 8];
    SystemRandom::new().fill(&mut bytes).map_err(none)?;
    // Of 2^64 numbers, a million divides all but a part in 10^13 evenly.
    Ok(format!("{:06}", u64::from_le_bytes(bytes) % u64::from(CODES)))
}

/// Whose address a code proves: a registration's, or an intake's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addressee<'a> {
    pub(crate) record: &'a str,
    pub(crate) language: &'a str,
}

/// Sends a code to an address of the registration.
pub(crate) async fn send(reader: &mut Reader<'_>, registration: &Registration, address: &str) -> Result<(), Fault> {
    let own = !address.is_empty() && [&registration.email, &registration.phone].into_iter().any(|own| own == address);
    let unknown = || Fault::new(Reason::ContactUnknown, "the registration has no such address");
    refuse_if(!own, Reason::ContactUnknown, "")
        .map_err(|_| unknown().at("address", "is none of the registration's"))?;
    let parcel = Parcel { registration: registration.name.clone(), ..Parcel::default() };
    send_to(reader, Addressee { record: &registration.name, language: &registration.language }, address, parcel).await
}

/// Sends a code to an address that somebody gives, as this parcel.
pub(crate) async fn send_to(
    reader: &mut Reader<'_>,
    to: Addressee<'_>,
    address: &str,
    parcel: Parcel,
) -> Result<(), Fault> {
    let (practice, now, code) = (RegisterPractice::get(), reader.now(), random()?);
    let expires = now + TimeDelta::minutes(practice.code_minutes.into());
    let query = sqlx::query(KEEP).bind(to.record).bind(address);
    let query = query.bind(kept(to.record, address, &code)).bind(expires).bind(now.date_naive());
    let row = query.fetch_one(reader.beside()).await.map_err(pg::fault)?;
    let sent: i16 = row.try_get(0).map_err(pg::fault)?;
    refuse_if(sent > practice.codes_a_day, Reason::TooManyCodes, "enough codes were sent to this address today")?;
    let parcel = Parcel {
        key: format!("codes/{}/{address}/{}", to.record, now.timestamp_micros()),
        channel: channel_of(address),
        address: address.to_owned(),
        language: to.language.to_owned(),
        subject: "Your code".to_owned(),
        body: format!("{code} is the code that proves this address, for {} minutes.", practice.code_minutes),
        ..parcel
    };
    parcels::put(reader.beside(), &parcel).await
}

/// Counts a guess, in a transaction of its own: one that is refused counts too.
pub(crate) async fn count_guess(pool: &PgPool, registration: &str, address: &str) -> Result<(), Fault> {
    let query = sqlx::query(GUESS).bind(registration).bind(address);
    query.execute(pool).await.map(drop).map_err(pg::fault)
}

/// Looks at a guess that was counted; a right one uses the code up.
pub(crate) async fn guess(
    reader: &mut Reader<'_>,
    registration: &str,
    address: &str,
    code: &str,
) -> Result<Guess, Fault> {
    let find =
        "select digest, expires_at, attempts from contact_codes where registration = $1 and address = $2 for update";
    let query = sqlx::query(find).bind(registration).bind(address);
    let Some(row) = query.fetch_optional(reader.beside()).await.map_err(pg::fault)? else { return Ok(Guess::Wrong) };
    let known: Vec<u8> = row.try_get(0).map_err(pg::fault)?;
    let expires: DateTime<Utc> = row.try_get(1).map_err(pg::fault)?;
    let attempts: i16 = row.try_get(2).map_err(pg::fault)?;
    if attempts > RegisterPractice::get().code_attempts {
        return Ok(Guess::Spent);
    }
    if expires <= reader.now() || known != kept(registration, address, code) {
        return Ok(Guess::Wrong);
    }
    let forget = sqlx::query("delete from contact_codes where registration = $1 and address = $2");
    let forget = forget.bind(registration).bind(address);
    forget.execute(reader.beside()).await.map_err(pg::fault)?;
    Ok(Guess::Right)
}
