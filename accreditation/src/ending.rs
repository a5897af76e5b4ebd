//! Endings: what the end of a member's functions, or of a mission, ends with it (VCDR art. 37, 39, 43-45; VCCR art. 53).

use crate::grace;
use crate::identity_cards::{self, IdentityCards};
use crate::members::Members;
use crate::tax_cards::{self, TaxCards};
use chrono::{DateTime, Utc};
use fault::Fault;
use proto::accreditation::v1::identity_card::RevocationCause;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::{Category, Member, Mission};
use registry::{Call, Held, Reader};

/// The states of a person whose functions have not ended.
pub(crate) const IN_FUNCTIONS: [&str; 6] =
    ["NOTIFIED", "VALIDATION", "RETURNED", "UNDER_REVIEW", "ACCREDITED", "CHANGE_REVIEW"];
/// The categories that derive from a principal.
const DEPENDANTS: [Category; 3] = [Category::FamilyMember, Category::PrivateServant, Category::ConsularPrivateStaff];

/// All of a mission whose functions have not ended: from the top down, those who derive from nobody first.
pub(crate) async fn everyone(reader: &mut Reader<'_>, mission: &Mission) -> Result<Vec<Held<Members>>, Fault> {
    let all = (1..).map_while(|number| Category::try_from(number).ok());
    let (dependants, staff): (Vec<_>, Vec<_>) = all.partition(|category| DEPENDANTS.contains(category));
    let mut held = Vec::new();
    for categories in [staff, dependants] {
        let categories: Vec<_> = categories.iter().map(Category::as_str_name).collect();
        let name = [mission.name.as_str()];
        let fields: [(&str, &[&str]); 3] = [("mission", &name), ("category", &categories), ("state", &IN_FUNCTIONS)];
        held.extend(reader.hold::<Members>(&fields).await?);
    }
    Ok(held)
}

/// Those whose functions end with a principal's: the household and, of the household, who is engaged by the mission.
/// Others who have functions of their own, as the second of two diplomats who are married, keep them.
pub(crate) async fn kin(reader: &mut Reader<'_>, principal: &Member) -> Result<Vec<Held<Members>>, Fault> {
    if !principal.principal.is_empty() {
        return Ok(Vec::new());
    }
    let head = [principal.name.as_str()];
    let people = reader.all::<Member>(&[("principal", &head)]).await?;
    let people: Vec<_> = people.iter().map(|kin| kin.person.as_str()).collect();
    let mut held = Vec::new();
    if !people.is_empty() {
        let (mission, category) = ([principal.mission.as_str()], [Category::LocallyEngagedStaff.as_str_name()]);
        let engaged: [(&str, &[&str]); 4] =
            [("person", &people), ("mission", &mission), ("category", &category), ("state", &IN_FUNCTIONS)];
        held.extend(reader.hold::<Members>(&engaged).await?);
    }
    held.extend(reader.hold::<Members>(&[("principal", &head), ("state", &IN_FUNCTIONS)]).await?);
    Ok(held)
}

/// Those of the household whose time to leave runs with the principal's.
pub(crate) async fn kin_leaving(reader: &mut Reader<'_>, principal: &Member) -> Result<Vec<Held<Members>>, Fault> {
    let mut held: Vec<Held<Members>> =
        reader.hold(&[("principal", &[principal.name.as_str()]), ("state", &["GRACE"])]).await?;
    held.retain(|kin| kin.termination_time == principal.termination_time && !kin.grace_extended);
    Ok(held)
}

/// Ends the functions of all of them.
pub(crate) fn end_all(
    held: Vec<Held<Members>>,
    verb: &str,
    cause: EndCause,
    ended: DateTime<Utc>,
    call: &mut Call,
) -> Result<(), Fault> {
    let mut held = held.into_iter();
    held.try_for_each(|member| {
        call.follow(member, verb, |member, call| {
            grace::end(member, cause, ended, call);
            Ok(())
        })
    })
}

/// What a member holds of us that ends with the privileges. Each kind of thing has a line in each of the functions.
#[derive(Debug, Default)]
pub(crate) struct Holdings {
    cards: Vec<Held<IdentityCards>>,
    tax_cards: Vec<Held<TaxCards>>,
}

impl Holdings {
    pub(crate) async fn of(reader: &mut Reader<'_>, member: &str) -> Result<Self, Fault> {
        let cards = reader.hold(&[("member", &[member]), ("state", &["ISSUED"])]).await?;
        let tax_cards = reader.hold(&[("member", &[member]), ("state", &tax_cards::LIVE)]).await?;
        Ok(Self { cards, tax_cards })
    }

    pub(crate) fn end(self, cause: RevocationCause, call: &mut Call) -> Result<(), Fault> {
        self.cards.into_iter().try_for_each(|card| {
            call.follow(card, "endWithHolder", |card, call| {
                identity_cards::end(card, cause, call);
                Ok(())
            })
        })?;
        self.tax_cards.into_iter().try_for_each(|card| {
            call.follow(card, "endWithHolder", |card, call| {
                tax_cards::end(card, call);
                Ok(())
            })
        })
    }
}
