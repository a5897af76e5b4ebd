//! The terms of loans for the way home: who is destitute, what is repaid by when, and what it means for passports. Pure.

use crate::numbers::Number;
use crate::shipped::{Shipped, in_words};
use calendar::{Clock, Length};
use chrono::{DateTime, Utc};
use proto::consular::v1::RepatriationLoan;
use proto::consular::v1::repatriation_loan::State;
use serde::Deserialize;

const FILE: &str = include_str!("../data/loans.toml");

pub(crate) static TERMS: Shipped<Terms> = Shipped::new("loans.toml", || in_words(Terms::read(FILE)));

/// The terms.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    instalments: Number,
    first: Number,
    every: Number,
    grace: Number,
    passport: Passport,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Passport {
    limited_while: Vec<String>,
    source: String,
}

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
enum Invalid {
    #[error(transparent)]
    Unreadable(#[from] toml::de::Error),
    #[error("{0}")]
    Wrong(&'static str),
}

/// Why someone is not destitute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotDestitute {
    /// Family and friends were not asked.
    FamilyNotAsked,
    /// It can be paid without us.
    Provided,
}

impl Terms {
    /// The terms.
    pub(crate) fn get() -> &'static Self {
        TERMS.get()
    }

    /// The states of a loan in which the borrower gets no passport of full validity.
    pub(crate) fn limited_while(&self) -> Vec<&str> {
        self.passport.limited_while.iter().map(String::as_str).collect()
    }

    /// Whether a loan in this state limits the passport.
    pub(crate) fn limits(&self, state: State) -> bool {
        self.limited_while().contains(&state.as_str_name())
    }

    /// What is repaid at a time.
    pub(crate) fn instalment(&self, principal: i64) -> i64 {
        let parts = i64::from(self.instalments.value);
        principal / parts + i64::from(principal % parts != 0)
    }

    /// The clock of the next instalment after so many: until it is due, and with the days of grace.
    pub(crate) fn clock(&self, disbursed: DateTime<Utc>, after: i64, with_grace: bool) -> Clock {
        let before = u32::try_from(after).unwrap_or(u32::MAX).saturating_mul(self.every.value);
        let grace = if with_grace { self.grace.value } else { 0 };
        let days = self.first.value.saturating_add(before).saturating_add(grace);
        Clock::new(disbursed, Length::Days(u16::try_from(days).unwrap_or(u16::MAX)))
    }

    fn read(text: &str) -> Result<Self, Invalid> {
        let terms: Self = toml::from_str(text)?;
        if terms.passport.source.trim().is_empty() {
            return Err(Invalid::Wrong("the limits of passports name no source"));
        }
        let known = |name: &String| State::from_str_name(name).is_some_and(|state| state != State::Unspecified);
        if !terms.passport.limited_while.iter().all(known) {
            return Err(Invalid::Wrong("passports are limited in a state that loans do not have"));
        }
        Ok(terms)
    }
}

/// What is lent: what the way home costs beyond what the person has and others give.
///
/// # Errors
/// Why nothing is.
pub(crate) fn shortfall(loan: &RepatriationLoan) -> Result<i64, NotDestitute> {
    if !loan.family_asked {
        return Err(NotDestitute::FamilyNotAsked);
    }
    let others = [loan.own_minor_units, loan.family_minor_units, loan.other_minor_units];
    let short = others.into_iter().fold(loan.cost_minor_units, i64::saturating_sub);
    if short > 0 { Ok(short) } else { Err(NotDestitute::Provided) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::{WorkingDays, due};

    #[test]
    fn what_is_shipped_is_sound_and_what_is_not_is_refused() {
        TERMS.check().unwrap();
        for (from, to) in
            [("\"IN_DEFAULT\"", "\"LATE\""), ("source = \"22 CFR", "source = \" \" # "), ("value = 12", "value = 0")]
        {
            assert!(FILE.contains(from) && Terms::read(&FILE.replacen(from, to, 1)).is_err(), "{from}");
        }
    }

    #[test]
    fn a_loan_is_for_what_nobody_else_gives() {
        let asked = RepatriationLoan { cost_minor_units: 100_000, family_asked: true, ..RepatriationLoan::default() };
        assert_eq!(shortfall(&asked), Ok(100_000));
        let helped = RepatriationLoan { own_minor_units: 1_000, family_minor_units: 98_999, ..asked.clone() };
        assert_eq!(shortfall(&helped), Ok(1));
        let enough = RepatriationLoan { other_minor_units: 1, ..helped };
        assert_eq!(shortfall(&enough), Err(NotDestitute::Provided));
        let alone = RepatriationLoan { family_asked: false, ..asked };
        assert_eq!(shortfall(&alone), Err(NotDestitute::FamilyNotAsked));
    }

    #[test]
    fn instalments_cover_the_loan_and_come_every_month_after_the_first() {
        let terms = Terms::get();
        for principal in [1, 11, 12, 13, 100_000, 1_000_000_000_000] {
            let instalment = terms.instalment(principal);
            assert!(instalment * 12 >= principal && (instalment - 1) * 12 < principal, "{principal}");
        }
        let days = WorkingDays::of(["US"], chrono_tz::UTC);
        let disbursed: DateTime<Utc> = "2026-05-04T13:00:00Z".parse().unwrap();
        let at = |after, grace| due(&terms.clock(disbursed, after, grace), &days).unwrap().to_rfc3339();
        assert_eq!(at(0, false), "2026-07-04T00:00:00+00:00");
        assert_eq!(at(0, true), "2026-08-03T00:00:00+00:00");
        assert_eq!(at(1, false), "2026-08-03T00:00:00+00:00");
    }
}
