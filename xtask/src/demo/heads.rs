//! Brings a head of mission to his place: agrément before the notification, letters of credence after it, precedence.

use super::register::{Register, name, state};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

const AGREMENTS: &str = "/v1/accreditation/agrements";
const CREDENTIALS: &str = "/v1/accreditation/credentials";

impl Register<'_> {
    /// The agrément under which this head of mission can be notified; asked for if there is none from an earlier run.
    ///
    /// # Errors
    /// A step is refused, or the request is where no step of ours leads on.
    pub(super) async fn agrement(&self, head: &Value) -> Result<String> {
        let mut agrement = match self.asked_before(head).await? {
            Some(agrement) => agrement,
            None => {
                let mut body = json!({ "headClass": "AMBASSADOR" });
                for field in ["mission", "familyName", "givenNames", "birthDate", "nationality"] {
                    body[field] = head[field].clone();
                }
                let key = format!("demo:agrement:{}:{}:{}", head["mission"], head["familyName"], self.now);
                self.door.post(self.decides, AGREMENTS, &key, &body).await?.context("ask for agrément")?
            }
        };
        loop {
            let (role, verb, body) = match state(&agrement) {
                "DRAFT" => (self.decides, "submit", json!({ "noteReference": "demonstration" })),
                "RECEIVED" => (self.decides, "consult", json!({})),
                "UNDER_CONSULTATION" => (self.consents, "grant", json!({})),
                "GRANTED" => (self.decides, "recordArrival", json!({ "arrivalTime": head["arrivalTime"] })),
                "ARRIVED" if agrement["disclosure"] != "ANNOUNCED" => (self.decides, "announce", json!({})),
                "ARRIVED" => return Ok(name(&agrement).to_owned()),
                other => bail!("the agrément is {other}; the demonstration cannot go on from there"),
            };
            let path = format!("/v1/accreditation/{}", name(&agrement));
            let done = self.act_as(role, &path, verb, &agrement, body).await?;
            agrement = done.with_context(|| format!("{verb} the agrément"))?;
        }
    }

    /// The head's place in the order of precedence, once the letters of credence are presented; they are if they were not.
    ///
    /// # Errors
    /// A step is refused, or the order does not have the head.
    pub(super) async fn place(&self, head: &Value) -> Result<Value> {
        let filter = format!("member = {:?} AND state != CANCELLED", name(head));
        let page = self.door.get(self.decides, CREDENTIALS, &[("filter", &filter)]).await?.context("list letters")?;
        let mut letters = match page["credentials"].as_array().and_then(|found| found.first()) {
            Some(letters) => letters.clone(),
            None => {
                let body = json!({ "member": name(head), "headClass": "AMBASSADOR" });
                let key = format!("demo:credentials:{}", name(head));
                self.door.post(self.decides, CREDENTIALS, &key, &body).await?.context("schedule the ceremony")?
            }
        };
        while state(&letters) != "PRESENTED" {
            let verb = if state(&letters) == "SCHEDULED" { "receiveWorkingCopy" } else { "present" };
            let path = format!("/v1/accreditation/{}", name(&letters));
            let done = self.act_as(self.decides, &path, verb, &letters, json!({})).await?;
            letters = done.with_context(|| format!("{verb} the letters of credence"))?;
        }
        let order =
            self.door.get(self.decides, "/v1/accreditation/precedence", &[]).await?.context("read precedence")?;
        let places = order["places"].as_array().into_iter().flatten();
        places.into_iter().find(|place| place["member"] == head["name"]).cloned().context("the head has no place")
    }

    async fn asked_before(&self, head: &Value) -> Result<Option<Value>> {
        let filter = format!("mission = {}", head["mission"]);
        let page = self.door.get(self.decides, AGREMENTS, &[("filter", &filter)]).await?.context("list agréments")?;
        let same = |agrement: &&Value| {
            let live = !matches!(state(agrement), "REFUSED" | "WITHDRAWN" | "LAPSED");
            live && agrement["familyName"] == head["familyName"] && agrement["birthDate"] == head["birthDate"]
        };
        Ok(page["agrements"].as_array().and_then(|found| found.iter().find(same)).cloned())
    }
}
