//! Papers of the counter: receipts, certificates of notarial acts, legalisations.

use super::TravelPapers;
use super::pages::{order, place, state};
use crate::exchange::CURRENCIES;
use crate::travel::day;
use chrono_tz::Tz;
use documents::{Order, Template};
use fault::Fault;
use proto::consular::v1::identity_evidence::Kind as Evidence;
use proto::consular::v1::notarial_act::Kind as Act;
use proto::consular::v1::receipt::{Method, NoFee, State as Paid};
use proto::consular::v1::{IdentityEvidence, Legalisation, NotarialAct, Receipt};
use registry::instant;
use serde_json::{Value, json};

/// How they are set.
pub(crate) static TEMPLATE: Template =
    Template { name: "office", main: include_str!("../../templates/office.typ"), parts: &[] };

/// What they differ in.
struct Paper<'p> {
    name: &'p str,
    reference: &'p str,
    post: &'p str,
    title: &'static str,
    words: String,
    rows: Vec<(&'static str, String)>,
    lines: Vec<[String; 3]>,
    total: String,
    note: String,
    signs: String,
    /// When it was done.
    time: Option<&'p prost_types::Timestamp>,
}

/// A paper of the day it was done, by the capital's calendar.
fn set(papers: &TravelPapers, paper: Paper<'_>, zone: Tz) -> Result<Order, Fault> {
    let date = paper.time.and_then(instant).unwrap_or_default().with_timezone(&zone).date_naive();
    let rows: Vec<_> = paper.rows.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let data: Value = json!({
        "ministry": papers.issuer().ministry,
        "post": place(paper.post),
        "title": paper.title,
        "reference": paper.reference,
        "words": paper.words,
        "rows": rows,
        "lines": paper.lines,
        "total": paper.total,
        "note": paper.note,
        "place": place(paper.post),
        "date": date.format("%-d %B %Y").to_string(),
        "signs": paper.signs,
        "specimen": papers.specimen(),
    });
    order(&TEMPLATE, &data, paper.name, &date.to_string())
}

/// A receipt, with what was given back of it.
pub(crate) fn receipt(papers: &TravelPapers, one: &Receipt, zone: Tz) -> Result<Order, Fault> {
    let total = one.total.clone().unwrap_or_default();
    let amount = |minor_units| format!("{} {}", CURRENCIES.get().written(&total.currency, minor_units), total.currency);
    let lines = one.lines.iter();
    let lines = lines.map(|line| [line.code.clone(), line.quantity.to_string(), amount(line.minor_units)]).collect();
    let paid = match (one.no_fee(), one.method()) {
        (NoFee::Unspecified, Method::Cash) => "in cash",
        (NoFee::Unspecified, Method::Card) => "by card",
        (NoFee::Unspecified, Method::Transfer) => "by transfer",
        (NoFee::Unspecified, _) => "",
        (NoFee::Official, _) => "no fee, for official travel or business",
        (NoFee::Diplomatic, _) => "no fee, upon a note verbale",
        (NoFee::Destitute, _) => "no fee, for want of means",
        (NoFee::OfficeError, _) => "no fee, to put right what we did wrong",
        (NoFee::Reciprocal, _) => "no fee, by reciprocity",
    };
    let back = one.refunded_minor_units;
    let note = match one.state() {
        Paid::Refunded => "All of it was given back: this receipt pays for nothing.".to_owned(),
        _ if back > 0 => format!("Given back of it: {}.", amount(back)),
        _ => String::new(),
    };
    let paper = Paper {
        name: &one.name,
        reference: &one.reference,
        post: &one.post,
        title: "Receipt",
        words: String::new(),
        rows: vec![
            ("Received of", one.payer.clone()),
            ("Paid", paid.to_owned()),
            ("For", one.subject.clone()),
            ("Ordered", day(&one.order_date)?.format("%-d %B %Y").to_string()),
        ],
        lines,
        total: amount(total.minor_units),
        note,
        signs: "Cashier".to_owned(),
        time: one.create_time.as_ref(),
    };
    set(papers, paper, zone)
}

/// The certificate of a notarial act.
pub(crate) fn notarial_act(papers: &TravelPapers, act: &NotarialAct, zone: Tz) -> Result<Order, Fault> {
    let (title, words) = match act.kind() {
        Act::Acknowledgement => {
            ("Acknowledgement", "acknowledged the signature under the document named below as their own")
        }
        Act::Oath => ("Oath or affirmation", "swore or affirmed that the document named below is true"),
        Act::CertifiedCopy => ("Certified copy", "presented the original, with which the copy named below agrees"),
        Act::PowerOfAttorney => ("Power of attorney", "gave the power of attorney named below"),
        Act::SignatureWitnessed => ("Signature witnessed", "signed the document named below before me"),
        Act::LifeCertificate => ("Certificate of life", "appeared before me and is alive"),
        Act::Unspecified => ("Notarial act", "appeared before me"),
    };
    let pages = if act.pages > 0 { act.pages.to_string() } else { String::new() };
    let paper = Paper {
        name: &act.name,
        reference: &act.reference,
        post: &act.post,
        title,
        words: format!("I certify that {}, known to me {}, {words}.", act.signer, known_by(act.evidence.as_ref())),
        rows: vec![
            ("Document", act.document.clone()),
            ("Pages", pages),
            ("SHA-256 of the document", act.digest.clone()),
            ("Seal", act.seal.clone()),
            ("Officer", act.officer.clone()),
        ],
        lines: Vec::new(),
        total: String::new(),
        note: String::new(),
        signs: act.capacity.clone(),
        time: act.act_time.as_ref(),
    };
    set(papers, paper, zone)
}

/// By what the officer knew who signed.
fn known_by(evidence: Option<&IdentityEvidence>) -> String {
    let evidence = evidence.cloned().unwrap_or_default();
    match evidence.kind() {
        Evidence::Passport => format!("by passport {} of {}", evidence.number, state(&evidence.issuer)),
        Evidence::IdentityCard => format!("by identity card {} of {}", evidence.number, state(&evidence.issuer)),
        Evidence::Witnesses => format!("by the witnesses {}", evidence.witnesses.join(" and ")),
        Evidence::PersonallyKnown | Evidence::Unspecified => "in person".to_owned(),
    }
}

/// A legalisation: of the last signature of the chain, and of nothing that the document says.
pub(crate) fn legalisation(papers: &TravelPapers, one: &Legalisation, zone: Tz) -> Result<Order, Fault> {
    let last = one.links.last();
    let official = last.map_or(one.official.as_str(), |link| &link.official);
    let authority = last.map_or(one.authority.as_str(), |link| &link.authority);
    let date = last.map_or(one.document_date.as_str(), |link| &link.date);
    let paper = Paper {
        name: &one.name,
        reference: &one.reference,
        post: &one.post,
        title: "Legalisation",
        words: format!(
            "Seen for legalisation of the signature of {official}, {authority}, of {}. It agrees with the specimen that this \
             office holds.",
            day(date)?.format("%-d %B %Y")
        ),
        rows: vec![
            ("Document", one.document.clone()),
            ("Of", state(&one.country)),
            ("For use in", state(&one.destination)),
            ("Applicant", one.applicant.clone()),
        ],
        lines: Vec::new(),
        total: String::new(),
        note: "It says nothing of what the document says.".to_owned(),
        signs: "Consular officer, seal and signature".to_owned(),
        time: one.issue_time.as_ref(),
    };
    set(papers, paper, zone)
}
