//! Imports: one answer a line, in the numbers of the client's lines, as they come.

use crate::rig::{Answer, Rig, send, start};
use bytes::Bytes;
use futures::stream;
use reqwest::{Body, Method};
use serde_json::Value;
use tokio::sync::mpsc;

const PATH: &str = "/v1/accreditation/missions:import";

fn line(id: &str) -> String {
    format!("{{\"missionId\": \"{id}\", \"mission\": {{\"sendingState\": \"FR\"}}}}\n")
}

async fn import(rig: &Rig, body: impl Into<Body>) -> Answer {
    let key = rig.role("protocol-officer").await;
    send(rig.ask(Method::POST, PATH).bearer_auth(key).header("content-type", "application/x-ndjson").body(body)).await
}

fn outcomes(answer: &Answer) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let read = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap();
        (text(&value["line"]), text(&value["outcome"]))
    };
    let mut read: Vec<_> = answer.text.lines().map(read).collect();
    read.sort_by_key(|(line, _)| line.parse::<u64>().unwrap_or(u64::MAX));
    read
}

#[tokio::test]
async fn each_line_is_answered_with_its_own_number_and_the_rest_goes_on() {
    let rig = start().await;
    let long = "x".repeat(300 * 1024);
    let body = [
        line("a"),
        "{ no json\n".to_owned(),
        "\n".to_owned(),
        line("b"),
        "{\"missionId\": \"c\", \"colour\": 1, \"size\": 2}\n".to_owned(),
        format!("{{\"missionId\": \"{long}\"}}\n"),
        line(""),
        line("d").trim_end().to_owned(),
    ];
    let answer = import(&rig, body.concat()).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-ndjson")), "{answer:?}");
    let expected = [
        ("1", "CREATED"),
        ("2", "REJECTED"),
        ("4", "CREATED"),
        ("5", "REJECTED"),
        ("6", "REJECTED"),
        ("7", "REJECTED"),
        ("8", "CREATED"),
    ];
    assert_eq!(outcomes(&answer), expected.map(|(line, outcome)| (line.to_owned(), outcome.to_owned())));
    let find = |number: &str| {
        let lines = answer.text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.into_iter().find(|line| line["line"] == number).unwrap()
    };
    assert_eq!(find("2")["failure"]["reason"], "MALFORMED_REQUEST");
    assert_eq!(find("6")["failure"]["reason"], "REQUEST_TOO_LARGE");
    let fields: Vec<_> =
        find("5")["failure"]["violations"].as_array().unwrap().iter().map(|v| v["field"].clone()).collect();
    assert_eq!(fields, ["colour", "size"]);
    assert_eq!(find("8")["name"], "missions/d");
}

#[tokio::test]
async fn answers_come_while_lines_still_go() {
    let rig = start().await;
    let key = rig.role("protocol-officer").await;
    let (lines, sent) = mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let body = Body::wrap_stream(stream::unfold(sent, async |mut sent| Some((sent.recv().await?, sent))));
    let asked = rig.ask(Method::POST, PATH).bearer_auth(key).header("content-type", "application/x-ndjson").body(body);
    let asked = tokio::spawn(asked.send());
    lines.send(Ok(line("a").into())).await.unwrap();
    let mut response = asked.await.unwrap().unwrap();
    for n in 1..=3 {
        let chunk = response.chunk().await.unwrap().unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&chunk).unwrap()["line"], n.to_string());
        lines.send(Ok(line("b").into())).await.unwrap();
    }
    drop(lines);
    assert_eq!(response.text().await.unwrap().lines().count(), 1);
}

#[tokio::test]
async fn a_long_import_is_read_to_its_end() {
    let rig = start().await;
    let body: String = (0..20_000).map(|n| line(&format!("m{n}"))).collect();
    assert!(body.len() > 1 << 20, "it is longer than any other body may be");
    let answer = import(&rig, body).await;
    let outcomes = outcomes(&answer);
    assert_eq!(outcomes.len(), 20_000);
    assert!(outcomes.iter().all(|(_, outcome)| outcome == "CREATED"));
    assert_eq!(outcomes[19_999].0, "20000");
}
