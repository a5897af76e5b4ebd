//! Which row of the schedule says what a service costs somebody on a day, and which of them another would displace; pure.

use chrono::NaiveDate;
use proto::consular::v1::FeeSchedule;
use proto::consular::v1::fee_schedule::State;

/// Of the rows of one service, the one that holds: that of the post and nationality before that of the nationality, that
/// before the post's, that before everyone's; of each the newest that has begun on `date`. None if there is none.
pub(crate) fn choose<'r>(
    rows: &'r [FeeSchedule],
    post: &str,
    nationality: &str,
    date: NaiveDate,
) -> Option<&'r FeeSchedule> {
    let fits = |own: &str, asked: &str| own.is_empty() || own == asked;
    let begun = |row: &&FeeSchedule| row.effective_date.parse::<NaiveDate>().is_ok_and(|first| first <= date);
    let approved = rows.iter().filter(|row| row.state() == State::Approved).filter(begun);
    let fitting = approved.filter(|row| fits(&row.post, post) && fits(&row.nationality, nationality));
    fitting.max_by_key(|row| rank(row))
}

/// The narrower row comes before the wider, and the newer before the older.
fn rank(row: &FeeSchedule) -> (bool, bool, &str) {
    (!row.nationality.is_empty(), !row.post.is_empty(), &row.effective_date)
}

/// A row that says on some day until `last`, that day too, what somebody pays, in whose place the new row of the same service would
/// be: what something cost on that day would not be what it was. None where nothing cost anything yet.
pub(crate) fn displaced<'r>(rows: &'r [FeeSchedule], new: &FeeSchedule, last: NaiveDate) -> Option<&'r FeeSchedule> {
    let meets = |one: &str, other: &str| one.is_empty() || other.is_empty() || one == other;
    rows.iter().find(|row| {
        if !meets(&row.post, &new.post) || !meets(&row.nationality, &new.nationality) || rank(row) >= rank(new) {
            return false;
        }
        // If the row is displaced at all, it is on the first day of the later of the two, where both hold and no other.
        let first = row.effective_date.as_str().max(&new.effective_date).parse::<NaiveDate>();
        let Some(first) = first.ok().filter(|first| *first <= last) else { return false };
        let post = if row.post.is_empty() { &new.post } else { &row.post };
        let nationality = if row.nationality.is_empty() { &new.nationality } else { &row.nationality };
        choose(rows, post, nationality, first).is_some_and(|held| held.name == row.name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, post: &str, nationality: &str, first: &str) -> FeeSchedule {
        FeeSchedule {
            name: name.into(),
            post: post.into(),
            nationality: nationality.into(),
            effective_date: first.into(),
            state: State::Approved.into(),
            ..FeeSchedule::default()
        }
    }

    fn chosen(rows: &[FeeSchedule], post: &str, nationality: &str, date: &str) -> String {
        let date = date.parse().expect("a date");
        choose(rows, post, nationality, date).map_or_else(String::new, |row| row.name.clone())
    }

    #[test]
    fn the_narrowest_row_holds_and_of_those_the_newest_that_has_begun() {
        let rows = [
            row("all", "", "", "2020-01-01"),
            row("all, new", "", "", "2026-07-01"),
            row("paris", "posts/paris", "", "2021-01-01"),
            row("fr", "", "FR", "2022-01-01"),
            row("fr at lyon", "posts/lyon", "FR", "2026-01-01"),
        ];
        for (post, nationality, date, expected) in [
            ("posts/rome", "IT", "2019-12-31", ""),
            ("posts/rome", "IT", "2026-06-30", "all"),
            ("posts/rome", "IT", "2026-07-01", "all, new"),
            ("posts/paris", "IT", "2026-07-01", "paris"),
            ("posts/paris", "FR", "2026-07-01", "fr"),
            ("posts/lyon", "FR", "2025-12-31", "fr"),
            ("posts/lyon", "FR", "2026-01-01", "fr at lyon"),
            ("", "", "2026-07-01", "all, new"),
        ] {
            assert_eq!(chosen(&rows, post, nationality, date), expected, "{post} {nationality} {date}");
        }
    }

    #[test]
    fn a_row_displaces_what_holds_for_some_of_the_same_people_on_a_day_that_was() {
        let rows = [
            row("all", "", "", "2020-01-01"),
            row("all, new", "", "", "2026-07-01"),
            row("paris", "posts/paris", "", "2021-01-01"),
            row("fr", "", "FR", "2022-01-01"),
        ];
        for (post, nationality, first, last, expected) in [
            // Tomorrow anything may begin, and what nobody paid anything for as well.
            ("", "", "2025-05-05", "2025-05-04", ""),
            ("", "", "2019-01-01", "2025-05-04", ""),
            ("", "", "2025-05-04", "2025-05-04", "all"),
            ("", "", "2019-01-01", "2026-07-01", ""),
            ("", "", "2026-06-30", "2026-12-31", "all"),
            ("", "", "2026-08-01", "2026-12-31", "all, new"),
            ("posts/paris", "", "2020-06-01", "2020-12-31", "all"),
            ("posts/paris", "", "2020-06-01", "2019-12-31", ""),
            ("posts/rome", "", "2020-01-01", "2020-01-01", "all"),
            ("posts/rome", "", "2019-01-01", "2019-12-31", ""),
            ("", "FR", "2021-01-01", "2021-01-01", "all"),
            ("", "IT", "2020-01-01", "2020-01-01", "all"),
            ("posts/paris", "FR", "2023-01-01", "2023-01-01", "fr"),
        ] {
            let found = displaced(&rows, &row("new", post, nationality, first), last.parse().expect("a date"));
            let found = found.map_or("", |row| &row.name);
            assert_eq!(found, expected, "{post} {nationality} from {first}, until {last}");
        }
    }

    #[test]
    fn what_nobody_approved_costs_nobody_anything() {
        let proposed = FeeSchedule { state: State::Proposed.into(), ..row("one", "", "", "2020-01-01") };
        assert_eq!(chosen(&[proposed], "", "", "2026-01-01"), "");
    }
}
