//! Blanks received by the consignment: every number from the first to the last, all of them or none.

use fault::{Fault, refuse_if};
use proto::consular::v1::{BlankBook, Reason, ReceiveBlankBooksRequest};
use registry::Reader;

/// The most blanks that are received at once.
const MOST: u64 = 5_000;
/// The most numbers that a refusal names.
const MOST_NAMED: usize = 20;

/// The blanks of a consignment, none of which was received before. Whoever receives another at the same time waits, so that all
/// numbers that were received already are named, and not the first that the table refuses.
///
/// # Errors
/// `BLANK_RANGE_UNFIT`, `BLANK_ALREADY_RECEIVED`; the database's.
pub(crate) async fn blanks(
    reader: &mut Reader<'_>,
    request: &ReceiveBlankBooksRequest,
) -> Result<Vec<BlankBook>, Fault> {
    let numbers = numbers(&request.first_number, &request.last_number)?;
    reader.alone("consignments of blanks").await?;
    let known = sqlx::query_scalar("select number from blank_books where number = any ($1) order by number");
    let known: Vec<String> = known.bind(&numbers).fetch_all(reader.beside()).await.map_err(pg::fault)?;
    if !known.is_empty() {
        let words = format!("{} of these blanks were received already", known.len());
        let named = known.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
        let fault = Fault::new(Reason::BlankAlreadyReceived, words).with("count", known.len().to_string());
        return Err(fault.with("numbers", named));
    }
    let blank = |number| BlankBook {
        number,
        kind: request.kind,
        post: request.post.clone(),
        consignment: request.consignment.clone(),
        ..BlankBook::default()
    };
    Ok(numbers.into_iter().map(blank).collect())
}

/// Every number of a series from the first to the last; pure.
///
/// # Errors
/// `BLANK_RANGE_UNFIT`.
pub(crate) fn numbers(first: &str, last: &str) -> Result<Vec<String>, Fault> {
    let unfit = |words: String| Fault::new(Reason::BlankRangeUnfit, words);
    let digits_of = |number: &str| number.rfind(|letter: char| !letter.is_ascii_digit()).map_or(0, |at| at + 1);
    let (series, from) = first.split_at(digits_of(first));
    let (other, to) = last.split_at(digits_of(last));
    if series != other || from.len() != to.len() {
        return Err(unfit(format!("{first} and {last} are not of one series")));
    }
    let (Ok(low), Ok(high)) = (from.parse::<u64>(), to.parse::<u64>()) else {
        return Err(unfit(format!("{first} does not end with digits")));
    };
    refuse_if(high < low, Reason::BlankRangeUnfit, format!("{last} is before {first}"))?;
    let many = high - low + 1;
    refuse_if(
        many > MOST,
        Reason::BlankRangeUnfit,
        format!("these are {many} blanks, and {MOST} are received at once"),
    )?;
    Ok((low..=high).map(|number| format!("{series}{number:0width$}", width = from.len())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_of_one_series_and_bounded() {
        let of = |first: &str, last: &str| numbers(first, last).map_err(|fault| fault.message().to_owned());
        assert_eq!(of("C00000009", "C00000011").unwrap(), ["C00000009", "C00000010", "C00000011"]);
        assert_eq!(of("C01X00T47", "C01X00T47").unwrap(), ["C01X00T47"]);
        assert_eq!(of("000000001", "000005000").unwrap().len(), 5_000);
        for (first, last) in [
            ("C00000001", "D00000002"),
            ("C0000001A", "C0000002A"),
            ("C0000A001", "C00000A02"),
            ("ABCDEFGHI", "ABCDEFGHI"),
            ("C00000002", "C00000001"),
            ("C00000001", "C00005001"),
            ("000000000", "999999999"),
        ] {
            assert!(of(first, last).is_err(), "{first} to {last}");
        }
    }
}
