//! At which ages a dependant may hold a tax card; pure.

use crate::benefits::TaxCardPractice;
use chrono::{DateTime, Months, NaiveDate, NaiveTime, Utc};
use fault::{Fault, refuse_if};
use proto::accreditation::v1::{Member, Reason, Relation};

/// Whether a dependant is of an age to hold a card.
pub(crate) fn fits(member: &Member, practice: &TaxCardPractice, now: DateTime<Utc>) -> Result<(), Fault> {
    let least = practice.dependant_from_age;
    let old_enough = birthday(member, least).is_some_and(|birthday| birthday <= now);
    refuse_if(!old_enough, Reason::HolderAgeUnfit, format!("dependants hold cards from the age of {least} years"))?;
    let over = end(member, practice).is_some_and(|end| end <= now);
    refuse_if(over, Reason::HolderAgeUnfit, "the dependant is past the age limit for cards")
}

/// When a child may no longer hold a card; none for everyone else.
pub(crate) fn end(member: &Member, practice: &TaxCardPractice) -> Option<DateTime<Utc>> {
    match member.relation() {
        Relation::Child => birthday(member, practice.child_until_age),
        Relation::StudentChild => birthday(member, practice.student_until_age),
        _ => None,
    }
}

/// The birthday on which someone is this old; none for a date that cannot be read.
pub(crate) fn birthday(member: &Member, years: u32) -> Option<DateTime<Utc>> {
    let born: NaiveDate = member.birth_date.parse().ok()?;
    Some(born.checked_add_months(Months::new(12 * years))?.and_time(NaiveTime::MIN).and_utc())
}
