//! The civil records that are worth comparing with one: of the same day, with a date of birth in common, or of the same
//! entry of a foreign register; an index leads to each.

use crate::counter::practice;
use chrono::{NaiveDate, TimeDelta};
use fault::Fault;
use proto::consular::v1::CivilRecord;
use proto::consular::v1::civil_record::Kind;
use registry::Reader;

/// The states in which a record may turn out to be of the same event.
const LIVE: [&str; 6] = ["DECLARED", "DOCUMENTS_COMPLETE", "COMPARED", "REVIEWED", "REGISTERED", "CERTIFICATE_ISSUED"];
/// How many records are read at once.
const AT_ONCE: usize = 500;

/// The records of every post that may be of the same event.
///
/// # Errors
/// The database's.
pub(crate) async fn alike(reader: &mut Reader<'_>, one: &CivilRecord) -> Result<Vec<CivilRecord>, Fault> {
    let day: NaiveDate = one.event_date.parse().unwrap_or_default();
    let days = TimeDelta::days(practice().civil.likeness.days);
    let people: Vec<_> = match one.kind() {
        Kind::Birth => one.parents.iter().filter_map(|parent| parent.person.as_ref()).collect(),
        _ => one.subject.iter().chain(&one.spouse).collect(),
    };
    let births: Vec<&str> = people.into_iter().map(|person| person.birth_date.as_str()).collect();
    let text = "select name from civil_records where deleted_at is null \
        and kind = $1 and state = any ($2) and name <> $3 \
        and (event_date between $4 and $5 or births ?| $6 or (foreign_number = $7 and country = $8 and $7 <> '')) \
        order by name";
    let found = sqlx::query_scalar::<_, String>(text)
        .bind(one.kind().as_str_name())
        .bind(LIVE.as_slice())
        .bind(&one.name)
        .bind((day - days).to_string())
        .bind((day + days).to_string())
        .bind(births)
        .bind(&one.foreign_number)
        .bind(&one.country);
    let names = found.fetch_all(reader.beside()).await.map_err(pg::fault)?;
    let mut records = Vec::with_capacity(names.len());
    for some in names.chunks(AT_ONCE) {
        let some: Vec<&str> = some.iter().map(String::as_str).collect();
        records.extend(reader.all::<CivilRecord>(&[("name", &some)]).await?);
    }
    Ok(records)
}
