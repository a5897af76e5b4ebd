//! The corps arrives: everybody is notified, looked at and decided upon, several at a time.

use super::super::door::Answer;
use super::super::register::{Register, name, state};
use super::super::staff::instant;
use super::plan::{Outcome, Plan, Planned};
use super::tell;
use anyhow::{Context as _, Result, bail};
use futures::{StreamExt as _, TryStreamExt as _};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How many are under way at a time.
const AT_A_TIME: usize = 12;
/// How long the caller waits when it is told that it asks too fast, as `Retry-After` has it.
const PAUSE: Duration = Duration::from_secs(1);

/// Brings everybody in: staff first, then their families.
pub(super) async fn come(register: &Register<'_>, plan: &Plan) -> Result<()> {
    for (who, family) in [("staff", false), ("their families", true)] {
        let people: Vec<_> = plan.people.iter().filter(|person| person.principal.is_some() == family).collect();
        let (begun, bar) = (Instant::now(), bar(who, people.len()));
        let decided = futures::stream::iter(&people).map(|person| one(register, person)).buffer_unordered(AT_A_TIME);
        decided.inspect_ok(|()| bar.inc(1)).try_collect::<()>().await?;
        bar.finish_and_clear();
        let rate = people.len() as f64 / begun.elapsed().as_secs_f64();
        tell(who, &format!("{} notified and decided upon, {rate:.0} a second", people.len()));
    }
    Ok(())
}

async fn one(register: &Register<'_>, person: &Planned) -> Result<()> {
    let path = format!("/v1/accreditation/members?memberId={}", person.id);
    let body = person.notification(register.now);
    let mut member = patient(async || register.door.post(register.notifies, &path, &person.id, &body).await)
        .await?
        .with_context(|| format!("notify {}", person.id))?;
    let steps: &[(&str, Value)] = match person.outcome {
        Outcome::Accredited => {
            &[("beginValidation", json!({})), ("passValidation", json!({})), ("accredit", json!({}))]
        }
        Outcome::UnderReview => &[("beginValidation", json!({})), ("passValidation", json!({}))],
        Outcome::Declined => &[("beginValidation", json!({})), ("passValidation", json!({})), ("decline", json!({}))],
        Outcome::Returned => {
            &[("beginValidation", json!({})), ("return", json!({"correction": "The passport number is missing."}))]
        }
    };
    for (verb, body) in steps {
        member = done(register, register.decides, &member, verb, body).await?;
    }
    if person.gets_card() {
        card(register, &member).await?;
    }
    Ok(())
}

fn bar(who: &str, people: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("  {msg:24} {bar:40} {pos}/{len}").expect("the template is sound");
    ProgressBar::new(people as u64).with_style(style).with_message(who.to_owned())
}

/// Does a verb on a record and gives it as it is after it.
pub(super) async fn done(
    register: &Register<'_>,
    role: &str,
    record: &Value,
    verb: &str,
    body: &Value,
) -> Result<Value> {
    let path = format!("/v1/accreditation/{}", name(record));
    patient(async || register.act_as(role, &path, verb, record, body.clone()).await)
        .await?
        .with_context(|| format!("{verb} {} in {}", name(record), state(record)))
}

/// Issues a card to an accredited member.
pub(super) async fn card(register: &Register<'_>, member: &Value) -> Result<Value> {
    let expires = instant(register.now + chrono::Days::new(700));
    let body = json!({"member": name(member), "expireTime": expires});
    let key = format!("year:card:{}", name(member));
    let path = "/v1/accreditation/identityCards";
    let issued = patient(async || register.door.post(register.decides, path, &key, &body).await).await?;
    issued.with_context(|| format!("issue a card to {}", name(member)))
}

/// Asks again as long as the door says that we ask too fast.
pub(super) async fn patient(ask: impl AsyncFn() -> Result<Answer>) -> Result<Answer> {
    for _ in 0..60 {
        match ask().await? {
            Err(refusal) if refusal.reason() == "RATE_LIMITED" => tokio::time::sleep(PAUSE).await,
            answer => return Ok(answer),
        }
    }
    bail!("the door has said for a minute that we ask too fast")
}
