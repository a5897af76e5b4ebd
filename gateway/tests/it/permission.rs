//! Who may call what; refused before anything is looked up.

use crate::rig::{plan, send, start};
use proto::contract::contract;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_partner_calls_what_it_holds_and_is_open_to_partners() {
    let rig = start().await;
    let (_, police) = rig.key(json!({"role": "police-verifier"})).await;
    let get = |path: &'static str| send(rig.get(&police, path));
    assert_eq!(get("/v1/accreditation/missions/a").await.status, 200);
    for path in ["/v1/accreditation/members/a", "/v1/accreditation/identityCards/a", "/v1/gateway/apiKeys"] {
        let answer = get(path).await;
        assert_eq!((answer.status, answer.reason().as_str()), (403, "PERMISSION_DENIED"), "{path}");
        assert!(answer.json()["metadata"]["permission"].is_string(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_partners_key_holds_no_more_than_partners_may_whatever_was_written_down() {
    let rig = start().await;
    let (name, key) = rig.key(json!({"permissions": ["accreditation.missions.read"]})).await;
    let text = "update api_keys set doc = doc || '{\"permissions\": [\"accreditation.*\", \"accreditation.members.read\"]}' \
                where name = $1";
    sqlx::query(text).bind(&name).execute(&rig.db.pool).await.unwrap();
    let who = rig.who(&key).await;
    assert_eq!((who.status, &who.json()["permissions"]), (200, &json!([])), "{who:?}");
    assert_eq!(send(rig.get(&key, "/v1/accreditation/members/a")).await.status, 403);
}

#[tokio::test]
async fn every_method_is_refused_to_one_who_holds_nothing_whatever_it_asks() {
    // One caller asks for everything there is, as fast as it can.
    let rig = plan().set("RATE", "100000").start().await;
    let (_, key) = rig.key(json!({"internal": true})).await;
    for method in contract().methods() {
        let binding = &method.bindings()[0];
        let path = binding.template.replace("**", "x").replace('*', "x");
        let path: String =
            path.split(['{', '}']).map(|part| part.split_once('=').map_or(part, |(_, pattern)| pattern)).collect();
        let http: Method = binding.method.parse().unwrap();
        // A body that is no JSON: what is refused first is what the caller may not do.
        let answer =
            send(rig.ask(http, &path).bearer_auth(&key).header("content-type", "application/json").body("{")).await;
        if method.rule().any_caller {
            assert_ne!(answer.status, 403, "{}", method.path());
        } else {
            assert_eq!(
                (answer.status, answer.reason().as_str()),
                (403, "PERMISSION_DENIED"),
                "{} {path}",
                method.path()
            );
        }
        let nobody = send(rig.ask(Method::GET, &path)).await;
        assert_eq!(nobody.status, 401, "{}", method.path());
    }
}
