//! Lists of carriers, hotels and authorities in a crisis: whoever stands on one is on the list of the crisis, once.
//!
//! A line is matched with who is there already as the public intake does: by document, or by names and date of birth. A name
//! alone matches nobody; what is likely to be one human is then for an officer to merge.

use crate::crisis_arrivals::STANDING;
use crate::crisis_likeness::name_key;
use crate::crisis_persons::{CrisisPersons, list, surroundings};
use fault::{Fault, Reason as _};
use futures::StreamExt as _;
use identity::Called;
use proto::consular::v1::crisis_person::{Source, State};
use proto::consular::v1::{
    Crisis, CrisisPerson, ImportCrisisPersonsRequest, ImportCrisisPersonsResponse, Passage, Reason, Registration,
    ReportPersonAboardRequest,
};
use proto::policy::v1::Reason as House;
use proto::registry::v1::ImportOutcome;
use proto::shape::ImportAnswer as _;
use registry::{Answer, Call, Feed, Reader, Registry, import_failure};
use tonic::{Request, Response, Status, Streaming};

/// The verb by which somebody known is noted to be on a list.
const ABOARD: &str = "/legation.consular.v1.CrisisPersonService/ReportPersonAboard";

/// Takes a list in, line after line. A line that is refused does not stop the others.
///
/// # Errors
/// Only what is wrong with the stream as a whole, or with us, ends it.
pub(crate) async fn import(
    persons: Registry<CrisisPersons>,
    request: Request<Streaming<ImportCrisisPersonsRequest>>,
) -> Answer<Feed<ImportCrisisPersonsResponse>> {
    let called = Called::of(&request)?.clone();
    let answers = request.into_inner().enumerate().then(move |(n, line)| {
        let (persons, called) = (persons.clone(), called.clone());
        async move {
            let ask = line?;
            let number = i64::try_from(n + 1).unwrap_or(i64::MAX);
            let own = format!("crisisPersons/{}", ask.crisis_person_id);
            match taken_in(&persons, &called, ask, &own).await {
                Ok((name, outcome)) => Ok(ImportCrisisPersonsResponse::answer(number, name, outcome, None)),
                Err(fault) if fault.is_ours() => Err(Status::from(fault)),
                Err(fault) => {
                    let failure = Some(import_failure(&fault));
                    Ok(ImportCrisisPersonsResponse::answer(number, own, ImportOutcome::Rejected, failure))
                }
            }
        }
    });
    Ok(Response::new(answers.boxed()))
}

/// One line: whose record it is, and what became of it.
async fn taken_in(
    persons: &Registry<CrisisPersons>,
    called: &Called,
    ask: ImportCrisisPersonsRequest,
    own: &str,
) -> Result<(String, ImportOutcome), Fault> {
    registry::check(&ask)?;
    let person = ask.crisis_person.clone().unwrap_or_default();
    if !matches!(person.source(), Source::Airline | Source::LocalList) {
        let fault = Fault::new(House::InvalidFields, "1 field is wrong");
        return Err(fault.at("crisisPerson.source", "is none of a list: AIRLINE or LOCAL_LIST"));
    }
    // Most of a list that comes again is known; nothing is locked or written for that.
    if let Some(known) = known(persons, &person, own).await? {
        return aboard(persons, called, known, person.passages).await;
    }
    match persons.create_with(asked(called.clone(), ask), beside, first).await {
        Ok(made) => Ok((made.into_inner().name, ImportOutcome::Created)),
        Err(status) => {
            let fault = Fault::from(&status);
            let meanwhile = [Reason::PersonAlreadyListed.name(), House::AlreadyExists.name()];
            let found = match meanwhile.contains(&fault.reason()) {
                true => known(persons, &person, own).await?,
                false => None,
            };
            aboard(persons, called, found.ok_or(fault)?, person.passages).await
        }
    }
}

fn asked<R>(called: Called, ask: R) -> Request<R> {
    let mut request = Request::new(ask);
    request.extensions_mut().insert(called);
    request
}

/// The record of this human: that which this line made before, or one that is alike.
async fn known(
    persons: &Registry<CrisisPersons>,
    person: &CrisisPerson,
    own: &str,
) -> Result<Option<CrisisPerson>, Fault> {
    if let Some(made) = persons.load(own).await? {
        let same = made.crisis == person.crisis
            && made.name_key == name_key(&person.family_name, &person.given_names)
            && made.birth_date == person.birth_date
            && made.document_number == person.document_number;
        if !same {
            let words = "somebody else was listed under this id";
            return Err(Fault::new(House::AlreadyExists, words).with("name", own.to_owned()));
        }
        return if made.state() == State::Merged { persons.load(&made.merged_into).await } else { Ok(Some(made)) };
    }
    for by in alike(person, &name_key(&person.family_name, &person.given_names)) {
        let by: Vec<_> = by.iter().map(|(field, values)| (*field, values.as_slice())).collect();
        if let Some(found) = persons.all(&by).await?.pop() {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The conditions that those who are alike meet, the surest first.
fn alike<'p>(person: &'p CrisisPerson, key: &'p str) -> Vec<Vec<(&'static str, Vec<&'p str>)>> {
    let among = |by: &[(&'static str, &'p str)]| {
        let mut conditions: Vec<_> = by.iter().map(|(field, value)| (*field, vec![*value])).collect();
        conditions.extend([("crisis", vec![person.crisis.as_str()]), ("state", STANDING.to_vec())]);
        conditions
    };
    let mut ways = Vec::new();
    if !person.document_number.is_empty() {
        ways.push(among(&[("document_number", person.document_number.as_str())]));
    }
    if !person.birth_date.is_empty() {
        ways.push(among(&[("name_key", key), ("birth_date", person.birth_date.as_str())]));
    }
    ways
}

/// The crisis and the registration that somebody new is listed with, and whether somebody alike came meanwhile.
type Beside = ((Option<Crisis>, Option<Registration>), bool);

/// Those who arrive come one after another, as at the public intake, or the same list handed in twice at once would find
/// nobody twice.
async fn beside(reader: &mut Reader<'_>, person: &CrisisPerson) -> Result<Beside, Fault> {
    let around = surroundings(reader, person).await?;
    reader.alone(&format!("arrivals of {}", person.crisis)).await?;
    let mut there = false;
    for by in alike(person, &name_key(&person.family_name, &person.given_names)) {
        let by: Vec<_> = by.iter().map(|(field, values)| (*field, values.as_slice())).collect();
        there = there || reader.exists::<CrisisPerson>(&by).await?;
    }
    Ok((around, there))
}

fn first(person: &mut CrisisPerson, (around, there): Beside, call: &mut Call) -> Result<(), Fault> {
    list(person, around, call)?;
    if there {
        return Err(Fault::new(Reason::PersonAlreadyListed, "somebody alike was listed meanwhile"));
    }
    if person.whereabouts.is_empty() {
        person.whereabouts = person.passages.iter().map(in_words).collect::<Vec<_>>().join("; ");
    }
    Ok(())
}

fn in_words(passage: &Passage) -> String {
    let Passage { carriage, date, seat } = passage;
    let seat = if seat.is_empty() { String::new() } else { format!("seat {seat}") };
    let parts = [carriage.clone(), date.clone(), seat];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Somebody known: what they were on is noted once.
async fn aboard(
    persons: &Registry<CrisisPersons>,
    called: &Called,
    known: CrisisPerson,
    passages: Vec<Passage>,
) -> Result<(String, ImportOutcome), Fault> {
    if passages.iter().all(|passage| known.passages.contains(passage)) {
        return Ok((known.name, ImportOutcome::Unchanged));
    }
    let missing = || Fault::new(House::Internal, "the contract has no such method");
    let method = proto::contract::contract().method(ABOARD).ok_or_else(missing)?;
    let ask = ReportPersonAboardRequest { name: known.name.clone(), passages, ..ReportPersonAboardRequest::default() };
    persons.act(asked(Called { method, ..called.clone() }, ask), note).await.map_err(|status| Fault::from(&status))?;
    Ok((known.name, ImportOutcome::Updated))
}

/// What they were on, beside what is known already.
pub(crate) fn note(person: &mut CrisisPerson, ask: ReportPersonAboardRequest, _: &mut Call) -> Result<(), Fault> {
    for passage in ask.passages {
        if !person.passages.contains(&passage) {
            person.passages.push(passage);
        }
    }
    Ok(())
}
