//! What happens in the year: somebody is promoted, somebody drives drunk, a mission closes.

use super::super::register::{Register, name, state};
use super::corps::{card, done, patient};
use super::plan::Plan;
use super::{counts, tell, text};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

/// From the technical staff to a diplomat: the old accreditation ends, a new one begins for the same person.
pub(super) async fn promote(register: &Register<'_>, plan: &mut Plan) -> Result<()> {
    let planned = plan.single("ADMINISTRATIVE_AND_TECHNICAL_STAFF").context("somebody single is technical staff")?;
    let old = read(register, &planned.id).await?;
    let mut body = planned.notification(register.now);
    body["category"] = "DIPLOMATIC_STAFF".into();
    body["title"] = "Third Secretary".into();
    body["person"] = old["person"].clone();
    let path = format!("/v1/accreditation/members?memberId={}-promoted", planned.id);
    let key = format!("year:promoted:{}", planned.id);
    let ended = done(register, register.decides, &old, "terminate", &json!({"cause": "RECALLED"})).await?;
    let notified = patient(async || register.door.post(register.notifies, &path, &key, &body).await).await?;
    let mut new = notified.context("notify the promotion")?;
    for verb in ["beginValidation", "passValidation", "accredit"] {
        new = done(register, register.decides, &new, verb, &json!({})).await?;
    }
    // The old card must be back before the new one is handed out.
    let filter = format!("member = {:?} AND state = \"ISSUED\"", name(&old));
    for old_card in counts::all(register, "identityCards", &filter).await? {
        done(register, register.decides, &old_card, "revoke", &json!({"cause": "REPLACED"})).await?;
    }
    card(register, &new).await?;
    tell("promotion", &format!("{} is {}, {} begins", name(&ended), state(&ended), name(&new)));
    plan.moved("ACCREDITED", state_of(&ended)?);
    plan.joined("ACCREDITED");
    if new["notifiedLate"] == true {
        plan.late += 1;
    }
    Ok(())
}

/// A diplomat is stopped, drunk: no arrest, a citation, and the question of what may follow.
pub(super) async fn stop_a_drunken_driver(register: &Register<'_>, plan: &Plan) -> Result<()> {
    let planned = plan.single("DIPLOMATIC_STAFF").context("somebody single is a diplomat")?;
    for (matter, expected) in
        [("ARREST_OR_DETENTION", "YES"), ("TRAFFIC_CITATION", "NO"), ("CRIMINAL_PROSECUTION", "YES")]
    {
        let path = format!("/v1/accreditation/members/{}:determineImmunity", planned.id);
        let body = json!({"matter": matter, "reference": "drunken driving"});
        let key = format!("year:stop:{}:{matter}", planned.id);
        let asked = patient(async || register.door.post("police-verifier", &path, &key, &body).await).await?;
        let answer = asked.context("ask whether the driver is immune")?;
        ensure!(text(&answer, "immune") == expected, "{matter}: {} instead of {expected}", text(&answer, "immune"));
        tell(
            "a drunken driver",
            &format!("{}: {expected}. {}", matter.to_lowercase().replace('_', " "), text(&answer, "advice")),
        );
    }
    Ok(())
}

/// A mission closes: the functions of all its members end, and they have their time to leave.
pub(super) async fn close_a_mission(register: &Register<'_>, plan: &mut Plan) -> Result<()> {
    let mission = plan.closing().context("a mission closes")?;
    let path = format!("/v1/accreditation/{mission}");
    let asked = patient(async || register.door.get(register.decides, &path, &[]).await).await?;
    let open = asked.context("read the mission that closes")?;
    let closing = done(register, register.decides, &open, "close", &json!({"reason": "recalled for economy"})).await?;
    let filter = format!("mission = {mission:?}");
    let mut ended = 0;
    for member in counts::all(register, "members", &filter).await? {
        let ours = name(&member).starts_with(&format!("members/y{}-", plan.run));
        // Families go before or with those they belong to.
        let gone = match state(&member) {
            "ACCREDITED" => {
                done(register, register.decides, &member, "terminate", &json!({"cause": "MISSION_ENDED"})).await?
            }
            _ => member,
        };
        if ours {
            plan.moved("ACCREDITED", state_of(&gone)?);
            ended += 1;
        }
    }
    tell("a mission closes", &format!("{mission} is {}; {ended} members have their time to leave", state(&closing)));
    Ok(())
}

/// The state of a member whose functions ended.
fn state_of(member: &Value) -> Result<&'static str> {
    ["GRACE", "ENDED"].into_iter().find(|known| *known == state(member)).context("the functions have ended")
}

async fn read(register: &Register<'_>, id: &str) -> Result<Value> {
    let path = format!("/v1/accreditation/members/{id}");
    let asked = patient(async || register.door.get(register.decides, &path, &[]).await).await?;
    asked.with_context(|| format!("read {id}"))
}
