//! How many bookings a person and an account make by themselves: as people do, and not as programs that sell seats.

use crate::booking_holds::key;
use crate::counter::practice;
use chrono::{DateTime, TimeDelta, Utc};
use fault::{Fault, refuse_if};
use proto::consular::v1::{Booking, Reason};
use registry::Reader;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use std::collections::{HashMap, HashSet};

/// The states of a booking beside which a person has no other of the same service; `bookings_one_active` says the same.
const ACTIVE: [&str; 5] = ["HELD", "WAITING", "CONFIRMED", "REMINDED", "CHECKED_IN"];

/// What persons and accounts booked before.
#[derive(Debug)]
pub(crate) struct Habits {
    persons: HashMap<String, Habit>,
    /// How many bookings each account made lately, whatever became of them.
    accounts: HashMap<String, i64>,
}

/// What one person booked before.
#[derive(Debug, Default)]
struct Habit {
    /// How many bookings were made for them lately, whatever became of them.
    lately: i64,
    /// Whether they missed an appointment not long ago.
    missed: bool,
    /// The services of which they have a booking.
    services: HashSet<String>,
}

impl Habits {
    /// Those of everyone for whom and by whom these bookings would be.
    pub(crate) async fn of(reader: &mut Reader<'_>, bookings: &[&Booking]) -> Result<Self, Fault> {
        let (since, missed_since) = windows(reader.now());
        let keys: Vec<_> = bookings.iter().map(|booking| key(booking.applicant.as_ref())).collect();
        let holders: Vec<_> = bookings.iter().map(|booking| booking.holder.as_str()).collect();
        let persons = "select applicant_key, count(*) filter (where created_at > $2),
                coalesce(bool_or(state = 'NO_SHOW' and end_time > $3), false),
                coalesce(array_agg(service) filter (where state = any ($4)), '{}')
            from bookings where deleted_at is null and applicant_key = any ($1) group by applicant_key";
        let persons = sqlx::query(persons).bind(keys).bind(since).bind(missed_since).bind(&ACTIVE[..]);
        let persons = persons.fetch_all(reader.beside()).await.map_err(pg::fault)?;
        let accounts = "select holder, count(*) from bookings
            where deleted_at is null and holder <> '' and holder = any ($1) and created_at > $2 group by holder";
        let accounts = sqlx::query(accounts).bind(holders).bind(since);
        let accounts = accounts.fetch_all(reader.beside()).await.map_err(pg::fault)?;
        let habit = |row: &PgRow| -> Result<_, sqlx::Error> {
            let services: Vec<String> = row.try_get(3)?;
            let (lately, missed) = (row.try_get(1)?, row.try_get(2)?);
            Ok((row.try_get(0)?, Habit { lately, missed, services: services.into_iter().collect() }))
        };
        let account = |row: &PgRow| -> Result<_, sqlx::Error> { Ok((row.try_get(0)?, row.try_get(1)?)) };
        Ok(Self {
            persons: persons.iter().map(habit).collect::<Result<_, _>>().map_err(pg::fault)?,
            accounts: accounts.iter().map(account).collect::<Result<_, _>>().map_err(pg::fault)?,
        })
    }

    /// One person has one booking of a service at a time.
    pub(crate) fn single(&self, booking: &Booking) -> Result<(), Fault> {
        let habit = self.persons.get(&booking.applicant_key);
        let again = habit.is_some_and(|habit| habit.services.contains(&booking.service));
        refuse_if(again, Reason::ApplicantAlreadyBooked, "this person has a booking of the service already")
    }

    /// Counts a booking that is made.
    pub(crate) fn note(&mut self, booking: &Booking) {
        let habit = self.persons.entry(booking.applicant_key.clone()).or_default();
        habit.lately += 1;
        habit.services.insert(booking.service.clone());
        *self.accounts.entry(booking.holder.clone()).or_default() += 1;
    }
}

/// Since when bookings count as made lately, and since when a missed appointment bars.
fn windows(now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let practice = &practice().appointments;
    (now - TimeDelta::hours(practice.velocity_hours.into()), now - TimeDelta::days(practice.no_show_days.into()))
}

/// Whether person and account book as people do: neither again and again, nor after having stayed away.
pub(crate) fn unhurried(habits: &Habits, booking: &Booking) -> Result<(), Fault> {
    let practice = &practice().appointments;
    let person = habits.persons.get(&booking.applicant_key);
    let of_account = habits.accounts.get(&booking.holder).copied().unwrap_or_default();
    let too_many =
        person.map_or(0, |person| person.lately) >= practice.most_of_person || of_account >= practice.most_of_account;
    refuse_if(too_many, Reason::TooManyBookings, "too many bookings were made for this person or by this account")?;
    let words = "this person missed an appointment, and books through the post for a while";
    refuse_if(person.is_some_and(|person| person.missed), Reason::NoShowPenalty, words)
}
