//! Streams over HTTP: events with ids, lines, and how they end.

use crate::rig::{Rig, plan, send, start};
use crate::upstream::FAILING;
use serde_json::{Value, json};
use testkit::until;

/// Reads a stream until its text holds this.
async fn read_until(response: &mut reqwest::Response, part: &str) -> String {
    let mut text = String::new();
    while !text.contains(part) {
        let chunk =
            response.chunk().await.expect("the stream is not broken").unwrap_or_else(|| panic!("no {part} in {text}"));
        text.push_str(std::str::from_utf8(&chunk).expect("it is UTF-8"));
    }
    text
}

async fn officer(rig: &Rig) -> String {
    rig.role("protocol-officer").await
}

#[tokio::test]
async fn a_watcher_gets_events_whose_ids_bring_it_back_to_where_it_was() {
    let rig = start().await;
    let key = officer(&rig).await;
    let mut response = rig.get(&key, "/v1/accreditation/missions:watch").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let text = read_until(&mut response, "id: c3\n").await;
    let first = text.split("\n\n").next().unwrap();
    let data = first.strip_prefix("id: c1\ndata: ").unwrap_or_else(|| panic!("{first}"));
    let change: Value = serde_json::from_str(data).unwrap();
    assert_eq!((&change["cursor"], &change["mission"]["name"]), (&json!("c1"), &json!("missions/1")));
    drop(response);

    let again = rig.get(&key, "/v1/accreditation/missions:watch").header("last-event-id", "c3");
    let mut response = again.send().await.unwrap();
    assert!(read_until(&mut response, "id: c6\n").await.starts_with("id: c4\n"));
}

#[tokio::test]
async fn a_stream_that_fails_says_so_in_its_last_event_or_line() {
    let rig = start().await;
    let key = officer(&rig).await;
    let path = format!("/v1/accreditation/missions:watch?filter={FAILING}");
    let events = send(rig.get(&key, &path)).await;
    let last = events.text.trim_end().rsplit("\n\n").next().unwrap().to_owned();
    let problem = last.strip_prefix("event: problem\ndata: ").unwrap_or_else(|| panic!("{last}"));
    assert_eq!(serde_json::from_str::<Value>(problem).unwrap()["reason"], "UNAVAILABLE");

    let lines = send(rig.get(&key, &path).header("accept", "application/x-ndjson")).await;
    assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
    let lines: Vec<Value> = lines.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!((&lines[0]["cursor"], &lines[3]["problem"]["reason"]), (&json!("c1"), &json!("UNAVAILABLE")));
}

#[tokio::test]
async fn an_export_is_lines_whatever_is_accepted() {
    let rig = start().await;
    let answer = send(rig.get(&officer(&rig).await, "/v1/accreditation/missions:export")).await;
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    let names: Vec<Value> = answer
        .text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["mission"]["name"].clone())
        .collect();
    assert_eq!(names, ["missions/1", "missions/2", "missions/3"]);
}

#[tokio::test]
async fn a_stream_ends_when_its_key_is_revoked() {
    let rig = start().await;
    let (name, key) = rig.key(json!({"role": "protocol-officer", "internal": true})).await;
    let mut response = rig.get(&key, "/v1/accreditation/missions:watch").send().await.unwrap();
    read_until(&mut response, "id: c3\n").await;
    assert_eq!(send(rig.post(&rig.admin, &format!("/v1/gateway/{name}:revoke"), &json!({}))).await.status, 200);
    let text = read_until(&mut response, "event: problem").await;
    let rest = response.text().await.unwrap();
    assert!(format!("{text}{rest}").contains("UNAUTHENTICATED"), "{text}{rest}");
}

#[tokio::test]
async fn streams_end_when_the_house_does_and_hold_nothing_up() {
    let rig = start().await;
    let key = officer(&rig).await;
    let mut response = rig.get(&key, "/v1/accreditation/missions:watch").send().await.unwrap();
    read_until(&mut response, "id: c3\n").await;
    assert!(rig.house.drain(std::time::Duration::from_secs(10)).await);
    assert!(read_until(&mut response, "event: problem").await.contains("UNAVAILABLE"));
}

#[tokio::test]
async fn one_caller_cannot_take_all_streams() {
    let rig = start().await;
    let key = officer(&rig).await;
    let mut open = Vec::new();
    let refused = loop {
        let response = rig.get(&key, "/v1/accreditation/missions:watch").send().await.unwrap();
        if response.status() != 200 {
            break response;
        }
        open.push(response);
        assert!(open.len() <= 64, "no end of streams");
    };
    assert_eq!((refused.status().as_u16(), open.len()), (429, 64));
    // Whoever comes next is not kept out, and a stream that ends makes room.
    assert_eq!(rig.who(&rig.admin).await.status, 200);
    drop(open);
    until("there is room again", async || {
        rig.get(&key, "/v1/accreditation/missions:watch").send().await.unwrap().status() == 200
    })
    .await;
}

#[tokio::test]
async fn an_agency_cannot_take_all_streams_with_many_keys() {
    let rig = plan().set("CONNECTIONS_OF_ADDRESS", "1000").start().await;
    let mut keys = Vec::new();
    for _ in 0..5 {
        keys.push(rig.key(json!({"permissions": ["accreditation.missions.read"]})).await.1);
    }
    let mut open = Vec::new();
    let mut refused = 0;
    for key in &keys {
        for _ in 0..60 {
            let response = rig.get(key, "/v1/accreditation/missions:watch").send().await.unwrap();
            match response.status().as_u16() {
                200 => open.push(response),
                429 => refused += 1,
                other => panic!("{other}"),
            }
        }
    }
    assert_eq!((open.len(), refused), (256, 44));
    crate::rig::partner(&rig.db, "county-sheriff").await;
    let other = rig.key(json!({"permissions": ["accreditation.missions.read"], "agency": "county-sheriff"})).await.1;
    assert_eq!(rig.get(&other, "/v1/accreditation/missions:watch").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_person_has_no_more_streams_with_more_tokens() {
    let rig = plan().set("DEV_ISSUER", "true").start().await;
    let mut open = Vec::new();
    for _ in 0..3 {
        // Another second, or another role, makes another token of the same person.
        let roles =
            if open.len() < 30 { json!(["protocol-officer"]) } else { json!(["protocol-officer", "legal-adviser"]) };
        let ask = json!({"subject": "ada", "roles": roles, "clearance": if open.len() < 60 { "U" } else { "C" }});
        let token = send(rig.ask(reqwest::Method::POST, "/dev/issuer/token").json(&ask)).await.json();
        let token = token["access_token"].as_str().unwrap().to_owned();
        for _ in 0..30 {
            let response = rig.get(&token, "/v1/accreditation/missions:watch").send().await.unwrap();
            if response.status() == 200 {
                open.push(response);
            }
        }
    }
    assert_eq!(open.len(), 64);
}

#[tokio::test]
async fn a_stream_ends_when_what_it_was_opened_with_is_taken_away() {
    let rig = plan().set("DEV_ISSUER", "true").start().await;
    let ask = json!({"subject": "ada", "roles": ["duty-officer"]});
    let token = send(rig.ask(reqwest::Method::POST, "/dev/issuer/token").json(&ask)).await.json();
    let ada = token["access_token"].as_str().unwrap().to_owned();
    let wish = json!({"role": "breakglass", "minutes": 15, "justification": "the registrar on duty cannot be reached"});
    let made = rig.done(&ada, "/v1/gateway/elevations", &wish).await;
    until("the role is held", async || send(rig.get(&ada, "/v1/accreditation/missions/a")).await.status == 200).await;
    let mut response = rig.get(&ada, "/v1/accreditation/missions:watch").send().await.unwrap();
    read_until(&mut response, "id: c3\n").await;
    rig.done(&ada, &format!("/v1/gateway/{}:close", made["name"].as_str().unwrap()), &json!({})).await;
    let text = read_until(&mut response, "event: problem").await;
    let rest = response.text().await.unwrap();
    assert!(format!("{text}{rest}").contains("PERMISSION_DENIED"), "the emergency is over: {text}{rest}");
}
