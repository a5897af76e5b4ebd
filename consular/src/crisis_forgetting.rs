//! Who is erased from the register is forgotten on the lists of crises too: at once, or as soon as nobody looks for them.
//!
//! While a crisis is open, whoever is not accounted for stays by name, because life may hang on it (Regulation (EU) 2016/679,
//! art. 6(1)(d) and 17(3)); closing it forgets them.

use crate::crisis_persons::CrisisPersons;
use fault::Fault;
use proto::consular::v1::crisis_person::State;
use proto::consular::v1::{Crisis, CrisisPerson, ManifestSeat, crisis};
use registry::{Call, Held, Reader};
use sqlx::Row as _;
use std::collections::HashMap;

/// Those on the list of a crisis whose registration is erased and who are not forgotten yet.
const ERASED: &str = "select p.name from crisis_persons p join registrations r on r.name = p.registration
    where p.crisis = $1 and r.state = 'ERASED' and p.deleted_at is null and p.doc->>'familyName' <> ''";

/// What is left of a version in the history.
const HISTORY: &str = "update history set doc = jsonb_build_object('name', doc->'name', 'state', doc->'state', \
    'crisis', doc->'crisis', 'registration', doc->'registration', 'source', doc->'source', 'uid', doc->'uid', \
    'etag', doc->'etag', 'createTime', doc->'createTime', 'updateTime', doc->'updateTime') \
    where kind = 'crisisPersons' and name = any ($1)";

/// The people of a registration that is being erased whom nobody has to look for any more. Their history is blank then.
pub(crate) async fn of_registration(
    reader: &mut Reader<'_>,
    registration: &str,
) -> Result<Vec<Held<CrisisPersons>>, Fault> {
    let mut crises: HashMap<String, bool> = HashMap::new();
    let mut forgotten = Vec::new();
    for person in reader.hold::<CrisisPersons>(&[("registration", &[registration])]).await? {
        if !crises.contains_key(&person.crisis) {
            let crisis: Option<Crisis> = reader.glance(&person.crisis).await?;
            let open = crisis.is_some_and(|crisis| crisis.state() == crisis::State::Open);
            crises.insert(person.crisis.clone(), open);
        }
        if !crises[&person.crisis] || is_accounted_for(reader, &person).await? {
            forgotten.push(person);
        }
    }
    blank_history(reader, forgotten).await
}

/// The people on the list of a crisis that is being closed whose registrations were erased meanwhile.
pub(crate) async fn of_crisis(reader: &mut Reader<'_>, crisis: &str) -> Result<Vec<Held<CrisisPersons>>, Fault> {
    let rows = sqlx::query(ERASED).bind(crisis).fetch_all(reader.beside()).await.map_err(pg::fault)?;
    let names: Vec<&str> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(pg::fault)?;
    let forgotten = if names.is_empty() { Vec::new() } else { reader.hold(&[("name", &names)]).await? };
    blank_history(reader, forgotten).await
}

async fn is_accounted_for(reader: &mut Reader<'_>, person: &CrisisPerson) -> Result<bool, Fault> {
    Ok(match person.state() {
        State::Deceased | State::Merged => true,
        // Who is aboard is counted again where they arrive, and sought if they do not.
        State::Safe | State::Departed | State::Declined => {
            let seats = [("human", &[person.name.as_str()][..]), ("state", &["LISTED", "BOARDED"])];
            !reader.exists::<ManifestSeat>(&seats).await?
        }
        _ => false,
    })
}

async fn blank_history(
    reader: &mut Reader<'_>,
    people: Vec<Held<CrisisPersons>>,
) -> Result<Vec<Held<CrisisPersons>>, Fault> {
    let names: Vec<&str> = people.iter().map(|person| person.name.as_str()).collect();
    if !names.is_empty() {
        sqlx::query(HISTORY).bind(names).execute(reader.beside()).await.map_err(pg::fault)?;
    }
    Ok(people)
}

/// Nothing personal is left of them; that there was someone, and what became of them, is.
pub(crate) fn forget(people: Vec<Held<CrisisPersons>>, call: &mut Call) -> Result<(), Fault> {
    people.into_iter().try_for_each(|person| {
        call.follow(person, "forget", |person, _| {
            *person = CrisisPerson {
                name: person.name.clone(),
                crisis: person.crisis.clone(),
                registration: person.registration.clone(),
                party_number: person.party_number,
                state: person.state,
                source: person.source,
                merged_into: person.merged_into.clone(),
                status_time: person.status_time,
                uid: person.uid.clone(),
                etag: person.etag.clone(),
                create_time: person.create_time,
                update_time: person.update_time,
                ..CrisisPerson::default()
            };
            Ok(())
        })
    })
}
