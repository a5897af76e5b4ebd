//! Breaking the glass: a role for minutes, for a reason, told and reviewed.

use crate::rig::{Rig, plan, send};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Row as _;
use testkit::until;

async fn person(rig: &Rig, subject: &str, roles: &[&str]) -> String {
    let ask = json!({"subject": subject, "roles": roles});
    let answer = send(rig.ask(Method::POST, "/dev/issuer/token").json(&ask)).await;
    answer.json()["access_token"].as_str().expect("a token is given").to_owned()
}

async fn rig() -> Rig {
    plan().set("DEV_ISSUER", "true").start().await
}

fn emergency() -> Value {
    json!({"role": "breakglass", "minutes": 15, "justification": "the registrar on duty cannot be reached"})
}

const ELEVATIONS: &str = "/v1/gateway/elevations";

#[tokio::test]
async fn in_an_emergency_a_role_is_held_for_a_while_and_everyone_is_told() {
    let rig = rig().await;
    let ada = person(&rig, "ada", &["duty-officer"]).await;
    let mission = async || send(rig.get(&ada, "/v1/accreditation/missions/a")).await.status;
    assert_eq!(mission().await, 403);
    let made = rig.done(&ada, ELEVATIONS, &emergency()).await;
    assert_eq!((made["state"].as_str(), made["subject"].as_str()), (Some("OPEN"), Some("people/ada")));
    until("the role is held", async || mission().await == 200).await;
    let grace = person(&rig, "grace", &["duty-officer"]).await;
    assert_eq!(send(rig.get(&grace, "/v1/accreditation/missions/a")).await.status, 403, "nobody else has it");
    let events = sqlx::query("select kind, verb, name from outbox where kind = 'elevations'");
    let events = events.fetch_all(&rig.db.pool).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].get::<&str, _>("verb"), "create");

    let path = format!("/v1/gateway/{}", made["name"].as_str().unwrap());
    rig.done(&ada, &format!("{path}:close"), &json!({})).await;
    until("the role is gone", async || mission().await == 403).await;
    let by = sqlx::query_scalar::<_, String>("select elevation from audit where method like $1 and outcome = 'OK'");
    let by = by.bind("%/CloseElevation").fetch_all(&rig.db.pool).await.unwrap();
    assert_eq!(by, [made["name"].as_str().unwrap()], "what was done meanwhile is on record as done by it");
    let before = "select elevation from audit where method like '%/CreateElevation'";
    let before: Vec<String> = sqlx::query_scalar(before).fetch_all(&rig.db.pool).await.unwrap();
    assert_eq!(before, [""], "and nothing before");

    let review = json!({"finding": "one mission was read, which was in order"});
    let admin = rig.role("tenant-admin").await;
    assert_eq!(send(rig.post(&ada, &format!("{path}:review"), &review)).await.status, 403, "not by a duty officer");
    assert_eq!(rig.done(&admin, &format!("{path}:review"), &review).await["state"], "REVIEWED");
}

#[tokio::test]
async fn the_role_is_held_no_longer_than_its_time_even_if_nobody_closes_it() {
    let rig = rig().await;
    let ada = person(&rig, "ada", &["duty-officer"]).await;
    let mission = async || send(rig.get(&ada, "/v1/accreditation/missions/a")).await.status;
    let made = rig.done(&ada, ELEVATIONS, &emergency()).await;
    until("the role is held", async || mission().await == 200).await;
    // Its time is over; the timer that writes so is late.
    let over = "update elevations set doc = doc || '{\"expireTime\": \"2026-01-01T00:00:00Z\"}' where name = $1";
    let name = made["name"].as_str().unwrap();
    assert_eq!(sqlx::query(over).bind(name).execute(&rig.db.pool).await.unwrap().rows_affected(), 1);
    until("the role is gone", async || mission().await == 403).await;
    let state: String = sqlx::query_scalar("select state from elevations").fetch_one(&rig.db.pool).await.unwrap();
    assert_eq!(state, "OPEN");
}

#[tokio::test]
async fn the_glass_is_not_broken_for_nothing_for_long_or_for_any_role() {
    let rig = rig().await;
    let ada = person(&rig, "ada", &["duty-officer"]).await;
    let cases = [
        (json!({"justification": "urgent"}), "INVALID_FIELDS", "elevation.justification"),
        (json!({"minutes": 61}), "ELEVATION_UNFIT", "elevation.minutes"),
        (json!({"role": "tenant-admin"}), "ELEVATION_UNFIT", "elevation.role"),
        (json!({"role": "nobody"}), "ELEVATION_UNFIT", "elevation.role"),
    ];
    for (fields, reason, at) in cases {
        let mut wish = emergency();
        wish.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let answer = send(rig.post(&ada, ELEVATIONS, &wish)).await;
        assert_eq!((answer.status, answer.reason().as_str()), (400, reason), "{fields}: {answer:?}");
        assert_eq!(answer.fields(), [at], "{fields}");
    }
    // Neither a token nor a key gives the role itself.
    let sly = person(&rig, "sly", &["breakglass"]).await;
    assert_eq!(send(rig.get(&sly, "/v1/accreditation/missions/a")).await.status, 403);
    let key = crate::rig::key(json!({"role": "breakglass", "internal": true}));
    assert_eq!(send(rig.post(&rig.admin, "/v1/gateway/apiKeys", &key)).await.reason(), "UNKNOWN_ROLE");
    let stranger = person(&rig, "stranger", &["legal-adviser"]).await;
    assert_eq!(send(rig.post(&stranger, ELEVATIONS, &emergency())).await.reason(), "PERMISSION_DENIED");
}

#[tokio::test]
async fn one_who_reviews_sees_all_and_others_their_own() {
    let rig = rig().await;
    let (ada, grace) = (person(&rig, "ada", &["duty-officer"]).await, person(&rig, "grace", &["duty-officer"]).await);
    let made = rig.done(&ada, ELEVATIONS, &emergency()).await;
    let path = format!("/v1/gateway/{}", made["name"].as_str().unwrap());
    assert_eq!(send(rig.get(&grace, &path)).await.status, 404);
    assert_eq!(send(rig.get(&grace, ELEVATIONS)).await.json()["elevations"], json!([]));
    let admin = rig.role("tenant-admin").await;
    assert_eq!(send(rig.get(&admin, &path)).await.status, 200);
}
