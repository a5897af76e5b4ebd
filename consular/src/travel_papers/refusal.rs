//! The notice of refusal of a visa: the standard form of annex VI to the Visa Code, every ground with its article.

use super::TravelPapers;
use super::pages::{order, place};
use crate::travel::day;
use crate::visa::grounds::Form;
use documents::{Order, Template};
use fault::Fault;
use proto::consular::v1::VisaApplication;
use proto::consular::v1::visa_application::VisaClass;
use registry::instant;
use serde_json::json;

/// How notices are set.
pub(crate) static TEMPLATE: Template =
    Template { name: "refusal", main: include_str!("../../templates/refusal.typ"), parts: &[] };

/// A notice to be printed. Days are the capital's.
pub(crate) fn refusal(
    papers: &TravelPapers,
    application: &VisaApplication,
    zone: chrono_tz::Tz,
) -> Result<Order, Fault> {
    let written = |text: &str| day(text).map(|day| day.format("%-d %B %Y").to_string());
    let lodged = application.lodge_time.as_ref().and_then(instant).unwrap_or_default().with_timezone(&zone);
    let grounds = Form::shipped().ticked(&application.refusal_grounds);
    let rows: Vec<_> = grounds
        .into_iter()
        .map(|(ground, ticked)| json!({ "words": ground.words, "article": ground.article, "ticked": ticked }))
        .collect();
    let applied = match application.visa_class() {
        VisaClass::A => "airport transit (A)",
        VisaClass::C => "short stay (C)",
        VisaClass::D => "long stay (D)",
        VisaClass::Unspecified => "",
    };
    let data = json!({
        "ministry": papers.issuer().ministry,
        "state": papers.issuer().state,
        "reference": application.name.trim_start_matches("visaApplications/"),
        "applicant": format!("{} {}", application.given_names, application.family_name),
        "born": written(&application.birth_date)?,
        "passport": application.passport_number,
        "applied": applied,
        "lodged": lodged.format("%-d %B %Y").to_string(),
        "post": place(&application.post),
        "several": application.refusal_grounds.len() > 1,
        "grounds": rows,
        "remarks": application.remarks,
        "remedy": application.remedy,
        "decided": written(&application.decision_date)?,
        "specimen": papers.specimen(),
    });
    order(&TEMPLATE, &data, &application.name, &application.decision_date)
}
