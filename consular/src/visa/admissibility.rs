//! Whether an application is admissible (Visa Code, art. 19): lodged within its window, with a fit travel document,
//! photograph, fingerprints and fee.

use crate::travel::day;
use crate::visa::Schengen;
use chrono::NaiveDate;
use fault::Fault;
use proto::consular::v1::VisaApplication;
use proto::consular::v1::visa_application::{Purpose, Shortcoming};

/// The first and the last day on which an application for a journey may be lodged (art. 9(1)); the last is a rule with
/// exceptions.
pub(crate) fn window(numbers: &Schengen, application: &VisaApplication) -> Result<(NaiveDate, NaiveDate), Fault> {
    let arrival = day(&application.arrival_date)?;
    let months = if application.seafarer { &numbers.lodge_months_seafarer } else { &numbers.lodge_months };
    let first = arrival.checked_sub_months(months.months()).unwrap_or(NaiveDate::MIN);
    let last = arrival.checked_sub_days(numbers.lodge_days.days()).unwrap_or(NaiveDate::MIN);
    Ok((first, last))
}

/// Everything that is missing of an application lodged on a day; nothing if it is admissible.
pub(crate) fn shortcomings(
    numbers: &Schengen,
    application: &VisaApplication,
    lodged: NaiveDate,
) -> Result<Vec<Shortcoming>, Fault> {
    let (first, last) = window(numbers, application)?;
    let departure = day(&application.departure_date)?;
    let (issued, expires) = (day(&application.passport_issue_date)?, day(&application.passport_expire_date)?);
    let needed = departure.checked_add_months(numbers.passport_months.months()).unwrap_or(NaiveDate::MAX);
    let oldest = lodged.checked_sub_months(numbers.passport_years.years()).unwrap_or(NaiveDate::MIN);
    let pages = u32::try_from(application.blank_pages).unwrap_or(0);
    let official = application.purpose() == Purpose::MissionPosting;
    let late = lodged > last && application.late_reason.is_empty() && !official;
    let found = [
        (lodged < first || late, Shortcoming::OutsideWindow),
        (expires < needed, Shortcoming::PassportExpiresEarly),
        (pages < numbers.passport_pages.value, Shortcoming::PassportPages),
        (issued < oldest, Shortcoming::PassportOld),
        (application.photo.is_empty(), Shortcoming::NoPhoto),
        (application.biometrics.is_empty() && application.biometrics_exemption.is_empty(), Shortcoming::NoBiometrics),
        (application.fee > 0 && application.fee_receipt.is_empty(), Shortcoming::FeeUnpaid),
    ];
    Ok(found.into_iter().filter(|(missing, _)| *missing).map(|(_, shortcoming)| shortcoming).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application() -> VisaApplication {
        VisaApplication {
            arrival_date: "2026-07-01".into(),
            departure_date: "2026-07-20".into(),
            passport_issue_date: "2020-01-01".into(),
            passport_expire_date: "2030-01-01".into(),
            blank_pages: 2,
            photo: "photos/1".into(),
            biometrics: "biometrics/1".into(),
            ..VisaApplication::default()
        }
    }

    fn found(change: impl FnOnce(&mut VisaApplication), lodged: &str) -> Vec<Shortcoming> {
        let mut application = application();
        change(&mut application);
        shortcomings(Schengen::shipped(), &application, lodged.parse().unwrap()).unwrap()
    }

    #[test]
    fn the_window_is_six_months_to_fifteen_days() {
        for (lodged, expected) in [("2025-12-31", 1), ("2026-01-01", 0), ("2026-06-16", 0), ("2026-06-17", 1)] {
            assert_eq!(found(|_| (), lodged).len(), expected, "{lodged}");
        }
        assert!(found(|one| one.seafarer = true, "2025-10-01").is_empty(), "nine months for seafarers");
        assert!(found(|one| one.late_reason = "a funeral".into(), "2026-06-30").is_empty());
    }

    #[test]
    fn the_travel_document_is_fit() {
        let lodged = "2026-05-04";
        let early = |date: &str| found(|one| one.passport_expire_date = date.into(), lodged);
        assert_eq!(early("2026-10-19"), [Shortcoming::PassportExpiresEarly]);
        assert!(early("2026-10-20").is_empty());
        assert_eq!(found(|one| one.blank_pages = 1, lodged), [Shortcoming::PassportPages]);
        let old = |date: &str| found(|one| one.passport_issue_date = date.into(), lodged);
        assert_eq!(old("2016-05-03"), [Shortcoming::PassportOld]);
        assert!(old("2016-05-04").is_empty());
    }

    #[test]
    fn everything_missing_is_told_at_once() {
        let all = found(
            |one| {
                one.photo.clear();
                one.biometrics.clear();
                one.fee = 9000;
                one.blank_pages = 0;
            },
            "2026-05-04",
        );
        let expected =
            [Shortcoming::PassportPages, Shortcoming::NoPhoto, Shortcoming::NoBiometrics, Shortcoming::FeeUnpaid];
        assert_eq!(all, expected);
    }
}
