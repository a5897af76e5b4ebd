//! How much jobs may be: so many at a time for a key and for an agency, so many late answers, and what their key may ask for.

use crate::agencies::{agency, assign};
use crate::rig::{Answer, Rig, plan, send};
use crate::upstream::LATE;
use futures::future::join_all;
use serde_json::{Value, json};
use testkit::until;

const PERMISSIONS: [&str; 3] = ["gateway.jobs.read", "gateway.jobs.manage", "accreditation.missions.read"];

fn export() -> Value {
    json!({"kind": "EXPORT", "collection": "accreditation.missions"})
}

async fn make(rig: &Rig, key: &str, job: &Value) -> Answer {
    send(rig.post(key, "/v1/gateway/jobs", job)).await
}

async fn ended(rig: &Rig, key: &str, job: &Value) -> Value {
    let path = format!("/v1/gateway/{}", job["name"].as_str().unwrap());
    until("the job has ended", async || {
        let job = send(rig.get(key, &path)).await.json();
        ["DONE", "FAILED"].contains(&job["state"].as_str().unwrap()).then_some(job)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_key_and_no_agency_has_more_jobs_than_it_may_however_many_are_asked_for_at_once() {
    let bounded = || plan().set("JOBS_AT_ONCE", "0").set("JOBS_OF_KEY", "3").set("JOBS_OF_AGENCY", "5");
    let rig = bounded().start().await;
    let beside = bounded().beside(&rig).start().await;
    let own = rig.key(json!({"permissions": PERMISSIONS, "internal": true})).await.1;
    let partners = [(); 2].map(|()| rig.key(json!({"permissions": PERMISSIONS})));
    let [one, other] = <[_; 2]>::try_from(join_all(partners).await).unwrap().map(|(_, key)| key);
    let asked = async |keys: &[&String]| {
        let asks = (0..12).map(|n| {
            let rig = if n % 3 == 0 { &beside } else { &rig };
            let job = export();
            async move { make(rig, keys[n % keys.len()], &job).await }
        });
        let answers = join_all(asks).await;
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!((refused.status, &*refused.reason()), (429, "TOO_MANY_JOBS"), "{refused:?}");
            assert_eq!(refused.header("retry-after"), Some("30"));
        }
        answers.into_iter().filter(|answer| answer.status == 200).map(|answer| answer.json()).collect::<Vec<_>>()
    };
    let of_own = asked(&[&own]).await;
    assert_eq!(of_own.len(), 3, "so many of a key");
    assert_eq!(asked(&[&one, &other]).await.len(), 5, "so many of an agency, whichever of its keys asks");
    // One that has ended makes room for one.
    let cancel = format!("/v1/gateway/{}:cancel", of_own[0]["name"].as_str().unwrap());
    rig.done(&own, &cancel, &json!({})).await;
    assert_eq!(asked(&[&own]).await.len(), 1);
}

#[tokio::test]
async fn a_job_whose_service_always_answers_too_late_fails_and_one_that_was_late_before_does_not() {
    let rig = plan().set("JOBS_AT_ONCE", "0").set("JOBS_LATE", "2").start().await;
    let key = rig.key(json!({"permissions": PERMISSIONS, "internal": true})).await.1;
    let late =
        make(&rig, &key, &json!({"kind": "EXPORT", "collection": "accreditation.missions", "filter": LATE})).await;
    let good = make(&rig, &key, &export()).await.json();
    let once = "update jobs set late = 1 where name = $1";
    sqlx::query(once).bind(good["name"].as_str()).execute(&rig.db.pool).await.unwrap();
    let second = plan().beside(&rig).set("JOBS_LATE", "2").start().await;
    let late = ended(&rig, &key, &late.json()).await;
    assert_eq!(late["state"], "FAILED");
    let words = late["failure"].as_str().unwrap();
    assert!(words.contains("DEADLINE_EXCEEDED") && words.ends_with("2 times in a row"), "{late}");
    assert_eq!(ended(&rig, &key, &good).await["state"], "DONE");
    let left: i32 = sqlx::query_scalar("select late from jobs where name = $1")
        .bind(good["name"].as_str())
        .fetch_one(&rig.db.pool)
        .await
        .unwrap();
    assert_eq!(left, 0, "what it answered in time begins the count anew");
    drop(second);
}

/// A page of a job is a request of its key's agency, as a page of a list would be.
#[tokio::test]
async fn what_a_job_asks_for_is_counted_in_the_quota_of_its_agency() {
    let rig = plan().set("REDIS_PATIENCE", "30s").start().await;
    let path = agency(&rig, "customs").await;
    let product = json!({"title": "customs", "permissions": PERMISSIONS, "requestsPerMonth": "1000"});
    rig.done(&rig.admin, "/v1/gateway/products?productId=customs", &product).await;
    let other = rig.role("tenant-admin").await;
    rig.done(&other, "/v1/gateway/products/customs:publish", &json!({})).await;
    assign(&rig, &path, &["products/customs"]).await;
    let key = rig.key(json!({"agency": "customs", "product": "products/customs"})).await.1;
    let job = make(&rig, &key, &export()).await.json();
    let asked = async || {
        let month = chrono::Utc::now().format("%Y-%m");
        let client = redis::Client::open(rig.redis.url.as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let counted = format!("legation:quota:agencies/customs:products/customs:{month}");
        redis::cmd("GET").arg(counted).query_async::<Option<u64>>(&mut connection).await.unwrap()
    };
    let state = "select state from jobs where name = $1";
    let state = async || {
        let state = sqlx::query_scalar::<_, String>(state).bind(job["name"].as_str());
        state.fetch_one(&rig.db.pool).await.unwrap()
    };
    until("the job is done", async || state().await == "DONE").await;
    // What was leased and not spent goes back.
    until("one request and three pages are counted", async || asked().await == Some(4)).await;
}
