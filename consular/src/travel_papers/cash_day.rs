//! The report of a cashier's day: what was taken and given back, what should be in the drawer and what was, and by which
//! receipts.

use super::TravelPapers;
use super::pages::{order, place};
use crate::exchange::CURRENCIES;
use crate::travel::day;
use documents::{Order, Template};
use fault::Fault;
use proto::consular::v1::cash_day::State;
use proto::consular::v1::receipt::{Method, NoFee, State as Paid};
use proto::consular::v1::{CashDay, Receipt};
use serde_json::{Value, json};

/// How reports are set.
pub(crate) static TEMPLATE: Template =
    Template { name: "cash-day", main: include_str!("../../templates/cash-day.typ"), parts: &[] };

/// The report of a day, with its receipts in their order.
pub(crate) fn cash_day(papers: &TravelPapers, one: &CashDay, receipts: &[Receipt]) -> Result<Order, Fault> {
    let amount = |minor_units: i64| CURRENCIES.get().written(&one.currency, minor_units);
    let expected = one.float_minor_units + one.cash_taken_minor_units - one.cash_refunded_minor_units;
    let rows: Vec<Value> = receipts
        .iter()
        .map(|receipt| {
            let services: Vec<_> = receipt.lines.iter().map(|line| line.code.as_str()).collect();
            let paid = receipt.total.as_ref().map_or(0, |total| total.minor_units);
            json!({
                "reference": receipt.reference,
                "services": services.join(", "),
                "method": method(receipt),
                "amount": amount(paid),
                "back": if receipt.state() == Paid::Refunded { "refunded" } else if receipt.refunded_minor_units > 0 { "refunded in part" } else { "" },
            })
        })
        .collect();
    let data = json!({
        "ministry": papers.issuer().ministry,
        "post": place(&one.post),
        "cashier": one.cashier,
        "date": day(&one.date)?.format("%-d %B %Y").to_string(),
        "currency": one.currency,
        "drawer": one.name.trim_start_matches("cashDays/"),
        "closed": one.state() == State::Closed,
        "float": amount(one.float_minor_units),
        "cash_taken": amount(one.cash_taken_minor_units),
        "cash_refunded": amount(one.cash_refunded_minor_units),
        "expected": amount(expected),
        "counted": amount(one.counted_minor_units),
        "difference": amount(one.difference_minor_units),
        "explanation": one.explanation,
        "other_taken": amount(one.other_taken_minor_units),
        "other_refunded": amount(one.other_refunded_minor_units),
        "refunds": one.refunds,
        "receipts": rows,
        "specimen": papers.specimen(),
    });
    order(&TEMPLATE, &data, &one.name, &one.date)
}

/// How a receipt was paid, or why nothing was charged.
fn method(receipt: &Receipt) -> &'static str {
    match (receipt.no_fee(), receipt.method()) {
        (NoFee::Unspecified, Method::Cash) => "cash",
        (NoFee::Unspecified, Method::Card) => "card",
        (NoFee::Unspecified, Method::Transfer) => "transfer",
        (NoFee::Unspecified, _) => "",
        (NoFee::Official, _) => "no fee: official",
        (NoFee::Diplomatic, _) => "no fee: diplomatic",
        (NoFee::Destitute, _) => "no fee: without means",
        (NoFee::OfficeError, _) => "no fee: our error",
        (NoFee::Reciprocal, _) => "no fee: by reciprocity",
    }
}
