//! Who holds a benefit, a member of a mission or the mission itself, and whether their standing carries it.

use crate::dossier::{Dossier, Dossiers};
use crate::immunity::{Rules, standing};
use crate::missions::Missions;
use crate::reciprocity::Seeker;
use chrono::{DateTime, Utc};
use fault::{Fault, refuse_if};
use proto::accreditation::v1::{Category, Member, Mission, Reason, Status, member, mission};
use proto::policy::v1::Reason as House;
use registry::{Call, Reader, Registry, instant};

/// A member of a mission, or the mission itself.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    pub(crate) mission: Mission,
    dossier: Option<Dossier>,
}

/// Where holders are looked up outside a change.
#[derive(Clone, Debug)]
pub struct Holders {
    dossiers: Dossiers,
    missions: Registry<Missions>,
}

impl Holders {
    /// Holders from these registers.
    pub fn new(dossiers: Dossiers, missions: Registry<Missions>) -> Self {
        Self { dossiers, missions }
    }

    /// The holder as the records are now; none if there is no such member or mission.
    pub(crate) async fn of(&self, mission: &str, member: &str) -> Result<Option<Holder>, Fault> {
        if member.is_empty() {
            return Ok(self.missions.load(mission).await?.map(Holder::from));
        }
        Ok(self.dossiers.of(member).await?.map(Holder::from))
    }
}

impl From<Mission> for Holder {
    fn from(mission: Mission) -> Self {
        Self { mission, dossier: None }
    }
}

impl From<Dossier> for Holder {
    fn from(dossier: Dossier) -> Self {
        Self { mission: dossier.mission.clone(), dossier: Some(dossier) }
    }
}

impl Holder {
    /// The holder inside a change: none of the records can change until the change is committed.
    pub(crate) async fn share(reader: &mut Reader<'_>, mission: &str, member: &str) -> Result<Option<Self>, Fault> {
        if member.is_empty() {
            return Ok(reader.share::<Mission>(mission).await?.map(Self::from));
        }
        Ok(Dossier::share(reader, member).await?.map(Self::from))
    }

    /// The holder that a request names in these fields, if there is one the caller may name.
    pub(crate) fn named(found: Option<Self>, mission: &str, record: &str, call: &Call) -> Result<Self, Fault> {
        let theirs = call.principal().mission.as_deref().is_none_or(|own| own == mission);
        let Some(holder) = found.filter(|_| theirs) else {
            let field = if theirs { "member" } else { "mission" };
            let fault = Fault::new(House::BrokenReference, "there is no such member or mission");
            return Err(fault.at(format!("{record}.{field}"), "does not exist"));
        };
        refuse_if(holder.mission.name != mission, Reason::HolderMismatch, "the member is not of this mission")
            .map_err(|fault| fault.at(format!("{record}.member"), "is of another mission"))?;
        Ok(holder)
    }

    /// The member; none if it is the mission itself.
    pub(crate) fn member(&self) -> Option<&Member> {
        self.dossier.as_ref().map(|dossier| &dossier.member)
    }

    /// Who seeks a benefit.
    pub(crate) fn seeker(&self, rules: &Rules, at: DateTime<Utc>) -> Seeker<'_> {
        let state = self.mission.sending_state.as_str();
        let Some(dossier) = &self.dossier else {
            return Seeker { state, category: Category::Unspecified, family: false };
        };
        let category = standing(rules, &dossier.subject(), at).derived_from;
        Seeker { state, category, family: dossier.member.category() == Category::FamilyMember }
    }

    /// Nothing new is granted but to accredited members in functions, and to missions at work.
    pub(crate) fn may_receive(&self, rules: &Rules, at: DateTime<Utc>) -> Result<(), Fault> {
        let accredited = self.dossier.as_ref().is_none_or(|dossier| {
            matches!(dossier.member.state(), member::State::Accredited | member::State::ChangeReview)
                && standing(rules, &dossier.subject(), at).status == Status::Active
        });
        refuse_if(!accredited, Reason::HolderNotInStanding, "the member is not accredited, or not in functions")?;
        let unwanted = self.member().is_some_and(|member| member.unwanted_time.is_some());
        refuse_if(unwanted, Reason::HolderUnwanted, "nothing is granted to someone declared persona non grata")?;
        let at_work = matches!(
            self.mission.state(),
            mission::State::Establishing | mission::State::Open | mission::State::Restricted
        );
        refuse_if(!at_work, Reason::HolderNotInStanding, "the mission is not at work")
            .map_err(|fault| fault.with("state", self.mission.state().as_str_name()))
    }

    /// Whether what was granted goes on: a member's until the end of the reasonable period (VCDR art. 39.2; VCCR art.
    /// 53.3), the mission's own until it is suspended or closed or, relations being broken, until the end of its time to
    /// wind up (VCDR art. 44, 45).
    pub(crate) fn keeps(&self, rules: &Rules, at: DateTime<Utc>) -> bool {
        match &self.dossier {
            Some(dossier) => {
                matches!(standing(rules, &dossier.subject(), at).status, Status::Active | Status::GracePeriod)
            }
            None => {
                let winding_up = self.mission.withdraw_end_time.as_ref().and_then(instant).is_some_and(|end| at < end);
                winding_up
                    || matches!(
                        self.mission.state(),
                        mission::State::Establishing
                            | mission::State::Open
                            | mission::State::Restricted
                            | mission::State::Closing
                    )
            }
        }
    }
}
