//! Clocks: published vectors, edges of time zones, and properties against the model.

use crate::model::due_by_hand;
use calendar::{Clock, Length, Misuse, Pause, WorkingDays, due};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use std::time::Duration;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn washington() -> WorkingDays {
    WorkingDays::of(["US"], chrono_tz::America::New_York)
}

fn last_day(clock: &Clock, days: &WorkingDays) -> String {
    days.last_day(due(clock, days).expect("the clock is not paused")).to_string()
}

#[test]
fn a_grace_period_of_thirty_days_ends_with_the_thirtieth() {
    let mut clock = Clock::new(at("2026-05-15T14:00:00Z"), Length::Days(30));
    assert_eq!(last_day(&clock, &washington()), "2026-06-14");
    assert_eq!(due(&clock, &washington()), Some(at("2026-06-15T04:00:00Z")), "midnight in Washington");
    clock.length = clock.length.plus(Length::Days(30)).expect("days and days");
    assert_eq!(last_day(&clock, &washington()), "2026-07-14");
}

#[test]
fn the_day_of_the_event_is_the_capitals_not_greenwichs() {
    let late_evening = Clock::new(at("2026-05-16T03:59:59Z"), Length::Days(30));
    assert_eq!(last_day(&late_evening, &washington()), "2026-06-14");
    let after_midnight = Clock::new(at("2026-05-16T04:00:00Z"), Length::Days(30));
    assert_eq!(last_day(&after_midnight, &washington()), "2026-06-15");
}

#[test]
fn working_days_step_over_weekends_and_holidays() {
    // From Wednesday 1 July 2026: Thursday, not Friday (Independence Day is kept), not the weekend, then Monday to Thursday.
    assert_eq!(last_day(&Clock::new(at("2026-07-01T12:00:00Z"), Length::WorkingDays(5)), &washington()), "2026-07-09");
    let with_france = WorkingDays::of(["US", "FR"], chrono_tz::America::New_York);
    assert_eq!(last_day(&Clock::new(at("2026-07-10T12:00:00Z"), Length::WorkingDays(2)), &with_france), "2026-07-15");
}

#[test]
fn a_month_ends_with_the_same_number_or_the_months_last_day() {
    let months = |start: &str, n| last_day(&Clock::new(at(start), Length::Months(n)), &washington());
    assert_eq!(months("2026-01-31T12:00:00Z", 1), "2026-02-28");
    assert_eq!(months("2028-01-31T12:00:00Z", 1), "2028-02-29");
    assert_eq!(months("2026-08-15T12:00:00Z", 6), "2027-02-15");
}

#[test]
fn a_day_has_twenty_three_or_twenty_five_hours_where_clocks_change() {
    let days = washington();
    let spring =
        days.end_of("2026-03-08".parse().expect("a date")) - days.end_of("2026-03-07".parse().expect("a date"));
    assert_eq!(spring, TimeDelta::hours(23));
    let autumn =
        days.end_of("2026-11-01".parse().expect("a date")) - days.end_of("2026-10-31".parse().expect("a date"));
    assert_eq!(autumn, TimeDelta::hours(25));
}

#[test]
fn a_midnight_that_never_was_ends_the_day_when_the_clocks_go_on() {
    // Lebanon goes to summer time at midnight; Samoa had no 30 December 2011.
    let beirut = WorkingDays::of([], chrono_tz::Asia::Beirut);
    assert_eq!(beirut.end_of("2024-03-30".parse().expect("a date")), at("2024-03-30T22:00:00Z"));
    let apia = WorkingDays::of([], chrono_tz::Pacific::Apia);
    assert_eq!(apia.end_of("2011-12-29".parse().expect("a date")), at("2011-12-30T10:00:00Z"));
    assert_eq!(apia.end_of("2011-12-30".parse().expect("a date")), at("2011-12-30T10:00:00Z"), "a date without a day");
}

#[test]
fn a_paused_clock_is_never_due_and_goes_on_where_it_stood() {
    let days = washington();
    let mut clock = Clock::new(at("2026-07-06T14:00:00Z"), Length::WorkingDays(3));
    assert_eq!(last_day(&clock, &days), "2026-07-09");
    clock.pause(at("2026-07-08T14:00:00Z")).expect("it runs");
    assert_eq!(due(&clock, &days), None);
    assert_eq!(clock.pause(at("2026-07-08T15:00:00Z")), Err(Misuse::AlreadyPaused));
    assert_eq!(clock.resume(at("2026-07-08T13:00:00Z")), Err(Misuse::InThePast));
    clock.resume(at("2026-07-13T14:00:00Z")).expect("it is paused");
    assert_eq!(clock.resume(at("2026-07-13T15:00:00Z")), Err(Misuse::NotPaused));
    // Tuesday counted, Wednesday to Sunday did not, Monday and Tuesday do.
    assert_eq!(last_day(&clock, &days), "2026-07-14");
    assert_eq!(clock.pause(at("2026-07-10T00:00:00Z")), Err(Misuse::InThePast));
}

#[test]
fn a_pause_after_the_end_changes_nothing() {
    for length in [Length::Days(3), Length::WorkingDays(3), Length::Months(1), Length::Exactly(Duration::from_secs(60))]
    {
        let mut clock = Clock::new(at("2026-07-06T14:00:00Z"), length);
        let before = due(&clock, &washington());
        clock.pause(before.expect("it runs")).expect("it runs");
        assert_eq!(due(&clock, &washington()), before);
    }
}

#[test]
fn an_open_pause_is_remembered_in_json() {
    let mut clock = Clock::new(at("2026-07-06T14:00:00Z"), Length::WorkingDays(3));
    clock.pause(at("2026-07-07T14:00:00Z")).expect("it runs");
    let json = serde_json::to_string(&clock).expect("it serialises");
    assert_eq!(
        json,
        r#"{"started":"2026-07-06T14:00:00Z","length":{"workingDays":3},"pauses":[{"from":"2026-07-07T14:00:00Z"}]}"#
    );
    assert_eq!(serde_json::from_str::<Clock>(&json).expect("it reads"), clock);
    assert!(serde_json::from_str::<Clock>(r#"{"started":"2026-07-06T14:00:00Z","length":{"weeks":3}}"#).is_err());
}

#[test]
fn a_clock_beyond_the_calendar_is_due_at_its_end() {
    let never = Clock::new(DateTime::<Utc>::MAX_UTC, Length::WorkingDays(u16::MAX));
    assert_eq!(due(&never, &washington()), Some(DateTime::<Utc>::MAX_UTC));
    let long = Clock::new(at("2026-07-06T14:00:00Z"), Length::Exactly(Duration::MAX));
    assert_eq!(due(&long, &washington()), Some(DateTime::<Utc>::MAX_UTC));
}

fn calendars() -> impl Strategy<Value = WorkingDays> {
    let zones: [Tz; 5] = [
        chrono_tz::America::New_York,
        chrono_tz::Europe::Paris,
        chrono_tz::Asia::Kathmandu,
        chrono_tz::Pacific::Apia,
        chrono_tz::Asia::Beirut,
    ];
    let countries = proptest::sample::subsequence(vec!["US", "FR", "DE", "GB", "XA"], 0..=5);
    (countries, proptest::sample::select(zones.to_vec())).prop_map(|(codes, zone)| WorkingDays::of(codes, zone))
}

fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    // 2005 to 2040, by the second.
    (1_104_537_600_i64..2_208_988_800)
        .prop_map(|second| DateTime::from_timestamp(second, 0).expect("within the calendar"))
}

fn lengths() -> impl Strategy<Value = Length> {
    prop_oneof![
        (0_u16..200).prop_map(Length::Days),
        (0_u16..100).prop_map(Length::WorkingDays),
        (0_u16..30).prop_map(Length::Months),
    ]
}

/// A clock whose pauses lie in order; the last may be open.
fn clocks() -> impl Strategy<Value = Clock> {
    let steps = proptest::collection::vec(0_i64..40 * 86_400, 0..7);
    (instants(), lengths(), steps).prop_map(|(started, length, steps)| {
        let mut clock = Clock::new(started, length);
        let mut now = started;
        for step in steps {
            now += TimeDelta::seconds(step);
            if clock.is_paused() { clock.resume(now) } else { clock.pause(now) }.expect("time moves on");
        }
        clock
    })
}

proptest! {
    #[test]
    fn a_due_date_is_the_one_counted_by_hand(clock in clocks(), days in calendars()) {
        prop_assert_eq!(due(&clock, &days), due_by_hand(&clock, &days));
    }

    #[test]
    fn a_pause_moves_the_end_by_as_many_days_as_it_has_midnights(
        started in instants(), n in 1_u16..200, into in 0_i64..200 * 86_400, pause in 0_i64..100 * 86_400, days in calendars(),
    ) {
        let plain = Clock::new(started, Length::Days(n));
        let end = due(&plain, &days).expect("it runs");
        let from = started + TimeDelta::seconds(into);
        prop_assume!(from < end);
        let until = from + TimeDelta::seconds(pause);
        let paused = Clock { pauses: vec![Pause { from, until: Some(until) }], ..plain };
        let moved = days.last_day(due(&paused, &days).expect("it runs")) - days.last_day(end);
        prop_assert_eq!(moved, days.date(until) - days.date(from));
    }

    #[test]
    fn a_pause_moves_a_time_by_the_second_by_its_own_length(
        started in instants(), length in 1_u64..10_000_000, into in 0_u64..10_000_000, pause in 0_i64..10_000_000, days in calendars(),
    ) {
        prop_assume!(into < length);
        let from = started + TimeDelta::seconds(i64::try_from(into).expect("small"));
        let until = from + TimeDelta::seconds(pause);
        let plain = Clock::new(started, Length::Exactly(Duration::from_secs(length)));
        let paused = Clock { pauses: vec![Pause { from, until: Some(until) }], ..plain.clone() };
        prop_assert_eq!(due(&paused, &days), due(&plain, &days).map(|end| end + (until - from)));
    }

    #[test]
    fn a_longer_clock_and_a_later_start_are_never_due_sooner(
        clock in clocks(), more in 0_u16..50, later in 0_i64..90 * 86_400, days in calendars(),
    ) {
        let end = due(&clock, &days);
        let unit = match clock.length {
            Length::Days(_) => Length::Days(more),
            Length::WorkingDays(_) => Length::WorkingDays(more),
            Length::Months(_) => Length::Months(more),
            Length::Exactly(_) => unreachable!("not among the lengths drawn"),
        };
        let longer = Clock { length: clock.length.plus(unit).expect("the same unit"), ..clock.clone() };
        if let Some(end) = end {
            prop_assert!(due(&longer, &days).is_none_or(|longer| longer >= end));
        } else {
            prop_assert_eq!(due(&longer, &days), None);
        }
        let first = Clock::new(clock.started, clock.length);
        let second = Clock::new(clock.started + TimeDelta::seconds(later), clock.length);
        prop_assert!(due(&second, &days) >= due(&first, &days));
    }

    #[test]
    fn working_days_are_added_and_counted_alike(start in instants(), n in 0_u16..300, days in calendars()) {
        let from = days.date(start);
        let to = days.add(from, n).expect("within the calendar");
        prop_assert_eq!(days.between(from, to), usize::from(n));
        prop_assert!(n == 0 || days.is_working_day(to));
    }

    #[test]
    fn json_brings_a_clock_back(clock in clocks()) {
        let json = serde_json::to_string(&clock).expect("it serialises");
        prop_assert_eq!(serde_json::from_str::<Clock>(&json).expect("it reads"), clock);
    }
}
