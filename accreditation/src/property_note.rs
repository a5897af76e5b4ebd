//! What a note about an action on a property must say, and what stands against an approval; pure (22 U.S.C. 4305, 4306).

use crate::usage;
use fault::{Fault, Violation, refuse_if};
use proto::accreditation::v1::property::{Action, Finding, Item, Matter, Use};
use proto::accreditation::v1::{Property, PropertyOpinion, Reason};

/// What the note lacks, in the order of the contract.
pub(crate) fn missing(property: &Property) -> Vec<Item> {
    let declaration = property.declaration.as_ref();
    let works = matches!(property.action(), Action::Alteration | Action::Addition);
    let lacks = [
        (Item::Address, property.address.as_ref().is_none_or(|address| address.address_lines.is_empty())),
        (Item::Area, property.area_square_metres <= 0.0),
        (Item::Use, property.proposed_use() == Use::Unspecified),
        (Item::PresentUse, property.action() == Action::ChangeOfUse && property.present_use() == Use::Unspecified),
        (Item::Contact, property.contact.is_none()),
        (Item::DisposalDuty, !declaration.is_some_and(|declaration| declaration.disposal_duty)),
        (Item::CommercialUse, declaration.is_none_or(|declaration| declaration.commercial_use.is_none())),
        (Item::Works, works && property.works.is_empty()),
        (Item::Plans, works && property.documents.is_empty()),
    ];
    lacks.into_iter().filter(|(_, lacks)| *lacks).map(|(item, _)| item).collect()
}

/// A note that lacks something is not reviewed; every item is named.
pub(crate) fn complete(property: &Property) -> Result<(), Fault> {
    let missing = missing(property);
    let words = "the note lacks what it must have";
    let violations = missing.iter().map(|item| Violation {
        field: field_of(*item).to_owned(),
        description: "is missing from the note".to_owned(),
    });
    refuse_if(!missing.is_empty(), Reason::PropertyNoteIncomplete, words)
        .map_err(|fault| fault.with_violations(violations))
}

fn field_of(item: Item) -> &'static str {
    match item {
        Item::Unspecified => "",
        Item::Address => "address",
        Item::Area => "areaSquareMetres",
        Item::Use => "proposedUse",
        Item::PresentUse => "presentUse",
        Item::Contact => "contact",
        Item::DisposalDuty => "declaration.disposalDuty",
        Item::CommercialUse => "declaration.commercialUse",
        Item::Works => "works",
        Item::Plans => "documents",
    }
}

/// Puts an opinion on record, in the place of an earlier one on the same matter.
pub(crate) fn record(opinions: &mut Vec<PropertyOpinion>, opinion: PropertyOpinion) -> Result<(), Fault> {
    let known = &usage::usage().property.zoning_criteria;
    let zoning = opinion.matter() == Matter::ZoningOpinion;
    let strange = opinion.criteria.iter().find(|criterion| !zoning || !known.contains(&criterion.code));
    if let Some(criterion) = strange {
        let words = format!("{} is no criterion of this decision", criterion.code);
        return Err(Fault::new(Reason::CriterionUnknown, words).with("criteria", known.join(", ")));
    }
    opinions.retain(|earlier| earlier.matter != opinion.matter);
    opinions.push(opinion);
    opinions.sort_by_key(|opinion| opinion.matter);
    Ok(())
}

/// Nothing is approved before everyone who must be asked was.
pub(crate) fn consulted(opinions: &[PropertyOpinion]) -> Result<(), Fault> {
    let asked = |matter: &str| opinions.iter().any(|opinion| opinion.matter().as_str_name() == matter);
    let missing: Vec<_> =
        usage::usage().property.opinions.iter().map(String::as_str).filter(|matter| !asked(matter)).collect();
    let words = "someone who must be asked was not";
    refuse_if(!missing.is_empty(), Reason::OpinionMissing, words)
        .map_err(|fault| fault.with("missing", missing.join(", ")))
}

/// An unconditional approval goes against no objection and passes over no condition that was asked for.
pub(crate) fn unopposed(opinions: &[PropertyOpinion]) -> Result<(), Fault> {
    let against = opinions.iter().find(|opinion| opinion.finding() != Finding::NoObjection);
    let words = "someone who was asked objects, or asks for conditions";
    refuse_if(against.is_some(), Reason::OpinionObjects, words)
        .map_err(|fault| fault.with("matter", against.map_or("", |opinion| opinion.matter().as_str_name())))
}

/// A chancery is completed only where zoning lets it stand.
pub(crate) fn zoned(property: &Property) -> Result<(), Fault> {
    let zoned = &usage::usage().property.zoned_uses;
    let needed = property.action() != Action::Sale
        && zoned.iter().any(|name| name.as_str() == property.proposed_use().as_str_name());
    let cleared = property.opinions.iter().any(|opinion| {
        opinion.matter() == Matter::ZoningOpinion
            && matches!(opinion.finding(), Finding::NoObjection | Finding::WithConditions)
    });
    refuse_if(needed && !cleared, Reason::ZoningNotCleared, "zoning is not cleared for this use")
}
