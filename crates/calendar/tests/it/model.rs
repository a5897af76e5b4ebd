//! The model: a due date counted one day at a time, as a clerk would with the calendar on the wall.

use calendar::{Clock, Length, WorkingDays};
use chrono::{DateTime, Months, Utc};

/// Goes from midnight to midnight and crosses off the days that count. None once an open pause is reached.
pub(crate) fn due_by_hand(clock: &Clock, days: &WorkingDays) -> Option<DateTime<Utc>> {
    let (wanted, working) = match clock.length {
        Length::Days(n) => (i64::from(n), false),
        Length::WorkingDays(n) => (i64::from(n), true),
        Length::Months(n) => {
            let start = days.date(clock.started);
            let end = start.checked_add_months(Months::new(n.into())).expect("the test's dates are near");
            ((end - start).num_days(), false)
        }
        Length::Exactly(_) => unreachable!("time by the second has no days"),
    };
    // The day of the event is the first that ends while the clock runs; it is crossed off for nothing.
    let mut crossed = -1;
    let mut day = days.date(clock.started);
    loop {
        let midnight = days.end_of(day);
        let begun =
            clock.pauses.iter().find(|pause| pause.from < midnight && pause.until.is_none_or(|end| midnight <= end));
        match begun {
            Some(pause) => {
                pause.until?;
            }
            None if crossed < 0 || !working || days.is_working_day(day) => crossed += 1,
            None => {}
        }
        if crossed == wanted {
            return Some(midnight);
        }
        day = day.succ_opt().expect("the test's dates are near");
    }
}
