//! What stands in the way of a mission's closure: things of ours it must give back, and property nobody would look after
//! (VCDR art. 45; VCCR art. 27).

use crate::members::LIVE;
use crate::tax_cards;
use crate::vehicles::PLATED;
use fault::{Fault, refuse_if};
use proto::accreditation::v1::property::{Action, State};
use proto::accreditation::v1::{Member, Property, Reason, TaxCard, Vehicle};
use registry::Reader;

/// What is not settled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unsettled {
    members: bool,
    tax_cards: Vec<TaxCard>,
    vehicles: Vec<Vehicle>,
    properties: Vec<Property>,
}

impl Unsettled {
    /// What a mission has not settled. The mission is locked where that decides, and whoever notifies a member to it or
    /// grants it anything locks or shares it too: nothing comes meanwhile.
    pub(crate) async fn of(reader: &mut Reader<'_>, mission: &str) -> Result<Self, Fault> {
        let own = ("mission", [mission]);
        Ok(Self {
            members: reader.exists::<Member>(&[(own.0, &own.1), ("state", &LIVE)]).await?,
            tax_cards: reader.all(&[(own.0, &own.1), ("state", &tax_cards::LIVE)]).await?,
            vehicles: reader.all(&[(own.0, &own.1), ("state", &PLATED)]).await?,
            properties: reader.all(&[(own.0, &own.1)]).await?,
        })
    }

    /// Whether the mission can close.
    pub(crate) fn settled(&self) -> Result<(), Fault> {
        let words = "the mission still has members who are notified, accredited or in their grace period";
        refuse_if(self.members, Reason::MissionHasMembers, words)?;
        let cards: Vec<_> = self.tax_cards.iter().map(|card| card.name.as_str()).collect();
        none(&cards, Reason::MissionHasTaxCards, "a tax card of the mission is still good")?;
        let vehicles: Vec<_> = self.vehicles.iter().map(|vehicle| vehicle.name.as_str()).collect();
        none(&vehicles, Reason::MissionHasPlates, "plates of the mission or its members are still out")?;
        let held: Vec<_> = held(&self.properties).map(|property| property.name.as_str()).collect();
        none(&held, Reason::MissionHasProperty, "the mission still holds a property, or an action on one is open")
    }

    /// What is to be settled before the mission can close, when its members have gone: their own tax cards end with their
    /// privileges, the plates of their vehicles come back by hand.
    pub(crate) fn names(&self) -> Vec<String> {
        let cards = self.tax_cards.iter().filter(|card| card.member.is_empty()).map(|card| &card.name);
        let vehicles = self.vehicles.iter().map(|vehicle| &vehicle.name);
        let properties = held(&self.properties).map(|property| &property.name);
        cards.chain(vehicles).chain(properties).cloned().collect()
    }
}

/// The most names told in a refusal.
const MOST_NAMED: usize = 10;

fn none(names: &[&str], reason: Reason, words: &str) -> Result<(), Fault> {
    let named = names[..names.len().min(MOST_NAMED)].join(", ");
    refuse_if(!names.is_empty(), reason, words)
        .map_err(|fault| fault.with("names", named).with("count", names.len().to_string()))
}

/// Properties that a mission still holds, and open actions on others. It holds what it bought or leased, until a sale of
/// that is completed, it is divested, or it is in custody.
fn held(properties: &[Property]) -> impl Iterator<Item = &Property> {
    let sold = |name: &str| {
        properties
            .iter()
            .any(|other| other.previous == name && other.action() == Action::Sale && other.state() == State::Completed)
    };
    properties.iter().filter(move |property| match property.state() {
        State::Completed => matches!(property.action(), Action::Acquisition | Action::Lease) && !sold(&property.name),
        State::DivestitureOrdered => !sold(&property.name),
        State::Disapproved | State::Withdrawn | State::Divested | State::VacantCustody | State::Unspecified => false,
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn property(name: &str, action: Action, state: State, previous: &str) -> Property {
        let (name, previous) = (name.to_owned(), previous.to_owned());
        Property { name, previous, action: action.into(), state: state.into(), ..Property::default() }
    }

    #[test]
    fn what_was_bought_is_held_until_it_is_sold_divested_or_in_custody() {
        let bought = |state| property("a", Action::Acquisition, state, "");
        let sale = |state| property("b", Action::Sale, state, "a");
        for (properties, expected) in [
            (vec![bought(State::Completed)], vec!["a"]),
            (vec![bought(State::Completed), sale(State::Completed)], vec![]),
            (vec![bought(State::Completed), sale(State::Approved)], vec!["a", "b"]),
            (vec![bought(State::Completed), sale(State::Withdrawn)], vec!["a"]),
            (vec![bought(State::DivestitureOrdered)], vec!["a"]),
            (vec![bought(State::Divested)], vec![]),
            (vec![bought(State::VacantCustody)], vec![]),
            (vec![bought(State::InReview)], vec!["a"]),
            (vec![bought(State::Disapproved)], vec![]),
            (vec![property("c", Action::Alteration, State::Completed, "a")], vec![]),
            (vec![property("c", Action::Alteration, State::DeemedApproved, "a")], vec!["c"]),
        ] {
            let names: Vec<_> = held(&properties).map(|one| one.name.as_str()).collect();
            assert_eq!(names, expected, "{properties:?}");
        }
    }
}
