//! Keys of agencies: administered by the agency itself, rotated with overlap, bound to networks, counted.

use crate::agencies::{agency, assign, product};
use crate::rig::{Answer, Rig, key, plan, send, start};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::until;

/// An agency with a product for cards and one for managing its keys: a key for each.
async fn office(rig: &Rig, id: &str) -> (String, String) {
    let path = agency(rig, id).await;
    let permissions =
        ["gateway.agencies.read", "gateway.apiKeys.manage", "gateway.apiKeys.read", "gateway.products.read"];
    let keys = product(rig, &format!("{id}-keys"), &permissions).await;
    let cards = product(rig, &format!("{id}-cards"), &["accreditation.identityCards.verify"]).await;
    assign(rig, &path, &[&keys, &cards]).await;
    let (_, admin) = rig.key(json!({"agency": id, "product": keys})).await;
    (admin, cards)
}

async fn make(rig: &Rig, by: &str, fields: Value) -> Answer {
    send(rig.post(by, "/v1/gateway/apiKeys", &key(fields))).await
}

fn in_seconds(seconds: i64) -> String {
    (chrono::Utc::now() + chrono::TimeDelta::seconds(seconds)).to_rfc3339()
}

#[tokio::test]
async fn an_agencys_administrator_manages_its_own_keys_and_sees_no_others() {
    let rig = start().await;
    let (customs, cards) = office(&rig, "customs").await;
    let (_, taxes_cards) = office(&rig, "taxes").await;
    let (strange, _) = rig.key(json!({"agency": "taxes", "product": taxes_cards})).await;

    let made = make(&rig, &customs, json!({"agency": "customs", "product": cards})).await;
    assert_eq!(made.status, 200, "{made:?}");
    let own = made.json()["apiKey"]["name"].as_str().unwrap().to_owned();
    let listed = send(rig.get(&customs, "/v1/gateway/apiKeys")).await.json();
    let holders: Vec<_> = listed["apiKeys"].as_array().unwrap().iter().map(|key| &key["holder"]).collect();
    assert_eq!(holders, ["agencies/customs", "agencies/customs"], "{listed}");
    let agencies = send(rig.get(&customs, "/v1/gateway/agencies")).await.json();
    assert_eq!(agencies["agencies"].as_array().map(Vec::len), Some(1), "{agencies}");

    for path in [strange.clone(), format!("{strange}:usage"), "agencies/taxes".to_owned()] {
        let answer = send(rig.get(&customs, &format!("/v1/gateway/{path}"))).await;
        assert_eq!((answer.status, answer.reason().as_str()), (404, "NOT_FOUND"), "{path}");
    }
    let revoked = send(rig.post(&customs, &format!("/v1/gateway/{strange}:revoke"), &json!({}))).await;
    assert_eq!((revoked.status, revoked.reason().as_str()), (404, "NOT_FOUND"));
    let cases = [
        (json!({"agency": "taxes", "product": taxes_cards}), 403, "BEYOND_OWN_PERMISSIONS"),
        (json!({"agency": "customs", "product": cards, "internal": true}), 403, "BEYOND_OWN_PERMISSIONS"),
        (json!({"agency": "customs", "product": taxes_cards}), 409, "PRODUCT_NOT_ASSIGNED"),
        (json!({"agency": "customs", "product": cards, "role": "police-verifier"}), 400, "PRODUCT_UNFIT"),
        (
            json!({"agency": "customs", "product": cards, "permissions": ["accreditation.missions.read"]}),
            400,
            "PRODUCT_UNFIT",
        ),
        (json!({"agency": "customs"}), 400, "PRODUCT_UNFIT"),
    ];
    for (fields, status, reason) in cases {
        let answer = make(&rig, &customs, fields.clone()).await;
        assert_eq!((answer.status, answer.reason().as_str()), (status, reason), "{fields}");
    }
    assert_eq!(rig.done(&customs, &format!("/v1/gateway/{own}:revoke"), &json!({})).await["state"], "REVOKED");
}

#[tokio::test]
async fn a_key_is_rotated_while_both_are_good() {
    let rig = start().await;
    let (name, old) = rig.key(json!({"role": "police-verifier"})).await;
    let (_, new) = rig.key(json!({"role": "police-verifier"})).await;
    let retire = format!("/v1/gateway/{name}:retire");
    for (seconds, why) in [(-1, "past"), (60 * 86_400, "later than it was made for")] {
        let answer = send(rig.post(&rig.admin, &retire, &json!({"expireTime": in_seconds(seconds)}))).await;
        assert_eq!((answer.status, answer.reason().as_str()), (400, "EXPIRY_UNFIT"), "{why}");
    }
    rig.done(&rig.admin, &retire, &json!({"expireTime": in_seconds(2)})).await;
    assert_eq!((rig.who(&old).await.status, rig.who(&new).await.status), (200, 200));
    until("the retired key is refused", async || rig.who(&old).await.status == 401).await;
    assert_eq!(rig.who(&new).await.status, 200);
    let state = async || send(rig.get(&rig.admin, &format!("/v1/gateway/{name}"))).await.json()["state"].clone();
    until("its record says so", async || state().await == "EXPIRED").await;
}

#[tokio::test]
async fn a_key_bound_to_networks_is_refused_from_elsewhere() {
    let rig = plan().set("TRUSTED_PROXIES", "127.0.0.1").start().await;
    let networks = json!(["192.0.2.0/24", "2001:db8::7"]);
    let (name, secret) = rig.key(json!({"role": "police-verifier", "allowedNetworks": networks})).await;
    let from =
        async |address: &str| send(rig.get(&secret, "/v1/gateway/whoami").header("x-forwarded-for", address)).await;
    for address in ["192.0.2.9", "2001:db8::7", "::ffff:192.0.2.1"] {
        assert_eq!(from(address).await.status, 200, "{address}");
    }
    for address in ["192.0.3.9", "2001:db8::8", "203.0.113.1"] {
        let answer = from(address).await;
        assert_eq!((answer.status, answer.reason().as_str()), (403, "ADDRESS_NOT_ALLOWED"), "{address}");
    }
    // Without a proxy the connection's own address counts.
    assert_eq!(rig.who(&secret).await.reason(), "ADDRESS_NOT_ALLOWED");
    let wrong =
        make(&rig, &rig.admin, json!({"role": "police-verifier", "allowedNetworks": ["10.0.0.0/8", "x"]})).await;
    assert_eq!(
        (wrong.reason().as_str(), wrong.fields()),
        ("NETWORK_UNREADABLE", vec!["apiKey.allowedNetworks[1]".into()])
    );

    let read = send(rig.get(&rig.admin, &format!("/v1/gateway/{name}"))).await.json();
    let change = json!({"allowedNetworks": ["203.0.113.0/24"]});
    let request = rig.ask(Method::PATCH, &format!("/v1/gateway/{name}")).bearer_auth(&rig.admin).json(&change);
    let changed = send(request.header("if-match", read["etag"].as_str().unwrap())).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    until("the new network is let in", async || from("203.0.113.1").await.status == 200).await;
    assert_eq!(from("192.0.2.9").await.status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agency_has_no_more_keys_than_it_may_however_many_ask_at_once() {
    let rig = start().await;
    let (admin, cards) = office(&rig, "customs").await;
    let asks = (0..26).map(|_| make(&rig, &admin, json!({"agency": "customs", "product": cards})));
    let answers = futures::future::join_all(asks).await;
    let made = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(made, 20, "{answers:?}");
    let refused = answers.iter().filter(|answer| answer.status != 200);
    assert!(refused.into_iter().all(|answer| answer.reason() == "TOO_MANY_KEYS"), "{answers:?}");
}

#[tokio::test]
async fn use_is_counted_and_what_was_not_written_yet_is_when_the_gateway_stops() {
    let rig = start().await;
    let (name, secret) = rig.key(json!({"role": "police-verifier"})).await;
    let usage = async || send(rig.get(&rig.admin, &format!("/v1/gateway/{name}:usage"))).await.json();
    assert_eq!(usage().await["lastUseTime"], Value::Null);
    for _ in 0..3 {
        assert_eq!(rig.who(&secret).await.status, 200);
    }
    assert_eq!(send(rig.get(&secret, "/v1/accreditation/members/a")).await.status, 403);
    let told = until("the calls are counted", async || {
        let usage = usage().await;
        (usage["days"][0]["calls"] == "4").then_some(usage)
    })
    .await;
    assert_eq!(told["days"][0]["denied"], "1", "{told}");
    assert!(told["lastUseTime"].is_string(), "{told}");

    assert_eq!(rig.who(&secret).await.status, 200);
    let (house, pool) = (rig.house.clone(), rig.db.pool.clone());
    drop(rig.http.clone());
    assert!(house.drain(std::time::Duration::from_secs(20)).await);
    let calls: i64 = sqlx::query_scalar("select sum(calls)::bigint from key_usage where name = $1")
        .bind(&name)
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(calls, 5);
}
