//! What an endpoint must show before it is told anything: that it is set up for this webhook.

use crate::endpoint::{Answer, Endpoint};
use crate::rig::send;
use crate::webhooks::{Hook, quick};
use serde_json::json;
use std::net::{SocketAddr, TcpListener};
use testkit::until;
use tokio::process::{Child, Command};

#[tokio::test]
async fn nothing_is_told_before_the_endpoint_has_proven_what_it_checks_signatures_by() {
    let hook = Hook::made(quick().start().await, json!({})).await;
    let wrong =
        [Answer::Echo, Answer::Parrot, Answer::Status(200), Answer::Status(500), Answer::Redirect, Answer::Never];
    for answer in wrong {
        hook.endpoint.next([answer]);
        let refused = hook.act("verify", json!({})).await;
        assert_eq!((refused.status, &*refused.reason()), (409, "ENDPOINT_UNVERIFIED"), "{answer:?}: {refused:?}");
    }
    hook.publish(1, "missions/a", 1).await;
    until("the event is taken in", async || {
        let kept: i64 = sqlx::query_scalar("select count(*) from webhook_events").fetch_one(hook.pool()).await.unwrap();
        kept >= 1
    })
    .await;
    assert_eq!((hook.state().await.as_str(), hook.ledger().await.len()), ("PENDING", 0));
    assert_eq!(hook.act("verify", json!({})).await.status, 200);
    assert_eq!(hook.endpoint.heard().len(), 0);
}

/// An endpoint that answers every challenge it gets, whoever it is from, answers with a key of its own.
#[tokio::test]
async fn the_endpoint_of_another_webhook_proves_nothing_for_this_one() {
    let hook = Hook::made(quick().start().await, json!({})).await;
    let victim = Endpoint::open().await;
    let made = async |url: &str| {
        let wish = crate::webhooks::wish(url);
        send(hook.rig.post(&hook.key, "/v1/gateway/webhooks", &wish)).await.json()
    };
    victim.checks_by(made(&victim.url).await["secret"].as_str().unwrap());
    let forced = made(&victim.url).await;
    let verify = format!("/v1/gateway/{}:verify", forced["webhook"]["name"].as_str().unwrap());
    let refused = send(hook.rig.post(&hook.key, &verify, &json!({}))).await;
    assert_eq!((refused.status, &*refused.reason()), (409, "ENDPOINT_UNVERIFIED"), "{refused:?}");
}

#[tokio::test]
async fn either_key_proves_it_and_after_a_rotation_the_one_before_as_long_as_it_signs() {
    let hook = Hook::made(quick().start().await, json!({})).await;
    let verified = async |key: &str| {
        hook.endpoint.checks_by(key);
        let answer = hook.act("verify", json!({})).await;
        if answer.status == 200 {
            assert_eq!(hook.act("disable", json!({})).await.status, 200);
        }
        answer.status
    };
    let public = hook.record["publicKey"].as_str().unwrap().to_owned();
    assert_eq!(verified(&hook.secret).await, 200);
    assert_eq!(verified(&public).await, 200);

    let path = format!("/v1/gateway/{}:rotateSecret", hook.name);
    let rotated = send(hook.rig.post(&hook.key, &path, &json!({}))).await.json();
    let new = rotated["secret"].as_str().unwrap().to_owned();
    for key in [&new, &hook.secret, &public] {
        assert_eq!(verified(key).await, 200, "both sign");
    }
    let rotated = send(hook.rig.post(&hook.key, &path, &json!({"compromised": true}))).await.json();
    assert_eq!(verified(&new).await, 409, "it signs no more");
    assert_eq!(verified(rotated["webhook"]["publicKey"].as_str().unwrap()).await, 200);
}

/// A program of gateway/README.md, at work.
async fn receiver(language: &str, program: &[&str], address: SocketAddr, keys: [(&str, &str); 2]) -> Option<Child> {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once(&format!("```{language}\n")).expect("it shows a receiver");
    let code = rest.split_once("```").expect("the program ends").0;
    // Node takes what ends so for a module; Python does not care.
    let file = std::env::temp_dir().join(format!("legation-receiver-{}.mjs", uuid::Uuid::new_v4()));
    std::fs::write(&file, code).unwrap();
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).arg(&file).envs(keys).env("PORT", address.port().to_string()).kill_on_drop(true);
    let child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            eprintln!("left out: {} cannot be run: {error}", program[0]);
            return None;
        }
    };
    until("the receiver listens", async || tokio::net::TcpStream::connect(address).await.is_ok()).await;
    Some(child)
}

#[tokio::test]
async fn the_receivers_of_the_readme_are_verified_and_told() {
    for (language, program) in [("python", ["python3", "-I"].as_slice()), ("js", ["node"].as_slice())] {
        let hook = Hook::made(quick().start().await, json!({})).await;
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let wish = crate::webhooks::wish(&format!("http://{address}/"));
        let made = send(hook.rig.post(&hook.key, "/v1/gateway/webhooks", &wish)).await.json();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let (secret, public) = (text(&made["secret"]), text(&made["webhook"]["publicKey"]));
        let keys = [("WEBHOOK_SECRET", secret.as_str()), ("WEBHOOK_PUBLIC_KEY", public.as_str())];
        let Some(_running) = receiver(language, program, address, keys).await else { continue };
        let verify = format!("/v1/gateway/{}:verify", text(&made["webhook"]["name"]));
        let verified = send(hook.rig.post(&hook.key, &verify, &json!({}))).await;
        assert_eq!((verified.status, &verified.json()["state"]), (200, &json!("ACTIVE")), "{language}: {verified:?}");
        hook.publish(1, "missions/a", 1).await;
        until("it is told", async || hook.ledger().await == ["DELIVERED"]).await;
        let stranger = send(hook.rig.http.post(format!("http://{address}/")).json(&json!({"type": "x"}))).await;
        assert_eq!(stranger.status, 400, "{language}: what is not signed is refused");
    }
}
