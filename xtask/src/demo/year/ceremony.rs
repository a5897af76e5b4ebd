//! Twelve ambassadors: agrément, arrival, working copies, the ceremony; and the order of precedence that follows.

use super::super::register::{Register, name};
use super::super::staff::{days_before, instant};
use super::corps::{card, done, patient};
use super::plan::{Plan, letters};
use super::{tell, text};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// Brings the ambassadors in, and says whether precedence has them in the order in which they presented.
pub(super) async fn hold(
    register: &Register<'_>,
    run: &str,
    embassies: &[(String, String)],
    plan: &mut Plan,
) -> Result<bool> {
    let mut letters = Vec::new();
    for (at, (mission, sender)) in embassies.iter().enumerate() {
        let member = accredited(register, run, at, mission, sender).await?;
        plan.joined();
        let body = json!({"member": name(&member), "headClass": "AMBASSADOR"});
        let path = "/v1/accreditation/credentials";
        let key = format!("year:credentials:{}", name(&member));
        let asked = patient(async || register.door.post(register.decides, path, &key, &body).await).await?;
        let credential = asked.with_context(|| format!("schedule the credentials of {mission}"))?;
        letters.push((name(&member).to_owned(), credential));
    }
    tell("agréments", &format!("{} granted, announced and used", letters.len()));
    // The working copies come in the order of arrival; the ceremony is held in the same order.
    let mut received = Vec::new();
    for (member, credential) in letters {
        received.push((member, done(register, register.decides, &credential, "receiveWorkingCopy", &json!({})).await?));
    }
    for (_, credential) in &received {
        done(register, register.decides, credential, "present", &json!({"lettersOfRecall": true})).await?;
    }
    let presented: Vec<_> = received.into_iter().map(|(member, _)| member).collect();
    tell("ceremony", &format!("{} ambassadors presented their credentials", presented.len()));
    let path = "/v1/accreditation/precedence";
    let precedence =
        patient(async || register.door.get(register.decides, path, &[]).await).await?.context("read the precedence")?;
    let places: Vec<&Value> = precedence["places"].as_array().into_iter().flatten().collect();
    let shown: Vec<_> = places
        .iter()
        .map(|place| text(place, "member"))
        .filter(|member| presented.iter().any(|one| one == member))
        .collect();
    let right = shown == presented;
    let verdict = if right { "as they took up functions" } else { "NOT as they took up functions" };
    tell("precedence", &format!("{} places; the new ambassadors {verdict}", places.len()));
    Ok(right)
}

/// An ambassador, accredited, with a card.
async fn accredited(register: &Register<'_>, run: &str, at: usize, mission: &str, sender: &str) -> Result<Value> {
    let mut body = json!({
        "mission": mission,
        "category": "HEAD_OF_MISSION",
        "familyName": format!("Example Head {}", letters(at)),
        "givenNames": "Person",
        "birthDate": "1966-03-14",
        "nationality": sender,
        "title": "Ambassador",
        "residence": "FOREIGN",
        "arrivalTime": instant(days_before(register.now, 20 - at as u64)),
    });
    body["agrement"] = register.agrement(&body).await?.into();
    let path = format!("/v1/accreditation/members?memberId=y{run}-head-{at}");
    let key = format!("year:head:{run}:{at}");
    let notified = patient(async || register.door.post(register.notifies, &path, &key, &body).await).await?;
    let mut member = notified.with_context(|| format!("notify the head of {mission}"))?;
    for verb in ["beginValidation", "passValidation", "accredit"] {
        member = done(register, register.decides, &member, verb, &json!({})).await?;
    }
    card(register, &member).await?;
    Ok(member)
}
