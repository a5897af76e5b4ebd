//! All that the register knows of a person that bears on immunity: the member, the principal, the mission.

use crate::immunity::{Person, Residing, Subject, Timeline, Waived};
use crate::members::Members;
use crate::missions::Missions;
use chrono::{DateTime, Utc};
use fault::Fault;
use moka::sync::Cache;
use prost_types::Timestamp;
use proto::accreditation::v1::mission::Type;
use proto::accreditation::v1::{Fact, Member, Mission, WaivedImmunity};
use proto::policy::v1::Reason;
use registry::{Ground, Reader, Registry, instant};
use std::sync::Arc;

/// How many people's dossiers, and sending states and types of missions, are remembered.
const REMEMBERED: u64 = 10_000;

/// A person's records.
#[derive(Clone, Debug)]
pub(crate) struct Dossier {
    pub(crate) member: Member,
    pub(crate) mission: Mission,
    principal: Option<Member>,
    residence: Vec<Residing>,
    principal_residence: Vec<Residing>,
}

/// Where dossiers are put together.
#[derive(Clone, Debug)]
pub struct Dossiers {
    members: Registry<Members>,
    missions: Registry<Missions>,
    /// Missions never change their sending state and their type, so they are read once.
    senders: Cache<String, (Arc<str>, Type)>,
    /// Of people asked about lately, what bears on immunity and is not personal. It may have changed since.
    recent: Cache<String, Arc<Dossier>>,
}

impl Dossiers {
    /// Dossiers from these registers.
    pub fn new(members: Registry<Members>, missions: Registry<Missions>) -> Self {
        Self { members, missions, senders: Cache::new(REMEMBERED), recent: Cache::new(REMEMBERED) }
    }

    /// The dossier of a member, as the records are now; none if there is no such member.
    pub(crate) async fn of(&self, name: &str) -> Result<Option<Dossier>, Fault> {
        let Some(member) = self.members.load(name).await? else { return Ok(None) };
        let principal = match member.principal.as_str() {
            "" => None,
            principal => self.members.load(principal).await?,
        };
        let mission = self.missions.load(&member.mission).await?.ok_or_else(|| orphan(&member))?;
        Ok(Some(Dossier::new(member, principal, mission)))
    }

    /// What bears on a member's immunity, and nothing personal: as it is remembered, if it is. Who answers from it
    /// writes the answer on its [`Dossier::grounds`], and if those have changed asks for it [`Dossiers::anew`].
    pub(crate) async fn recent(&self, name: &str) -> Result<Option<Arc<Dossier>>, Fault> {
        match self.recent.get(name) {
            Some(dossier) => Ok(Some(dossier)),
            None => self.anew(name).await,
        }
    }

    /// The same as the records are now; it is remembered.
    pub(crate) async fn anew(&self, name: &str) -> Result<Option<Arc<Dossier>>, Fault> {
        let Some(member) = self.members.load_public(name).await? else { return Ok(None) };
        let principal = match member.principal.as_str() {
            "" => None,
            principal => self.members.load_public(principal).await?,
        };
        let mission = self.sender(&member).await?;
        let dossier = Arc::new(Dossier::new(member, principal, mission));
        self.recent.insert(name.to_owned(), Arc::clone(&dossier));
        Ok(Some(dossier))
    }

    /// Of the member's mission the sending state and the type alone.
    async fn sender(&self, member: &Member) -> Result<Mission, Fault> {
        let (sending_state, r#type) = match self.senders.get(&member.mission) {
            Some(sender) => sender,
            None => {
                let mission = self.missions.load(&member.mission).await?.ok_or_else(|| orphan(member))?;
                let sender = (Arc::from(mission.sending_state.as_str()), mission.r#type());
                self.senders.insert(mission.name, sender.clone());
                sender
            }
        };
        let (name, sending_state) = (member.mission.clone(), sending_state.to_string());
        Ok(Mission { name, sending_state, r#type: r#type.into(), ..Mission::default() })
    }
}

impl Dossier {
    /// The dossier of these records.
    pub(crate) fn new(member: Member, principal: Option<Member>, mission: Mission) -> Self {
        let residence = residing(&member.facts);
        let principal_residence = principal.as_ref().map(|principal| residing(&principal.facts)).unwrap_or_default();
        Self { member, mission, principal, residence, principal_residence }
    }

    /// The dossier inside a change: none of its records can change until the change is committed.
    pub(crate) async fn share(reader: &mut Reader<'_>, name: &str) -> Result<Option<Self>, Fault> {
        // Whose record it is never changes, and must be known to take the locks from the top down.
        let Some(glanced): Option<Member> = reader.glance(name).await? else { return Ok(None) };
        let mission: Mission = reader.share(&glanced.mission).await?.ok_or_else(|| orphan(&glanced))?;
        let principal = match glanced.principal.as_str() {
            "" => None,
            principal => reader.share(principal).await?,
        };
        let Some(member): Option<Member> = reader.share(name).await? else { return Ok(None) };
        Ok(Some(Self::new(member, principal, mission)))
    }

    /// The people's records that an answer from it rests on. Of the mission nothing is taken that can change.
    pub(crate) fn grounds(&self) -> Vec<Ground> {
        [Some(&self.member), self.principal.as_ref()].into_iter().flatten().map(Ground::of).collect()
    }

    /// The member that this one derives from.
    pub(crate) fn principal(&self) -> Option<&Member> {
        self.principal.as_ref()
    }

    /// The person as the engine knows people, for what no waiver touches: level and status.
    pub(crate) fn subject(&self) -> Subject<'_> {
        self.subject_with(&[])
    }

    /// The same with what was waived, as [`Dossier::waived`] says.
    pub(crate) fn subject_with<'a>(&'a self, waived: &'a [Waived]) -> Subject<'a> {
        Subject {
            waived,
            sending_state: &self.mission.sending_state,
            honorary_post: self.mission.r#type() == Type::HonoraryPost,
            member: person(&self.member, &self.residence),
            relation: self.member.relation(),
            principal: self.principal.as_ref().map(|principal| person(principal, &self.principal_residence)),
        }
    }
}

impl Dossier {
    /// What the sending state has waived, held against the proceedings a question is about, if it says which.
    pub(crate) fn waived(&self, proceedings: &str) -> Vec<Waived> {
        let covers = |own: &str| (!proceedings.is_empty()).then(|| own.eq_ignore_ascii_case(proceedings));
        let waived = |waived: &WaivedImmunity| {
            Some(Waived {
                scope: waived.scope(),
                from: waived.effective_time.as_ref().and_then(instant)?,
                covers: covers(&waived.proceedings),
                partial: waived.partial,
                inviolability: waived.inviolability,
            })
        };
        self.member.waived.iter().filter_map(waived).collect()
    }
}

fn person<'a>(member: &Member, residence: &'a [Residing]) -> Person<'a> {
    let at = |time: &Option<Timestamp>| -> Option<DateTime<Utc>> { time.as_ref().and_then(instant) };
    let timeline = Timeline {
        already_present: member.already_present,
        arrival: at(&member.arrival_time),
        notification: at(&member.notify_time),
        decline: at(&member.decline_time),
        termination: at(&member.termination_time),
        cause: member.end_cause(),
        grace_end: at(&member.grace_end_time),
        departure: at(&member.departure_time),
    };
    Person { category: member.category(), residence, timeline }
}

fn residing(facts: &[Fact]) -> Vec<Residing> {
    let known =
        |fact: &Fact| Some(Residing { from: instant(fact.effective_time.as_ref()?)?, residence: fact.residence() });
    facts.iter().filter_map(known).collect()
}

fn orphan(member: &Member) -> Fault {
    Fault::new(Reason::Internal, "a member is kept without its mission").with("mission", member.mission.clone())
}
