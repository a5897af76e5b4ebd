//! What a visa costs somebody: the row of the schedule of fees that holds for the code, post and nationality on a day, and what
//! reciprocity gives with it.

use crate::fee_choice::choose;
use crate::fee_schedules::{FeeSchedules, unknown};
use crate::service_fees::{Bill, Services};
use crate::travel::day;
use crate::visa::{Fees, Traveller};
use chrono::{Months, NaiveDate};
use fault::{Fault, refuse_if};
use proto::consular::v1::{FeeSchedule, QuoteVisaFeeRequest, QuoteVisaFeeResponse, Reason, Receipt, VisaApplication};
use registry::{Reader, Registry};

/// How a row says that any number of entries is given.
const ANY_ENTRIES: i32 = 99;

/// What is due, and by which rule.
#[derive(Debug)]
struct Due {
    basis: &'static str,
    /// The source of the rule.
    source: &'static str,
    /// The row; none where no fee is asked for.
    row: Option<FeeSchedule>,
}

/// Which rows may hold for someone of a nationality at a post.
fn conditions<'c>(post: &'c str, nationality: &'c str) -> [(&'static str, Vec<&'c str>); 4] {
    let codes = Fees::shipped().codes();
    [("code", codes), ("state", vec!["APPROVED"]), ("post", vec!["", post]), ("nationality", vec!["", nationality])]
}

/// The receipt that pays for an application, and the rows that may say how much.
pub(crate) type Prices = (Option<Receipt>, Vec<FeeSchedule>);

/// Reads them.
///
/// # Errors
/// The database's.
pub(crate) async fn prices(
    reader: &mut Reader<'_>,
    application: &VisaApplication,
    receipt: &str,
) -> Result<Prices, Fault> {
    let receipt = if receipt.is_empty() { None } else { reader.share(receipt).await? };
    let conditions = conditions(&application.post, &application.nationality);
    let conditions = conditions.each_ref().map(|(field, values)| (*field, values.as_slice()));
    Ok((receipt, reader.all(&conditions).await?))
}

/// What is due of a traveller, of the age of today, by the prices of the day it was ordered.
///
/// # Errors
/// `FEE_UNKNOWN` if a fee is asked for and no row says how much.
fn due(
    traveller: Traveller,
    rows: &[FeeSchedule],
    (post, nationality): (&str, &str),
    (today, ordered): (NaiveDate, NaiveDate),
) -> Result<Due, Fault> {
    let charge = Fees::shipped().of(traveller, today);
    let (basis, source) = (charge.basis, charge.source);
    let Some(code) = charge.code else { return Ok(Due { basis, source, row: None }) };
    let rows: Vec<_> = rows.iter().filter(|row| row.code == code).cloned().collect();
    let row = choose(&rows, post, nationality, ordered).ok_or_else(|| unknown(code))?;
    Ok(Due { basis, source, row: Some(row.clone()) })
}

/// What a visa costs somebody who has not applied yet.
///
/// # Errors
/// `INVALID_FIELDS`; `FEE_UNKNOWN` as [`due`]; the database's.
pub(crate) async fn quote(
    fees: &Registry<FeeSchedules>,
    ask: &QuoteVisaFeeRequest,
) -> Result<QuoteVisaFeeResponse, Fault> {
    registry::check(ask)?;
    let store = fees.store();
    let today = store.days().date(store.now());
    let traveller = Traveller {
        class: ask.visa_class(),
        purpose: ask.purpose(),
        born: day(&ask.birth_date)?,
        family_of_citizen: ask.family_of_citizen,
    };
    let conditions = conditions(&ask.post, &ask.nationality);
    let rows = fees.all(&conditions.each_ref().map(|(field, values)| (*field, values.as_slice()))).await?;
    let ordered = if ask.date.is_empty() { today } else { day(&ask.date)? };
    let due = due(traveller, &rows, (&ask.post, &ask.nationality), (ordered, ordered))?;
    let row = due.row.unwrap_or_default();
    let amount = row.amount.unwrap_or_default();
    Ok(QuoteVisaFeeResponse {
        fee: amount.minor_units,
        currency: amount.currency,
        basis: due.basis.to_owned(),
        source: if row.source.is_empty() { due.source.to_owned() } else { row.source },
        fee_schedule: row.name,
        entries: row.entries,
        validity_months: row.validity_months,
    })
}

/// Notes what an application costs, and that it is paid.
///
/// # Errors
/// `VISA_FEE_UNPAID`; `FEE_UNKNOWN`; as [`Bill::paid_by`].
pub(crate) fn charge(
    application: &mut VisaApplication,
    receipt: String,
    traveller: Traveller,
    (paid, rows): Prices,
    today: NaiveDate,
) -> Result<(), Fault> {
    let ordered = paid.as_ref().and_then(|receipt| receipt.order_date.parse().ok()).unwrap_or(today);
    let place = (application.post.as_str(), application.nationality.as_str());
    let due = due(traveller, &rows, place, (today, ordered))?;
    let amount = due.row.as_ref().and_then(|row| row.amount.clone()).unwrap_or_default();
    if amount.minor_units > 0 {
        let words = format!("the fee of {} {} is due: {}", amount.minor_units, amount.currency, due.basis);
        refuse_if(receipt.is_empty(), Reason::VisaFeeUnpaid, words)?;
    }
    if let (Some(row), false) = (&due.row, receipt.is_empty()) {
        bill(application, row).paid_by(paid.as_ref())?;
    } else if !receipt.is_empty() {
        crate::receipts::pays(paid.as_ref(), &application.name)?;
    }
    (application.fee, application.fee_currency) = (amount.minor_units, amount.currency);
    application.fee_basis = due.basis.to_owned();
    application.fee_schedule = due.row.map(|row| row.name).unwrap_or_default();
    application.fee_receipt = receipt;
    Ok(())
}

fn bill<'b>(application: &'b VisaApplication, row: &'b FeeSchedule) -> Bill<'b> {
    let service = &Services::shipped().visa;
    Bill { subject: &application.name, post: &application.post, service, code: &row.code, row: &row.name }
}

/// What an application was paid by, and the row that says what it costs.
pub(crate) type Paid = (Option<Receipt>, Option<FeeSchedule>);

/// Reads them.
///
/// # Errors
/// The database's.
pub(crate) async fn paid(reader: &mut Reader<'_>, application: &VisaApplication) -> Result<Paid, Fault> {
    let row = if application.fee_schedule.is_empty() { None } else { reader.share(&application.fee_schedule).await? };
    let receipt =
        if application.fee_receipt.is_empty() { None } else { reader.share(&application.fee_receipt).await? };
    Ok((receipt, row))
}

/// That what was paid was not given back meanwhile.
///
/// # Errors
/// As [`Bill::paid_by`].
pub(crate) fn still_paid(application: &VisaApplication, (receipt, row): &Paid) -> Result<(), Fault> {
    match row {
        Some(row) if application.fee > 0 => bill(application, row).paid_by(receipt.as_ref()),
        _ => Ok(()),
    }
}

/// That no more is granted than reciprocity gives: `entries` of 0 are any number.
///
/// # Errors
/// `RECIPROCITY_EXCEEDED`.
pub(crate) fn within_reciprocity(
    row: Option<&FeeSchedule>,
    entries: i32,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<(), Fault> {
    let Some(row) = row else { return Ok(()) };
    let bounded = row.entries != 0 && row.entries != ANY_ENTRIES;
    let many = bounded && (entries == 0 || entries > row.entries);
    refuse_if(many, Reason::ReciprocityExceeded, format!("reciprocity gives {} entries", row.entries))?;
    let months = u32::try_from(row.validity_months).unwrap_or(0);
    let end = from.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX);
    let long = months > 0 && until >= end;
    refuse_if(long, Reason::ReciprocityExceeded, format!("reciprocity gives a validity of {months} months"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_entries_or_months_than_reciprocity_gives() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let granted = |(entries, validity_months): (i32, i32), wanted: i32, until: &str| {
            let row = FeeSchedule { entries, validity_months, ..FeeSchedule::default() };
            within_reciprocity(Some(&row), wanted, day("2026-07-01"), day(until)).is_ok()
        };
        assert!(granted((0, 0), 0, "2031-06-30"), "it says nothing");
        assert!(granted((99, 3), 0, "2026-09-30"));
        assert!(!granted((99, 3), 0, "2026-10-01"), "a day more than three months");
        assert!(granted((2, 0), 2, "2031-06-30"));
        assert!(!granted((2, 0), 3, "2026-07-02"));
        assert!(!granted((2, 0), 0, "2026-07-02"), "any number is more than two");
        assert!(within_reciprocity(None, 0, day("2026-07-01"), day("2031-06-30")).is_ok());
    }
}
