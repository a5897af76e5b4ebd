//! Asks for agrément before a head of mission is notified, as the sending state would: requested, granted, announced.

use super::register::{Register, name, state};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

const AGREMENTS: &str = "/v1/accreditation/agrements";

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
