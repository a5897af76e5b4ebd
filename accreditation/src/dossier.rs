//! All that the register knows of a person that bears on immunity: the member, the principal, the mission.

use crate::immunity::{Person, Residing, Subject, Timeline, Waived};
use crate::members::Members;
use crate::missions::Missions;
use chrono::{DateTime, Utc};
use fault::Fault;
use moka::sync::Cache;
use prost_types::Timestamp;
use proto::accreditation::v1::{Fact, Member, Mission, WaivedImmunity};
use proto::policy::v1::Reason;
use registry::{Reader, Registry, instant};
use std::sync::Arc;

/// How many sending states of missions are remembered.
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
    /// Missions never change their sending state, so it is read once.
    senders: Cache<String, Arc<str>>,
}

impl Dossiers {
    /// Dossiers from these registers.
    pub fn new(members: Registry<Members>, missions: Registry<Missions>) -> Self {
        Self { members, missions, senders: Cache::new(REMEMBERED) }
    }

    /// The dossier of a member, as the records are now; none if there is no such member.
    pub(crate) async fn of(&self, name: &str) -> Result<Option<Dossier>, Fault> {
        let Some((member, principal)) = self.people(name).await? else { return Ok(None) };
        let mission = self.missions.load(&member.mission).await?.ok_or_else(|| orphan(&member))?;
        self.senders.insert(mission.name.clone(), mission.sending_state.as_str().into());
        Ok(Some(Dossier::new(member, principal, mission)))
    }

    /// The same, of the mission the sending state alone: one record less to read where an answer is wanted fast.
    pub(crate) async fn brief(&self, name: &str) -> Result<Option<Dossier>, Fault> {
        let Some((member, principal)) = self.people(name).await? else { return Ok(None) };
        let Some(sender) = self.senders.get(&member.mission) else { return self.of(name).await };
        let mission = Mission { name: member.mission.clone(), sending_state: sender.to_string(), ..Mission::default() };
        Ok(Some(Dossier::new(member, principal, mission)))
    }

    async fn people(&self, name: &str) -> Result<Option<(Member, Option<Member>)>, Fault> {
        let Some(member) = self.members.load(name).await? else { return Ok(None) };
        let principal = match member.principal.as_str() {
            "" => None,
            principal => self.members.load(principal).await?,
        };
        Ok(Some((member, principal)))
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
