//! Which rule of reciprocity is in force for whom at an instant, and what a tax card is worth by it; pure (VCDR art. 47;
//! VCCR art. 72).

use crate::benefits::Practice;
use chrono::{DateTime, Utc};
use proto::accreditation::v1::reciprocity_rule::{Benefit, Level, State};
use proto::accreditation::v1::restriction::{Purchase, Tax};
use proto::accreditation::v1::{Category, ReciprocityRule, Restriction, tax_card};
use registry::instant;

/// The states of rules that are or were in force.
pub(crate) const IN_FORCE: [&str; 2] = ["ACTIVE", "SUPERSEDED"];

/// The rules that may bear on a benefit of a state and category, as a question to the register: those of the state and
/// those for every state.
pub(crate) fn bearing_on<'a>(
    countries: &'a [&'a str; 2],
    category: &'a [&'a str; 1],
    benefit: &'a [&'a str; 1],
) -> [(&'a str, &'a [&'a str]); 4] {
    [("country", countries), ("category", category), ("benefit", benefit), ("state", &IN_FORCE)]
}

/// Who seeks a benefit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeker<'a> {
    /// The sending state.
    pub state: &'a str,
    /// The category, the principal's for a member of the family; unspecified for the mission itself.
    pub category: Category,
    /// Whether a member of the family seeks it.
    pub family: bool,
}

/// The rule in force for a state, category and benefit at an instant: the state's own, or the one for every state that
/// has none. There is at most one of each.
pub fn in_force<'r>(
    rules: &'r [ReciprocityRule],
    state: &str,
    category: Category,
    benefit: Benefit,
    at: DateTime<Utc>,
) -> Option<&'r ReciprocityRule> {
    let of = |country: &str| {
        let about = |rule: &&ReciprocityRule| {
            rule.country == country && rule.category() == category && rule.benefit() == benefit && holds(rule, at)
        };
        rules.iter().find(about)
    };
    of(state).or_else(|| of(""))
}

/// Whether a rule is in force at an instant, its first instant included and its end not.
pub fn holds(rule: &ReciprocityRule, at: DateTime<Utc>) -> bool {
    let from = rule.effective_time.as_ref().and_then(instant);
    let end = rule.end_time.as_ref().and_then(instant);
    matches!(rule.state(), State::Active | State::Superseded)
        && from.is_some_and(|from| from <= at)
        && end.is_none_or(|end| at < end)
}

/// The rule by which someone enjoys a benefit at an instant; none if no rule grants it. A state's own rule stands in the
/// place of the one for every state also where it denies.
pub fn granted<'r>(
    rules: &'r [ReciprocityRule],
    seeker: &Seeker<'_>,
    benefit: Benefit,
    at: DateTime<Utc>,
) -> Option<&'r ReciprocityRule> {
    let rule = in_force(rules, seeker.state, seeker.category, benefit, at)?;
    let grants = matches!(rule.level(), Level::Restricted | Level::Unrestricted) && (!seeker.family || rule.family);
    grants.then_some(rule)
}

/// What a tax card is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worth {
    /// Its level.
    pub level: tax_card::Level,
    /// What it is restricted to, as a merchant reads it.
    pub restriction: String,
}

/// What a card is worth by a rule that grants it: a card of a member, or of the mission itself.
pub fn worth(rule: &ReciprocityRule, personal: bool, practice: &Practice, currency: &str) -> Worth {
    use tax_card::Level as Card;
    let restricted = rule.level() == Level::Restricted;
    let level = match (personal, restricted) {
        (false, false) => Card::MissionUnrestricted,
        (false, true) => Card::MissionRestricted,
        (true, false) => Card::PersonalUnrestricted,
        (true, true) => Card::PersonalRestricted,
    };
    let restriction = rule.restriction.as_ref().filter(|_| restricted).cloned().unwrap_or_default();
    Worth { level, restriction: words(&restriction, personal, practice, currency) }
}

/// The restriction as a merchant reads it. Every card says which taxes it is for and what it never covers.
fn words(restriction: &Restriction, personal: bool, practice: &Practice, currency: &str) -> String {
    let taxes: Vec<_> = restriction.taxes().map(tax).collect();
    let taxes = if taxes.is_empty() { [Tax::Sales, Tax::Occupancy, Tax::MealsTax].map(tax).to_vec() } else { taxes };
    let mut text = format!("Exempt from tax on {}.", list(taxes));
    if restriction.minimum_amount > 0 {
        let price = money(restriction.minimum_amount, practice.currency_digits);
        text += &format!(" Only for purchases of {currency} {price} or more before tax.");
    }
    let included: Vec<_> = restriction.included().map(purchase).collect();
    if !included.is_empty() {
        text += &format!(" Only for {}.", list(included));
    }
    let mut never: Vec<Purchase> = restriction.excluded().chain(practice.tax_cards.never()).collect();
    never.sort_unstable_by_key(|purchase| *purchase as i32);
    never.dedup();
    if !never.is_empty() {
        text += &format!(" Never for {}.", list(never.into_iter().map(purchase).collect()));
    }
    let note = if personal { &practice.tax_cards.personal_note } else { &practice.tax_cards.mission_note };
    format!("{text} {note}")
}

/// An amount in the smallest unit, with its point: `300.00`.
fn money(amount: i64, digits: u32) -> String {
    if digits == 0 {
        return amount.to_string();
    }
    let unit = 10_i64.pow(digits);
    format!("{}.{:0width$}", amount / unit, amount % unit, width = digits as usize)
}

fn list(words: Vec<&str>) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

fn tax(tax: Tax) -> &'static str {
    match tax {
        Tax::Occupancy => "lodging",
        Tax::MealsTax => "meals",
        Tax::Sales | Tax::Unspecified => "sales",
    }
}

fn purchase(purchase: Purchase) -> &'static str {
    match purchase {
        Purchase::Unspecified => "anything else",
        Purchase::Goods => "goods",
        Purchase::Services => "services",
        Purchase::Lodging => "lodging",
        Purchase::Meals => "meals",
        Purchase::Alcohol => "alcohol",
        Purchase::Tobacco => "tobacco",
        Purchase::MotorFuel => "motor fuel",
        Purchase::Vehicles => "vehicles",
        Purchase::Utilities => "utilities",
        Purchase::AirTravel => "air travel",
        Purchase::Cruises => "cruises",
    }
}
