//! Refused calls of strangers: counted where they are alike, gone after their time, and the proof of the rest holds without them.

use crate::rig::{Rig, plan, send};
use reqwest::Method;
use serde_json::Value;
use testkit::until;

async fn sealed() -> Rig {
    plan().set("RELAY_AUDIT_KEY", "07".repeat(32)).set("RATE", "1000000").start().await
}

/// The calls of strangers on record, and how many they stand for.
async fn strangers(rig: &Rig, auditor: &str) -> (usize, i64) {
    let answer = send(rig.get(auditor, "/v1/gateway/calls:export?caller=unknown&address=127.0.0.1")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let lines: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (lines.len(), lines.iter().map(|line| line["times"].as_i64().unwrap()).sum())
}

/// What all parts of a check say together.
async fn verify(rig: &Rig, auditor: &str, most: u32) -> (Value, Vec<Value>) {
    let (mut parts, mut part) = (Vec::new(), String::new());
    loop {
        let said = send(rig.get(auditor, &format!("/v1/gateway/audit:verify?most={most}&part={part}"))).await;
        assert_eq!(said.status, 200, "{said:?}");
        let said = said.json();
        said["nextPart"].as_str().unwrap_or_default().clone_into(&mut part);
        parts.push(said);
        if part.is_empty() {
            let count = |name: &str| -> i64 { parts.iter().map(|part| number(&part[name])).sum() };
            let findings: Vec<_> = parts.iter().flat_map(|part| part["findings"].as_array().unwrap()).collect();
            let intact = parts.iter().all(|part| part["intact"] == true);
            let (sealed, calls, emptied) = (count("sealed"), count("calls"), count("emptied"));
            let all = serde_json::json!({
                "intact": intact, "sealed": sealed, "calls": calls, "emptied": emptied, "findings": findings,
            });
            return (all, parts);
        }
    }
}

fn number(value: &Value) -> i64 {
    value.as_str().map_or(0, |text| text.parse().unwrap())
}

async fn count(rig: &Rig, text: &'static str) -> i64 {
    sqlx::query_scalar(text).fetch_one(&rig.db.pool).await.unwrap()
}

async fn knock(rig: &Rig, times: usize) {
    let knock = || send(rig.ask(Method::GET, "/v1/gateway/whoami"));
    for answer in futures::future::join_all((0..times).map(|_| knock())).await {
        assert_eq!(answer.status, 401, "{answer:?}");
    }
}

#[tokio::test]
async fn a_flood_of_strangers_is_counted_and_every_call_of_it_told() {
    let rig = sealed().await;
    let auditor = rig.role("auditor").await;
    knock(&rig, 150).await;
    let (lines, times) = until("all are written", async || {
        let found = strangers(&rig, &auditor).await;
        (found.1 == 150).then_some(found)
    })
    .await;
    let blocks = "select count(*) from call_blocks where strangers";
    let blocks = usize::try_from(count(&rig, blocks).await).unwrap();
    assert_eq!(lines, blocks, "one line for each moment, whatever number of calls it stands for: {times}");
    let mixed = "select count(*) from call_blocks where strangers <> ('unknown' = any (callers))";
    assert_eq!(count(&rig, mixed).await, 0, "nobody who is known stands in a block that goes");
}

#[tokio::test]
async fn strangers_calls_go_after_their_time_and_the_log_is_proved_without_them() {
    let rig = sealed().await;
    let auditor = rig.role("auditor").await;
    knock(&rig, 3).await;
    until("they are written", async || strangers(&rig, &auditor).await.1 == 3).await;
    let known = count(&rig, "select count(*) from call_blocks where not strangers").await;
    // A gateway that keeps them for no time at all finds those that there are when it starts.
    let hasty = plan().beside(&rig).set("STRANGERS_KEEP", "1ms").start().await;
    until("they are gone", async || strangers(&rig, &auditor).await.1 == 0).await;
    let (report, parts) = until("what was done is sealed", async || {
        let (report, parts) = verify(&rig, &auditor, 0).await;
        let unsealed = "select count(*) from audit where method = 'calls/empty' \
                        and not exists (select from audit_chain c where c.seq = audit.seq)";
        (count(&rig, unsealed).await == 0).then_some((report, parts))
    })
    .await;
    assert_eq!(report["intact"], true, "{report}");
    assert!(report["emptied"].as_i64().unwrap() >= 1, "{report}");
    assert_eq!(parts[0]["keptSeconds"], "1", "the log says by which rule: {parts:?}");
    assert!(count(&rig, "select count(*) from call_blocks where not strangers").await >= known, "others stay");
    drop(hasty);

    // One that was removed before its time is missed, whatever its row said of when it was written; so is one of known callers.
    knock(&rig, 1).await;
    until("it is written", async || strangers(&rig, &auditor).await.1 == 1).await;
    for (which, found) in [("strangers", 1), ("not strangers", 2)] {
        let text = format!(
            "delete from call_blocks where (keeper, number) in \
             (select keeper, number from call_blocks where {which} order by written_at limit 1)"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&rig.db.pool).await.unwrap();
        let (report, _) = verify(&rig, &auditor, 0).await;
        let missing = report["findings"].as_array().unwrap();
        assert!(missing.iter().all(|finding| finding.as_str().unwrap().ends_with(" was deleted")), "{report}");
        assert_eq!((missing.len(), &report["intact"]), (found, &Value::Bool(false)), "{which}: {report}");
    }
}

#[tokio::test]
async fn a_long_log_is_proved_in_parts_by_who_began_it() {
    let rig = sealed().await;
    let (auditor, other) = (rig.role("auditor").await, rig.role("auditor").await);
    for _ in 0..3 {
        rig.who(&rig.admin).await;
    }
    let written = "select coalesce(sum(cardinality(code)), 0)::bigint from call_blocks where not strangers";
    until("the calls are written", async || count(&rig, written).await >= 3).await;
    let many = "insert into audit (actor, method, outcome) select 'a', 'b', 'OK' from generate_series(1, 350)";
    sqlx::raw_sql(many).execute(&rig.db.pool).await.unwrap();
    until("all is sealed", async || {
        count(&rig, "select count(*) from audit where not exists (select from audit_chain c where c.seq = audit.seq)")
            .await
            == 0
    })
    .await;
    let (report, parts) = verify(&rig, &auditor, 100).await;
    assert!(parts.len() > 4, "{parts:?}");
    assert_eq!(report["intact"], true, "{report}");
    assert!(report["sealed"].as_i64().unwrap() > 350 && report["calls"].as_i64().unwrap() >= 3, "{report}");
    assert_eq!(number(&parts[0]["sealed"]), 100);
    assert_eq!((number(&parts[0]["calls"]), &parts[0]["intact"]), (0, &Value::Bool(true)));

    let part = parts[0]["nextPart"].as_str().unwrap();
    let go_on =
        async |key: &str, more: &str| send(rig.get(key, &format!("/v1/gateway/audit:verify?part={part}{more}"))).await;
    assert_eq!(go_on(&auditor, "").await.status, 200);
    for (key, more) in [(&other, ""), (&auditor, "x"), (&auditor, &*format!("&anchors=1:{}", "0".repeat(64)))] {
        assert_eq!(go_on(key, more).await.reason(), "INVALID_PAGE_TOKEN", "{more}");
    }
    let late = "update audit set actor = 'nobody' where seq = (select seq from audit_chain where position = 250)";
    sqlx::raw_sql(late).execute(&rig.db.pool).await.unwrap();
    let (report, parts) = verify(&rig, &auditor, 100).await;
    assert_eq!((&parts[0]["intact"], &parts[2]["intact"]), (&Value::Bool(true), &Value::Bool(false)), "{parts:?}");
    assert!(report["findings"][0].as_str().unwrap().contains("at position 250 was altered"), "{report}");
}
