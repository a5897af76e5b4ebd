//! Which row of the schedule says what a service costs somebody on a day; pure.

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
    fitting.max_by_key(|row| (!row.nationality.is_empty(), !row.post.is_empty(), row.effective_date.clone()))
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
    fn what_nobody_approved_costs_nobody_anything() {
        let proposed = FeeSchedule { state: State::Proposed.into(), ..row("one", "", "", "2020-01-01") };
        assert_eq!(chosen(&[proposed], "", "", "2026-01-01"), "");
    }
}
