//! Brings people into the register as a mission and the protocol would: notified by one, accredited by another, with
//! a card in hand. Whoever is there already from an earlier run is taken as found.

use super::door::{Answer, Door};
use super::staff::{Missions, Person, days_before, instant};
use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

const MEMBERS: &str = "/v1/accreditation/members";
const CARDS: &str = "/v1/accreditation/identityCards";
/// How long cards are issued for.
const CARD_DAYS: u64 = 700;

/// The register, and who acts in it.
pub(super) struct Register<'a> {
    pub(super) door: &'a Door,
    /// The role that notifies for the missions.
    pub(super) notifies: &'static str,
    /// The role that reviews, decides and issues cards: four eyes with the other.
    pub(super) decides: &'static str,
    /// The role that consents to heads of mission: four eyes with the one that takes the request in.
    pub(super) consents: &'static str,
    /// The host state's code.
    pub(super) home: &'a str,
    /// The instant from which dates are counted back.
    pub(super) now: DateTime<Utc>,
}

impl Register<'_> {
    /// The person's record, accredited at least; notified and decided upon if it was not.
    ///
    /// # Errors
    /// A step is refused, or the record is where no step of ours leads on.
    pub(super) async fn accredited(&self, person: &Person, missions: &Missions) -> Result<Value> {
        let id = person.member_id(missions);
        let path = format!("{MEMBERS}/{id}");
        let mut member = match self.door.get(self.decides, &path, &[]).await? {
            Ok(member) => member,
            Err(refusal) if refusal.reason() == "NOT_FOUND" => {
                let mut body = person.notification(missions, self.home, self.now);
                if person.category == "HEAD_OF_MISSION" {
                    body["agrement"] = self.agrement(&body).await?.into();
                }
                let path = format!("{MEMBERS}?memberId={id}");
                let created = self.door.post(self.notifies, &path, &format!("demo:{id}:{}", self.now), &body).await?;
                created.with_context(|| format!("notify {}", person.id))?
            }
            Err(refusal) => return Err(refusal).with_context(|| format!("read {}", person.id)),
        };
        loop {
            let verb = match state(&member) {
                "NOTIFIED" => "beginValidation",
                "VALIDATION" => "passValidation",
                "UNDER_REVIEW" => "accredit",
                "ACCREDITED" | "CHANGE_REVIEW" | "GRACE" | "ENDED" => return Ok(member),
                other => bail!("{} is {other}; the demonstration cannot go on from there", person.id),
            };
            member =
                self.act(&path, verb, &member, json!({})).await?.with_context(|| format!("{verb} {}", person.id))?;
        }
    }

    /// Ends the functions of a member eight months ago, and the departure a week later.
    ///
    /// # Errors
    /// A step is refused.
    pub(super) async fn long_gone(&self, member: Value) -> Result<Value> {
        let path = format!("/v1/accreditation/{}", name(&member));
        let mut member = member;
        if state(&member) == "ACCREDITED" {
            let end = instant(days_before(self.now, 243));
            let body = json!({"cause": "RECALLED", "endTime": end});
            member = self.act(&path, "terminate", &member, body).await?.context("end the ambassador's functions")?;
        }
        if state(&member) == "GRACE" {
            let body = json!({"departureTime": instant(days_before(self.now, 236))});
            match self.act(&path, "recordDeparture", &member, body).await? {
                Ok(left) => member = left,
                // The timer of the period of grace, long over, was first.
                Err(refusal) if matches!(refusal.reason(), "WRONG_STATE" | "STALE_ETAG") => {
                    member = self.door.get(self.decides, &path, &[]).await?.context("read the ambassador again")?;
                }
                Err(refusal) => return Err(refusal).context("record the ambassador's departure"),
            }
        }
        Ok(member)
    }

    /// A card of the member in this state; issued if there is none. Only accredited members get one.
    ///
    /// # Errors
    /// A card cannot be issued.
    pub(super) async fn card(&self, member: &Value, wanted: &str) -> Result<Value> {
        let cards = self.cards(member).await?;
        if let Some(card) = cards.iter().find(|card| state(card) == wanted) {
            return Ok(card.clone());
        }
        // A card that ended with its holder's functions is the one that the holder had.
        let had = |card: &Value| state(card) == "ISSUED" || card["revocationCause"] == "FUNCTIONS_ENDED";
        if let Some(card) = cards.into_iter().find(had) {
            return Ok(card);
        }
        let expire_time = instant(self.now + chrono::Days::new(CARD_DAYS));
        let key = format!("demo:card:{}:{}", name(member), etag(member));
        let body = json!({"member": name(member), "expireTime": expire_time});
        let issued = self.door.post(self.decides, CARDS, &key, &body).await?;
        issued.with_context(|| format!("issue a card to {}", name(member)))
    }

    /// A card of the member that has expired: one from before the register was kept, entered with its own date.
    ///
    /// # Errors
    /// A card cannot be entered.
    pub(super) async fn expired_card(&self, member: &Value) -> Result<Value> {
        let kept = self.cards(member).await?;
        if let Some(card) = kept.into_iter().find(|card| self.is_over(card)) {
            return Ok(card);
        }
        let (issued, expired) = (days_before(self.now, 35 + CARD_DAYS), days_before(self.now, 35));
        let body = json!({"member": name(member), "issueTime": instant(issued), "expireTime": instant(expired)});
        let key = format!("demo:old card:{}:{}", name(member), etag(member));
        let entered = self.door.post(self.decides, CARDS, &key, &body).await?;
        entered.with_context(|| format!("enter an expired card of {}", name(member)))
    }

    /// Whether a card's time is over, whether or not the register's timer has been there.
    fn is_over(&self, card: &Value) -> bool {
        let expires = card["expireTime"].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
        state(card) == "EXPIRED" || expires.is_some_and(|expires| expires <= self.now)
    }

    /// A card of the member that was reported stolen.
    ///
    /// # Errors
    /// A card cannot be issued or revoked.
    pub(super) async fn stolen_card(&self, member: &Value) -> Result<Value> {
        let card = self.card(member, "REVOKED").await?;
        if state(&card) == "REVOKED" {
            return Ok(card);
        }
        let path = format!("/v1/accreditation/{}", name(&card));
        self.act(&path, "revoke", &card, json!({"cause": "STOLEN"})).await?.context("revoke a card")
    }

    async fn cards(&self, member: &Value) -> Result<Vec<Value>> {
        let filter = format!("member = {:?}", name(member));
        let answer = self.door.get(self.decides, CARDS, &[("filter", &filter)]).await?;
        let page = answer.context("list a member's cards")?;
        Ok(page["identityCards"].as_array().cloned().unwrap_or_default())
    }

    /// Does a verb on the version read. The key is the version's own, so that a repetition has one effect.
    async fn act(&self, path: &str, verb: &str, record: &Value, body: Value) -> Result<Answer> {
        self.act_as(self.decides, path, verb, record, body).await
    }

    /// As `act`, in another role.
    pub(super) async fn act_as(
        &self,
        role: &str,
        path: &str,
        verb: &str,
        record: &Value,
        mut body: Value,
    ) -> Result<Answer> {
        body["etag"] = etag(record).into();
        let key = format!("demo:{verb}:{}:{}", name(record), etag(record));
        self.door.post(role, &format!("{path}:{verb}"), &key, &body).await
    }
}

/// A record's name: `members/jp-embassy-diplomat`.
pub(super) fn name(record: &Value) -> &str {
    record["name"].as_str().unwrap_or_default()
}

pub(super) fn state(record: &Value) -> &str {
    record["state"].as_str().unwrap_or_default()
}

fn etag(record: &Value) -> &str {
    record["etag"].as_str().unwrap_or_default()
}
