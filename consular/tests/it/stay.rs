//! Days of stay against a naive count, over leap days, and as a question to the service.

use crate::world::{World, officer, reason, world};
use chrono::{Days, NaiveDate};
use consular::visa::{Limit, Presence, Stay};
use identity::{Permissions, Principal};
use proptest::prelude::*;
use proto::consular::v1::visa_service_client::VisaServiceClient;
use proto::consular::v1::{CalculateStayRequest, CalculateStayResponse, Sojourn};
use std::collections::BTreeSet;
use tonic::Status;

const LIMIT: Limit = Limit { days: 90, period: 180 };

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn stay(entry: &str, exit: &str) -> Stay {
    Stay { entry: day(entry), exit: (!exit.is_empty()).then(|| day(exit)) }
}

/// The days of stays, one by one.
fn days(stays: &[Stay], today: NaiveDate) -> BTreeSet<NaiveDate> {
    let each = |stay: &Stay| {
        let exit = stay.exit.unwrap_or(today);
        stay.entry.iter_days().take_while(move |day| *day <= exit)
    };
    stays.iter().flat_map(each).collect()
}

fn counted(days: &BTreeSet<NaiveDate>, on: NaiveDate) -> u32 {
    u32::try_from(days.range(on - Days::new(179)..=on).count()).unwrap()
}

#[test]
fn entry_and_exit_count_and_overlaps_count_once() {
    let stays = [stay("2026-01-01", "2026-01-10"), stay("2026-01-10", "2026-01-12"), stay("2026-01-05", "2026-01-06")];
    let presence = Presence::of(&stays, day("2026-05-04"));
    assert_eq!(presence.used(LIMIT, day("2026-01-12")), 12);
    assert_eq!(presence.used(LIMIT, day("2026-06-29")), 12, "the 180th day back is 1 January");
    assert_eq!(presence.used(LIMIT, day("2026-06-30")), 11);
}

#[test]
fn a_leap_day_is_a_day() {
    // 90 days from 1 January: to 30 March in a leap year, to 31 March in another.
    for (year, last) in [("2028", "2028-03-30"), ("2027", "2027-03-31")] {
        let first = day(&format!("{year}-01-01"));
        let empty = Presence::of(&[], first);
        assert_eq!(empty.left(LIMIT, first), 90);
        assert_eq!(first + Days::new(89), day(last));
        let whole = Presence::of(&[Stay { entry: first, exit: Some(day(last)) }], day(last));
        assert_eq!((whole.used(LIMIT, day(last)), whole.overstayed(LIMIT).count()), (90, 0));
        let longer = Presence::of(&[Stay { entry: first, exit: Some(day(last) + Days::new(1)) }], day(last));
        assert_eq!(longer.overstayed(LIMIT).collect::<Vec<_>>(), [day(last) + Days::new(1)]);
    }
    // The day on which the first day of stay leaves the window.
    let stays = [stay("2024-02-29", "2024-05-28")];
    let presence = Presence::of(&stays, day("2024-05-28"));
    assert_eq!(presence.used(LIMIT, day("2024-05-28")), 90);
    assert_eq!(presence.earliest(LIMIT, day("2024-05-29")), Some(day("2024-08-27")), "180 days after 29 February");
}

#[test]
fn who_has_days_left_can_stay_while_old_ones_leave_the_window() {
    // 60 days at the beginning of the year: 30 are left at once, and the first 60 leave the window from the end of June.
    let presence = Presence::of(&[stay("2026-01-01", "2026-03-01")], day("2026-05-04"));
    assert_eq!(presence.used(LIMIT, day("2026-03-01")), 60);
    assert_eq!(presence.left(LIMIT, day("2026-04-01")), 30);
    assert_eq!(presence.left(LIMIT, day("2026-06-20")), 90, "each day of the new stay replaces one of the old");
}

proptest! {
    #[test]
    fn it_counts_as_one_counts_by_hand(
        stays in proptest::collection::vec((0u64..1500, 0u64..120, any::<bool>()), 0..12),
        start in 0u64..3000, on in 0u64..1700,
    ) {
        let zero = day("2023-01-01") + Days::new(start);
        let on = zero + Days::new(on);
        let stays: Vec<_> = stays.into_iter().map(|(entry, long, lasts)| {
            let entry = zero + Days::new(entry);
            Stay { entry, exit: (!lasts).then(|| entry + Days::new(long)) }
        }).collect();
        let (presence, by_hand) = (Presence::of(&stays, on), days(&stays, on));
        prop_assert_eq!(presence.used(LIMIT, on), counted(&by_hand, on));
        let over: Vec<_> = by_hand.iter().copied().filter(|day| counted(&by_hand, *day) > 90).collect();
        prop_assert_eq!(presence.overstayed(LIMIT).collect::<Vec<_>>(), over);
        // Staying for as long as it says never uses more than 90 days, and one day more does.
        let left = presence.left(LIMIT, on);
        let mut there: BTreeSet<_> = by_hand.iter().copied().filter(|day| *day < on).collect();
        for more in 0..left {
            let day = on + Days::new(more.into());
            there.insert(day);
            prop_assert!(counted(&there, day) <= 90);
        }
        let next = on + Days::new(left.into());
        there.insert(next);
        prop_assert!(counted(&there, next) > 90);
        let earliest = presence.earliest(LIMIT, on).expect("within a period there is a day");
        let past: BTreeSet<_> = by_hand.iter().copied().filter(|day| *day < on).collect();
        prop_assert!(counted(&past, earliest) < 90);
        prop_assert!(on.iter_days().take_while(|day| *day < earliest).all(|day| counted(&past, day) >= 90));
    }
}

async fn asked(world: &World, sojourns: &[(&str, &str)], date: &str) -> Result<CalculateStayResponse, Status> {
    let nobody = Principal { permissions: Permissions::of::<&str>([]), ..officer("people/traveller") };
    let sojourns =
        sojourns.iter().map(|(entry, exit)| Sojourn { entry_date: (*entry).into(), exit_date: (*exit).into() });
    let ask = CalculateStayRequest { sojourns: sojourns.collect(), date: date.into() };
    Ok(VisaServiceClient::new(world.signed(&nobody)).calculate_stay(ask).await?.into_inner())
}

#[tokio::test]
async fn anyone_may_ask() {
    let world = world().await;
    let told = asked(&world, &[("2026-01-01", "2026-03-01")], "2026-04-01").await.unwrap();
    assert_eq!((told.allowed, told.period, told.used, told.left), (90, 180, 60, 30));
    assert_eq!((told.until.as_str(), told.earliest_entry.as_str()), ("2026-04-30", "2026-04-01"));
    let over = asked(&world, &[("2026-01-01", "2026-04-01")], "2026-04-02").await.unwrap();
    assert_eq!(
        (over.left, over.until.as_str(), over.overstayed.as_slice()),
        (0, "", ["2026-04-01".to_owned()].as_slice())
    );
    assert_eq!(reason(asked(&world, &[("2026-03-01", "2026-02-28")], "2026-04-02").await), "SOJOURN_IMPLAUSIBLE");
    assert_eq!(reason(asked(&world, &[], "2026-02-30").await), "INVALID_FIELDS");
}
