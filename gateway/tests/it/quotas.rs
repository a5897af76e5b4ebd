//! Quotas, rates of products and of methods, and fair shares: what one agency may have while there are others.

use crate::agencies::{agency, assign};
use crate::rig::{Rig, plan, send, start};
use futures::future::join_all;
use serde_json::{Value, json};
use std::sync::Arc;
use testkit::until;

/// A key of a new agency for a product with these fields.
async fn caller(rig: &Rig, id: &str, fields: Value) -> String {
    let path = agency(rig, id).await;
    let mut product = json!({"title": id, "permissions": ["accreditation.missions.read"]});
    product.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    rig.done(&rig.admin, &format!("/v1/gateway/products?productId={id}"), &product).await;
    let other = rig.role("tenant-admin").await;
    rig.done(&other, &format!("/v1/gateway/products/{id}:publish"), &json!({})).await;
    assign(rig, &path, &[&format!("products/{id}")]).await;
    rig.key(json!({"agency": id, "product": format!("products/{id}")})).await.1
}

/// What is counted in Redis of the quota of an agency that is called as its product.
async fn counted(rig: &Rig, id: &str) -> Option<u64> {
    let month = chrono::Utc::now().format("%Y-%m");
    let client = redis::Client::open(rig.redis.url.as_str()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let key = format!("legation:quota:agencies/{id}:products/{id}:{month}");
    redis::cmd("GET").arg(key).query_async(&mut connection).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_is_never_passed_however_many_ask_at_once_through_however_many_gateways() {
    const QUOTA: usize = 50;
    // Redis is there, however slow beside other work: what is passed without it is another test's.
    let patient = || plan().set("REDIS_PATIENCE", "30s");
    let first = patient().start().await;
    let key = caller(&first, "customs", json!({"requestsPerMonth": QUOTA.to_string()})).await;
    let second = patient().beside(&first).start().await;
    let asks = (0..120).map(|n| if n % 2 == 0 { first.who(&key) } else { second.who(&key) });
    let answers = join_all(asks).await;
    let passed = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(passed <= QUOTA, "{passed} passed");
    // What one gateway leased and did not spend is not lost: it goes back, and is spent.
    let mut all = passed;
    until("the quota is spent to its last request", async || {
        for rig in [&first, &second] {
            all += usize::from(rig.who(&key).await.status == 200);
        }
        assert!(all <= QUOTA, "{all} passed");
        all == QUOTA
    })
    .await;
    let refused = first.who(&key).await;
    assert_eq!((refused.status, refused.reason().as_str()), (429, "QUOTA_USED_UP"));
    let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=31 * 86_400).contains(&wait), "{wait}");
    assert_eq!(refused.header("ratelimit-policy"), Some("\"second\";q=500;w=1, \"month\";q=50"));
}

#[tokio::test]
async fn a_quota_outlives_a_redis_that_was_emptied() {
    let rig = start().await;
    let key = caller(&rig, "customs", json!({"requestsPerMonth": "7"})).await;
    for _ in 0..7 {
        assert_eq!(rig.who(&key).await.status, 200);
    }
    let written = async || {
        let sum = sqlx::query_scalar::<_, Option<i64>>(
            "select sum(calls - denied)::bigint from key_usage u join api_keys k \
             on k.name = u.name where k.holder = 'agencies/customs'",
        );
        sum.fetch_one(&rig.db.pool).await.unwrap() == Some(7)
    };
    until("the calls are written", written).await;
    let client = redis::Client::open(rig.redis.url.as_str()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let _: () = redis::cmd("FLUSHALL").query_async(&mut connection).await.unwrap();
    let refused = rig.who(&key).await;
    assert_eq!(refused.reason(), "QUOTA_USED_UP");
    assert_eq!(counted(&rig, "customs").await, Some(7));
}

#[tokio::test]
async fn what_a_gateway_leased_goes_back_when_it_stops() {
    let rig = start().await;
    let key = caller(&rig, "customs", json!({"requestsPerMonth": "100000"})).await;
    for _ in 0..2 {
        assert_eq!(rig.who(&key).await.status, 200);
    }
    assert!(counted(&rig, "customs").await > Some(2), "more is leased than spent");
    assert!(rig.house.drain(std::time::Duration::from_secs(20)).await);
    assert_eq!(counted(&rig, "customs").await, Some(2));
}

#[tokio::test]
async fn a_product_says_how_often_its_keys_may_call() {
    let rig = start().await;
    let key = caller(&rig, "customs", json!({"requestsPerSecond": 3})).await;
    let first = rig.who(&key).await;
    assert_eq!(first.header("ratelimit-limit"), Some("3"));
    assert_eq!(first.header("ratelimit-policy"), Some("\"second\";q=3;w=1"));
    let refused =
        until("its rate is used up", async || Some(rig.who(&key).await).filter(|answer| answer.status == 429));
    assert_eq!(refused.await.reason(), "RATE_LIMITED");
    assert_eq!(rig.who(&rig.admin).await.header("ratelimit-limit"), Some("500"), "others have the house's");
}

#[tokio::test]
async fn a_method_with_a_rate_of_its_own_is_refused_while_others_are_answered() {
    // Of 100 requests a second 20 of each thousand, so 2, may be exports.
    let rig = plan().set("RATE", "100").start().await;
    let key = rig.key(json!({"internal": true, "permissions": ["accreditation.missions.read"]})).await.1;
    let export = async || send(rig.get(&key, "/v1/accreditation/missions:export")).await;
    let refused = until("exports are used up", async || Some(export().await).filter(|answer| answer.status == 429));
    let refused = refused.await;
    assert_eq!(refused.reason(), "RATE_LIMITED");
    assert!(refused.json()["detail"].as_str().unwrap().contains("2 requests for this method"), "{refused:?}");
    assert_eq!(rig.who(&key).await.status, 200);
}

#[tokio::test]
async fn one_agency_whose_requests_hang_leaves_places_to_others() {
    let rig = Arc::new(plan().set("IN_FLIGHT", "8").start().await);
    let (slow, other) = (caller(&rig, "slow", json!({})).await, caller(&rig, "other", json!({})).await);
    // Whoever is refused asks again, until as many hang as may.
    let hanging: Vec<_> = (0..8)
        .map(|_| {
            let (rig, key) = (Arc::clone(&rig), slow.clone());
            tokio::spawn(
                async move { while send(rig.get(&key, "/v1/accreditation/missions/slow")).await.status == 503 {} },
            )
        })
        .collect();
    until("the slow agency has its share", async || {
        let answer = rig.who(&slow).await;
        answer.status == 503 && answer.reason() == "BEYOND_FAIR_SHARE"
    })
    .await;
    for _ in 0..20 {
        assert_eq!(rig.who(&other).await.status, 200, "others are answered all the while");
    }
    hanging.iter().for_each(tokio::task::JoinHandle::abort);
    until("its requests have ended", async || rig.who(&slow).await.status == 200).await;
}

/// Several callers wait for a service that hangs; another service is asked all the while.
#[tokio::test]
async fn a_service_that_hangs_leaves_places_to_the_others() {
    let rig = Arc::new(plan().set("IN_FLIGHT", "8").start().await);
    let mut hanging = Vec::new();
    for _ in 0..8 {
        let (rig, key) = (Arc::clone(&rig), rig.role("protocol-officer").await);
        // Whoever is refused asks again, until as many hang as may.
        hanging.push(tokio::spawn(async move {
            while send(rig.get(&key, "/v1/accreditation/missions/slow")).await.status == 503 {}
        }));
    }
    let other = rig.role("protocol-officer").await;
    until("as many wait for it as may", async || {
        let answer = send(rig.get(&other, "/v1/accreditation/missions/a")).await;
        answer.status == 503
            && answer.json()["detail"].as_str().is_some_and(|words| words.contains("wait for the service"))
    })
    .await;
    until("another service answers", async || rig.who(&other).await.status == 200).await;
    hanging.iter().for_each(tokio::task::JoinHandle::abort);
}
