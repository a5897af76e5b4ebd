//! A certificate of status on paper, for a court.

use super::Papers;
use super::letterhead::Letterhead;
use chrono::NaiveDate;
use config::Home;
use documents::{Order, Template};
use fault::Fault;
use proto::accreditation::v1::{Immune, Seal, Status, StatusCertificate};
use registry::instant;
use serde::Serialize;

/// How certificates are set.
pub(crate) static TEMPLATE: Template =
    Template { name: "status-certificate", main: include_str!("../../templates/status-certificate.typ"), parts: &[] };

/// What stands on a certificate.
#[derive(Serialize)]
struct Sheet<'s> {
    letterhead: &'s Letterhead,
    number: &'s str,
    court: &'s str,
    court_reference: &'s str,
    holder: &'s str,
    born: String,
    title: &'s str,
    mission: &'s str,
    category: String,
    instant: String,
    status: &'s str,
    rows: Vec<Row>,
    issued: String,
    specimen: bool,
}

#[derive(Serialize)]
struct Row {
    matter: String,
    immune: &'static str,
    conditions: Vec<String>,
    provisions: String,
}

/// A certificate to be printed. Instants are in the capital's time, and say so.
pub(crate) fn order(papers: &Papers, certificate: &StatusCertificate, home: &Home) -> Result<Order, Fault> {
    let local = |time: Option<&prost_types::Timestamp>| {
        time.and_then(instant).unwrap_or_default().with_timezone(&home.timezone)
    };
    let issued = local(certificate.create_time.as_ref());
    let born: Option<NaiveDate> = certificate.birth_date.parse().ok();
    let rows = certificate.immunities.iter().map(|found| Row {
        matter: words(found.matter().as_str_name()),
        immune: answer(found.immune()),
        conditions: found.conditions.clone(),
        provisions: found.provisions.join("; "),
    });
    let sheet = Sheet {
        letterhead: papers.letterhead(),
        number: certificate.name.trim_start_matches("statusCertificates/"),
        court: &certificate.court,
        court_reference: &certificate.court_reference,
        holder: &certificate.holder,
        born: born.map(|born| born.format("%-d %B %Y").to_string()).unwrap_or_default(),
        title: &certificate.title,
        mission: &certificate.mission_title,
        category: words(certificate.category().as_str_name()),
        instant: local(certificate.instant.as_ref()).format("%-d %B %Y at %H:%M:%S %Z").to_string(),
        status: standing(certificate.status()),
        rows: rows.collect(),
        issued: issued.format("%-d %B %Y").to_string(),
        specimen: papers.specimen(),
    };
    let seal = Seal {
        document: certificate.name.clone(),
        issuer: papers.letterhead().code.clone(),
        holder: certificate.holder.clone(),
        mission: certificate.mission_title.clone(),
        tier: certificate.tier,
        issue_time: certificate.create_time,
        expire_time: None,
        instant: certificate.instant,
    };
    papers.sealed(Order::new(&TEMPLATE, &sheet, &certificate.name, issued.date_naive()), &seal)
}

/// `Arrest or detention` of `ARREST_OR_DETENTION`.
fn words(name: &str) -> String {
    let mut words = name.replace('_', " ").to_lowercase();
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

fn answer(immune: Immune) -> &'static str {
    match immune {
        Immune::Yes => "Immune",
        Immune::No => "Not immune",
        Immune::OfficialActsOnly => "For official acts only, which the court decides",
        Immune::Conditional => "Depends on the conditions stated",
        Immune::Unspecified => "Not determined",
    }
}

fn standing(status: Status) -> &'static str {
    match status {
        Status::Before => "Privileges and immunities had not begun.",
        Status::Active => "Privileges and immunities were in force.",
        Status::GracePeriod => {
            "Functions had ended; privileges and immunities were in force for the reasonable period to leave."
        }
        Status::Residual => {
            "Privileges and immunities had ended; immunity remained for acts in the exercise of functions."
        }
        Status::Unspecified => "The status is not determined.",
    }
}
