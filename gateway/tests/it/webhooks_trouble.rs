//! Endpoints in trouble: one that asks for time gets it, one that accepts nothing is disabled and its agency is told.

use crate::endpoint::Answer;
use crate::rig::{self, send};
use crate::webhooks::{Hook, QUICK, quick, with};
use serde_json::json;
use testkit::until;

#[tokio::test]
async fn an_endpoint_that_asks_for_time_gets_it() {
    let hook = Hook::active(quick().start().await, json!({})).await;
    hook.endpoint.next([Answer::Later(1_000)]);
    hook.publish(1, "missions/a", 1).await;
    until("it is put off", async || {
        let rows = hook.deliveries().await;
        rows.first().is_some_and(|row| row["attempts"] == 1)
    })
    .await;
    let put_off = hook.deliveries().await.remove(0);
    let next: chrono::DateTime<chrono::Utc> = put_off["nextTime"].as_str().unwrap().parse().unwrap();
    let tried: chrono::DateTime<chrono::Utc> = put_off["tries"][0]["time"].as_str().unwrap().parse().unwrap();
    let asked = (next - tried).num_seconds();
    assert!((999..=1_000).contains(&asked), "the ladder has a millisecond, the endpoint asked for 1000 s: {put_off}");
}

#[tokio::test]
async fn an_endpoint_that_accepts_nothing_or_is_gone_is_disabled_with_a_notice() {
    let schedule = QUICK.replace("\"120h\"", "\"0s\"");
    for (answer, why) in [(Answer::Status(500), "nothing was accepted"), (Answer::Status(410), "gone")] {
        let plan = if why == "gone" { quick() } else { with(&schedule) };
        let hook = Hook::active(plan.start().await, json!({})).await;
        hook.endpoint.answers(answer);
        hook.publish(1, "missions/a", 1).await;
        until("it is disabled", async || hook.state().await == "DISABLED").await;
        let notice: (String, String) =
            sqlx::query_as("select o.verb, h.reason from outbox o join history h using (name, version) where o.name = $1 order by o.seq desc limit 1")
                .bind(&hook.name)
                .fetch_one(hook.pool())
                .await
                .unwrap();
        assert!(notice.0 == "disable" && notice.1.contains(why), "{notice:?}");
        // Its agency's administrator is told where there is no need of an endpoint, and no other agency is.
        let reader = ["gateway.agencyNotices.read"];
        let admin = hook.rig.key(json!({"permissions": reader})).await.1;
        let told = send(hook.rig.get(&admin, "/v1/gateway/agencyNotices")).await.json();
        let told = told["agencyNotices"].as_array().unwrap();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((&told[0]["kind"], &told[0]["subject"]), (&json!("WEBHOOK_DISABLED"), &json!(hook.name)));
        assert!(told[0]["text"].as_str().unwrap().contains(why), "{told:?}");
        rig::partner(&hook.rig.db, "county-sheriff").await;
        let other = hook.rig.key(json!({"permissions": reader, "agency": "county-sheriff"})).await.1;
        assert_eq!(send(hook.rig.get(&other, "/v1/gateway/agencyNotices")).await.json()["agencyNotices"], json!([]));
    }
}
