//! A certified extract of the civil register on paper: what the edition in force says, and where to ask whether it is good.

use super::TravelPapers;
use super::pages::{order, place, state};
use super::register_pages::answered_by;
use crate::travel::day;
use documents::{Order, Template};
use fault::Fault;
use proto::consular::v1::civil_record::Kind;
use proto::consular::v1::{CivilCertificate, CivilPerson, CivilRecord};
use registry::instant;
use serde_json::{Value, json};

/// How extracts are set.
pub(crate) static TEMPLATE: Template =
    Template { name: "civil-extract", main: include_str!("../../templates/civil-extract.typ"), parts: &[] };

/// An extract of a record. Its barcode is the page of the register that answers for it.
pub(crate) fn extract(
    papers: &TravelPapers,
    one: &CivilRecord,
    certificate: &CivilCertificate,
) -> Result<Order, Fault> {
    let register = papers.0.civil_register.as_ref();
    let (title, event, first, second) = match one.kind() {
        Kind::Birth => ("births", "Birth", "Child", ""),
        Kind::Marriage => ("marriages", "Marriage", "Spouse", "Spouse"),
        Kind::Death | Kind::Unspecified => ("deaths", "Death", "Deceased", ""),
    };
    let mut persons = Vec::new();
    persons.extend(one.subject.as_ref().map(|subject| person(first, subject)).transpose()?);
    persons.extend(one.spouse.as_ref().map(|spouse| person(second, spouse)).transpose()?);
    for parent in one.parents.iter().filter_map(|parent| parent.person.as_ref()) {
        persons.push(person("Parent", parent)?);
    }
    let corrections: Vec<Value> = one
        .corrections
        .iter()
        .map(|correction| {
            let date = correction.time.as_ref().and_then(instant).map(|time| time.date_naive().to_string());
            Ok(json!({ "edition": correction.edition, "date": written(&date.unwrap_or_default())? }))
        })
        .collect::<Result<_, Fault>>()?;
    let registered = one.register_time.as_ref().and_then(instant).unwrap_or_default().date_naive();
    let data = json!({
        "ministry": papers.issuer().ministry,
        "state": papers.issuer().state,
        "title": title,
        "post": place(&one.post),
        "entry": one.reference,
        "registered": registered.format("%-d %B %Y").to_string(),
        "event": event,
        "event_date": written(&one.event_date)?,
        "event_place": format!("{}, {}", one.place, state(&one.country)),
        "foreign_number": one.foreign_number,
        "persons": persons,
        "edition": one.edition,
        "corrections": corrections,
        "reference": certificate.reference,
        "code": certificate.code,
        "issued": written(&certificate.date)?,
        "applicant": certificate.applicant,
        "register": register.map(ToString::to_string),
        "specimen": papers.specimen(),
    });
    let identity = format!("{}/certificates/{}", one.name, certificate.number);
    let order = order(&TEMPLATE, &data, &identity, &certificate.date)?;
    answered_by(order, register, &[("reference", &certificate.reference), ("code", &certificate.code)])
}

fn written(text: &str) -> Result<String, Fault> {
    Ok(day(text)?.format("%-d %B %Y").to_string())
}

fn person(role: &str, person: &CivilPerson) -> Result<Value, Fault> {
    let nationality = if person.nationality.is_empty() { String::new() } else { state(&person.nationality) };
    Ok(json!({
        "role": role,
        "name": format!("{}, {}", person.family_name.to_uppercase(), person.given_names),
        "born": written(&person.birth_date)?,
        "birth_place": person.birth_place,
        "nationality": nationality,
    }))
}
