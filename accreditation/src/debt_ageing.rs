//! How old debts are, and what missions owe at the end of a year; pure, over debts as they are recorded.

use chrono::{Datelike as _, NaiveDate};
use proto::accreditation::v1::debt::State;
use proto::accreditation::v1::{Debt, DebtAgeing, DebtBucket, DebtLine};
use std::collections::BTreeMap;

/// What each mission owed in each currency on a date, by days since it was due. `bounds` are the most days of each age but
/// the last, ascending: 30 and 90 make the ages not due, 0 to 30, 31 to 90, and 91 and more.
pub fn aged(debts: &[Debt], as_of: NaiveDate, bounds: &[u16]) -> Vec<DebtAgeing> {
    let mut ageing: BTreeMap<(&str, &str), DebtAgeing> = BTreeMap::new();
    for debt in debts {
        let owed = owed(debt, as_of);
        let Some(due) = date(&debt.due_date).filter(|_| owed > 0) else { continue };
        let entry = ageing.entry((&debt.mission, currency(debt))).or_insert_with(|| DebtAgeing {
            mission: debt.mission.clone(),
            currency: currency(debt).to_owned(),
            buckets: buckets(bounds),
            total_minor_units: 0,
        });
        let bucket = &mut entry.buckets[place((as_of - due).num_days(), bounds)];
        bucket.count += 1;
        bucket.minor_units = bucket.minor_units.saturating_add(owed);
        entry.total_minor_units = entry.total_minor_units.saturating_add(owed);
    }
    ageing.into_values().collect()
}

/// What missions owed on a date and paid in its year, by mission, kind and currency; the highest first in a currency.
pub fn statement(debts: &[Debt], year: i32, as_of: NaiveDate) -> Vec<DebtLine> {
    let mut lines: BTreeMap<(&str, &str, i32), DebtLine> = BTreeMap::new();
    for debt in debts {
        let (owed, paid) = (owed(debt, as_of), paid(debt, |on| on.year() == year && on <= as_of));
        if owed == 0 && (paid == 0 || debt.state() == State::Cancelled) {
            continue;
        }
        let line = lines.entry((currency(debt), &debt.mission, debt.kind)).or_insert_with(|| DebtLine {
            mission: debt.mission.clone(),
            kind: debt.kind,
            currency: currency(debt).to_owned(),
            ..DebtLine::default()
        });
        line.count += i32::from(owed > 0);
        line.owed_minor_units = line.owed_minor_units.saturating_add(owed);
        line.paid_minor_units = line.paid_minor_units.saturating_add(paid);
    }
    let mut lines: Vec<_> = lines.into_values().collect();
    lines.sort_by(|one, other| {
        one.currency.cmp(&other.currency).then(other.owed_minor_units.cmp(&one.owed_minor_units))
    });
    lines
}

/// What was owed of a debt at the end of a date.
fn owed(debt: &Debt, as_of: NaiveDate) -> i64 {
    let unborn = date(&debt.incur_date).is_none_or(|incurred| incurred > as_of);
    let ended = date(&debt.end_date).is_some_and(|end| end <= as_of);
    if unborn || ended || debt.state() == State::Cancelled {
        return 0;
    }
    let amount = debt.amount.as_ref().map_or(0, |amount| amount.minor_units);
    amount.saturating_sub(paid(debt, |on| on <= as_of)).max(0)
}

/// What was paid on dates that count.
fn paid(debt: &Debt, counts: impl Fn(NaiveDate) -> bool) -> i64 {
    let counting = debt.payments.iter().filter(|payment| date(&payment.payment_date).is_some_and(&counts));
    counting.map(|payment| payment.minor_units).fold(0, i64::saturating_add)
}

/// Empty buckets, the first of what is not due.
fn buckets(bounds: &[u16]) -> Vec<DebtBucket> {
    let not_due = DebtBucket { not_due: true, ..DebtBucket::default() };
    let from = std::iter::once(0).chain(bounds.iter().map(|bound| i32::from(*bound) + 1));
    let to = bounds.iter().map(|bound| i32::from(*bound)).chain([0]);
    let due = from.zip(to).map(|(from_days, to_days)| DebtBucket { from_days, to_days, ..DebtBucket::default() });
    std::iter::once(not_due).chain(due).collect()
}

/// Which bucket a debt so many days past its day belongs to. On the day itself it is due and not late.
fn place(days: i64, bounds: &[u16]) -> usize {
    if days < 0 { 0 } else { 1 + bounds.partition_point(|bound| i64::from(*bound) < days) }
}

fn currency(debt: &Debt) -> &str {
    debt.amount.as_ref().map_or("", |amount| &amount.currency)
}

fn date(text: &str) -> Option<NaiveDate> {
    text.parse().ok()
}
