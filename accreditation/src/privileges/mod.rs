//! Which privileges a person enjoys at an instant, how far, and by which provisions; pure.
//!
//! Four of them are matters of the table of immunity (taxes, baggage, social security, public service) and are answered by
//! it: there is one truth about them. The others stand in `data/privileges.toml`, by the same classes of person. A grant to
//! one member stands in the place of what the tables say, while the member's status lasts.

mod table;

pub use table::{Privileges, Unusable};

use crate::immunity::{Circumstances, Provision, Question, Rules, Subject, class, determine};
use chrono::{DateTime, Utc};
use proto::accreditation::v1::{Extent, Immune, Matter, Privilege, TaxKind};

/// Every privilege there is.
pub const PRIVILEGES: [Privilege; 7] = [
    Privilege::Taxes,
    Privilege::CustomsDuties,
    Privilege::UninspectedBaggage,
    Privilege::NoSocialSecurity,
    Privilege::NoPublicService,
    Privilege::NoAlienRegistration,
    Privilege::NoWorkPermit,
];

/// How far a privilege is enjoyed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enjoyed<'r> {
    /// How far.
    pub extent: Extent,
    /// The exceptions, the limits, or what it depends on.
    pub conditions: Vec<&'r str>,
    /// What it rests on, in the order applied.
    pub citations: Vec<&'r Provision>,
}

/// The matter of the table of immunity that a privilege is; none for those with rows of their own.
pub fn matter(privilege: Privilege) -> Option<Matter> {
    match privilege {
        Privilege::Taxes => Some(Matter::Taxation),
        Privilege::UninspectedBaggage => Some(Matter::BaggageInspection),
        Privilege::NoSocialSecurity => Some(Matter::SocialSecurity),
        Privilege::NoPublicService => Some(Matter::PublicService),
        _ => None,
    }
}

/// How far a person enjoys a privilege at an instant.
pub fn enjoyed<'r>(
    privileges: &'r Privileges,
    rules: &'r Rules,
    subject: &Subject<'_>,
    privilege: Privilege,
    at: DateTime<Utc>,
) -> Enjoyed<'r> {
    if let Some(matter) = matter(privilege) {
        return by_immunity(rules, subject, matter, at);
    }
    if let Some(row) = privileges.row(privilege, class(rules, subject, at)) {
        let citations = row.cite.iter().map(AsRef::as_ref).collect();
        let conditions = row.conditions.iter().map(String::as_str).collect();
        return Enjoyed { extent: row.extent, conditions, citations };
    }
    // No provision gives it to the class: what is cited is what says that the class has no more than it has.
    let question = Question { matter: Matter::Taxation, instant: at, circumstances: other_tax() };
    let citations = determine(rules, subject, &question).citations;
    Enjoyed { extent: Extent::NotEnjoyed, conditions: Vec::new(), citations }
}

/// The answer of the table of immunity in the words of privileges. What it says of the usual case decides whether the
/// cases that differ are exceptions from the privilege or all there is of it.
fn by_immunity<'r>(rules: &'r Rules, subject: &Subject<'_>, matter: Matter, at: DateTime<Utc>) -> Enjoyed<'r> {
    let ask = |circumstances| determine(rules, subject, &Question { matter, instant: at, circumstances });
    let whole = ask(Circumstances::default());
    let usual = ask(other_tax());
    let extent = match (usual.immune, whole.immune) {
        (Immune::Yes, Immune::Yes) => Extent::Whole,
        (Immune::Yes, Immune::Conditional) => Extent::WithExceptions,
        (Immune::No, Immune::Conditional) => Extent::Limited,
        (Immune::No, Immune::No) => Extent::NotEnjoyed,
        _ => Extent::Dependent,
    };
    Enjoyed { extent, conditions: whole.conditions, citations: whole.citations }
}

/// The usual case: a tax that no convention treats apart, no grounds for suspicion.
fn other_tax() -> Circumstances {
    Circumstances { tax_kind: Some(TaxKind::OtherTax), serious_grounds: Some(false), ..Circumstances::default() }
}
