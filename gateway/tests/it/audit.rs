//! The record of calls and the audit log: everything is in it, nothing in it can be changed unseen, and losses are told.

use crate::rig::{Rig, plan, send, start};
use crate::upstream::SLOW;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::until;

const WHO: &str = "/legation.gateway.v1.ApiKeyService/WhoAmI";

async fn calls(rig: &Rig, auditor: &str, query: &str) -> Vec<Value> {
    let answer = send(rig.get(auditor, &format!("/v1/gateway/calls:export?{query}"))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

async fn sealed() -> Rig {
    plan().set("RELAY_AUDIT_KEY", "07".repeat(32)).start().await
}

async fn verify(rig: &Rig, auditor: &str) -> Value {
    send(rig.get(auditor, "/v1/gateway/audit:verify")).await.json()
}

#[tokio::test]
async fn every_call_is_on_record_with_who_what_and_how_it_ended() {
    // Exports have a rate of their own, and this asks for them until what it waits for is there.
    let rig = plan().set("RATE", "1000000").start().await;
    let auditor = rig.role("auditor").await;
    let (name, key) = rig.key(json!({"role": "police-verifier"})).await;
    let good = rig.who(&key).await;
    send(rig.get(&key, "/v1/accreditation/members/somebody")).await;
    send(rig.ask(Method::GET, "/v1/gateway/whoami")).await;
    let found = until("the calls are written", async || {
        let own = calls(&rig, &auditor, &format!("caller={name}")).await;
        let strange = calls(&rig, &auditor, "caller=unknown").await;
        (own.len() == 2 && strange.len() == 1).then_some((own, strange))
    });
    let (own, strange) = found.await;
    let of = |method: &str| own.iter().find(|call| call["method"] == method).expect("it is there");
    let who = of(WHO);
    assert_eq!((who["outcome"].as_str(), who["agency"].as_str()), (Some("OK"), Some("metropolitan-police")));
    assert_eq!(who["traceId"].as_str(), good.header("trace-id"), "it is found by what the caller was told");
    let denied = of("/legation.accreditation.v1.MemberService/GetMember");
    assert_eq!(denied["outcome"], "PERMISSION_DENIED");
    assert!(!own.iter().any(|call| call.to_string().contains("somebody")), "what was asked for is not in it: {own:?}");
    assert_eq!(strange[0]["outcome"], "UNAUTHENTICATED");

    assert_eq!(calls(&rig, &auditor, "agency=customs").await.len(), 0);
    assert_eq!(calls(&rig, &auditor, "agency=metropolitan-police").await.len(), 2);
    assert_eq!(calls(&rig, &auditor, "untilTime=2020-01-01T00:00:00Z").await.len(), 0);
    let forbidden = send(rig.get(&rig.admin, "/v1/gateway/calls:export")).await;
    assert_eq!(forbidden.reason(), "PERMISSION_DENIED", "who administers keys does not audit");
}

#[tokio::test]
async fn a_call_to_no_address_or_into_a_full_house_is_on_record_too() {
    let rig = plan().set("RATE", "1000000").start().await;
    let auditor = rig.role("auditor").await;
    let (name, key) = rig.key(json!({"role": "protocol-officer", "internal": true})).await;
    assert_eq!(send(rig.get(&key, "/v1/accreditation/nowhere")).await.status, 404);
    assert_eq!(send(rig.ask(Method::DELETE, "/v1/gateway/whoami").bearer_auth(&key)).await.status, 405);
    let own = async || calls(&rig, &auditor, &format!("caller={name}")).await;
    let found = until("both are written", async || Some(own().await).filter(|own| own.len() == 2)).await;
    assert!(found.iter().all(|call| call["method"] == "_OTHER" && call["record"] == ""), "{found:?}");
    let outcomes: Vec<_> = found.iter().map(|call| call["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["NOT_FOUND", "UNIMPLEMENTED"]);

    // Whoever finds no place is not looked at, and is on record all the same.
    let full = plan().beside(&rig).set("IN_FLIGHT", "1").start().await;
    let slow =
        || tokio::spawn(full.get(&key, &format!("/v1/accreditation/{SLOW}")).header("request-timeout", "8").send());
    let mut hanging = slow();
    until("the house is full", async || {
        if hanging.is_finished() {
            hanging = slow();
        }
        send(full.get(&key, "/v1/accreditation/missions/a")).await.status == 503
    })
    .await;
    hanging.abort();
    until("it is written that one was refused for want of a place", async || {
        let answer = send(rig.get(&auditor, "/v1/gateway/calls:export?caller=unknown")).await;
        answer.status == 200 && answer.text.lines().any(|line| line.contains("\"outcome\":\"UNAVAILABLE\""))
    })
    .await;
}

#[tokio::test]
async fn a_call_is_found_by_where_it_came_from_and_by_what_it_was_about() {
    let rig = plan().set("RATE", "1000000").start().await;
    let auditor = rig.role("auditor").await;
    let (name, key) = rig.key(json!({"role": "protocol-officer", "internal": true})).await;
    assert_eq!(send(rig.get(&key, "/v1/accreditation/missions/a")).await.status, 200);
    assert_eq!(send(rig.get(&key, "/v1/accreditation/missions")).await.status, 200);
    let ask = async |more: &str| calls(&rig, &auditor, &format!("caller={name}{more}")).await;
    let all = until("both are written", async || Some(ask("").await).filter(|all| all.len() == 2)).await;
    let records: Vec<_> = all.iter().map(|call| call["record"].as_str().unwrap()).collect();
    assert_eq!(records, ["missions/a", ""]);
    let digest = all[0]["address"].as_str().unwrap();
    assert!(digest.len() == 24 && !all[0].to_string().contains("127.0.0.1"), "{all:?}");
    assert_eq!(ask("&record=missions/a").await.len(), 1);
    assert_eq!(ask("&record=missions/b").await.len(), 0);
    assert_eq!(ask("&address=127.0.0.1").await.len(), 2);
    assert_eq!(ask("&address=192.0.2.1").await.len(), 0);
    let wrong = send(rig.get(&auditor, "/v1/gateway/calls:export?address=nowhere")).await;
    assert_eq!((wrong.reason().as_str(), wrong.fields()), ("INVALID_FIELDS", vec!["address".to_owned()]));
}

#[tokio::test]
async fn on_a_clean_stop_no_call_is_lost() {
    let rig = start().await;
    for _ in 0..300 {
        assert_eq!(rig.who(&rig.admin).await.status, 200);
    }
    assert!(rig.house.drain(std::time::Duration::from_secs(20)).await);
    let count = sqlx::query_scalar::<_, Option<i64>>("select sum(cardinality(code))::bigint from call_blocks");
    assert_eq!(count.fetch_one(&rig.db.pool).await.unwrap(), Some(300));
    let open: i64 = sqlx::query_scalar("select count(*) from call_keepers where ended_at is null")
        .fetch_one(&rig.db.pool)
        .await
        .unwrap();
    assert_eq!(open, 0);
}

#[tokio::test]
async fn a_gateway_that_was_killed_is_told_of_by_the_next_once() {
    let first = start().await;
    let killed = "insert into call_keepers (keeper, began_at, seen_at) \
                  values (gen_random_uuid(), now() - interval '1 hour', now() - interval '5 minutes')";
    sqlx::query(killed).execute(&first.db.pool).await.unwrap();
    let told = async || {
        sqlx::query_scalar::<_, String>("select reason from audit where outcome = 'UNCLEAN_STOP'")
            .fetch_all(&first.db.pool)
            .await
            .unwrap()
    };
    let second = plan().beside(&first).start().await;
    until("it is told", async || !told().await.is_empty()).await;
    let third = plan().beside(&first).start().await;
    assert_eq!((second.who(&first.admin).await.status, third.who(&first.admin).await.status), (200, 200));
    let reasons = told().await;
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert!(reasons[0].contains("lost"), "{reasons:?}");
}

#[tokio::test]
async fn what_is_on_record_cannot_be_changed_unseen() {
    let rig = sealed().await;
    let auditor = rig.role("auditor").await;
    for _ in 0..3 {
        rig.who(&rig.admin).await;
    }
    let report = until("everything is sealed", async || {
        let report = verify(&rig, &auditor).await;
        (report["calls"].as_str()? >= "3" && report["sealed"].as_str()? > "3").then_some(report)
    });
    assert_eq!(report.await["intact"], true);

    let findings = async |text: &'static str| {
        sqlx::query(text).execute(&rig.db.pool).await.unwrap();
        let report = verify(&rig, &auditor).await;
        assert_eq!(report["intact"], false, "{text}: {report}");
        report["findings"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let altered = findings(
        "update call_blocks set code[1] = 5 \
         where (keeper, number) = (select keeper, number from call_blocks order by keeper, number limit 1)",
    );
    assert!(altered.await.iter().any(|finding| finding.ends_with("/1 was altered")));
    let deleted = findings(
        "delete from call_blocks \
         where (keeper, number) = (select keeper, number from call_blocks order by keeper, number limit 1)",
    );
    assert!(deleted.await.iter().any(|finding| finding.ends_with("/1 was deleted")));
    let altered = findings("update audit set actor = 'nobody' where seq = (select min(seq) from audit_chain)").await;
    assert!(altered.iter().any(|finding| finding.contains("was altered")), "{altered:?}");
}

#[tokio::test]
async fn a_log_that_is_not_sealed_is_not_called_intact() {
    let rig = start().await;
    let auditor = rig.role("auditor").await;
    let answer = send(rig.get(&auditor, "/v1/gateway/audit:verify")).await;
    assert_eq!((answer.status, answer.reason().as_str()), (409, "AUDIT_NOT_SEALED"));
    let sealed = sealed().await;
    let auditor = sealed.role("auditor").await;
    for anchors in ["x", "1:abc", &format!("one:{}", "0".repeat(64))] {
        let answer = send(sealed.get(&auditor, &format!("/v1/gateway/audit:verify?anchors={anchors}"))).await;
        assert_eq!((answer.reason().as_str(), answer.fields()), ("INVALID_FIELDS", vec!["anchors[0]".to_owned()]));
    }
    // A tail that was cut off shows by an anchor that was kept elsewhere.
    let path = format!("/v1/gateway/audit:verify?anchors=999:{}", "a".repeat(64));
    let report = send(sealed.get(&auditor, &path)).await.json();
    assert!(report["findings"][0].as_str().unwrap().contains("was anchored at 999"), "{report}");
}

#[tokio::test]
async fn an_auditor_reads_who_did_what_to_a_record_and_is_on_record_too() {
    let rig = start().await;
    let (reader, other) = (rig.role("auditor").await, rig.role("auditor").await);
    let (name, _) = rig.key(json!({"role": "police-verifier"})).await;
    rig.done(&rig.admin, &format!("/v1/gateway/{name}:revoke"), &json!({"reason": "lost"})).await;
    let path = format!("/v1/gateway/auditEntries?record={name}");
    let first = send(rig.get(&reader, &path)).await.json();
    let methods: Vec<_> = first["entries"].as_array().unwrap().iter().map(|entry| entry["method"].clone()).collect();
    let expected = ["AuditService/ListAuditEntries", "ApiKeyService/RevokeApiKey", "ApiKeyService/CreateApiKey"];
    assert_eq!(methods, expected.map(|method| format!("/legation.gateway.v1.{method}")));
    assert_eq!(first["entries"][1]["reason"], "lost");

    let reads = send(rig.get(&other, &format!("{path}&readsOnly=true&pageSize=1"))).await.json();
    assert_eq!(reads["entries"].as_array().map(Vec::len), Some(1));
    let token = reads["nextPageToken"].as_str().unwrap();
    let next = send(rig.get(&other, &format!("{path}&readsOnly=true&pageSize=1&pageToken={token}"))).await.json();
    let readers = [&reads, &next].map(|page| page["entries"][0]["actor"].clone());
    assert_ne!(readers[0], readers[1], "first the one who asks, then who asked before");
    let stolen = send(rig.get(&reader, &format!("{path}&readsOnly=true&pageSize=1&pageToken={token}"))).await;
    assert_eq!(stolen.reason(), "INVALID_PAGE_TOKEN");
}
