//! The same door with the services in other processes: over HTTP/2, four connections to each.

use crate::rig::{plan, send};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn records_streams_and_imports_pass_over_sockets_too() {
    let rig = plan().remote().start().await;
    let key = rig.role("protocol-officer").await;
    assert_eq!(rig.who(&key).await.status, 200);
    let asked = (0..32).map(|n| send(rig.get(&key, &format!("/v1/accreditation/missions/m{n}"))));
    for (n, answer) in futures::future::join_all(asked).await.iter().enumerate() {
        assert_eq!((answer.status, &answer.json()["name"]), (200, &json!(format!("missions/m{n}"))), "{answer:?}");
    }
    let export = send(rig.get(&key, "/v1/accreditation/missions:export")).await;
    assert_eq!(export.text.lines().count(), 3);
    let lines: String = (0..500).map(|n| format!("{{\"missionId\": \"m{n}\", \"mission\": {{}}}}\n")).collect();
    let import = rig.ask(Method::POST, "/v1/accreditation/missions:import").bearer_auth(&key);
    let import = send(import.header("content-type", "application/x-ndjson").body(lines)).await;
    assert_eq!(import.text.lines().count(), 500, "{import:?}");
    let last: Value = serde_json::from_str(import.text.lines().last().unwrap()).unwrap();
    assert_eq!((&last["line"], &last["outcome"]), (&json!("500"), &json!("CREATED")));
    let missing = send(rig.get(&rig.admin, "/v1/gateway/apiKeys/none")).await;
    assert_eq!((missing.status, missing.reason().as_str()), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_is_503_at_once() {
    let rig = plan().nowhere().start().await;
    let key = rig.role("protocol-officer").await;
    let answer = send(rig.get(&key, "/v1/accreditation/missions/a")).await;
    assert_eq!((answer.status, answer.reason().as_str()), (503, "UNAVAILABLE"), "{answer:?}");
    let watch = send(rig.get(&key, "/v1/accreditation/missions:watch")).await;
    assert_eq!((watch.status, watch.reason().as_str()), (503, "UNAVAILABLE"), "{watch:?}");
}
