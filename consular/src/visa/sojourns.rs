//! What earlier visas say: the days someone was there on them, whether each was used lawfully, and how many days are left for
//! another.

use super::{Limit, Presence, Stay};
use chrono::{Days, NaiveDate};
use proto::consular::v1::visa_application::VisaClass;
use proto::consular::v1::{Sojourn, Visa, visa};

/// The days of stay that count for a short one: those on visas of every class but the long stay's (Reg. (EU) 2016/399,
/// art. 6(2)). What cannot be read as a day is left out.
pub(crate) fn stays(visas: &[Visa]) -> Vec<Stay> {
    let short = visas.iter().filter(|visa| visa.visa_class() != VisaClass::D);
    short.flat_map(|visa| visa.sojourns.iter().filter_map(stay)).collect()
}

fn stay(sojourn: &Sojourn) -> Option<Stay> {
    Some(Stay { entry: sojourn.entry_date.parse().ok()?, exit: sojourn.exit_date.parse().ok() })
}

/// Whether a visa was used, and lawfully: neither annulled nor revoked; not a day longer than the stay it authorises, which
/// its period of grace does not prolong; not past its last day; and on no day more than any period allows on all visas
/// together. A stay that lasts is looked at as it is today.
pub(crate) fn lawfully_used(visa: &Visa, everywhere: &Presence, limit: Limit, today: NaiveDate) -> bool {
    use visa::State::{Expired, Lost, Stolen, Used, Valid};
    let sound = matches!(visa.state(), Valid | Used | Expired | Lost | Stolen);
    let own: Vec<Stay> = visa.sojourns.iter().filter_map(stay).collect();
    if !sound || own.is_empty() {
        return false;
    }
    let last = visa.valid_until.parse().unwrap_or(NaiveDate::MIN);
    let left_in_time = own.iter().all(|stay| stay.exit.unwrap_or(today) <= last);
    let presence = Presence::of(&own, today);
    let authorised = u32::try_from(visa.stay_days).unwrap_or(0);
    // One entry or two: so many days in all. Any number: so many in each period.
    let within = if visa.entries == 0 {
        presence.overstayed(Limit { days: authorised, ..limit }).next().is_none()
    } else {
        own.iter().map(|stay| days(stay, today)).sum::<i64>() <= i64::from(authorised)
    };
    let there = |day: NaiveDate| own.iter().any(|stay| stay.entry <= day && day <= stay.exit.unwrap_or(today));
    let too_long = visa.visa_class() != VisaClass::D && everywhere.overstayed(limit).any(there);
    left_in_time && within && !too_long
}

/// The days of a stay, the first and the last included.
fn days(stay: &Stay, today: NaiveDate) -> i64 {
    (stay.exit.unwrap_or(today) - stay.entry).num_days() + 1
}

/// The longest stay that is possible at once on some day of a visa's validity: what is left then of the days that any period
/// allows.
pub(crate) fn most_days(presence: &Presence, limit: Limit, from: NaiveDate, until: NaiveDate) -> u32 {
    // After a whole period without a stay all days are left.
    let end = from.checked_add_days(Days::new(limit.period.into())).unwrap_or(until).min(until);
    from.iter_days().take_while(|day| *day <= end).map(|day| presence.left(limit, day)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit { days: 90, period: 180 };

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// For one entry of twenty days in July, with fifteen days of grace.
    fn used(sojourns: &[(&str, &str)]) -> Visa {
        let sojourn = |(entry, exit): &(&str, &str)| Sojourn { entry_date: (*entry).into(), exit_date: (*exit).into() };
        Visa {
            visa_class: VisaClass::C.into(),
            state: visa::State::Used.into(),
            entries: 1,
            stay_days: 20,
            valid_from: "2026-07-01".into(),
            valid_until: "2026-08-04".into(),
            sojourns: sojourns.iter().map(sojourn).collect(),
            ..Visa::default()
        }
    }

    fn lawful(visa: &Visa, today: &str) -> bool {
        let everywhere = Presence::of(&stays(std::slice::from_ref(visa)), day(today));
        lawfully_used(visa, &everywhere, LIMIT, day(today))
    }

    #[test]
    fn the_days_of_grace_are_for_the_journey_and_not_for_the_stay() {
        let one = |entry, exit| lawful(&used(&[(entry, exit)]), "2026-12-01");
        assert!(one("2026-07-01", "2026-07-20"), "twenty days");
        assert!(!one("2026-07-01", "2026-07-21"), "twenty-one, within the validity with its grace");
        assert!(one("2026-07-16", "2026-08-04"), "later, and still twenty");
        assert!(!one("2026-07-20", "2026-08-05"), "past the last day");
        assert!(!lawful(&used(&[]), "2026-12-01"), "never used");
        assert!(!lawful(
            &Visa { state: visa::State::Revoked.into(), ..used(&[("2026-07-01", "2026-07-02")]) },
            "2026-12-01"
        ));
    }

    #[test]
    fn entries_are_added_up_and_who_has_not_left_is_still_there() {
        let twice = |exit: &str| Visa { entries: 2, ..used(&[("2026-07-01", "2026-07-10"), ("2026-07-20", exit)]) };
        assert!(lawful(&twice("2026-07-29"), "2026-12-01"), "ten days and ten");
        assert!(!lawful(&twice("2026-07-30"), "2026-12-01"));
        assert!(lawful(&used(&[("2026-07-01", "")]), "2026-07-20"));
        assert!(!lawful(&used(&[("2026-07-01", "")]), "2026-07-21"));
    }

    #[test]
    fn many_entries_have_their_days_in_each_period() {
        let year = |sojourns: &[(&str, &str)]| Visa {
            entries: 0,
            stay_days: 90,
            valid_until: "2027-06-30".into(),
            ..used(sojourns)
        };
        let three_months = ("2026-07-01", "2026-09-28");
        assert!(lawful(&year(&[three_months, ("2026-12-28", "2027-03-27")]), "2027-06-01"), "ninety, and ninety again");
        assert!(!lawful(&year(&[three_months, ("2026-12-27", "2027-03-27")]), "2027-06-01"));
        // Two visas, each within its own days, and together a day too long.
        let (first, second) = (year(&[three_months]), used(&[("2026-09-29", "2026-09-29")]));
        let everywhere = Presence::of(&stays(&[first.clone(), second]), day("2026-12-01"));
        assert!(lawfully_used(&first, &everywhere, LIMIT, day("2026-12-01")));
        let late = Visa { valid_until: "2026-12-31".into(), ..used(&[("2026-09-29", "2026-09-29")]) };
        assert!(!lawfully_used(&late, &everywhere, LIMIT, day("2026-12-01")));
    }

    #[test]
    fn what_is_left_grows_with_the_days_that_pass() {
        let presence = |class: VisaClass| {
            let visa = Visa { visa_class: class.into(), ..used(&[("2026-07-01", "2026-09-28")]) };
            Presence::of(&stays(&[visa]), day("2026-10-01"))
        };
        let most = |from, until| most_days(&presence(VisaClass::C), LIMIT, day(from), day(until));
        assert_eq!(most("2026-10-10", "2026-10-29"), 0, "all ninety lie in the period");
        // On 28 December the first of July is no longer among the last 180 days, and each day after frees another.
        assert_eq!(most("2026-12-27", "2026-12-27"), 0);
        assert_eq!(most("2026-12-28", "2026-12-28"), 90);
        assert_eq!(most("2026-10-10", "2027-12-25"), 90, "on a later day of its validity");
        assert_eq!(most_days(&presence(VisaClass::D), LIMIT, day("2026-10-10"), day("2026-10-10")), 90, "a long stay");
    }
}
