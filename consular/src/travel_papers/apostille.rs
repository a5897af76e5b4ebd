//! The apostille on paper: the model certificate of the Convention of 5 October 1961, and where to ask about it.

use super::TravelPapers;
use super::pages::{order, state};
use super::register_pages::answered_by;
use crate::travel::day;
use documents::{Order, Template};
use fault::Fault;
use proto::consular::v1::Apostille;
use serde_json::json;

/// How apostilles are set.
pub(crate) static TEMPLATE: Template =
    Template { name: "apostille", main: include_str!("../../templates/apostille.typ"), parts: &[] };

/// The certificate of one that was issued. Its barcode is the page of the register that answers for it.
pub(crate) fn apostille(papers: &TravelPapers, one: &Apostille) -> Result<Order, Fault> {
    let register = papers.0.apostille_register.as_ref();
    let data = json!({
        "ministry": papers.issuer().ministry,
        "country": state(&one.country),
        "official": one.official,
        "capacity": one.capacity,
        "authority": one.authority,
        "place": one.place,
        "date": day(&one.date)?.format("%-d %B %Y").to_string(),
        "certified_by": one.certified_by,
        "reference": one.reference,
        "seal": one.seal,
        "signed_by": one.signed_by,
        "code": one.code,
        "register": register.map(ToString::to_string),
        "specimen": papers.specimen(),
    });
    let order = order(&TEMPLATE, &data, &one.name, &one.date)?;
    answered_by(order, register, &[("reference", &one.reference), ("date", &one.date), ("code", &one.code)])
}
