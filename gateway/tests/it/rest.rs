//! REST: addresses, methods, versions, deadlines, headers in and out.

use crate::rig::{plan, send, start};
use crate::upstream::{BROKEN, ECHO, PANICS, SLOW};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn an_address_that_is_none_is_404_and_one_for_other_methods_405() {
    let rig = start().await;
    let key = rig.role("protocol-officer").await;
    for path in [
        "/",
        "/v1",
        "/v1/accreditation/mission",
        "/v1/accreditation/missions/",
        "/v2/accreditation/missions",
        "//v1/gateway/whoami",
    ] {
        let answer = send(rig.get(&key, path)).await;
        assert_eq!((answer.status, answer.reason().as_str()), (404, "NO_ROUTE"), "{path}");
    }
    let answer = send(rig.ask(Method::DELETE, "/v1/accreditation/missions").bearer_auth(&key)).await;
    assert_eq!((answer.status, answer.reason().as_str()), (405, "METHOD_NOT_ALLOWED"));
    assert_eq!(answer.header("allow"), Some("GET, HEAD, POST"));
    let answer = send(rig.ask(Method::POST, "/openapi.json")).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
}

#[tokio::test]
async fn a_record_carries_its_version_and_is_not_sent_again_unchanged() {
    let rig = start().await;
    let key = rig.role("protocol-officer").await;
    let get = || rig.get(&key, "/v1/accreditation/missions/a");
    let first = send(get()).await;
    assert_eq!((first.status, first.header("etag")), (200, Some("\"7-abc\"")), "{first:?}");
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert_eq!(first.json()["name"], "missions/a");
    assert_eq!(first.json()["members"], serde_json::Value::Null, "no such field");
    let again = send(get().header("if-none-match", "\"7-abc\"")).await;
    assert_eq!((again.status, again.text.as_str(), again.header("etag")), (304, "", Some("\"7-abc\"")));
    assert_eq!(send(get().header("if-none-match", "\"6-abc\"")).await.status, 200);
    let head = send(rig.ask(Method::HEAD, "/v1/accreditation/missions/a").bearer_auth(&key)).await;
    assert_eq!((head.status, head.text.as_str(), head.header("etag")), (200, "", Some("\"7-abc\"")));
}

#[tokio::test]
async fn a_version_in_if_match_is_the_one_meant() {
    let rig = start().await;
    let (name, _) = rig.key(json!({"role": "police-verifier"})).await;
    let etag = send(rig.get(&rig.admin, &format!("/v1/gateway/{name}"))).await.header("etag").unwrap().to_owned();
    let revoke =
        |tag: &str| rig.post(&rig.admin, &format!("/v1/gateway/{name}:revoke"), &json!({})).header("if-match", tag);
    let stale = send(revoke("\"99-nothing\"")).await;
    assert_eq!((stale.status, stale.reason().as_str()), (412, "STALE_ETAG"), "{stale:?}");
    assert_eq!(send(revoke(&etag)).await.status, 200);
}

#[tokio::test]
async fn an_update_says_which_version_it_changes_and_which_fields() {
    let rig = start().await;
    let key = rig.role("protocol-officer").await;
    let patch =
        |body: serde_json::Value| rig.ask(Method::PATCH, "/v1/accreditation/missions/a").bearer_auth(&key).json(&body);
    let without = send(patch(json!({"title": "Embassy of France"}))).await;
    assert_eq!((without.status, without.reason().as_str()), (428, "ETAG_REQUIRED"), "{without:?}");
    let with =
        send(patch(json!({"title": "Embassy of France", "seat": "Paris"})).header("if-match", "\"7-abc\"")).await;
    assert_eq!((with.status, &with.json()["title"]), (200, &json!("title,seat of 7-abc")), "{with:?}");
    let other = send(patch(json!({"name": "missions/b"})).header("if-match", "\"7-abc\"")).await;
    assert_eq!(other.status, 400, "the path names one and the body another: {other:?}");
}

#[tokio::test]
async fn a_panic_is_an_answer_and_the_connection_lives_on() {
    let rig = start().await;
    let key = rig.role("protocol-officer").await;
    let answer = send(rig.get(&key, &format!("/v1/accreditation/{PANICS}"))).await;
    assert_eq!((answer.status, answer.reason().as_str()), (500, "INTERNAL"));
    assert!(!answer.text.contains("spoken"), "{answer:?}");
    assert_eq!(send(rig.get(&key, "/v1/accreditation/missions/a")).await.status, 200);
}

#[tokio::test]
async fn rest_is_the_same_over_http_2() {
    let rig = start().await;
    let key = rig.role("protocol-officer").await;
    let http = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let ask = |method: Method| http.request(method, rig.url("/v1/accreditation/missions/a")).bearer_auth(&key);
    let get = ask(Method::GET).send().await.unwrap();
    assert_eq!((get.status().as_u16(), get.version()), (200, reqwest::Version::HTTP_2));
    let length = get.text().await.unwrap().len();
    let head = ask(Method::HEAD).send().await.unwrap();
    assert_eq!(head.headers()["content-length"].to_str().unwrap(), length.to_string());
    assert_eq!(head.text().await.unwrap(), "");
    let large = ask(Method::GET).header("x-padding", "x".repeat(20_000)).send().await;
    assert!(large.is_err() || large.unwrap().status() == 431);
}

#[tokio::test]
async fn a_service_sees_the_gateways_word_for_the_caller_and_nothing_else_of_the_client() {
    let rig = start().await;
    let key = rig.role("protocol-officer").await;
    let forged = identity::Signer::generate().mint(&identity::Principal::timer("grace"), chrono::Utc::now());
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let asked = rig
        .get(&key, &format!("/v1/accreditation/{ECHO}"))
        .header("legation-principal", &forged)
        .header("cookie", "session=1")
        .header("x-forwarded-for", "203.0.113.9")
        .header("traceparent", trace);
    let answer = send(asked).await;
    let echo = answer.json()["title"].as_str().unwrap().to_owned();
    let seen: Vec<_> = echo.lines().map(|line| line.split_once('=').unwrap()).collect();
    let mut names: Vec<_> = seen.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(names, ["content-type", "grpc-timeout", "legation-principal", "te", "traceparent"], "{echo}");
    let value = |name: &str| seen.iter().find(|(other, _)| *other == name).unwrap().1;
    assert_ne!(value("legation-principal"), forged);
    let principal = rig.signer.verifier().check(value("legation-principal"), chrono::Utc::now()).unwrap();
    assert!(principal.subject.starts_with("apiKeys/"), "{principal:?}");
    // The same trace, another step of it; the answer names it.
    assert_eq!(value("traceparent")[..35], trace[..35]);
    assert_ne!(value("traceparent"), trace);
    assert_eq!(answer.header("trace-id"), Some("0af7651916cd43dd8448eb211c80319c"));
}

#[tokio::test]
async fn a_strangers_trace_is_not_gone_on_with() {
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    let traced = |request: reqwest::RequestBuilder| {
        send(request.header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01")))
    };
    let rig = start().await;
    let permissions = json!({"permissions": ["accreditation.missions.read"]});
    let partner = rig.key(permissions.clone()).await.1;
    let nobody = traced(rig.ask(Method::GET, "/v1/gateway/whoami")).await;
    assert_eq!((nobody.status, nobody.header("trace-id") == Some(TRACE)), (401, false), "{nobody:?}");
    assert_eq!(nobody.json()["traceId"].as_str(), nobody.header("trace-id"), "one trace for one request");
    let answer = traced(rig.get(&partner, &format!("/v1/accreditation/{ECHO}"))).await;
    let echo = answer.json()["title"].as_str().unwrap().to_owned();
    let seen = echo.lines().find_map(|line| line.strip_prefix("traceparent=")).unwrap();
    assert!(!seen.contains(TRACE) && seen.contains(answer.header("trace-id").unwrap()), "{echo}");
    // Our own applications go on with theirs, and so do proxies of ours for whoever is behind them.
    assert_eq!(traced(rig.get(&rig.admin, "/v1/gateway/whoami")).await.header("trace-id"), Some(TRACE));
    let behind = plan().set("TRUSTED_PROXIES", "127.0.0.0/8").start().await;
    let partner = behind.key(permissions).await.1;
    assert_eq!(traced(behind.get(&partner, "/v1/gateway/whoami")).await.header("trace-id"), Some(TRACE));
}

#[tokio::test]
async fn an_address_that_a_proxy_wrote_unreadably_is_not_the_proxys_own() {
    let rig = plan().set("TRUSTED_PROXIES", "127.0.0.0/8").start().await;
    let bound =
        rig.key(json!({"permissions": ["accreditation.missions.read"], "allowedNetworks": ["127.0.0.0/8"]})).await.1;
    let from = |address: &'static str| send(rig.get(&bound, "/v1/gateway/whoami").header("x-forwarded-for", address));
    assert_eq!(from("127.0.0.9").await.status, 200);
    assert_eq!(from("198.51.100.7").await.reason(), "ADDRESS_NOT_ALLOWED");
    assert_eq!(from("198.51.100.7:4711").await.reason(), "ADDRESS_NOT_ALLOWED");
    for unreadable in ["unknown", "198.51.100.7:port", "_hidden"] {
        let refused = from(unreadable).await;
        assert_eq!((refused.status, refused.reason().as_str()), (400, "MALFORMED_REQUEST"), "{unreadable}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_504_as_soon_as_the_client_says() {
    let rig = plan().set("DEADLINE", "300ms").start().await;
    let key = rig.role("protocol-officer").await;
    let slow = || rig.get(&key, &format!("/v1/accreditation/{SLOW}"));
    for asked in [slow(), slow().header("request-timeout", "0.05"), slow().header("grpc-timeout", "50m")] {
        let answer = send(asked).await;
        assert_eq!((answer.status, answer.reason().as_str()), (504, "DEADLINE_EXCEEDED"));
    }
    let wrong = send(slow().header("request-timeout", "soon")).await;
    assert_eq!((wrong.status, wrong.reason().as_str()), (400, "MALFORMED_REQUEST"));
}

#[tokio::test]
async fn a_fault_of_ours_tells_its_trace_and_not_its_cause() {
    let rig = start().await;
    let key = rig.role("protocol-officer").await;
    let answer = send(rig.get(&key, &format!("/v1/accreditation/{BROKEN}"))).await;
    assert_eq!((answer.status, answer.reason().as_str()), (500, "INTERNAL"));
    assert!(!answer.text.contains("hunter2"), "{answer:?}");
    assert_eq!(answer.json()["traceId"].as_str(), answer.header("trace-id"));
}

/// A verb whose condition cannot be read is not done without it.
#[tokio::test]
async fn a_condition_that_is_not_one_version_keeps_the_verb_from_being_done() {
    let rig = start().await;
    let name = rig.key(json!({"role": "police-verifier"})).await.0;
    let path = format!("/v1/gateway/{name}");
    for tag in ["\"3-ab12\", \"4-ab12\"", "\"3-ab12"] {
        let answer = send(rig.post(&rig.admin, &format!("{path}:revoke"), &json!({})).header("if-match", tag)).await;
        assert_eq!((answer.status, answer.reason().as_str()), (400, "MALFORMED_REQUEST"), "{tag}");
    }
    assert_eq!(send(rig.get(&rig.admin, &path)).await.json()["state"], "ACTIVE");
    let any = rig.post(&rig.admin, &format!("{path}:revoke"), &json!({})).header("if-match", "*");
    assert_eq!(send(any).await.json()["state"], "REVOKED");
}

/// A REST client has no messages of gRPC, and says nothing of ours.
#[tokio::test]
async fn headers_of_grpc_mean_nothing_in_a_rest_call() {
    let rig = start().await;
    let key = rig.role("protocol-officer").await;
    let asked = rig.get(&key, &format!("/v1/accreditation/{ECHO}"));
    let asked =
        asked.header("grpc-encoding", "gzip").header("grpc-accept-encoding", "gzip").header("grpc-timeout", "1n");
    let answer = send(asked).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let reached = answer.json()["title"].as_str().unwrap().to_owned();
    assert!(!reached.contains("gzip"), "{reached}");
}

#[tokio::test]
async fn a_full_house_refuses_at_once() {
    let rig = plan().set("IN_FLIGHT", "1").start().await;
    let key = rig.role("protocol-officer").await;
    let occupy =
        || tokio::spawn(rig.get(&key, &format!("/v1/accreditation/{SLOW}")).header("request-timeout", "8").send());
    let mut slow = occupy();
    testkit::until("the house is full", async || {
        let answer = send(rig.get(&key, "/v1/accreditation/missions/a")).await;
        if answer.status == 503 {
            let probe = send(rig.ask(Method::GET, "/healthz")).await;
            assert_eq!(probe.status, 200, "busy is not dead");
            assert_eq!((answer.reason().as_str(), answer.header("retry-after")), ("OVERLOADED", Some("1")));
            return true;
        }
        // It may have come while we were asking, and been refused itself.
        if slow.is_finished() {
            slow = occupy();
        }
        false
    })
    .await;
    slow.abort();
    testkit::until("there is a place again", async || {
        send(rig.get(&key, "/v1/accreditation/missions/a")).await.status == 200
    })
    .await;
}

#[tokio::test]
async fn answers_carry_what_keeps_browsers_honest() {
    let rig = plan().set("CORS_ORIGINS", "https://console.example.gov").start().await;
    let answer = rig.who(&rig.admin).await;
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-security-policy"), Some("default-src 'none'; frame-ancestors 'none'"));
    assert_eq!(answer.header("server"), None);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("vary"), Some("origin"));

    let from = |origin: &'static str| rig.get(&rig.admin, "/v1/gateway/whoami").header("origin", origin);
    let ours = send(from("https://console.example.gov")).await;
    assert_eq!(ours.header("access-control-allow-origin"), Some("https://console.example.gov"));
    assert_eq!(send(from("https://evil.example.com")).await.header("access-control-allow-origin"), None);

    let preflight = |origin: &'static str| {
        let asked = rig.ask(Method::OPTIONS, "/v1/gateway/apiKeys").header("origin", origin);
        send(asked.header("access-control-request-method", "POST"))
    };
    let ours = preflight("https://console.example.gov").await;
    assert_eq!(ours.status, 204);
    assert!(ours.header("access-control-allow-headers").unwrap().contains("idempotency-key"));
    assert_eq!(preflight("https://evil.example.com").await.header("access-control-allow-origin"), None);
    let plain = send(rig.ask(Method::OPTIONS, "/v1/gateway/apiKeys")).await;
    assert_eq!((plain.status, plain.header("allow")), (204, Some("GET, HEAD, POST, OPTIONS")));
    assert_eq!(send(rig.ask(Method::OPTIONS, "/v1/nothing")).await.status, 404);
}

#[tokio::test]
async fn settings_that_are_half_a_lock_open_no_door() {
    let cases = [
        vec![("OIDC_ISSUER", "https://login.example.gov")],
        vec![("OIDC_AUDIENCE", "legation")],
        vec![("OIDC_ISSUER", "https://login.example.gov"), ("OIDC_AUDIENCE", "legation"), ("DEV_ISSUER", "true")],
        vec![("DEV_ISSUER", "true"), ("LISTEN", "0.0.0.0:0")],
        vec![("OIDC_ISSUER", "http://login.example.gov"), ("OIDC_AUDIENCE", "legation")],
        vec![("CORS_ORIGINS", "*")],
        vec![("RELAY_AUDIT_KEY", "0707070707070707070707070707070707070707070707070707070707070707")],
        vec![("ROLES", "/nowhere/roles.toml")],
    ];
    let db = crate::rig::database().await;
    for case in cases {
        let base = config::Env::default()
            .with("GATEWAY_DATABASE_URL", db.url.clone())
            .with("GATEWAY_DATABASE_SEALING_KEYS", testkit::SEALING_KEYS);
        let env = case.iter().fold(base, |env, (name, value)| env.with(format!("GATEWAY_{name}"), *value));
        let settings: gateway::Settings = config::read(&env, "GATEWAY").unwrap();
        let signer = std::sync::Arc::new(identity::Signer::generate());
        let house = serve::House::new(config::Home::default(), signer.verifier(), layers::Limits::default());
        let made = gateway::door(&settings, &house, signer, gateway::Upstreams::default()).await;
        assert!(made.is_err(), "{case:?}");
    }
}
