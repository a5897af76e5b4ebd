//! Denials are on record, without what was asked for.

use crate::rig::{plan, send};
use reqwest::Method;
use serde_json::json;
use sqlx::Row as _;
use testkit::until;

#[tokio::test]
async fn who_was_turned_away_is_in_the_audit_log() {
    let rig = plan().set("RATE", "5").start().await;
    let (name, key) = rig.key(json!({"role": "police-verifier"})).await;
    send(rig.ask(Method::GET, "/v1/accreditation/members/jane-doe")).await;
    send(rig.get(&key, "/v1/accreditation/members/jane-doe")).await;
    until("the rate is used up", async || rig.who(&key).await.status == 429).await;

    let found = until("the denials are written", async || {
        let rows = sqlx::query(
            "select actor, agency, method, outcome, trace, name from audit where outcome <> 'OK' order by seq",
        );
        let rows = rows.fetch_all(&rig.db.pool).await.unwrap();
        let of = |outcome: &str| {
            rows.iter()
                .find(|row| row.get::<&str, _>("outcome") == outcome)
                .map(|row| ["actor", "agency", "method", "trace", "name"].map(|column| row.get::<String, _>(column)))
        };
        Some([of("UNAUTHENTICATED")?, of("PERMISSION_DENIED")?, of("RATE_LIMITED")?])
    })
    .await;
    let [nobody, forbidden, limited] = found;
    assert_eq!(nobody[..3], ["unknown".to_owned(), String::new(), "_OTHER".to_owned()]);
    let method = "/legation.accreditation.v1.MemberService/GetMember".to_owned();
    assert_eq!(forbidden[..3], [name.clone(), "metropolitan-police".to_owned(), method]);
    assert_eq!(limited[0], name);
    for row in [&nobody, &forbidden, &limited] {
        assert_eq!(row[3].len(), 55, "a traceparent: {row:?}");
        assert!(!row.join(" ").contains("jane"), "{row:?}");
    }
}

#[tokio::test]
async fn a_flood_of_denials_is_a_few_rows_with_their_number() {
    let rig = plan().start().await;
    let asked = (0..300).map(|_| send(rig.ask(Method::GET, "/v1/gateway/whoami")));
    for answer in futures::future::join_all(asked).await {
        assert!(matches!(answer.status, 401 | 429), "{answer:?}");
    }
    let total = "select coalesce(sum(coalesce(nullif(split_part(reason, ' ', 1), '')::int, 1)), 0)::bigint as times, \
                 count(*) as rows from audit where actor = 'unknown'";
    let rows = until("all of them are counted", async || {
        let row = sqlx::query(total).fetch_one(&rig.db.pool).await.unwrap();
        (row.get::<i64, _>("times") == 300).then(|| row.get::<i64, _>("rows"))
    })
    .await;
    assert!(rows < 300, "{rows} rows");
}

#[tokio::test]
async fn the_log_is_sealed_and_a_keys_events_tell_no_hash() {
    let rig = plan().set("RELAY_AUDIT_KEY", "07".repeat(32)).start().await;
    rig.key(json!({"role": "police-verifier"})).await;
    send(rig.ask(Method::GET, "/v1/gateway/whoami")).await;
    until("every row is in the chain", async || {
        let text = "select count(*) as rows, count(chain.seq) as sealed, count(*) filter (where outcome <> 'OK') as denials \
                    from audit left join audit_chain chain using (seq)";
        let row = sqlx::query(text).fetch_one(&rig.db.pool).await.unwrap();
        let [rows, sealed, denials] = ["rows", "sealed", "denials"].map(|column| row.get::<i64, _>(column));
        rows == sealed && denials == 1 && rows >= 2
    })
    .await;
    let client = redis::Client::open(rig.redis.url.as_str()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let events = until("the event is published", async || {
        let read: redis::Value = redis::cmd("XRANGE")
            .arg("legation:events:gateway")
            .arg("-")
            .arg("+")
            .query_async(&mut connection)
            .await
            .unwrap();
        Some(format!("{read:?}")).filter(|text| text.contains("apiKeys/"))
    })
    .await;
    let hash: String =
        sqlx::query_scalar("select doc->>'secretSha256' from api_keys").fetch_one(&rig.db.pool).await.unwrap();
    assert!(!events.contains(&hash), "{events}");
}
