//! The order of precedence of heads of mission and chargés d'affaires; pure (VCDR art. 13, 14, 16, 19).
//!
//! A [`Claim`] is what a person's place rests on. [`order`] puts claims in their order, which is total: two claims never
//! have the same place, since at last their names decide. [`heads_at`] and [`charges_at`] say who has a claim at an instant.

use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// As what a person takes a place, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Head of mission of the first class (art. 14.1(a)).
    FirstClass,
    /// Head of mission of the second class (art. 14.1(b)).
    SecondClass,
    /// Chargé d'affaires en titre (art. 14.1(c)).
    ThirdClass,
    /// Chargé d'affaires ad interim (art. 19.1): after all heads of mission.
    AdInterim,
}

/// What a place rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// As what the place is taken.
    pub standing: Standing,
    /// Since when: functions taken up (art. 13.1, 16.1), or the charge.
    pub since: DateTime<Utc>,
    /// When the person arrived: it orders those whose letters were presented at one ceremony.
    pub arrival: Option<DateTime<Utc>>,
    /// The sending state.
    pub sending_state: String,
    /// The mission's title in the language of our protocol: the alphabet decides between those who arrived together.
    pub title: String,
    /// The person's record. No two claims have the same.
    pub member: String,
    /// The mission.
    pub mission: String,
}

/// A head of mission's letters, and all that ends their effect.
#[derive(Clone, Debug)]
pub struct Letters {
    /// The claim they give.
    pub claim: Claim,
    /// When the functions of the head, or the mission, ended.
    pub end: Option<DateTime<Utc>>,
}

/// A charge ad interim.
#[derive(Clone, Debug)]
pub struct AdInterim {
    /// The claim it gives.
    pub claim: Claim,
    /// When the charge, the functions of who held it, or the mission ended.
    pub end: Option<DateTime<Utc>>,
    /// Whether it stands in for a vacant post: then it ends with the head's taking up of functions.
    pub post_vacant: bool,
}

/// The claims of heads of mission at an instant: each head's latest letters, as long as the functions last.
pub fn heads_at(letters: &[Letters], at: DateTime<Utc>) -> Vec<Claim> {
    latest(letters.iter().filter(|one| lasts(one.end, at)).map(|one| &one.claim), at)
}

/// The claims of chargés ad interim at an instant, beside the heads of that instant.
pub fn charges_at(charges: &[AdInterim], heads: &[Claim], at: DateTime<Utc>) -> Vec<Claim> {
    let filled = |charge: &AdInterim| {
        let succeeds = |head: &Claim| head.mission == charge.claim.mission && head.since >= charge.claim.since;
        charge.post_vacant && heads.iter().any(succeeds)
    };
    let acts = |charge: &&AdInterim| lasts(charge.end, at) && !filled(charge);
    latest(charges.iter().filter(acts).map(|charge| &charge.claim), at)
}

/// Of the claims that have begun, the latest of each person.
fn latest<'a>(claims: impl Iterator<Item = &'a Claim>, at: DateTime<Utc>) -> Vec<Claim> {
    let mut latest: BTreeMap<&str, &Claim> = BTreeMap::new();
    for claim in claims.filter(|claim| claim.since <= at) {
        let kept = latest.entry(&claim.member).or_insert(claim);
        if kept.since < claim.since {
            *kept = claim;
        }
    }
    latest.into_values().cloned().collect()
}

fn lasts(end: Option<DateTime<Utc>>, at: DateTime<Utc>) -> bool {
    end.is_none_or(|end| at < end)
}

/// Puts claims in their order. `nuncio` is the state whose head of the first class comes first, where that is our
/// practice (art. 16.3).
pub fn order(claims: &mut [Claim], nuncio: Option<&str>) {
    claims.sort_by(|one, other| key(one, nuncio).cmp(&key(other, nuncio)));
}

/// What decides between two claims, the weightiest first (art. 14.1, 16.3, 16.1).
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    standing: Standing,
    after_the_nuncio: bool,
    since: DateTime<Utc>,
    /// Those whose arrival is not known come after those whose is.
    arrival: (bool, Option<DateTime<Utc>>),
    title: &'a str,
    member: &'a str,
}

fn key<'a>(claim: &'a Claim, nuncio: Option<&str>) -> Key<'a> {
    let is_nuncio = claim.standing == Standing::FirstClass && nuncio == Some(claim.sending_state.as_str());
    Key {
        standing: claim.standing,
        after_the_nuncio: !is_nuncio,
        since: claim.since,
        arrival: (claim.arrival.is_none(), claim.arrival),
        title: &claim.title,
        member: &claim.member,
    }
}
