//! The pages of travel documents: a passport's data page (ICAO Doc 9303-4), stickers of visas and emergency documents, each
//! with its seal.

use super::TravelPapers;
use crate::travel::{day, zone};
use chrono::NaiveDate;
use documents::{Order, Template};
use fault::Fault;
use proto::consular::v1::travel_document::Kind;
use proto::consular::v1::{EmergencyTravelDocument, Reason, TravelDocument, Visa};
use proto::policy::v1::Reason as House;
use serde_json::{Value, json};

/// What the pages have in common.
const PARTS: &[(&str, &str)] = &[("travel.typ", include_str!("../../templates/travel.typ"))];

/// How data pages are set.
pub(crate) static PASSPORT: Template =
    Template { name: "passport", main: include_str!("../../templates/passport.typ"), parts: PARTS };
/// How visas are set.
pub(crate) static VISA: Template =
    Template { name: "visa", main: include_str!("../../templates/visa.typ"), parts: PARTS };
/// How emergency documents are set.
pub(crate) static EMERGENCY: Template =
    Template { name: "emergency", main: include_str!("../../templates/emergency.typ"), parts: PARTS };

/// A day as documents write it: `04 MAY 2026`.
fn written(text: &str) -> Result<String, Fault> {
    Ok(on_paper(day(text)?))
}

fn on_paper(day: NaiveDate) -> String {
    day.format("%d %b %Y").to_string().to_uppercase()
}

/// The sex as documents write it; `X` if it is not said (Doc 9303-4, 4.1.1.1).
fn sex(number: i32) -> &'static str {
    match zone::sex(number) {
        mrz::Sex::Female => "F",
        mrz::Sex::Male => "M",
        mrz::Sex::Unspecified => "X",
    }
}

/// A state's name, as its citizens' documents have it.
pub(super) fn state(alpha2: &str) -> String {
    rust_iso3166::from_alpha2(alpha2).map_or_else(|| alpha2.to_owned(), |country| country.name.to_owned())
}

/// A post's name as it is printed: the last part of its resource name.
pub(super) fn place(post: &str) -> String {
    post.rsplit('/').next().unwrap_or(post).to_uppercase()
}

/// A passport's data page, with its seal.
pub(crate) fn passport(papers: &TravelPapers, document: &TravelDocument) -> Result<Order, Fault> {
    let issuer = papers.issuer();
    let title = match document.kind() {
        Kind::DiplomaticPassport => "Diplomatic passport",
        Kind::ServicePassport => "Service passport",
        Kind::Ordinary | Kind::Unspecified => "Passport",
    };
    let data = json!({
        "state": issuer.state,
        "title": title,
        "code": "P",
        "issuer": issuer.code,
        "number": document.number,
        "family_name": document.family_name.to_uppercase(),
        "given_names": document.given_names.to_uppercase(),
        "nationality": issuer.state.to_uppercase(),
        "born": written(&document.birth_date)?,
        "birth_place": document.birth_place.to_uppercase(),
        "sex": sex(document.sex),
        "issued": written(&document.issue_date)?,
        "expires": written(&document.expire_date)?,
        "authority": format!("{}, {}", issuer.ministry, place(&document.post)),
        "zone": document.zone,
        "specimen": papers.specimen(),
    });
    sealed(order(&PASSPORT, &data, &document.name, &document.issue_date)?, &document.seal)
}

/// A visa's sticker, with its seal.
pub(crate) fn visa(papers: &TravelPapers, visa: &Visa) -> Result<Order, Fault> {
    let issuer = papers.issuer();
    let data = json!({
        "state": issuer.state,
        "territory": issuer.territory.to_uppercase(),
        "number": visa.number,
        "from": short(&visa.valid_from)?,
        "until": short(&visa.valid_until)?,
        "class": visa.visa_class().as_str_name(),
        "entries": if visa.entries == 0 { "MULT".to_owned() } else { format!("{:02}", visa.entries) },
        "stay": format!("{} DAYS", visa.stay_days),
        "place": place(&visa.post),
        "issued": short(&visa.issue_date)?,
        "holder": format!("{}, {}", visa.family_name.to_uppercase(), visa.given_names.to_uppercase()),
        "passport": visa.passport_number,
        "remarks": if visa.diplomatic { "DIPLOMATIC" } else { "" },
        "zone": visa.zone,
        "specimen": papers.specimen(),
    });
    sealed(order(&VISA, &data, &visa.name, &visa.issue_date)?, &visa.seal)
}

/// The sticker of an emergency document, with its seal.
pub(crate) fn emergency(papers: &TravelPapers, document: &EmergencyTravelDocument) -> Result<Order, Fault> {
    let issuer = papers.issuer();
    let transit: Vec<_> = document.transit.iter().map(|country| state(country)).collect();
    let data = json!({
        "number": document.number,
        "family_name": document.family_name.to_uppercase(),
        "given_names": document.given_names.to_uppercase(),
        "nationality": zone::code(&document.nationality),
        "born": short(&document.birth_date)?,
        "sex": sex(document.sex),
        "destination": state(&document.destination).to_uppercase(),
        "transit": if transit.is_empty() { "—".to_owned() } else { transit.join(", ").to_uppercase() },
        "issued": short(&document.issue_date)?,
        "expires": short(&document.expire_date)?,
        "authority": format!("{}, {}", issuer.ministry, place(&document.post)),
        "zone": document.zone,
        "specimen": papers.specimen(),
    });
    sealed(order(&EMERGENCY, &data, &document.name, &document.issue_date)?, &document.seal)
}

/// A day as stickers write it: `04-05-26`.
fn short(text: &str) -> Result<String, Fault> {
    Ok(day(text)?.format("%d-%m-%y").to_string())
}

pub(super) fn order(template: &'static Template, data: &Value, name: &str, date: &str) -> Result<Order, Fault> {
    Ok(Order::new(template, data, name, day(date)?))
}

/// The order with the seal that the record has since it was made, so that every copy has the same.
fn sealed(order: Order, seal: &[u8]) -> Result<Order, Fault> {
    if seal.is_empty() {
        return Err(Fault::new(Reason::TravelSealKeyMissing, "it was made while the house had no key to seal it with"));
    }
    let too_long = |error| Fault::new(House::Internal, "a seal does not fit a barcode").caused_by(error);
    order.with_barcode(seal).map_err(too_long)
}
