//! Timers: due once, paused, moved, dropped, tried again, whoever fires them.

use crate::world::{World, asked, embassy, officer, secretary, world};
use calendar::{Clock, Length};
use chrono::TimeDelta;
use fault::Fault;
use proto::accreditation::v1::{ExtendGraceRequest, Member, RecordDepartureRequest, TerminateRequest, member::State};
use registry::Call;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// An hour less a moment: changes of one record are apart by a microsecond, though the clock stands still.
const HOUR: Duration = Duration::from_secs(3599);

/// A member whose functions have ended and whose hour of grace runs.
async fn in_grace(world: &World, member: Member) -> String {
    let officer = officer();
    if world.count("missions").await == 0 {
        world.create(&officer, "fr", embassy("FR")).await;
    }
    let name = world.notify(&officer, member).await.name;
    let accredited = "update members set doc = doc || '{\"state\": \"ACCREDITED\"}' where name = $1";
    sqlx::query(accredited).bind(&name).execute(&world.db.pool).await.unwrap();
    let request = TerminateRequest { name: name.clone(), cause: 1, ..Default::default() };
    let verb = |member: &mut Member, _: TerminateRequest, call: &mut Call| {
        member.set_state(State::Grace);
        let clock = Clock::new(call.now(), Length::Exactly(HOUR));
        call.timers().set("grace", clock);
        Ok(())
    };
    world.members.act(asked(&officer, "MemberService/Terminate", request), verb).await.unwrap();
    name
}

/// Turns the timer in a verb that leaves the state as it is.
async fn turn(world: &World, name: &str, turn: fn(&mut Call) -> Result<(), Fault>) {
    let request = ExtendGraceRequest { name: name.into(), ..Default::default() };
    let verb = move |_: &mut Member, _, call: &mut Call| turn(call);
    world.members.act(asked(&officer(), "MemberService/ExtendGrace", request), verb).await.unwrap();
}

async fn state(world: &World, name: &str) -> State {
    world.members.load(name).await.unwrap().unwrap().state()
}

#[tokio::test]
async fn a_timer_fires_when_it_is_due_and_once() {
    let world = world().await;
    let name = in_grace(&world, secretary("missions/fr")).await;
    world.pass(TimeDelta::minutes(59));
    assert_eq!(world.store.fire_due().await.unwrap(), 0);
    world.pass(TimeDelta::minutes(1));
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    let member = world.members.load(&name).await.unwrap().unwrap();
    assert_eq!((member.state(), member.end_time), (State::Ended, member.update_time));
    assert_eq!(world.store.fire_due().await.unwrap(), 0);
    let step = "history where verb = 'expireGrace' and actor = 'timers/grace' and reason like '%VCDR art. 39.2%'";
    assert_eq!(world.count(step).await, 1);
    assert_eq!(world.count("audit where actor = 'timers/grace' and outcome = 'OK'").await, 1);
    assert_eq!(world.count("outbox where verb = 'expireGrace'").await, 1);
    assert_eq!(world.count("timers").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_workers_one_fires_each_timer() {
    let world = world().await;
    for _ in 0..12 {
        in_grace(&world, secretary("missions/fr")).await;
    }
    let (other, ..) = world.elsewhere().await;
    let (another, ..) = world.elsewhere().await;
    world.pass(TimeDelta::hours(1));
    let (one, two, three) = tokio::join!(world.store.fire_due(), other.fire_due(), another.fire_due());
    // What was busy with one when another looked is fired by the first.
    assert_eq!(one.unwrap() + two.unwrap() + three.unwrap(), 12);
    assert_eq!(world.count("history where verb = 'expireGrace'").await, 12);
    assert_eq!(world.count("members where state = 'ENDED'").await, 12);
    assert_eq!(world.count("audit where outcome <> 'OK'").await, 0, "nobody took a timer for another's");
}

#[tokio::test]
async fn a_paused_clock_does_not_run() {
    let world = world().await;
    let name = in_grace(&world, secretary("missions/fr")).await;
    world.pass(TimeDelta::minutes(30));
    turn(&world, &name, |call| call.timers().pause("grace")).await;
    world.pass(TimeDelta::hours(5));
    assert_eq!(world.store.fire_due().await.unwrap(), 0);
    turn(&world, &name, |call| call.timers().resume("grace")).await;
    world.pass(TimeDelta::minutes(29));
    assert_eq!(world.store.fire_due().await.unwrap(), 0);
    world.pass(TimeDelta::minutes(1));
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    assert_eq!(state(&world, &name).await, State::Ended);
}

#[tokio::test]
async fn a_timer_that_is_set_off_from_outside_fires_with_that_commit_and_not_without_it() {
    let world = world().await;
    let name = in_grace(&world, secretary("missions/fr")).await;
    let names = [name.clone()];
    let mut given_up = pg::begin(&world.db.pool).await.unwrap();
    world.members.set_off(&mut given_up, &names, "grace").await.unwrap();
    given_up.rollback().await.unwrap();
    assert_eq!(world.store.fire_due().await.unwrap(), 0, "it runs for its hour");
    let mut tx = pg::begin(&world.db.pool).await.unwrap();
    let unknown = world.members.set_off(&mut tx, &names, "unknown").await.unwrap_err();
    assert_eq!(unknown.reason(), "INTERNAL");
    world.members.set_off(&mut tx, &names, "grace").await.unwrap();
    assert_eq!(world.store.fire_due().await.unwrap(), 0, "nothing is committed yet");
    tx.commit().await.unwrap();
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    assert_eq!(state(&world, &name).await, State::Ended);
    assert_eq!(world.count("history where verb = 'expireGrace' and actor = 'timers/grace'").await, 1);
    // In a state that does not want it, it is taken away.
    let mut tx = pg::begin(&world.db.pool).await.unwrap();
    world.members.set_off(&mut tx, &names, "grace").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.store.fire_due().await.unwrap(), 0);
    assert_eq!(world.count("timers").await, 0);
    assert_eq!(world.count("audit where actor = 'timers/grace' and outcome = 'WRONG_STATE'").await, 1);
}

#[tokio::test]
async fn a_timer_that_its_record_no_longer_wants_is_dropped_and_noted() {
    let world = world().await;
    let name = in_grace(&world, secretary("missions/fr")).await;
    let request = RecordDepartureRequest { name: name.clone(), ..Default::default() };
    let departed = asked(&officer(), "MemberService/RecordDeparture", request);
    world.members.act(departed, |_, _, _| Ok(())).await.unwrap();
    let before = world.count("history").await;
    world.pass(TimeDelta::hours(1));
    assert_eq!(world.store.fire_due().await.unwrap(), 0);
    assert_eq!((world.count("timers").await, world.count("history").await), (0, before));
    assert_eq!(world.count("audit where actor = 'timers/grace' and outcome = 'WRONG_STATE'").await, 1);
}

#[tokio::test]
async fn a_timer_that_fails_is_tried_again_later_and_holds_nobody_up() {
    let world = world().await;
    let stubborn = in_grace(&world, Member { title: "stubborn".into(), ..secretary("missions/fr") }).await;
    world.pass(TimeDelta::minutes(1));
    let other = in_grace(&world, secretary("missions/fr")).await;
    world.pass(TimeDelta::hours(1));
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    assert_eq!((state(&world, &other).await, state(&world, &stubborn).await), (State::Ended, State::Grace));
    assert_eq!(world.store.fire_due().await.unwrap(), 0, "it is not tried again at once");
    world.pass(TimeDelta::seconds(2));
    assert_eq!(world.store.fire_due().await.unwrap(), 0);
    assert_eq!(world.count("timers where attempts = 2").await, 1);
    let willing = "update members set doc = doc || '{\"title\": \"\"}' where name = $1";
    sqlx::query(willing).bind(&stubborn).execute(&world.db.pool).await.unwrap();
    world.pass(TimeDelta::seconds(4));
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    assert_eq!(state(&world, &stubborn).await, State::Ended);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_wakes_for_what_another_process_sets() {
    let world = world().await;
    let (elsewhere, ..) = world.elsewhere().await;
    let shutdown = CancellationToken::new();
    let worker = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { elsewhere.run_timers(shutdown).await }
    });
    let name = in_grace(&world, secretary("missions/fr")).await;
    world.pass(TimeDelta::hours(1));
    testkit::until("the timer has fired", async || state(&world, &name).await == State::Ended).await;
    shutdown.cancel();
    worker.await.unwrap();
    assert_eq!(world.count("history where verb = 'expireGrace'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verb_and_a_timer_at_once_never_wait_for_each_other() {
    let world = world().await;
    for _ in 0..20 {
        let name = in_grace(&world, secretary("missions/fr")).await;
        world.pass(TimeDelta::hours(1));
        let request = RecordDepartureRequest { name: name.clone(), ..Default::default() };
        let departed = asked(&officer(), "MemberService/RecordDeparture", request);
        let verb = |_: &mut Member, _, call: &mut Call| {
            call.timers().clear("grace");
            Ok(())
        };
        let (acted, fired) = tokio::join!(world.members.act(departed, verb), world.store.fire_due());
        assert_eq!(usize::from(acted.is_ok()) + fired.unwrap(), 1, "one of them ended it");
        assert_eq!(state(&world, &name).await, State::Ended);
        assert_eq!(world.count("timers").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_fire_while_what_is_tidied_beside_them_waits() {
    let world = world().await;
    let (elsewhere, ..) = world.elsewhere().await;
    let name = in_grace(&world, secretary("missions/fr")).await;
    world.pass(TimeDelta::hours(1));
    let mut held = pg::begin(&world.db.pool).await.unwrap();
    sqlx::query("lock table idempotency in exclusive mode").execute(&mut *held).await.unwrap();
    let shutdown = CancellationToken::new();
    let worker = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { elsewhere.run_timers(shutdown).await }
    });
    let sweeps = "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' \
                  and query like 'delete from idempotency%'";
    testkit::until("the sweep waits", async || world.count(sweeps).await == 1).await;
    testkit::until("the timer has fired", async || state(&world, &name).await == State::Ended).await;
    assert_eq!(world.count(sweeps).await, 1, "it waits still");
    held.rollback().await.unwrap();
    shutdown.cancel();
    worker.await.unwrap();
}
