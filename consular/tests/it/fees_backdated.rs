//! What something cost on a day stands, once that day is over or somebody has paid for it.

use crate::fees::{head, paid, row};
use crate::world::{World, reason, world};
use futures::future::join;
use proto::consular::v1::FeeSchedule;
use std::sync::atomic::{AtomicBool, Ordering};
use tonic::Status;

const CODE: &str = "PASSPORT_ADULT";

/// Whether something is done.
#[derive(Default)]
struct Done(AtomicBool);

impl Done {
    async fn after<T>(&self, something: impl Future<Output = T>) -> T {
        let answer = something.await;
        self.0.store(true, Ordering::SeqCst);
        answer
    }
}

/// A row at Lyon alone.
fn of_lyon(cents: i64, first: &str) -> FeeSchedule {
    FeeSchedule { post: "posts/lyon".into(), ..row(CODE, cents, first) }
}

impl World {
    async fn proposed(&self, row: FeeSchedule) -> String {
        self.propose(row).await.unwrap().name
    }

    async fn paid_at_lyon(&self, day: &str) -> Result<i64, Status> {
        Ok(self.issue(paid(day, 1)).await?.total.unwrap().minor_units)
    }

    /// Whether so many wait for the turn of another, or this is done without.
    async fn somebody_waits(&self, number: i64, done: &Done) -> bool {
        let waiting = "pg_locks where locktype = 'advisory' and not granted
            and database = (select oid from pg_database where datname = current_database())";
        loop {
            if self.count(waiting).await == number {
                return true;
            }
            if done.0.load(Ordering::SeqCst) {
                return false;
            }
        }
    }

    /// The turn of the service, taken by somebody who is not done.
    async fn turn_taken(&self) -> pg::Tx {
        let mut other = pg::begin(&self.db.pool).await.unwrap();
        let take = "select pg_advisory_xact_lock(hashtextextended('fees of PASSPORT_ADULT', 0))";
        sqlx::query(take).execute(&mut *other).await.unwrap();
        other
    }
}

/// Without the rule each of these is approved, and what was taken before is no price that ever was.
#[tokio::test]
async fn a_row_takes_no_other_rows_place_on_a_day_that_is_over() {
    let world = world().await;
    // What never cost anything may have begun long ago.
    let first = world.proposed(row(CODE, 13_000, "2020-01-01")).await;
    world.approve(&head(), &first).await.unwrap();
    for late in [row(CODE, 16_500, "2026-05-03"), row(CODE, 16_500, "2021-01-01"), of_lyon(1, "2026-05-03")] {
        let late = world.proposed(late).await;
        let refused = world.approve(&head(), &late).await.unwrap_err();
        let fault = fault::Fault::from(&refused);
        assert_eq!(fault.reason(), "FEE_BACKDATED");
        let told: Vec<_> = fault.metadata().collect();
        assert!(told.contains(&("feeSchedule", first.as_str())) && told.contains(&("last", "2026-05-03")), "{told:?}");
    }
    assert_eq!(world.quote("2026-05-03").await.unwrap(), 13_000);
    // Before the first row nothing cost anything; and today nobody has paid yet.
    for fits in [row(CODE, 12_000, "2019-01-01"), row(CODE, 16_500, "2026-05-04"), of_lyon(17_000, "2026-05-05")] {
        let fits = world.proposed(fits).await;
        world.approve(&head(), &fits).await.unwrap();
    }
    assert_eq!(world.quote("2019-12-31").await.unwrap(), 12_000);
    assert_eq!(world.quote("2026-05-04").await.unwrap(), 16_500);
}

/// Whatever the clock of whoever approves says: the receipts decide.
#[tokio::test]
async fn what_somebody_has_paid_for_a_day_is_the_price_of_that_day() {
    let world = world().await;
    world.fee(row(CODE, 13_000, "2020-01-01")).await;
    let today = world.proposed(row(CODE, 16_500, "2026-05-04")).await;
    let elsewhere = FeeSchedule { post: "posts/rome".into(), ..row(CODE, 15_000, "2026-05-04") };
    let elsewhere = world.proposed(elsewhere).await;
    let day = world.drawer_at("posts/lyon").await;
    assert_eq!(world.paid_at_lyon(&day).await.unwrap(), 13_000);
    assert_eq!(reason(world.approve(&head(), &today).await), "FEE_BACKDATED");
    world.approve(&head(), &elsewhere).await.unwrap();
    let tomorrow = world.proposed(row(CODE, 16_500, "2026-05-05")).await;
    // The clock of the process that takes the fee goes before that of the one that approves.
    let now = world.store.now();
    world.clock.set("2026-05-05T04:00:00Z".parse().unwrap());
    let day = world.drawer_at("posts/lyon").await;
    assert_eq!(world.paid_at_lyon(&day).await.unwrap(), 13_000);
    world.clock.set(now);
    assert_eq!(reason(world.approve(&head(), &tomorrow).await), "FEE_BACKDATED");
}

/// Without the turn both are approved: neither sees the other.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_approvals_at_once_the_second_is_held_against_the_first() {
    let world = world().await;
    let wide = world.proposed(row(CODE, 13_000, "2020-01-01")).await;
    let narrow = world.proposed(of_lyon(1, "2020-01-01")).await;
    let by = head();
    let other = world.turn_taken().await;
    let (first, second) = (Done::default(), Done::default());
    let follows = async {
        world.somebody_waits(1, &first).await;
        let goes = async {
            world.somebody_waits(2, &second).await;
            other.rollback().await.unwrap();
        };
        join(second.after(world.approve(&by, &narrow)), goes).await.0
    };
    let (wide, narrow) = join(first.after(world.approve(&by, &wide)), follows).await;
    wide.unwrap();
    assert_eq!(reason(narrow), "FEE_BACKDATED");
}

/// Without the turn the fee is taken at the price of before, on the first day of the new one.
#[tokio::test(flavor = "multi_thread")]
async fn who_takes_a_fee_while_a_row_is_approved_takes_it_at_the_new_price() {
    let world = world().await;
    world.fee(row(CODE, 13_000, "2020-01-01")).await;
    let new = world.proposed(row(CODE, 16_500, "2026-05-04")).await;
    let day = world.drawer_at("posts/lyon").await;
    let mut approves = world.turn_taken().await;
    let approve = "update fee_schedules set doc = doc || '{\"state\": \"APPROVED\"}' where name = $1";
    sqlx::query(approve).bind(&new).execute(&mut *approves).await.unwrap();
    let taken = Done::default();
    let commits = async {
        world.somebody_waits(1, &taken).await;
        approves.commit().await.unwrap();
    };
    assert_eq!(join(taken.after(world.paid_at_lyon(&day)), commits).await.0.unwrap(), 16_500);
}

/// Without the turn the row is approved while the fee is taken at the price of before. Who takes fees waits for no other who does.
#[tokio::test(flavor = "multi_thread")]
async fn who_approves_waits_for_fees_that_are_being_taken() {
    let world = world().await;
    world.fee(row(CODE, 13_000, "2020-01-01")).await;
    let new = world.proposed(row(CODE, 16_500, "2026-05-04")).await;
    let day = world.drawer_at("posts/lyon").await;
    let mut takes = pg::begin(&world.db.pool).await.unwrap();
    let take = "select pg_advisory_xact_lock_shared(hashtextextended('fees of PASSPORT_ADULT', 0))";
    sqlx::query(take).execute(&mut *takes).await.unwrap();
    assert_eq!(world.paid_at_lyon(&day).await.unwrap(), 13_000);
    let (by, approved) = (head(), Done::default());
    let waits = async {
        let waited = world.somebody_waits(1, &approved).await;
        takes.rollback().await.unwrap();
        waited
    };
    let (answer, waited) = join(approved.after(world.approve(&by, &new)), waits).await;
    assert!(waited, "the row was looked at while a fee was being taken");
    assert_eq!(reason(answer), "FEE_BACKDATED");
}
