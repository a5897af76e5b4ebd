//! Who files for a mission: its own staff, for it alone, and only while it is at work.

use fault::{Fault, refuse_if};
use proto::accreditation::v1::{Member, Mission, Reason, mission};
use proto::policy::v1::Reason as House;
use registry::Call;

/// The mission a filing names at `field`, if the caller may file for it. To a mission's own staff others do not exist.
pub(crate) fn own(mission: Option<Mission>, field: &str, call: &Call) -> Result<Mission, Fault> {
    let may = |mission: &Mission| call.principal().mission.as_deref().is_none_or(|own| own == mission.name);
    mission
        .filter(may)
        .ok_or_else(|| Fault::new(House::BrokenReference, "there is no such mission").at(field, "does not exist"))
}

/// The same of a mission that is at work: open, restricted or being established.
pub(crate) fn own_at_work(mission: Option<Mission>, field: &str, call: &Call) -> Result<Mission, Fault> {
    let mission = own(mission, field, call)?;
    let at_work =
        matches!(mission.state(), mission::State::Establishing | mission::State::Open | mission::State::Restricted);
    refuse_if(!at_work, Reason::MissionNotAtWork, "the mission is not at work in its present state")
        .map_err(|fault| fault.with("state", mission.state().as_str_name()))?;
    Ok(mission)
}

/// The member that a filing names at `field`, if it names one, is one of the mission's.
pub(crate) fn of_mission(named: &str, member: Option<&Member>, mission: &Mission, field: &str) -> Result<(), Fault> {
    let theirs = member.is_some_and(|member| member.mission == mission.name);
    let words = "there is no such member of this mission";
    refuse_if(!named.is_empty() && !theirs, House::BrokenReference, words)
        .map_err(|fault| fault.at(field, "is no member of this mission"))
}
