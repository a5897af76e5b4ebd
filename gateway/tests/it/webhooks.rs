//! Webhooks: made, verified, told, changed, given up.

use crate::endpoint::{Answer, Endpoint};
use crate::rig::{self, Plan, Rig, plan, send};
use crate::upstream::HIDDEN;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use testkit::until;

/// A schedule for tests: every pause is over at once.
pub(crate) const QUICK: &str = "retry = [\"1ms\", \"1ms\"]\ndisable_after = \"120h\"\nattempt = \"2s\"\nhold = \"3s\"\n\
                     postpone = \"1ms\"\noverlap = \"24h\"\nkeep = \"30d\"\n";

pub(crate) fn quick() -> Plan {
    with(QUICK)
}

/// A gateway that delivers by this schedule, to this machine too.
pub(crate) fn with(schedule: &str) -> Plan {
    let path = std::env::temp_dir().join(format!("legation-webhooks-{}.toml", uuid::Uuid::new_v4()));
    std::fs::write(&path, schedule).unwrap();
    plan()
        .set("WEBHOOK_KEY", "5a".repeat(32))
        .set("WEBHOOK_LOOPBACK", "true")
        .set("WEBHOOK_SCHEDULE", path.to_str().unwrap())
        .set("RELAY_AUDIT_KEY", "6b".repeat(32))
}

/// A webhook, its endpoint, and the key of its agency.
pub(crate) struct Hook {
    pub rig: Rig,
    pub endpoint: Endpoint,
    pub key: String,
    pub name: String,
    pub secret: String,
    pub record: Value,
}

/// What an agency's key needs for webhooks about missions.
const PERMISSIONS: [&str; 3] = ["gateway.webhooks.read", "gateway.webhooks.manage", "accreditation.missions.read"];

pub(crate) fn wish(url: &str) -> Value {
    json!({"title": "A test", "url": url, "eventTypes": ["accreditation.missions.*"]})
}

impl Hook {
    /// A webhook that is not verified.
    pub(crate) async fn made(rig: Rig, more: Value) -> Self {
        let key = rig.key(json!({"permissions": PERMISSIONS})).await.1;
        Self::made_by(rig, key, more).await
    }

    /// One that is not verified, of this key.
    async fn made_by(rig: Rig, key: String, more: Value) -> Self {
        let endpoint = Endpoint::open().await;
        let mut wish = wish(&endpoint.url);
        wish.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        let made = send(rig.post(&key, "/v1/gateway/webhooks", &wish)).await;
        assert_eq!(made.status, 200, "{made:?}");
        let made = made.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (name, secret) = (text(&made["webhook"]["name"]), text(&made["secret"]));
        endpoint.checks_by(&secret);
        Self { rig, endpoint, key, name, secret, record: made["webhook"].clone() }
    }

    /// One that is told of events.
    pub(crate) async fn active(rig: Rig, more: Value) -> Self {
        let hook = Self::made(rig, more).await;
        assert_eq!(hook.act("verify", json!({})).await.json()["state"], "ACTIVE");
        hook
    }

    pub(crate) async fn act(&self, verb: &str, ask: Value) -> rig::Answer {
        send(self.rig.post(&self.key, &format!("/v1/gateway/{}:{verb}", self.name), &ask)).await
    }

    pub(crate) async fn state(&self) -> String {
        let answer = send(self.rig.get(&self.key, &format!("/v1/gateway/{}", self.name))).await;
        answer.json()["state"].as_str().unwrap().to_owned()
    }

    /// The deliveries that its agency is shown, the oldest first.
    pub(crate) async fn deliveries(&self) -> Vec<Value> {
        let answer = send(self.rig.get(&self.key, "/v1/gateway/deliveries?pageSize=1000")).await;
        let mut rows = answer.json()["deliveries"].as_array().cloned().unwrap();
        rows.sort_by_key(|row| row["cursor"].as_str().unwrap().parse::<u64>().unwrap());
        rows
    }

    /// The states of all deliveries there are, also of those that nobody is shown.
    pub(crate) async fn ledger(&self) -> Vec<String> {
        let states = sqlx::query_scalar("select state from deliveries order by seq, round");
        states.fetch_all(self.pool()).await.unwrap()
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.rig.db.pool
    }

    /// Puts an event of a mission into the stream, as accreditation's relay does.
    pub(crate) async fn publish(&self, number: u32, mission: &str, version: u32) {
        let client = redis::Client::open(self.rig.redis_url.as_str()).unwrap();
        let mut redis = client.get_multiplexed_async_connection().await.unwrap();
        let doc = json!({"name": mission, "seat": "Paris"}).to_string();
        let (id, version) = (format!("accreditation:{number}:1"), version.to_string());
        let fields = [
            ("id", id.as_str()),
            ("kind", "missions"),
            ("name", mission),
            ("version", &version),
            ("verb", "open"),
            ("actor", "people/test"),
            ("at", "2026-11-22T09:30:00.000001Z"),
            ("doc", &doc),
            ("traceparent", ""),
        ];
        let mut command = redis::cmd("XADD");
        command.arg("legation:events:accreditation").arg("*");
        for (name, value) in fields {
            command.arg(name).arg(value);
        }
        command.exec_async(&mut redis).await.unwrap();
    }
}

#[tokio::test]
async fn an_event_is_told_signed_and_in_the_ledger_once() {
    let hook = Hook::active(quick().start().await, json!({})).await;
    hook.publish(1, "missions/a", 7).await;
    // The relay may publish it twice.
    hook.publish(1, "missions/a", 7).await;
    hook.publish(2, "missions/b", 1).await;
    until("both are told", async || hook.endpoint.heard().len() >= 2).await;
    until("both are settled", async || hook.ledger().await == ["DELIVERED", "DELIVERED"]).await;
    let heard = hook.endpoint.heard();
    assert_eq!(heard.len(), 2);
    let public = hook.record["publicKey"].as_str().unwrap();
    for message in &heard {
        assert!(message.is_by(&hook.secret) && message.is_by_pair(public), "{message:?}");
        let forged = super::endpoint::Heard { text: message.text.replace("Paris", "Lyon"), ..message.clone() };
        assert!(!forged.is_by(&hook.secret) && !forged.is_by_pair(public));
    }
    let first = heard.iter().map(|heard| heard.json()).find(|told| told["data"]["name"] == "missions/a").unwrap();
    assert_eq!(first["type"], "accreditation.missions.open");
    assert_eq!(first["data"]["actor"], "", "who did it is in the history, which its key may not read");
    assert_eq!((&first["data"]["version"], &first["data"]["record"]["seat"]), (&json!(7), &json!("Paris")));
    let rows = hook.deliveries().await;
    let ids: Vec<_> = rows.iter().map(|row| row["name"].as_str().unwrap().replace("deliveries/", "")).collect();
    assert!(heard.iter().all(|heard| ids.contains(&heard.id)), "{ids:?}");
    assert_eq!(rows[0]["lastStatus"], 200);
}

#[tokio::test]
async fn who_did_it_is_told_to_a_key_that_may_read_the_history() {
    let rig = quick().start().await;
    let may = [PERMISSIONS.as_slice(), &["accreditation.missions.history"]].concat();
    let key = rig.key(json!({"permissions": may, "internal": true})).await.1;
    let hook = Hook::made_by(rig, key, json!({})).await;
    assert_eq!(hook.act("verify", json!({})).await.json()["state"], "ACTIVE");
    hook.publish(1, "missions/a", 7).await;
    until("it is told", async || !hook.endpoint.heard().is_empty()).await;
    assert_eq!(hook.endpoint.heard()[0].json()["data"]["actor"], "people/test");
}

#[tokio::test]
async fn a_delivery_climbs_the_ladder_is_given_up_and_can_be_asked_for_again() {
    let hook = Hook::active(quick().start().await, json!({})).await;
    hook.endpoint.next([Answer::Status(500), Answer::Redirect]);
    hook.publish(1, "missions/a", 1).await;
    until("it is accepted", async || hook.ledger().await == ["DELIVERED"]).await;
    let heard = hook.endpoint.heard();
    assert_eq!(heard.len(), 3);
    assert!(heard.iter().all(|message| message.id == heard[0].id), "{heard:?}");
    let settled = hook.deliveries().await.remove(0);
    assert_eq!(settled["attempts"], 3);
    let tries = settled["tries"].as_array().unwrap();
    let statuses: Vec<_> = tries.iter().map(|tried| tried["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [500, 302, 200], "each attempt is in the ledger: {settled}");
    assert!(tries[0]["error"].as_str().unwrap().contains("500") && tries[2]["error"] == "", "{settled}");
    assert!(tries.iter().all(|tried| tried["time"].is_string() && tried["durationMs"].is_number()), "{settled}");

    hook.endpoint.answers(Answer::Never);
    hook.publish(2, "missions/b", 1).await;
    until("it is given up", async || hook.ledger().await == ["DELIVERED", "FAILED"]).await;
    let failed = hook.deliveries().await.remove(1);
    assert!(failed["lastError"].as_str().unwrap().contains("did not answer within"), "{failed}");
    hook.endpoint.answers(Answer::Take);
    let again = format!("/v1/gateway/{}:redeliver", failed["name"].as_str().unwrap());
    assert_eq!(send(hook.rig.post(&hook.key, &again, &json!({}))).await.json()["state"], "WAITING");
    until("it is accepted", async || hook.ledger().await == ["DELIVERED", "DELIVERED"]).await;
    rig::partner(&hook.rig.db, "county-sheriff").await;
    let other = hook.rig.key(json!({"permissions": PERMISSIONS, "agency": "county-sheriff"})).await.1;
    assert_eq!(send(hook.rig.post(&other, &again, &json!({}))).await.status, 404, "another agency's");
}

#[tokio::test]
async fn what_its_owner_may_not_see_is_neither_told_nor_shown() {
    let hook = Hook::active(quick().start().await, json!({})).await;
    hook.publish(1, HIDDEN, 1).await;
    hook.publish(2, "missions/a", 1).await;
    until("all is settled", async || hook.ledger().await == ["DELIVERED"]).await;
    assert_eq!(hook.endpoint.told(), ["missions/a 1"]);
    let told = hook.deliveries().await;
    assert_eq!(told.len(), 1, "{told:?}");
    let wish = json!({"eventTypes": ["accreditation.members.*", "accreditation.missions.fly", "x", "a.b.c"]});
    let etag = hook.record["etag"].clone();
    let change = hook.rig.ask(Method::PATCH, &format!("/v1/gateway/{}", hook.name)).bearer_auth(&hook.key);
    let now = send(hook.rig.get(&hook.key, &format!("/v1/gateway/{}", hook.name))).await.json()["etag"].clone();
    assert_ne!(now, etag);
    let refused = send(change.header("if-match", format!("\"{}\"", now.as_str().unwrap())).json(&wish)).await;
    assert_eq!((refused.status, &*refused.reason()), (400, "EVENT_TYPE_UNFIT"), "{refused:?}");
    assert_eq!(refused.fields().len(), 4, "{refused:?}");
}

#[tokio::test]
async fn an_event_waits_for_the_one_before_of_its_record_and_for_no_other() {
    let hook = Hook::active(quick().start().await, json!({"ordered": true})).await;
    hook.endpoint.answers(Answer::Status(503));
    hook.endpoint.next([Answer::Status(503)]);
    hook.publish(1, "missions/a", 1).await;
    until("the first is tried", async || !hook.endpoint.heard().is_empty()).await;
    for (number, mission, version) in [(2, "missions/a", 2), (3, "missions/b", 1), (4, "missions/a", 3)] {
        hook.publish(number, mission, version).await;
    }
    hook.endpoint.answers(Answer::Take);
    until("all are settled", async || {
        let ledger = hook.ledger().await;
        ledger.len() == 4 && ledger.iter().all(|state| state != "WAITING")
    })
    .await;
    let of_a: Vec<_> = hook.endpoint.told().into_iter().filter(|told| told.starts_with("missions/a")).collect();
    let mut in_order = of_a.clone();
    in_order.sort();
    assert_eq!(of_a, in_order);
    assert!(hook.endpoint.told().contains(&"missions/b 1".to_owned()));
}

#[tokio::test]
async fn a_rotated_secret_signs_beside_the_one_before() {
    let hook = Hook::active(quick().start().await, json!({})).await;
    let rotate = |key: &'static str| {
        let path = format!("/v1/gateway/{}:rotateSecret", hook.name);
        send(hook.rig.post(&hook.key, &path, &json!({})).header("idempotency-key", key))
    };
    let rotated = rotate("once").await.json();
    let new = rotated["secret"].as_str().unwrap();
    assert!(new.starts_with("whsec_") && new != hook.secret, "{rotated}");
    assert_eq!(rotated["webhook"]["secretVersion"], 2);
    let again = rotate("once").await.json();
    assert_eq!((&again["secret"], &again["webhook"]["secretVersion"]), (&json!(""), &json!(2)), "{again}");
    hook.publish(1, "missions/a", 1).await;
    until("it is told", async || hook.ledger().await == ["DELIVERED"]).await;
    let heard = hook.endpoint.heard().remove(0);
    assert!(heard.is_by(new) && heard.is_by(&hook.secret), "{heard:?}");
    assert!(heard.is_by_pair(rotated["webhook"]["publicKey"].as_str().unwrap()));

    // The overlap is over; nothing else has changed.
    let end = "update webhooks set doc = doc || jsonb_build_object('overlapEndTime', $1::text) where name = $2";
    let past = (chrono::Utc::now() - chrono::TimeDelta::seconds(1)).to_rfc3339();
    sqlx::query(end).bind(past).bind(&hook.name).execute(hook.pool()).await.unwrap();
    hook.publish(2, "missions/a", 2).await;
    until("it is told", async || hook.ledger().await == ["DELIVERED", "DELIVERED"]).await;
    let heard = hook.endpoint.heard().remove(1);
    assert!(heard.is_by(new) && !heard.is_by(&hook.secret), "{heard:?}");
}

#[tokio::test]
async fn what_happened_while_it_was_disabled_can_be_replayed() {
    let hook = Hook::active(quick().start().await, json!({})).await;
    hook.publish(1, "missions/a", 1).await;
    until("the first is told", async || hook.ledger().await == ["DELIVERED"]).await;
    let cursor = hook.deliveries().await[0]["cursor"].clone();
    assert_eq!(hook.act("disable", json!({})).await.json()["state"], "DISABLED");
    hook.publish(2, "missions/b", 1).await;
    hook.publish(3, "missions/c", 1).await;
    until("they are taken in", async || {
        let kept: i64 = sqlx::query_scalar("select count(*) from webhook_events where service = 'accreditation'")
            .fetch_one(hook.pool())
            .await
            .unwrap();
        kept == 3
    })
    .await;
    assert_eq!(hook.act("verify", json!({})).await.json()["state"], "ACTIVE");
    assert_eq!(hook.endpoint.told(), ["missions/a 1"]);
    assert_eq!(hook.act("replay", json!({"cursor": cursor})).await.status, 200);
    until("the missed ones are told", async || hook.ledger().await == ["DELIVERED"; 3]).await;
    let mut told = hook.endpoint.told();
    told.sort();
    assert_eq!(told, ["missions/a 1", "missions/b 1", "missions/c 1"]);
    assert_eq!(hook.act("replay", json!({})).await.status, 200);
    until("all are told once more", async || hook.ledger().await == ["DELIVERED"; 6]).await;
}

#[tokio::test]
async fn a_webhook_ends_with_its_key_until_another_adopts_it() {
    let hook = Hook::active(quick().start().await, json!({})).await;
    let other = hook.rig.key(json!({"permissions": PERMISSIONS})).await.1;
    rig::partner(&hook.rig.db, "county-sheriff").await;
    let foreign = hook.rig.key(json!({"permissions": PERMISSIONS, "agency": "county-sheriff"})).await.1;
    let revoke = format!("/v1/gateway/{}:revoke", hook.record["key"].as_str().unwrap());
    assert_eq!(send(hook.rig.post(&hook.rig.admin, &revoke, &json!({}))).await.status, 200);
    hook.publish(1, "missions/a", 1).await;
    until("it is postponed", async || {
        let why: Option<String> =
            sqlx::query_scalar("select doc->>'lastError' from deliveries").fetch_optional(hook.pool()).await.unwrap();
        why.is_some_and(|why| why.contains("not in force"))
    })
    .await;
    assert_eq!(hook.endpoint.heard().len(), 0);
    let adopt = format!("/v1/gateway/{}:adopt", hook.name);
    assert_eq!(send(hook.rig.post(&foreign, &adopt, &json!({}))).await.status, 404);
    let internal = hook.rig.role("protocol-officer").await;
    assert_eq!(send(hook.rig.post(&internal, &adopt, &json!({}))).await.status, 403);
    assert_eq!(send(hook.rig.post(&other, &adopt, &json!({}))).await.status, 200);
    until("it is told", async || hook.ledger().await == ["DELIVERED"]).await;
}

#[tokio::test]
async fn a_compromised_secret_signs_no_longer_and_only_its_agency_is_given_a_new_one() {
    let hook = Hook::active(quick().start().await, json!({})).await;
    let path = format!("/v1/gateway/{}:rotateSecret", hook.name);
    let refused = send(hook.rig.post(&hook.rig.admin, &path, &json!({}))).await;
    assert_eq!((refused.status, &*refused.reason()), (403, "WEBHOOK_OF_ANOTHER"), "{refused:?}");
    let rotated = send(hook.rig.post(&hook.key, &path, &json!({"compromised": true}))).await.json();
    let new = rotated["secret"].as_str().unwrap();
    hook.publish(1, "missions/a", 1).await;
    until("it is told", async || hook.ledger().await == ["DELIVERED"]).await;
    let heard = hook.endpoint.heard().remove(0);
    assert!(heard.is_by(new) && !heard.is_by(&hook.secret), "{heard:?}");
}

#[tokio::test]
async fn an_agency_has_so_many_webhooks_and_no_more_however_many_are_made_at_once() {
    let rig = quick().set("WEBHOOKS_OF_AGENCY", "3").start().await;
    let key = rig.key(json!({"permissions": PERMISSIONS})).await.1;
    let endpoint = Endpoint::open().await;
    let make = || async { send(rig.post(&key, "/v1/gateway/webhooks", &wish(&endpoint.url))).await };
    let made = futures::future::join_all((0..8).map(|_| make())).await;
    let good: Vec<_> = made.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(good.len(), 3, "{made:?}");
    let refused = make().await;
    assert_eq!((refused.status, &*refused.reason()), (409, "TOO_MANY_WEBHOOKS"));
    rig::partner(&rig.db, "county-sheriff").await;
    let other = rig.key(json!({"permissions": PERMISSIONS, "agency": "county-sheriff"})).await.1;
    assert_eq!(send(rig.post(&other, "/v1/gateway/webhooks", &wish(&endpoint.url))).await.status, 200);
    let name = good[0].json()["webhook"]["name"].as_str().unwrap().to_owned();
    let gone = send(rig.ask(Method::DELETE, &format!("/v1/gateway/{name}")).bearer_auth(&key)).await;
    assert_eq!(gone.status, 200, "{gone:?}");
    assert_eq!(make().await.status, 200, "one that is deleted makes room");
}

/// A replay of a month is put into the ledger a few at a time, and one after the other.
#[tokio::test]
async fn a_replay_fills_the_ledger_as_fast_as_it_empties_and_no_second_one_is_begun() {
    let hook = Hook::active(quick().start().await, json!({})).await;
    hook.endpoint.answers(Answer::Never);
    let many = "insert into webhook_events (event, service, collection, verb, record, version, actor, at, doc)
                select 'accreditation:' || n || ':9', 'accreditation', 'missions', 'open', 'missions/m' || n, 1, 'people/test', now(),
                    jsonb_build_object('name', 'missions/m' || n)
                from generate_series(1, 1500) n";
    sqlx::query(many).execute(hook.pool()).await.unwrap();
    assert_eq!(hook.act("replay", json!({})).await.status, 200);
    until("the replay is under way", async || hook.ledger().await.len() >= 500).await;
    let again = hook.act("replay", json!({})).await;
    assert_eq!((again.status, &*again.reason()), (409, "REPLAY_UNDER_WAY"), "{again:?}");
    let waiting = hook.ledger().await.iter().filter(|state| *state == "WAITING").count();
    assert!(waiting < 1000, "{waiting} wait");
    // New events do not wait behind it.
    hook.endpoint.answers(Answer::Take);
    hook.publish(7, "missions/new", 1).await;
    until("the new one is told", async || hook.endpoint.told().contains(&"missions/new 1".to_owned())).await;
    // As fast as what waits is settled; here by hand, since a thousand deliveries take their time.
    until("the rest is in the ledger", async || {
        let settle = "update deliveries set doc = doc || '{\"state\": \"DELIVERED\"}' where state = 'WAITING' and holder is null";
        sqlx::query(settle).execute(hook.pool()).await.unwrap();
        let left: i64 = sqlx::query_scalar("select count(*) from webhook_replays").fetch_one(hook.pool()).await.unwrap();
        left == 0
    })
    .await;
    let told: i64 =
        sqlx::query_scalar("select count(*) from deliveries where round = 1").fetch_one(hook.pool()).await.unwrap();
    assert_eq!(told, 1500, "each once");
}
