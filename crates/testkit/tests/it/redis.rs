//! Each test has a Redis database of its own.

use redis::AsyncCommands as _;
use testkit::Proxy;

#[tokio::test]
async fn two_tests_do_not_see_each_other() {
    let (one, other) = tokio::join!(testkit::redis(), testkit::redis());
    let mut here = redis::Client::open(one.url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let mut there = redis::Client::open(other.url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let () = here.set("key", 1).await.unwrap();
    assert_eq!(there.get::<_, Option<i64>>("key").await.unwrap(), None);
    assert_eq!(here.get::<_, Option<i64>>("key").await.unwrap(), Some(1));
}

#[tokio::test]
async fn a_proxy_leads_to_the_same_database() {
    let own = testkit::redis().await;
    let mut direct = redis::Client::open(own.url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let () = direct.set("key", 1).await.unwrap();
    let proxy = Proxy::to(own.upstream()).await;
    let through = redis::Client::open(own.url_through(&proxy)).unwrap();
    let mut through = through.get_multiplexed_async_connection().await.unwrap();
    assert_eq!(through.get::<_, Option<i64>>("key").await.unwrap(), Some(1));
    proxy.cut();
    assert!(through.get::<_, Option<i64>>("key").await.is_err());
}
