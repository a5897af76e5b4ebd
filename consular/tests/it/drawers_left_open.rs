//! A drawer whose day is over at its post and that nobody has closed: reminded of each day, by the post's own clocks.

use crate::fees::{cashier, head};
use crate::world::{World, reason, world};
use proto::consular::v1::cash_day::State;
use proto::consular::v1::{self as pb, CashDay};

impl World {
    async fn left_open(&self) -> Vec<(String, i32)> {
        let ask =
            pb::ListCashDaysRequest { filter: "overdue = true".into(), order_by: "name".into(), ..Default::default() };
        let days = self.cash_days(&head()).list_cash_days(ask).await.unwrap().into_inner().cash_days;
        days.into_iter().map(|day| (day.cashier, day.reminders)).collect()
    }

    async fn cash_day(&self, name: &str) -> CashDay {
        let get = pb::GetCashDayRequest { name: name.into(), as_of: None };
        self.cash_days(&head()).get_cash_day(get).await.unwrap().into_inner()
    }

    /// Counted by the cashier, with nothing in it.
    async fn counted_drawer(&self, name: &str) {
        let count = pb::CountCashDayRequest { name: name.into(), ..Default::default() };
        self.cash_days(&cashier()).count_cash_day(count).await.unwrap();
    }

    async fn closed_drawer(&self, name: &str) -> CashDay {
        let close = pb::CloseCashDayRequest { name: name.into(), ..Default::default() };
        self.cash_days(&head()).close_cash_day(close).await.unwrap().into_inner()
    }
}

#[tokio::test]
async fn a_drawer_left_open_is_reminded_of_each_day_until_it_is_closed() {
    let world = world().await;
    let open = world.opened(world.day("people/one", 0)).await.unwrap().name;
    let closed = world.opened(world.day("people/two", 0)).await.unwrap().name;
    let tokyo = CashDay { time_zone: "Asia/Tokyo".into(), ..world.day("people/tokyo", 0) };
    world.opened(tokyo).await.unwrap();
    world.counted_drawer(&closed).await;
    world.closed_drawer(&closed).await;
    // 4 May ends in Tokyo at three in the afternoon, and in the capital at four the next morning.
    world.clock.set("2026-05-04T14:59:59Z".parse().unwrap());
    assert_eq!(world.store.fire_due().await.unwrap(), 0, "it is still the day of every drawer");
    world.clock.set("2026-05-04T15:00:00Z".parse().unwrap());
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    assert_eq!(world.left_open().await, [("people/tokyo".to_owned(), 1)]);
    world.clock.set("2026-05-05T03:59:59Z".parse().unwrap());
    assert_eq!(world.store.fire_due().await.unwrap(), 0);
    world.clock.set("2026-05-05T04:00:00Z".parse().unwrap());
    assert_eq!(world.store.fire_due().await.unwrap(), 1, "who has closed is reminded of nothing");
    assert!(world.cash_day(&open).await.overdue);
    // Counted and not closed is not handed over either.
    world.counted_drawer(&open).await;
    world.clock.set("2026-05-06T04:00:00Z".parse().unwrap());
    assert_eq!(world.store.fire_due().await.unwrap(), 2);
    let told = world.cash_day(&open).await;
    assert_eq!((told.state(), told.overdue, told.reminders), (State::Counted, true, 2));
    let done = world.closed_drawer(&open).await;
    assert_eq!((done.overdue, done.reminders), (false, 2), "how long it stood open stays on record");
    assert_eq!(world.left_open().await, [("people/tokyo".to_owned(), 2)]);
    world.clock.set("2026-05-07T04:00:00Z".parse().unwrap());
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    // Each reminder is an event of its own.
    assert_eq!(world.rows_of("outbox where doc->>'overdue' = 'true'").await, 6);
}

#[tokio::test]
async fn the_day_ends_when_it_does_at_the_post_also_where_clocks_are_turned_at_midnight() {
    let world = world().await;
    // In Cairo midnight of 24 April 2026 does not exist: clocks go from 24:00 to 01:00.
    world.clock.set("2026-04-23T10:00:00Z".parse().unwrap());
    let cairo = CashDay { time_zone: "Africa/Cairo".into(), date: "2026-04-23".into(), ..world.day("people/cairo", 0) };
    let name = world.opened(cairo).await.unwrap().name;
    world.clock.set("2026-04-23T21:59:59Z".parse().unwrap());
    assert_eq!(world.store.fire_due().await.unwrap(), 0);
    world.clock.set("2026-04-23T22:00:00Z".parse().unwrap());
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    assert!(world.cash_day(&name).await.overdue);
}

#[tokio::test]
async fn where_the_post_closes_the_day_of_a_drawer_ends_with_it() {
    let world = world().await;
    // It is three in the afternoon in Paris.
    let paris = |cashier: &str, closing: &str| CashDay {
        time_zone: "Europe/Paris".into(),
        closing_hour: closing.into(),
        ..world.day(cashier, 0)
    };
    let open = world.opened(paris("people/one", "17:00")).await.unwrap().name;
    world.opened(paris("people/late", "14:30")).await.unwrap();
    assert_eq!(reason(world.opened(paris("people/two", "25:00")).await), "INVALID_FIELDS");
    for (instant, overdue) in [
        ("2026-05-04T14:59:59Z", vec![]),
        ("2026-05-04T15:00:00Z", vec![("people/one", 1)]),
        // Opened after hours, it has the evening.
        ("2026-05-04T21:59:59Z", vec![("people/one", 1)]),
        ("2026-05-04T22:00:00Z", vec![("people/late", 1), ("people/one", 1)]),
        ("2026-05-05T12:29:59Z", vec![("people/late", 1), ("people/one", 1)]),
        ("2026-05-05T12:30:00Z", vec![("people/late", 2), ("people/one", 1)]),
        ("2026-05-05T15:00:00Z", vec![("people/late", 2), ("people/one", 2)]),
    ] {
        world.clock.set(instant.parse().unwrap());
        world.store.fire_due().await.unwrap();
        let mut found = world.left_open().await;
        found.sort();
        let expected: Vec<_> =
            overdue.into_iter().map(|(cashier, reminders)| (cashier.to_owned(), reminders)).collect();
        assert_eq!(found, expected, "{instant}");
    }
    world.counted_drawer(&open).await;
    assert!(!world.closed_drawer(&open).await.overdue);
}
