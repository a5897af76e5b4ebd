//! The slower writer: it takes its number first and commits last.

use crate::world::{World, write};
use pg::Tx;
use sqlx::Row as _;
use testkit::until;

/// What the two wrong readers remember.
struct Cursors {
    seq: i64,
    tx: String,
    by_seq: Vec<String>,
    by_visibility: Vec<String>,
}

impl Cursors {
    /// Reads on as a relay by `seq > last` and one by `pg_visible_in_snapshot` would.
    async fn read(&mut self, world: &World) {
        let by_seq = "select name, seq from outbox where seq > $1 and kind = 'missions' order by seq";
        for row in sqlx::query(by_seq).bind(self.seq).fetch_all(world.pool()).await.unwrap() {
            self.by_seq.push(row.get("name"));
            self.seq = row.get("seq");
        }
        let by_visibility = "select name, tx::text as transaction from outbox
            where tx > $1::text::xid8 and kind = 'missions' and pg_visible_in_snapshot(tx, pg_current_snapshot()) order by outbox.tx, seq";
        for row in sqlx::query(by_visibility).bind(&self.tx).fetch_all(world.pool()).await.unwrap() {
            self.by_visibility.push(row.get("name"));
            self.tx = row.get("transaction");
        }
    }
}

/// Three writers: `old` takes its number first, then `slow`, then `fast`; `fast` commits, then `old`, then `slow`. That
/// `old` is there shows that the relay has looked after `fast` was committed.
struct Race {
    old: Tx,
    slow: Tx,
}

impl Race {
    async fn begin(world: &World) -> Self {
        let mut old = world.begin().await;
        write(&mut old, "missions/old").await;
        let mut slow = world.begin().await;
        write(&mut slow, "missions/slow").await;
        world.happen("missions/fast").await;
        Self { old, slow }
    }
}

#[tokio::test]
async fn the_slower_writers_event_is_lost_by_the_usual_readers_and_published_in_commit_order_by_the_relay() {
    let world = World::new().await;
    let relay = world.relay();
    let mut cursors = Cursors { seq: 0, tx: "0".into(), by_seq: Vec::new(), by_visibility: Vec::new() };
    let race = Race::begin(&world).await;
    cursors.read(&world).await;
    race.old.commit().await.unwrap();
    until("the relay has looked", async || !world.published().await.is_empty()).await;
    assert_eq!(world.published_names().await, ["missions/old"], "what is newer than an open transaction waits");
    race.slow.commit().await.unwrap();
    cursors.read(&world).await;

    assert_eq!(cursors.by_seq, ["missions/fast"], "seq > last loses the slower writers");
    assert_eq!(cursors.by_visibility, ["missions/fast"], "and so does visibility");
    world.all_published().await;
    assert_eq!(world.published_names().await, ["missions/old", "missions/slow", "missions/fast"]);
    relay.stop().await;
}

#[tokio::test]
async fn the_slower_writers_audit_row_is_sealed_in_its_place() {
    let world = World::new().await;
    let relay = world.relay();
    let race = Race::begin(&world).await;
    race.old.commit().await.unwrap();
    let sealed = "select count(*) from audit_chain";
    until("the relay has looked", async || world.count(sealed).await > 0).await;
    assert_eq!(world.count(sealed).await, 1, "what is newer than an open transaction waits");
    race.slow.commit().await.unwrap();
    world.all_sealed().await;
    let sealed = "select name from audit join audit_chain using (seq) order by position";
    let sealed: Vec<String> = sqlx::query_scalar(sealed).fetch_all(world.pool()).await.unwrap();
    assert_eq!(sealed, ["missions/old", "missions/slow", "missions/fast"]);
    assert!(world.verify(&[]).await.is_intact());
    relay.stop().await;
}
