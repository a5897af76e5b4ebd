//! Which times a service has on which days, by its opening hours; pure.
//!
//! Hours are by the clocks on the wall, and slots are laid from the opening in steps of real time: where clocks are put
//! forward or back none is shorter, none overlaps another, and none begins at a time that is skipped. What begins in an
//! hour that comes twice, begins the first time.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use proto::consular::v1::AppointmentWindow;
use proto::consular::v1::appointment_window::Kind;

/// A time as the opening hours have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    /// When it begins.
    pub(crate) start: DateTime<Utc>,
    /// How many are served; 0 leaves it to the service.
    pub(crate) capacity: i32,
}

/// The slots of `minutes_each` that the windows make on the days from `from` to `to`, in order. `is_holiday` says on
/// which days the hours of each week do not hold.
pub(crate) fn plan(
    windows: &[AppointmentWindow],
    zone: Tz,
    minutes_each: u32,
    is_holiday: impl Fn(NaiveDate) -> bool,
    (from, to): (NaiveDate, NaiveDate),
) -> Vec<Planned> {
    let mut planned = Vec::new();
    for date in from.iter_days().take_while(|date| *date <= to) {
        let holiday = is_holiday(date);
        let closed = windows.iter().any(|window| window.kind() == Kind::Closed && is_on(window, date));
        let open = |window: &&AppointmentWindow| match window.kind() {
            Kind::Weekly => !holiday && is_weekly_on(window, date),
            Kind::Single => is_on(window, date),
            Kind::Closed | Kind::Unspecified => false,
        };
        for window in windows.iter().filter(open).filter(|_| !closed) {
            let instant = |time: &str| minutes(time).and_then(|minutes| instant(zone, date, minutes));
            let (Some(open), Some(close)) = (instant(&window.open_time), instant(&window.close_time)) else { continue };
            let each = TimeDelta::minutes(i64::from(minutes_each.max(1)));
            let mut start = open;
            while start + each <= close {
                planned.push(Planned { start, capacity: window.capacity });
                start += each;
            }
        }
    }
    planned.sort_by_key(|slot| slot.start);
    planned.dedup_by_key(|slot| slot.start);
    planned
}

fn is_on(window: &AppointmentWindow, date: NaiveDate) -> bool {
    window.date.parse() == Ok(date)
}

fn is_weekly_on(window: &AppointmentWindow, date: NaiveDate) -> bool {
    let same_day = i64::from(window.weekday) == i64::from(date.weekday().number_from_monday());
    let begun = window.from_date.parse::<NaiveDate>().map_or(true, |from| from <= date);
    let over = window.to_date.parse::<NaiveDate>().is_ok_and(|to| to < date);
    same_day && begun && !over
}

/// Minutes after midnight of a time such as `09:30`; `24:00` is the end of the day.
pub(crate) fn minutes(time: &str) -> Option<u32> {
    let (hours, minutes) = time.split_once(':')?;
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let minutes = hours.checked_mul(60)?.checked_add(minutes)?;
    (minutes <= 24 * 60).then_some(minutes)
}

/// The first instant at which clocks on the wall show this time or, where it is skipped, a later one.
pub(crate) fn instant(zone: Tz, date: NaiveDate, minutes: u32) -> Option<DateTime<Utc>> {
    let (date, minutes) = if minutes == 24 * 60 { (date.checked_add_days(Days::new(1))?, 0) } else { (date, minutes) };
    let wall = date.and_time(NaiveTime::from_num_seconds_from_midnight_opt(minutes * 60, 0)?);
    (0..=26 * 4).find_map(|quarters| {
        let wall = wall.checked_add_signed(TimeDelta::minutes(15 * quarters))?;
        zone.from_local_datetime(&wall).earliest().map(|instant| instant.with_timezone(&Utc))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Europe::Paris;
    use proto::consular::v1::appointment_window::Weekday;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn weekly(weekday: Weekday, open: &str, close: &str) -> AppointmentWindow {
        AppointmentWindow {
            kind: Kind::Weekly.into(),
            weekday: weekday.into(),
            open_time: open.into(),
            close_time: close.into(),
            ..AppointmentWindow::default()
        }
    }

    fn starts(windows: &[AppointmentWindow], each: u32, holiday: Option<&str>, days: (&str, &str)) -> Vec<String> {
        let is_holiday = |date: NaiveDate| holiday.is_some_and(|holiday| day(holiday) == date);
        let planned = plan(windows, Paris, each, is_holiday, (day(days.0), day(days.1)));
        planned.iter().map(|slot| slot.start.format("%d %H:%M").to_string()).collect()
    }

    #[test]
    fn hours_are_those_of_the_wall_and_whole_slots_fit_in_them() {
        let monday = [weekly(Weekday::Monday, "09:00", "10:15")];
        assert_eq!(starts(&monday, 30, None, ("2026-05-04", "2026-05-10")), ["04 07:00", "04 07:30"]);
        assert_eq!(starts(&monday, 30, None, ("2026-12-07", "2026-12-07")), ["07 08:00", "07 08:30"]);
        assert_eq!(starts(&monday, 30, Some("2026-05-04"), ("2026-05-04", "2026-05-04")), [""; 0]);
    }

    /// On 29 March 2026 it is 03:00 in Paris after 01:59, and on 25 October 02:00 comes twice.
    #[test]
    fn where_clocks_change_no_slot_is_cut_skipped_or_doubled() {
        let night = [weekly(Weekday::Sunday, "01:00", "04:00")];
        assert_eq!(starts(&night, 60, None, ("2026-03-29", "2026-03-29")), ["29 00:00", "29 01:00"]);
        let long = ["24 23:00", "25 00:00", "25 01:00", "25 02:00"];
        assert_eq!(starts(&night, 60, None, ("2026-10-25", "2026-10-25")), long);
        let skipped = [weekly(Weekday::Sunday, "02:15", "04:00")];
        assert_eq!(starts(&skipped, 30, None, ("2026-03-29", "2026-03-29")), ["29 01:00", "29 01:30"]);
    }

    #[test]
    fn a_single_date_is_open_on_a_holiday_and_a_closure_closes_everything() {
        let single = AppointmentWindow {
            kind: Kind::Single.into(),
            weekday: 0,
            date: "2026-05-01".into(),
            ..weekly(Weekday::Monday, "23:00", "24:00")
        };
        let weekly = weekly(Weekday::Friday, "09:00", "10:00");
        let both = [single.clone(), weekly];
        assert_eq!(starts(&both, 60, Some("2026-05-01"), ("2026-05-01", "2026-05-01")), ["01 21:00"]);
        let closed = AppointmentWindow { kind: Kind::Closed.into(), date: "2026-05-08".into(), ..Default::default() };
        let all = [both.to_vec(), vec![closed]].concat();
        assert_eq!(starts(&all, 60, None, ("2026-05-08", "2026-05-15")), ["15 07:00"]);
    }

    #[test]
    fn hours_of_a_season_hold_in_it() {
        let summer = AppointmentWindow {
            from_date: "2026-06-08".into(),
            to_date: "2026-06-15".into(),
            ..weekly(Weekday::Monday, "09:00", "10:00")
        };
        assert_eq!(starts(&[summer], 60, None, ("2026-06-01", "2026-06-30")), ["08 07:00", "15 07:00"]);
    }
}
