//! What webhooks must never do: reach into our own network, deliver twice at once, lose what was committed.

use crate::endpoint::Endpoint;
use crate::rig::{plan, send};
use crate::webhooks::{Hook, quick, wish};
use serde_json::json;
use std::collections::HashMap;
use testkit::until;

#[tokio::test]
async fn an_address_of_our_own_network_is_refused_when_written_and_when_resolved() {
    let rig = plan().set("WEBHOOK_KEY", "5a".repeat(32)).start().await;
    let permissions = ["gateway.webhooks.read", "gateway.webhooks.manage", "accreditation.missions.read"];
    let key = rig.key(json!({"permissions": permissions})).await.1;
    let endpoint = Endpoint::open().await;
    let (port, loopback) = (endpoint.url.rsplit(':').next().unwrap().to_owned(), endpoint.url.clone());
    let written = [
        loopback.as_str(),
        "http://example.com/hook",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/",
        "https://[::ffff:127.0.0.1]/",
        "https://2130706433/",
    ];
    for url in written {
        let refused = send(rig.post(&key, "/v1/gateway/webhooks", &wish(url))).await;
        assert_eq!((refused.status, &*refused.reason()), (400, "ENDPOINT_REFUSED"), "{url}: {refused:?}");
        assert_eq!(refused.fields(), ["webhook.url"]);
    }
    // A name may be written, and is looked at when it is called.
    let made = send(rig.post(&key, "/v1/gateway/webhooks", &wish(&format!("https://localhost:{port}")))).await.json();
    let verify = format!("/v1/gateway/{}:verify", made["webhook"]["name"].as_str().unwrap());
    let refused = send(rig.post(&key, &verify, &json!({}))).await;
    assert_eq!((refused.status, &*refused.reason()), (409, "ENDPOINT_UNVERIFIED"), "{refused:?}");
    assert!(refused.text.contains("does not resolve to public addresses"), "{refused:?}");
    for told in ["127.0.0.1", "::1", "dns error"] {
        assert!(!refused.text.contains(told), "{told}: {refused:?}");
    }
    let unknown = send(rig.post(&key, "/v1/gateway/webhooks", &wish("https://nowhere.invalid/"))).await.json();
    let verify = format!("/v1/gateway/{}:verify", unknown["webhook"]["name"].as_str().unwrap());
    let unknown = send(rig.post(&key, &verify, &json!({}))).await;
    assert_eq!(unknown.json()["detail"], refused.json()["detail"], "our resolver tells nobody which names it knows");
    assert_eq!(endpoint.heard().len(), 0);
}

#[tokio::test]
async fn without_a_key_to_sign_with_there_are_no_webhooks() {
    let rig = plan().start().await;
    let key = rig.key(json!({"permissions": ["gateway.webhooks.manage"]})).await.1;
    let refused = send(rig.post(&key, "/v1/gateway/webhooks", &wish("https://example.com"))).await;
    assert_eq!((refused.status, &*refused.reason()), (409, "WEBHOOKS_OFF"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_gateways_never_have_one_delivery_in_hand_at_once() {
    const EVENTS: u32 = 120;
    let first = quick().start().await;
    let second = quick().beside(&first).start().await;
    let hook = Hook::active(first, json!({})).await;
    for number in 0..EVENTS {
        hook.publish(number, &format!("missions/m{number}"), 1).await;
    }
    until("all are delivered", async || {
        let ledger = hook.ledger().await;
        ledger.len() == EVENTS as usize && ledger.iter().all(|state| state == "DELIVERED")
    })
    .await;
    let mut times: HashMap<String, u32> = HashMap::new();
    hook.endpoint.heard().into_iter().for_each(|heard| *times.entry(heard.id).or_default() += 1);
    assert_eq!(times.len(), EVENTS as usize);
    assert!(times.values().all(|times| *times == 1), "{times:?}");
    drop(second);
}

#[tokio::test]
async fn what_a_killed_gateway_had_in_hand_is_delivered_by_another() {
    let hook = Hook::active(quick().start().await, json!({})).await;
    hook.act("disable", json!({})).await;
    // As it is when a gateway dies between taking a delivery and settling it: committed, held, never answered.
    hook.publish(1, "missions/a", 1).await;
    hook.act("replay", json!({})).await;
    until("it is in the ledger", async || hook.ledger().await == ["WAITING"]).await;
    let hold = "update deliveries set holder = gen_random_uuid(), held_until = clock_timestamp() + interval '1 second' \
                returning held_until";
    let held: chrono::DateTime<chrono::Utc> = sqlx::query_scalar(hold).fetch_one(hook.pool()).await.unwrap();
    assert_eq!(hook.act("verify", json!({})).await.json()["state"], "ACTIVE");
    until("it is told", async || hook.ledger().await == ["DELIVERED"]).await;
    let told: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("select deliver_time from deliveries").fetch_one(hook.pool()).await.unwrap();
    assert!(told >= held, "not while another may be at it: {told} < {held}");
    assert_eq!(hook.endpoint.heard().len(), 1);
}
