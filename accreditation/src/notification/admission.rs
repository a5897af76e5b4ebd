//! What the treaties and the register demand of a notification, whatever our practice; pure (VCDR art. 1, 7, 8, 10, 11; VCCR art. 1, 19, 20, 22, 24).

use super::gather::Surroundings;
use crate::agrements;
use crate::honorary_consuls;
use crate::terms::Terms;
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use proto::accreditation::v1::mission::Type;
use proto::accreditation::v1::{Category, Fact, Member, Mission, Reason, Relation, Residence, member, mission};
use proto::policy::v1::Reason as House;
use registry::{Call, instant};
use uuid::Uuid;

/// Whether a person can be notified as this member.
pub(crate) fn admit(member: &Member, around: &Surroundings, call: &Call) -> Result<(), Fault> {
    let Some(mission) = around.mission.as_ref().filter(|mission| may_see(call, mission)) else {
        let fault = Fault::new(House::BrokenReference, "there is no such mission");
        return Err(fault.at("member.mission", "does not exist"));
    };
    let receives =
        matches!(mission.state(), mission::State::Establishing | mission::State::Open | mission::State::Restricted);
    refuse_if(!receives, Reason::MissionNotReceiving, "the mission does not receive members in its present state")
        .map_err(|fault| fault.with("state", mission.state().as_str_name()))?;
    let full = mission.state() == mission::State::Restricted && around.members >= i64::from(mission.size_limit);
    refuse_if(full, Reason::MissionFull, "the mission has reached the size we accept")
        .map_err(|fault| fault.with("limit", mission.size_limit.to_string()))?;
    let fits = exists_at(member.category(), mission.r#type());
    refuse_if(!fits, Reason::CategoryMismatch, "the category does not exist at this kind of mission").map_err(
        |fault| fault.at("member.category", format!("does not exist at {}", mission.r#type().as_str_name())),
    )?;
    derives_rightly(member, around.principal.as_ref())?;
    nationality_agreed(member, &mission.sending_state)?;
    agrements::opens(member, mission.r#type(), around.agrement.as_deref())?;
    honorary_consuls::opens(member, around.recognition.as_deref())?;
    check_person(member, call)
}

/// What the notification says of the person, apart from the mission.
pub(crate) fn check_person(member: &Member, call: &Call) -> Result<(), Fault> {
    let national = member.nationality == call.home().state;
    let contradicts = national != (member.residence() == Residence::National);
    if contradicts && national {
        let fault = Fault::new(House::InvalidFields, "nationality and residence contradict each other");
        return Err(fault.at("member.residence", "must be NATIONAL for a national of our state"));
    }
    let today = call.now().date_naive();
    let arrival = member.arrival_time.as_ref().and_then(instant);
    let fault = || Fault::new(Reason::DatesImplausible, "the dates contradict each other or lie in the future");
    if arrival.is_some_and(|arrival| arrival > call.now()) {
        return Err(fault().at("member.arrivalTime", "lies in the future"));
    }
    let born: NaiveDate = member.birth_date.parse().map_err(|_| fault().at("member.birthDate", "is no date"))?;
    if born > today {
        return Err(fault().at("member.birthDate", "lies in the future"));
    }
    let age = today.years_since(born).unwrap_or_default();
    let terms = call.data::<Terms>();
    let least = if is_diplomat(member.category()) { terms.diplomat_age } else { 0 };
    let most = match member.relation() {
        Relation::Child => terms.child_age,
        Relation::StudentChild => terms.student_age,
        _ => u32::MAX,
    };
    refuse_if(age < least || age >= most, Reason::AgeUnfit, format!("the person is {age} years old"))
        .map_err(|fault| fault.at("member.birthDate", "does not fit the category or the relation"))
}

/// Notes what holds of the person as notified, and when it was.
pub(crate) fn record(member: &mut Member, call: &Call) {
    let arrival = member.arrival_time.as_ref().and_then(instant);
    if member.notify_time.is_none() {
        member.notify_time = Some(call.timestamp());
    }
    let notified = member.notify_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    let within = call.data::<Terms>().notify_within;
    member.notified_late = arrival.is_some_and(|arrival| arrival + within < notified);
    if member.person.is_empty() {
        member.person = format!("people/{}", Uuid::now_v7());
    }
    let since = arrival.unwrap_or(notified).min(notified);
    member.facts = vec![Fact {
        effective_time: Some(registry::timestamp(since)),
        residence: member.residence,
        title: member.title.clone(),
    }];
}

/// A mission's own staff notify to their own mission alone, and learn nothing of others.
fn may_see(call: &Call, mission: &Mission) -> bool {
    call.principal().mission.as_deref().is_none_or(|own| own == mission.name)
}

/// Family members and private servants derive from a principal of the same mission, and nobody else does.
fn derives_rightly(member: &Member, principal: Option<&Member>) -> Result<(), Fault> {
    let servant = matches!(member.category(), Category::PrivateServant | Category::ConsularPrivateStaff);
    let derives = servant || member.category() == Category::FamilyMember;
    let consistent = derives != member.principal.is_empty()
        && derives == (member.relation() != Relation::Unspecified)
        && servant == (member.relation() == Relation::Servant);
    let words = "a family member or servant names its principal and relation, and nobody else does";
    refuse_if(!consistent, Reason::PrincipalMismatch, words)?;
    if !derives {
        return Ok(());
    }
    let fit = principal.is_some_and(|principal| {
        let in_functions = !matches!(
            principal.state(),
            member::State::Declined | member::State::Grace | member::State::Ended | member::State::Unspecified
        );
        principal.mission == member.mission && principal.principal.is_empty() && in_functions
    });
    let words = "the principal is not a member of the same mission in functions";
    refuse_if(!fit, Reason::PrincipalUnfit, words).map_err(|fault| fault.at("member.principal", "is not fit"))
}

/// Those who represent the sending state are its nationals; others only with our consent (VCDR art. 8; VCCR art. 22).
fn nationality_agreed(member: &Member, sending_state: &str) -> Result<(), Fault> {
    let represents = is_diplomat(member.category())
        || matches!(member.category(), Category::HeadOfConsularPost | Category::ConsularOfficer);
    let own = member.nationality == sending_state && member.residence() != Residence::National;
    let words = "the person is not a national of the sending state, and our consent is not on file";
    refuse_if(represents && !own && !member.nationality_consent, Reason::NationalityNeedsConsent, words)
}

fn is_diplomat(category: Category) -> bool {
    matches!(category, Category::HeadOfMission | Category::DiplomaticStaff | Category::ServiceAttache)
}

/// Which categories there are at which kinds of mission.
fn exists_at(category: Category, mission: Type) -> bool {
    use Category as C;
    let embassy =
        matches!(mission, Type::Embassy | Type::Delegation | Type::RepresentativeOffice | Type::MiscForeignGovOffice);
    let to_organisation = matches!(mission, Type::PermanentMission | Type::ObserverMission);
    let career_post =
        matches!(mission, Type::ConsulateGeneral | Type::Consulate | Type::ViceConsulate | Type::ConsularAgency);
    let post = career_post || mission == Type::HonoraryPost;
    match category {
        C::Unspecified => false,
        C::HeadOfMission | C::DiplomaticStaff | C::ServiceAttache => embassy,
        C::AdministrativeAndTechnicalStaff | C::ServiceStaff => embassy,
        C::PrivateServant => embassy || to_organisation,
        C::HeadOfConsularPost | C::ConsularOfficer => career_post,
        C::ConsularEmployee | C::ConsularServiceStaff | C::ConsularPrivateStaff | C::HonoraryConsularOfficer => post,
        C::ResidentRepresentative | C::PermanentMissionSupportStaff | C::MeetingRepresentative => to_organisation,
        C::IoExecutive | C::IoOfficial | C::IoExpert => mission == Type::IoOffice,
        C::FamilyMember | C::LocallyEngagedStaff | C::TemporaryDuty => true,
    }
}
