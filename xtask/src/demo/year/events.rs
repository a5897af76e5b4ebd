//! What happens in the year: somebody is promoted, somebody drives drunk and has to leave, a mission closes.

use super::super::register::{Register, name, state};
use super::corps::{card, done, patient};
use super::plan::{Plan, Planned};
use super::{counts, tell, text};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

/// Who asks whether somebody is immune, on the road.
const OFFICER: &str = "police-verifier";
/// Who reports an incident for the police.
const POLICE: &str = "police-reporter";
/// Who takes a prosecutor's statement and drafts the request for a waiver.
const ADVISER: &str = "legal-adviser";

/// From the technical staff to a diplomat: the old accreditation ends, a new one begins for the same person.
pub(super) async fn promote(register: &Register<'_>, plan: &mut Plan) -> Result<()> {
    let planned = plan.single("ADMINISTRATIVE_AND_TECHNICAL_STAFF").context("somebody single is technical staff")?;
    let planned = planned.clone();
    let old = read(register, &format!("members/{}", planned.id)).await?;
    let mut body = planned.notification(register.now);
    body["category"] = "DIPLOMATIC_STAFF".into();
    body["title"] = "Third Secretary".into();
    body["person"] = old["person"].clone();
    let ended = done(register, register.decides, &old, "terminate", &json!({"cause": "RECALLED"})).await?;
    let path = format!("members?memberId={}-promoted", planned.id);
    let mut new = make(register, register.notifies, &path, &format!("year:promoted:{}", planned.id), &body).await?;
    for verb in ["beginValidation", "passValidation", "accredit"] {
        new = done(register, register.decides, &new, verb, &json!({})).await?;
    }
    // The old card must be back before the new one is handed out.
    let filter = format!("member = {:?} AND state = \"ISSUED\"", name(&old));
    for old_card in counts::all(register, "identityCards", &filter).await? {
        done(register, register.decides, &old_card, "revoke", &json!({"cause": "REPLACED"})).await?;
    }
    card(register, &new).await?;
    let words = "technical staff until today, Third Secretary from today; one person, two accreditations";
    tell("a promotion", &format!("{}: {words}; the old one is {}", name(&new), state(&ended)));
    plan.promoted(&planned);
    Ok(())
}

/// A diplomat is stopped, drunk, with somebody hurt: no arrest, a citation; the prosecutor would charge; the sending state
/// refuses to waive; the diplomat is declared persona non grata and leaves.
pub(super) async fn stop_a_drunken_driver(register: &Register<'_>, plan: &mut Plan) -> Result<()> {
    let planned = plan.single("DIPLOMATIC_STAFF").context("somebody single is a diplomat")?.clone();
    let told = |words: &str| tell("a drunken driver", words);
    let answers = [("ARREST_OR_DETENTION", "YES"), ("TRAFFIC_CITATION", "NO"), ("CRIMINAL_PROSECUTION", "YES")];
    for (matter, expected) in answers {
        let advice = immune(register, &planned, matter, expected).await?;
        told(&format!("immune in {}: {}. {advice}", matter.to_lowercase().replace('_', " "), expected.to_lowercase()));
    }
    let declaration = charged_and_refused(register, &planned).await?;
    let declared = declare(register, declaration).await?;
    told(&format!(
        "persona non grata; to leave by {}; visa lookout: {}",
        text(&declared, "deadline"),
        declared["visaLookout"]
    ));
    let left = done(register, register.decides, &declared, "recordDeparture", &json!({})).await?;
    ensure!(state(&left) == "DEPARTED", "the declaration is {}", state(&left));
    immune(register, &planned, "CRIMINAL_PROSECUTION", "OFFICIAL_ACTS_ONLY").await?;
    told("has left; what remains is immunity for official acts, and the card is void");
    plan.left(&planned);
    Ok(())
}

/// The incident, the prosecutor's statement, the request for a waiver and its refusal; the name of the declaration it opens.
async fn charged_and_refused(register: &Register<'_>, driver: &Planned) -> Result<Value> {
    let body = json!({
        "member": format!("members/{}", driver.id),
        "offence": "Assault with a vehicle, under the influence of alcohol",
        "offenceClass": "FELONY",
        "severity": "S3",
        "place": "Example Circle",
        "occurTime": super::super::staff::instant(register.now),
        "agencyReference": format!("Case {}", driver.id),
    });
    let mut incident = make(register, POLICE, "incidents", &format!("year:incident:{}", driver.id), &body).await?;
    incident = done(register, ADVISER, &incident, "confirm", &json!({})).await?;
    let charge = json!({"prosecutor": "The Public Prosecutor", "charges": "Aggravated assault"});
    incident = done(register, ADVISER, &incident, "stateCharge", &charge).await?;
    let waiver = read(register, text(&incident, "waiver")).await?;
    tell("a drunken driver", &format!("the prosecutor would charge; {} opened {}", name(&incident), name(&waiver)));
    let waiver = done(register, register.decides, &waiver, "send", &json!({"note": "17/2026"})).await?;
    let waiver = done(register, register.decides, &waiver, "refuse", &json!({})).await?;
    let incident = read(register, name(&incident)).await?;
    ensure!(state(&incident) == "WAIVER_DECIDED", "the incident is {}", state(&incident));
    let declaration = read(register, text(&incident, "declaration")).await?;
    tell(
        "a drunken driver",
        &format!("the waiver is {}; {} opened", state(&waiver).to_lowercase(), name(&declaration)),
    );
    Ok(declaration)
}

/// Reviewed by one, decided and notified by another.
async fn declare(register: &Register<'_>, declaration: Value) -> Result<Value> {
    let declaration = done(register, register.decides, &declaration, "review", &json!({})).await?;
    let declaration = done(register, register.consents, &declaration, "decide", &json!({"deadlineHours": 72})).await?;
    done(register, register.consents, &declaration, "notify", &json!({"note": "18/2026"})).await
}

/// A mission closes: shown first, then done; all its members have their time to leave, and what they hold an end.
pub(super) async fn close_a_mission(register: &Register<'_>, plan: &mut Plan) -> Result<bool> {
    let closing = plan.closing().context("a mission closes")?;
    let open = read(register, &closing).await?;
    let path = format!("/v1/accreditation/{closing}:previewClose");
    let asked = patient(async || register.door.get(register.decides, &path, &[]).await).await?;
    let preview = asked.context("preview the closure")?;
    // Another year may have left people of its own there.
    let ours = plan.ours();
    let belongs =
        |effect: &&Value| text(effect, "name").starts_with(&ours) || text(effect, "holder").starts_with(&ours);
    let effects: Vec<_> = preview["effects"].as_array().into_iter().flatten().filter(belongs).collect();
    let ended = |effect: &&&Value| !text(effect, "graceEndTime").is_empty();
    let of = |verb: &str| effects.iter().filter(|effect| text(effect, "verb") == verb).count();
    let (members, things) = (of("endWithMission"), of("endWithHolder"));
    let (gone, void) = plan.closed(&closing);
    let right = (members, things) == (gone, void) && effects.iter().filter(ended).count() == effects.len();
    let closed = done(register, register.decides, &open, "close", &json!({"reason": "recalled for economy"})).await?;
    let words = format!("{closing} is {}; as the preview said, {members} members have until", state(&closed));
    let until = effects.first().map_or("", |effect| text(effect, "graceEndTime"));
    tell("a mission closes", &format!("{words} {until}, and {things} cards go with them"));
    if !right {
        tell("a mission closes", &format!("NOT as planned: {gone} members and {void} cards, each with an end"));
    }
    Ok(right)
}

/// What the officer is told; it must be as expected.
async fn immune(register: &Register<'_>, driver: &Planned, matter: &str, expected: &str) -> Result<String> {
    let path = format!("members/{}:determineImmunity", driver.id);
    let body = json!({"matter": matter, "reference": "drunken driving"});
    let key = format!("year:stop:{}:{matter}:{expected}", driver.id);
    let answer = make(register, OFFICER, &path, &key, &body).await?;
    ensure!(text(&answer, "immune") == expected, "{matter}: {} instead of {expected}", text(&answer, "immune"));
    Ok(text(&answer, "advice").to_owned())
}

async fn make(register: &Register<'_>, role: &str, path: &str, key: &str, body: &Value) -> Result<Value> {
    let path = format!("/v1/accreditation/{path}");
    let made = patient(async || register.door.post(role, &path, key, body).await).await?;
    made.with_context(|| format!("POST {path}"))
}

async fn read(register: &Register<'_>, name: &str) -> Result<Value> {
    let path = format!("/v1/accreditation/{name}");
    let asked = patient(async || register.door.get(register.decides, &path, &[]).await).await?;
    asked.with_context(|| format!("read {name}"))
}
