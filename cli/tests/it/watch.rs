//! `watch`: every change once, over a connection that is cut.

use crate::world::World;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use testkit::{Proxy, until};
use tokio::io::{AsyncBufReadExt as _, BufReader};

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_goes_on_behind_the_last_change_when_its_connection_is_cut() {
    let world = World::new().await;
    let proxy = Proxy::to(world.address).await;
    let mut command = world.command(&["missions", "watch", "--limit", "4", "-o", "name"]);
    command.env("LEGATION_KEY", &world.officer).env("LEGATION_ADDRESS", format!("http://{}", proxy.address()));
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();

    // It says nothing before the first change, so changes are made until it has heard one.
    let made = Arc::new(AtomicU32::new(0));
    let heard = tokio::spawn(async move { (lines.next_line().await.unwrap().unwrap(), lines) });
    until("the watch hears", async || {
        let number = made.fetch_add(1, Ordering::Relaxed);
        world.mission(&format!("m{number}"), "FR", "Paris").await;
        heard.is_finished()
    })
    .await;
    let (first, mut lines) = heard.await.unwrap();
    proxy.cut();
    let first: u32 = first.strip_prefix("missions/m").unwrap().parse().unwrap();
    let last = made.load(Ordering::Relaxed);
    for number in last..last + 4 {
        world.mission(&format!("m{number}"), "FR", "Paris").await;
    }
    for wanted in first + 1..first + 4 {
        assert_eq!(lines.next_line().await.unwrap().unwrap(), format!("missions/m{wanted}"));
    }
    assert!(child.wait().await.unwrap().success());
}
