//! Rates: never more than the limit through all gateways together; and without Redis requests go on.

use crate::rig::{Answer, Rig, plan, send};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use testkit::{Proxy, log, redis, until};

const SECOND: Duration = Duration::from_secs(1);

/// Asks as fast as it can until then; when each request that passed was sent and answered.
async fn hammer(rig: Arc<Rig>, key: String, until: Instant) -> Vec<(Instant, Instant)> {
    let mut passed = Vec::new();
    while Instant::now() < until {
        let sent = Instant::now();
        let answer = rig.who(&key).await;
        match answer.status {
            200 => passed.push((sent, Instant::now())),
            429 => assert_eq!(answer.reason(), "RATE_LIMITED"),
            _ => panic!("{answer:?}"),
        }
    }
    passed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_gateways_together_never_let_more_through_than_the_limit() {
    const LIMIT: usize = 40;
    // However slow the machine is, they count together.
    let counting = || plan().set("RATE", LIMIT.to_string()).set("REDIS_PATIENCE", "60s");
    let first = counting().start().await;
    let (_, key) = first.key(json!({"role": "police-verifier"})).await;
    let (second, third) = (counting().beside(&first).start().await, counting().beside(&first).start().await);
    let rigs = [Arc::new(first), Arc::new(second), Arc::new(third)];
    let until = Instant::now() + Duration::from_millis(3_200);
    let callers = rigs.iter().flat_map(|rig| std::iter::repeat_n(rig, 4));
    let tasks: Vec<_> = callers.map(|rig| tokio::spawn(hammer(Arc::clone(rig), key.clone(), until))).collect();
    let mut passed = Vec::new();
    for task in tasks {
        passed.extend(task.await.unwrap());
    }
    // A request passed at some instant between its sending and its answer; so those that lie in a second whole, passed
    // in it.
    for (from, _) in &passed {
        let inside = passed.iter().filter(|(sent, answered)| sent >= from && *answered <= *from + SECOND).count();
        assert!(inside <= LIMIT, "{inside} in one second");
    }
    assert!(passed.len() >= 2 * LIMIT, "only {} passed in three seconds", passed.len());
}

#[tokio::test]
async fn a_caller_is_told_its_rate_and_when_to_come_back() {
    let rig = plan().set("RATE", "10").start().await;
    let key = rig.role("police-verifier").await;
    let first = rig.who(&key).await;
    assert_eq!((first.header("ratelimit-limit"), first.header("ratelimit-reset")), (Some("10"), Some("1")));
    let left = |answer: &Answer| answer.header("ratelimit-remaining").unwrap().parse::<u32>().unwrap();
    assert!(left(&first) <= 9, "{first:?}");
    let refused =
        until("the rate is used up", async || Some(rig.who(&key).await).filter(|answer| answer.status == 429)).await;
    assert_eq!((refused.reason().as_str(), left(&refused)), ("RATE_LIMITED", 0));
    assert!(matches!(refused.header("retry-after"), Some("1" | "2")), "{refused:?}");
    // Others are not touched by it.
    let other = rig.role("police-verifier").await;
    assert_eq!(rig.who(&other).await.status, 200);
    until("the window moves on", async || rig.who(&key).await.status == 200).await;
}

#[tokio::test]
async fn without_redis_requests_go_on_and_the_outage_is_told_once() {
    let logged = log::capture();
    let redis = redis().await;
    let proxy = Proxy::to(redis.upstream()).await;
    let rig = plan().redis(redis.url_through(&proxy)).start().await;
    let key = rig.role("police-verifier").await;
    let counted = async || rig.who(&key).await.header("ratelimit-remaining") != Some("0");
    until("gateways count together", counted).await;
    let told = |text: &str| logged.entries().iter().filter(|entry| entry.text.contains(text)).count();
    for outage in 1..=2 {
        proxy.refuse();
        until("the gateway counts alone", async || {
            let answer = rig.who(&key).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            answer.header("ratelimit-remaining") == Some("0")
        })
        .await;
        for _ in 0..20 {
            assert_eq!(rig.who(&key).await.status, 200);
        }
        assert_eq!(told("redis is away"), outage);
        proxy.heal();
        until("gateways count together again", counted).await;
        assert_eq!(told("redis is back"), outage);
    }
    // A network gone silent is as good as away.
    proxy.stall();
    for _ in 0..20 {
        assert_eq!(send(rig.get(&key, "/v1/gateway/whoami")).await.status, 200);
    }
    proxy.heal();
}
