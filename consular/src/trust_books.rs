//! How trust money is booked: which ledgers an entry debits and credits, and when one officer is not enough. Pure.

use crate::numbers::Number;
use crate::shipped::{Shipped, in_words};
use chrono::TimeDelta;
use proto::consular::v1::trust_entry::{Kind, Ledger};
use serde::Deserialize;

const FILE: &str = include_str!("../data/trust.toml");

pub(crate) static BOOKS: Shipped<Practice> = Shipped::new("trust.toml", || in_words(Practice::read(FILE)));

/// What one officer alone may pay out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Practice {
    window: Number,
    limit: Vec<Limit>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    currency: String,
    minor_units: i64,
    source: String,
}

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
enum Invalid {
    #[error(transparent)]
    Unreadable(#[from] toml::de::Error),
    #[error("the limit of {0} is negative, is there twice, or names no source")]
    Wrong(String),
}

impl Practice {
    /// The practice.
    pub(crate) fn get() -> &'static Self {
        BOOKS.get()
    }

    /// Over how long payments are added up.
    pub(crate) fn window(&self) -> TimeDelta {
        TimeDelta::hours(self.window.value.into())
    }

    /// Whether another officer approves what is paid out, after so much within the window. None alone pays in a currency
    /// without a limit.
    pub(crate) fn needs_another(&self, currency: &str, minor_units: i64, paid_before: i64) -> bool {
        let limit = self.limit.iter().find(|limit| limit.currency == currency).map_or(0, |limit| limit.minor_units);
        minor_units.saturating_add(paid_before) > limit
    }

    fn read(text: &str) -> Result<Self, Invalid> {
        let practice: Self = toml::from_str(text)?;
        for limit in &practice.limit {
            let twice = practice.limit.iter().filter(|other| other.currency == limit.currency).count() > 1;
            if twice || limit.minor_units < 0 || limit.source.trim().is_empty() {
                return Err(Invalid::Wrong(limit.currency.clone()));
            }
        }
        Ok(practice)
    }
}

/// The ledgers that an entry debits and credits; none for a reversal, which has those of what it takes back, the other way
/// round.
pub(crate) fn ledgers(kind: Kind) -> Option<(Ledger, Ledger)> {
    match kind {
        Kind::Deposit => Some((Ledger::Held, Ledger::Owed)),
        Kind::Payment | Kind::Refund => Some((Ledger::Owed, Ledger::Held)),
        Kind::Fee => Some((Ledger::Owed, Ledger::Earned)),
        Kind::Reversal | Kind::Unspecified => None,
    }
}

/// By how much an entry changes what we owe the person.
pub(crate) fn change((debit, credit): (Ledger, Ledger), minor_units: i64) -> i64 {
    match (debit, credit) {
        (_, Ledger::Owed) => minor_units,
        (Ledger::Owed, _) => -minor_units,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_is_shipped_is_sound_and_what_is_not_is_refused() {
        BOOKS.check().unwrap();
        for (from, to) in [
            ("currency = \"EUR\"", "currency = \"USD\""),
            ("minor_units = 40000", "minor_units = -1"),
            ("source = \"practice of this house; change", "source = \" \" # "),
            ("value = 24", "value = 0"),
        ] {
            assert!(FILE.contains(from) && Practice::read(&FILE.replacen(from, to, 1)).is_err(), "{from}");
        }
    }

    #[test]
    fn the_limit_is_of_the_window_and_unknown_currencies_have_none() {
        let practice = Practice::get();
        assert!(!practice.needs_another("USD", 50_000, 0));
        assert!(practice.needs_another("USD", 50_001, 0));
        assert!(practice.needs_another("USD", 1, 50_000), "paid in parts");
        assert!(practice.needs_another("USD", i64::MAX, i64::MAX));
        assert!(practice.needs_another("XAF", 1, 0));
    }

    #[test]
    fn the_ledgers_balance_whatever_is_entered_and_a_reversal_leaves_nothing() {
        let mut sums: BTreeMap<Ledger, i64> = BTreeMap::new();
        let mut owed = 0;
        let mut enter = |(debit, credit): (Ledger, Ledger), amount: i64| {
            *sums.entry(debit).or_default() += amount;
            *sums.entry(credit).or_default() -= amount;
            owed += change((debit, credit), amount);
            owed
        };
        let mut now = 0;
        let entries = [(Kind::Deposit, 1_000), (Kind::Payment, 250), (Kind::Fee, 30), (Kind::Refund, 20)];
        for (kind, amount) in entries {
            now = enter(ledgers(kind).unwrap(), amount);
        }
        assert_eq!(now, 700);
        for (kind, amount) in entries {
            let (debit, credit) = ledgers(kind).unwrap();
            now = enter((credit, debit), amount);
        }
        assert_eq!(now, 0);
        assert!(sums.values().all(|sum| *sum == 0) && sums.len() == 3, "{sums:?}");
    }
}
