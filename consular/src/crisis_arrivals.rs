//! How the people of an intake come onto the list of their crisis: listed if they are new, heard if they are known.

use crate::crisis_likeness::name_key;
use crate::crisis_persons::CrisisPersons;
use fault::{Fault, refuse_if};
use proto::consular::v1::crisis_intake::{Person, Said};
use proto::consular::v1::crisis_person::{Source, State};
use proto::consular::v1::{Crisis, CrisisIntake, CrisisPerson, Reason, Registration, crisis};
use registry::{Call, Held, Reader};
use std::collections::BTreeSet;

/// Every state of a record but that of one which gave way to another.
pub(crate) const STANDING: [&str; 8] =
    ["UNKNOWN", "SAFE", "NEEDS_HELP", "INJURED", "MISSING", "DECEASED", "DEPARTED", "DECLINED"];

/// What is known of the people of an intake.
pub(crate) struct Arrivals {
    crisis: Option<Crisis>,
    /// For each of them the record on the list, and whether the intake's address is proven to be its registrant's.
    known: Vec<Option<(Held<CrisisPersons>, bool)>>,
}

/// Looks each of them up, by document or by names and date of birth. Intakes of one crisis come one after another, or two of
/// one family at once would each find nobody.
pub(crate) async fn arrivals(reader: &mut Reader<'_>, intake: &CrisisIntake) -> Result<Arrivals, Fault> {
    let crisis = reader.share(&intake.crisis).await?;
    reader.alone(&format!("arrivals of {}", intake.crisis)).await?;
    let (mut known, mut taken) = (Vec::new(), BTreeSet::new());
    for person in &intake.people {
        let found = alike(reader, &intake.crisis, person).await?.into_iter().find(|one| !taken.contains(&one.name));
        known.push(match found {
            None => None,
            Some(found) => {
                taken.insert(found.name.clone());
                let own = is_own(reader, &found, &intake.contact).await?;
                Some((found, own))
            }
        });
    }
    Ok(Arrivals { crisis, known })
}

/// The records of this human on the list, by document first.
async fn alike(reader: &mut Reader<'_>, crisis: &str, person: &Person) -> Result<Vec<Held<CrisisPersons>>, Fault> {
    let key = name_key(&person.family_name, &person.given_names);
    let mut found = Vec::new();
    if !person.document_number.is_empty() {
        let document = [person.document_number.as_str()];
        let by = [("crisis", &[crisis][..]), ("document_number", &document), ("state", &STANDING)];
        found.extend(reader.hold(&by).await?);
    }
    let by = [
        ("crisis", &[crisis][..]),
        ("name_key", &[key.as_str()]),
        ("birth_date", &[person.birth_date.as_str()]),
        ("state", &STANDING),
    ];
    found.extend(reader.hold::<CrisisPersons>(&by).await?);
    Ok(found)
}

/// Whether an address is one that the registrant of this person has proven.
async fn is_own(reader: &mut Reader<'_>, person: &CrisisPerson, contact: &str) -> Result<bool, Fault> {
    if person.registration.is_empty() {
        return Ok(false);
    }
    let registration: Option<Registration> = reader.glance(&person.registration).await?;
    Ok(registration.is_some_and(|known| known.verified.iter().any(|proven| proven.address == contact)))
}

/// Puts them on the list.
pub(crate) fn arrive(intake: &CrisisIntake, arrivals: Arrivals, call: &mut Call) -> Result<(), Fault> {
    let open = arrivals.crisis.is_some_and(|crisis| crisis.state() == crisis::State::Open);
    refuse_if(!open, Reason::CrisisClosed, "the crisis is closed")?;
    let state = if intake.said() == Said::Safe { State::Safe } else { State::NeedsHelp };
    for (person, known) in intake.people.iter().zip(arrivals.known) {
        match known {
            None => list(intake, person, state, call)?,
            Some((known, true)) if known.state() != State::Deceased => call.follow(known, "speak", |known, call| {
                known.set_state(state);
                known.status_time = Some(call.timestamp());
                known.note.clone_from(&intake.note);
                if !intake.whereabouts.is_empty() {
                    known.whereabouts.clone_from(&intake.whereabouts);
                }
                Ok(())
            })?,
            Some((known, _)) => {
                let words = [intake.name.as_str(), state.as_str_name(), &intake.whereabouts, &intake.note];
                let told: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
                call.follow(known, "hear", |known, _| {
                    known.hearsay = told.join("; ");
                    Ok(())
                })?;
            }
        }
    }
    Ok(())
}

fn list(intake: &CrisisIntake, person: &Person, state: State, call: &mut Call) -> Result<(), Fault> {
    // Nobody owns the record: whoever is named need not be who files, who would learn by it that the person was not listed
    // before, and see what becomes of them.
    let listed = CrisisPerson {
        crisis: intake.crisis.clone(),
        source: Source::SelfReport.into(),
        family_name: person.family_name.clone(),
        given_names: person.given_names.clone(),
        birth_date: person.birth_date.clone(),
        nationality: person.nationality.clone(),
        document_number: person.document_number.clone(),
        whereabouts: intake.whereabouts.clone(),
        note: intake.note.clone(),
        ..CrisisPerson::default()
    };
    let name = call.open::<CrisisPersons>(listed, |listed, _| {
        listed.set_state(state);
        Ok(())
    });
    name.map(drop)
}
