//! Quotas of rules of reciprocity: over which months one is counted, and whether it has room; pure.

use calendar::WorkingDays;
use chrono::{DateTime, Datelike as _, Utc};
use proto::accreditation::v1::Quota;
use proto::accreditation::v1::quota::Period;

/// The month of an instant, in the capital: `2026-05`.
pub(crate) fn month(at: DateTime<Utc>, days: &WorkingDays) -> String {
    let date = days.date(at);
    name(date.year(), date.month())
}

/// The months over which a quota of periods is counted that has room, or none, at an instant.
pub(crate) fn months(quota: &Quota, at: DateTime<Utc>, days: &WorkingDays) -> Vec<String> {
    let date = days.date(at);
    let months = match quota.period() {
        Period::CalendarMonth => date.month()..=date.month(),
        Period::CalendarHalfYear if date.month() <= 6 => 1..=6,
        Period::CalendarHalfYear => 7..=12,
        Period::CalendarYear | Period::AtOnce | Period::Unspecified => 1..=12,
    };
    months.map(|month| name(date.year(), month)).collect()
}

/// The months of a year.
pub(crate) fn of_year(year: i32) -> Vec<String> {
    (1..=12).map(|month| name(year, month)).collect()
}

/// Whether a quota has room for more.
pub(crate) fn has_room(quota: &Quota, used: i64, more: i64) -> bool {
    used.saturating_add(more) <= i64::from(quota.amount)
}

fn name(year: i32, month: u32) -> String {
    format!("{year}-{month:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(period: Period) -> Quota {
        Quota { amount: 10, period: period.into() }
    }

    #[test]
    fn a_period_begins_and_ends_at_midnight_in_the_capital() {
        let days = WorkingDays::of(["US"], config::Home::default().timezone);
        let at = |text: &str| text.parse().expect("an instant");
        assert_eq!(month(at("2026-01-01T04:59:59Z"), &days), "2025-12");
        assert_eq!(month(at("2026-01-01T05:00:00Z"), &days), "2026-01");
        let (june, july) = (at("2026-07-01T03:59:59Z"), at("2026-07-01T04:00:00Z"));
        assert_eq!(months(&quota(Period::CalendarMonth), june, &days), ["2026-06"]);
        assert_eq!(months(&quota(Period::CalendarHalfYear), june, &days).last().map(String::as_str), Some("2026-06"));
        assert_eq!(months(&quota(Period::CalendarHalfYear), july, &days).first().map(String::as_str), Some("2026-07"));
        assert_eq!(months(&quota(Period::CalendarYear), july, &days), of_year(2026));
    }

    #[test]
    fn a_quota_has_room_up_to_its_last_unit() {
        let ten = quota(Period::CalendarYear);
        assert!(has_room(&ten, 7, 3));
        assert!(!has_room(&ten, 7, 4));
        assert!(!has_room(&ten, i64::MAX, 1));
    }
}
