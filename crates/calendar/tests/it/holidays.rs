//! The holidays of each country against the calendars its government published.

use calendar::{Country, WorkingDays};
use chrono::{Datelike as _, NaiveDate, Weekday};

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// The dates of a year, other than weekends, on which a country does not work.
fn days_off(code: &str, year: i32) -> Vec<String> {
    let country = Country::known(code).expect("the country's file is shipped");
    let first = NaiveDate::from_ymd_opt(year, 1, 1).expect("a date");
    let of_year = first.iter_days().take_while(|day| day.year() == year);
    let off = of_year.filter(|day| country.holiday(*day).is_some() && !country.is_weekend(day.weekday()));
    off.map(|day| day.format("%m-%d").to_string()).collect()
}

/// The Office of Personnel Management's lists.
#[test]
fn the_united_states_keep_their_federal_holidays() {
    assert_eq!(
        days_off("US", 2026),
        ["01-01", "01-19", "02-16", "05-25", "06-19", "07-03", "09-07", "10-12", "11-11", "11-26", "12-25"]
    );
    // New Year's Day of 2022 fell on a Saturday, and so was kept in 2021.
    assert_eq!(
        days_off("US", 2021),
        [
            "01-01", "01-18", "01-20", "02-15", "05-31", "06-18", "07-05", "09-06", "10-11", "11-11", "11-25", "12-24",
            "12-31"
        ]
    );
    assert_eq!(
        days_off("US", 2013),
        ["01-01", "01-21", "02-18", "05-27", "07-04", "09-02", "10-14", "11-11", "11-28", "12-25"],
        "in 2013 the Inauguration fell on a Sunday and was kept on the day of Martin Luther King"
    );
}

#[test]
fn france_does_not_make_up_for_a_holiday_on_a_sunday() {
    assert_eq!(days_off("FR", 2026), ["01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "11-11", "12-25"]);
}

#[test]
fn germany_keeps_the_holidays_of_its_capital() {
    assert_eq!(days_off("DE", 2026), ["01-01", "04-03", "04-06", "05-01", "05-14", "05-25", "12-25"]);
    assert_eq!(
        days_off("DE", 2017),
        ["04-14", "04-17", "05-01", "05-25", "06-05", "10-03", "10-31", "12-25", "12-26"],
        "the fifth centenary of the Reformation was kept once"
    );
}

/// The lists at gov.uk/bank-holidays.
#[test]
fn england_has_its_substitute_days_and_its_royal_ones() {
    assert_eq!(days_off("GB", 2026), ["01-01", "04-03", "04-06", "05-04", "05-25", "08-31", "12-25", "12-28"]);
    assert_eq!(
        days_off("GB", 2022),
        ["01-03", "04-15", "04-18", "05-02", "06-02", "06-03", "08-29", "09-19", "12-26", "12-27"]
    );
    assert_eq!(days_off("GB", 2021), ["01-01", "04-02", "04-05", "05-03", "05-31", "08-30", "12-27", "12-28"]);
    assert_eq!(days_off("GB", 2020), ["01-01", "04-10", "04-13", "05-08", "05-25", "08-31", "12-25", "12-28"]);
}

#[test]
fn a_day_counts_only_if_it_does_in_every_country() {
    let both = WorkingDays::of(["US", "FR"], chrono_tz::America::New_York);
    assert!(!both.is_working_day(date("2026-07-14")));
    assert!(!both.is_working_day(date("2026-07-03")));
    assert!(both.is_working_day(date("2026-07-15")));
    assert_eq!(both.obstacle(date("2026-07-14")), Some(("FR", Some("Fête nationale"))));
    assert_eq!(both.obstacle(date("2026-07-18")), Some(("US", None)));
    assert_eq!(both.obstacle(date("2026-07-15")), None);
}

#[test]
fn a_country_without_data_has_a_weekend_and_says_so() {
    let days = WorkingDays::of(["US", "XA"], chrono_tz::UTC);
    assert_eq!(days.without_data().collect::<Vec<_>>(), ["XA"]);
    let gulf = WorkingDays::of([], chrono_tz::Asia::Muscat).and(Country::plain("OM", &[Weekday::Fri, Weekday::Sat]));
    let gulf = gulf.expect("five days are left");
    assert!(gulf.is_working_day(date("2026-07-19")), "a Sunday");
    assert!(!gulf.is_working_day(date("2026-07-17")), "a Friday");
}

#[test]
fn a_week_without_a_working_day_is_refused() {
    use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    let days = WorkingDays::of(["US"], chrono_tz::UTC);
    assert!(days.clone().and(Country::plain("XA", &[Mon, Tue, Wed])).is_ok());
    assert!(days.and(Country::plain("XA", &[Mon, Tue, Wed, Thu, Fri])).is_err());
    assert!(Country::parse("country='XA'\nweekend=['Mon','Tue','Wed','Thu','Fri','Sat','Sun']\nsource='x'").is_err());
    assert!(WorkingDays::of([], chrono_tz::UTC).and(Country::plain("XA", &[Sat, Sun])).is_ok());
}

#[test]
fn everything_wrong_with_a_file_is_said_at_once() {
    let text = r#"
        country = "Fr"
        weekend = ["Sat", "Sun"]
        source = " "
        [[holiday]]
        name = "A"
        day = "02-30"
        [[holiday]]
        name = "B"
        day = "02-01"
        easter = 1
        [[holiday]]
        name = "C"
        nth = { nth = 6, weekday = "Mon", month = 1 }
        [[holiday]]
        name = "D"
        day = "02-01"
        every = 4
        [[holiday]]
        name = "E"
        day = "02-29"
    "#;
    let errors = Country::parse(text).expect_err("the file is wrong").0;
    assert_eq!(errors.len(), 6, "{errors:#?}");
    for (error, begins) in
        errors.iter().zip(["country", "source", "holiday `A`", "holiday `B`", "holiday `C`", "holiday `D`"])
    {
        assert!(error.starts_with(begins), "{error}");
    }
    assert!(Country::parse("country = \"FR\"\nweekends = []").is_err(), "an unknown key is refused");
}

#[test]
fn every_file_shipped_is_read_and_names_its_law() {
    let known: Vec<_> = Country::all_known().collect();
    assert_eq!(known, ["DE", "FR", "GB", "US"]);
    assert!(known.into_iter().all(|code| !Country::known(code).expect("known").source().is_empty()));
}
