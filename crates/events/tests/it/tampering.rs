//! Every way to change the audit log afterwards is found.

use crate::world::{World, settings};
use events::chain::{Anchor, Finding};
use events::relay;
use testkit::log;

/// A log of ten sealed and anchored rows, numbered and placed alike.
async fn sealed() -> (World, Vec<Anchor>) {
    let world = World::new().await;
    for n in 1..=10 {
        world.happen(&format!("missions/m{n:02}")).await;
    }
    let relay = world.relay_with(&world.redis.url, relay::Settings { anchor_rows: 1, ..settings() });
    world.all_sealed().await;
    world.all_published().await;
    relay.stop().await;
    let anchors = world.anchors().await;
    assert!(world.verify(&anchors).await.is_intact());
    assert_eq!(world.count("select count(*) from audit_chain where position = seq").await, 10);
    (world, anchors)
}

/// What is found after a change to a log that was intact.
async fn found_after(change: &'static str) -> Vec<Finding> {
    let (world, anchors) = sealed().await;
    sqlx::raw_sql(change).execute(world.pool()).await.unwrap();
    world.verify(&anchors).await.findings
}

#[tokio::test]
async fn an_edit_of_any_column_is_found_in_its_place() {
    let edits = [
        "update audit set at = at + interval '1 microsecond' where seq = 5",
        "update audit set at = 'infinity' where seq = 5",
        "update audit set actor = 'users/other' where seq = 5",
        "update audit set agency = '' where seq = 5",
        "update audit set method = 'x' where seq = 5",
        "update audit set name = 'missions/zzz' where seq = 5",
        "update audit set outcome = 'denied' where seq = 5",
        "update audit set reason = '' where seq = 5",
        "update audit set trace = '' where seq = 5",
        "update audit set actor = 'users/testp', agency = 'olice' where seq = 5",
        "update audit set tx = (select tx from audit where seq = 6) where seq = 5",
    ];
    let (world, anchors) = sealed().await;
    for edit in edits {
        world.execute("create table kept as select * from audit").await;
        assert_eq!(world.execute(edit).await, 1);
        let findings = world.verify(&anchors).await.findings;
        assert_eq!(findings, [Finding::Altered { position: 5, seq: 5 }], "{edit}");
        world.execute("delete from audit").await;
        world.execute("insert into audit overriding system value select * from kept").await;
        world.execute("drop table kept").await;
        assert!(world.verify(&anchors).await.is_intact());
    }
}

#[tokio::test]
async fn a_deleted_row_is_found() {
    let findings = found_after("delete from audit where seq = 4").await;
    assert_eq!(findings, [Finding::Deleted { position: 4, seq: 4 }]);
}

#[tokio::test]
async fn a_row_deleted_with_its_link_is_found() {
    let findings = found_after("delete from audit where seq = 4; delete from audit_chain where position = 4").await;
    assert_eq!(findings, [Finding::Gap { from: 4, to: 4 }]);
}

#[tokio::test]
async fn a_row_deleted_with_its_link_and_the_gap_closed_is_found() {
    let findings = found_after(
        "delete from audit where seq = 4; delete from audit_chain where position = 4;
         update audit_chain set position = -position where position > 4;
         update audit_chain set position = -position - 1 where position < 0",
    )
    .await;
    assert!(findings.contains(&Finding::Altered { position: 4, seq: 5 }), "{findings:?}");
    assert!(findings.contains(&Finding::Truncated { anchored: 10, found: 9 }), "{findings:?}");
}

#[tokio::test]
async fn the_first_rows_cut_off_are_found() {
    let findings = found_after("delete from audit where seq <= 3; delete from audit_chain where position <= 3").await;
    assert_eq!(findings, [Finding::Gap { from: 1, to: 3 }]);
}

#[tokio::test]
async fn a_row_inserted_into_the_past_is_found_and_stays_so_when_the_relay_goes_on() {
    let (world, anchors) = sealed().await;
    world
        .execute(
            "insert into audit (tx, actor, method, outcome) select tx, 'users/x', 'y', 'done' from audit where seq = 4",
        )
        .await;
    let seq = world.count("select max(seq) from audit").await;
    assert_eq!(world.verify(&anchors).await.findings, [Finding::Inserted { seq }]);
    let relay = world.relay();
    world.happen("missions/after").await;
    let sealed = "select count(*) from audit_chain";
    testkit::until("the relay goes on", async || world.count(sealed).await == 11).await;
    assert_eq!(world.verify(&anchors).await.findings, [Finding::Inserted { seq }]);
    relay.stop().await;
}

#[tokio::test]
async fn a_row_inserted_with_a_link_of_its_own_is_found() {
    let findings = found_after(
        "insert into audit (tx, actor, method, outcome) select max(tx), 'users/x', 'y', 'done' from audit;
         insert into audit_chain (position, seq, hash) select 11, max(seq), '\\x00' from audit",
    )
    .await;
    assert_eq!(findings.len(), 1);
    assert!(matches!(findings[0], Finding::Altered { position: 11, .. }), "{findings:?}");
}

#[tokio::test]
async fn a_row_dated_into_a_transaction_to_come_is_found() {
    let findings =
        found_after("insert into audit (tx, actor, method, outcome) values ('1000000000000', 'users/x', 'y', 'done')")
            .await;
    assert!(matches!(findings[..], [Finding::Inserted { .. }]), "{findings:?}");
}

#[tokio::test]
async fn two_rows_that_changed_places_are_found() {
    let findings = found_after(
        "update audit_chain set seq = -seq where position in (4, 7);
         update audit_chain set seq = 11 + seq where seq < 0",
    )
    .await;
    assert!(findings.contains(&Finding::Altered { position: 4, seq: 7 }), "{findings:?}");
    assert!(findings.contains(&Finding::Moved { position: 7, seq: 4 }), "{findings:?}");
}

#[tokio::test]
async fn two_rows_that_changed_places_with_their_hashes_are_found() {
    let findings = found_after(
        "update audit_chain set position = -position where position in (4, 5);
         update audit_chain set position = 9 + position where position < 0",
    )
    .await;
    assert!(findings.contains(&Finding::Altered { position: 4, seq: 5 }), "{findings:?}");
    assert!(findings.contains(&Finding::Moved { position: 5, seq: 4 }), "{findings:?}");
}

#[tokio::test]
async fn a_changed_hash_is_found() {
    let findings = found_after("update audit_chain set hash = sha256(hash) where position = 10").await;
    let expected = [Finding::Altered { position: 10, seq: 10 }, Finding::Resealed { position: 10 }];
    assert_eq!(findings, expected);
}

#[tokio::test]
async fn a_tail_cut_off_with_its_chain_is_found_by_the_newest_anchor_and_only_by_it() {
    let (world, anchors) = sealed().await;
    let cut = "delete from audit where seq > 7; delete from audit_chain where position > 7";
    sqlx::raw_sql(cut).execute(world.pool()).await.unwrap();
    let findings = world.verify(&anchors).await.findings;
    assert_eq!(findings, [Finding::Truncated { anchored: 10, found: 7 }]);
    assert!(world.verify(&[]).await.is_intact(), "a chain alone cannot show it; that is what anchors are for");
}

#[test]
fn a_tail_cut_off_and_grown_again_is_found_by_the_anchor() {
    log::story(|log| async move {
        let (world, anchors) = sealed().await;
        let cut = "delete from audit where seq > 7; delete from audit_chain where position > 7";
        sqlx::raw_sql(cut).execute(world.pool()).await.unwrap();
        let relay = world.relay();
        for n in 0..5 {
            world.happen(&format!("missions/new{n}")).await;
        }
        world.all_sealed().await;
        assert_eq!(world.verify(&anchors).await.findings, [Finding::Resealed { position: 10 }]);
        // Cut off under a relay that works, it is told at once.
        log.expect("the audit chain's head is not where the relay left it");
        sqlx::raw_sql("delete from audit where seq > 7; delete from audit_chain where position > 7")
            .execute(world.pool())
            .await
            .unwrap();
        testkit::until("it is told", async || log.has("the audit chain's head is not where")).await;
        relay.stop().await;
    });
}

#[tokio::test]
async fn a_sealed_row_moved_past_the_end_does_not_stop_the_relay() {
    let (world, anchors) = sealed().await;
    world.execute("update audit set tx = pg_current_xact_id() where seq = 4").await;
    let relay = world.relay();
    world.happen("missions/after").await;
    world.all_sealed().await;
    relay.stop().await;
    assert_eq!(world.verify(&anchors).await.findings, [Finding::Altered { position: 4, seq: 4 }]);
}

#[tokio::test]
async fn links_cut_off_alone_are_sealed_again_to_the_same_hashes() {
    let (world, anchors) = sealed().await;
    world.execute("delete from audit_chain where position > 7").await;
    let relay = world.relay();
    world.all_sealed().await;
    relay.stop().await;
    assert!(world.verify(&anchors).await.is_intact());
}

#[tokio::test]
async fn what_is_found_in_parts_is_what_is_found_at_once() {
    let changes = [
        "select 1",
        "update audit set actor = 'users/other' where seq = 5",
        "delete from audit where seq = 4; delete from audit_chain where position = 4",
        "delete from audit where seq <= 3; delete from audit_chain where position <= 3",
        "delete from audit where seq > 7; delete from audit_chain where position > 7",
        "insert into audit (tx, actor, method, outcome) select tx, 'users/x', 'y', 'done' from audit where seq in (3, 4)",
        "insert into audit (tx, actor, method, outcome) values ('1', 'users/x', 'y', 'done')",
        "insert into audit (seq, tx, actor, method, outcome) overriding system value values (-5, '0', 'a', 'b', 'c')",
        "insert into audit (tx, actor, method, outcome) values ('1000000000000', 'users/x', 'y', 'done')",
        "update audit_chain set position = -position where position in (4, 5);
         update audit_chain set position = 9 + position where position < 0",
        "insert into audit (actor, method, outcome) values ('users/x', 'not yet sealed', 'done')",
    ];
    for change in changes {
        let (world, anchors) = sealed().await;
        sqlx::raw_sql(change).execute(world.pool()).await.unwrap();
        let whole = world.verify(&anchors).await;
        for most in [1, 3, 10, 11] {
            let parts = world.verify_parts(&anchors, most).await;
            let mut found: Vec<_> = parts.iter().flat_map(|(part, _)| part.findings.clone()).collect();
            assert_eq!(found.len(), whole.findings.len(), "{change}, {most}: {found:?}");
            found.retain(|finding| !whole.findings.contains(finding));
            assert!(found.is_empty(), "{change}, {most}: {found:?}");
            let sum = |count: fn(&events::chain::Report) -> u64| parts.iter().map(|(part, _)| count(part)).sum::<u64>();
            let told = (sum(|part| part.sealed), sum(|part| part.unsealed), sum(|part| part.unanchored));
            assert_eq!(told, (whole.sealed, whole.unsealed, whole.unanchored), "{change}, {most}");
        }
    }
}

#[tokio::test]
async fn a_chain_written_anew_between_two_parts_does_not_fit_the_part_before() {
    let (world, anchors) = sealed().await;
    let parts = world.verify_parts(&[], 5).await;
    let from = parts[1].1;
    world.execute("update audit_chain set hash = sha256(hash), digest = sha256(digest) where position = 5").await;
    let (on, _) = events::chain::verify(world.pool(), &crate::world::key(), &[], from, i64::MAX).await.unwrap();
    assert!(on.is_intact(), "the part goes on from the link that it was given, not from what lies there now: {on:?}");
    let whole = world.verify(&anchors).await;
    assert!(whole.findings.contains(&Finding::Altered { position: 5, seq: 5 }), "{whole:?}");
    world.execute("update audit_chain set hash = sha256(hash), digest = sha256(digest) where position = 6").await;
    let (on, _) = events::chain::verify(world.pool(), &crate::world::key(), &[], from, i64::MAX).await.unwrap();
    assert!(on.findings.contains(&Finding::Altered { position: 6, seq: 6 }), "{on:?}");
}
