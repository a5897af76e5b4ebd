//! The order of precedence at an instant, from the letters of credence, charges, members and missions of the register.

use crate::charges::Charges;
use crate::credentials::Credentials;
use crate::members::Members;
use crate::missions::Missions;
use crate::practice::Practice;
use crate::precedence::{AdInterim, Claim, Letters, Standing, charges_at, heads_at, order};
use chrono::{DateTime, Utc};
use fault::Fault;
use prost_types::Timestamp;
use proto::accreditation::v1::charge::{Cause, Scope};
use proto::accreditation::v1::precedence_place::Standing as ShownAs;
use proto::accreditation::v1::{Charge, Credential, HeadClass, Member, Mission, PrecedencePlace};
use registry::{Keep, Registry, Store, instant, timestamp};
use std::collections::HashMap;

/// Where the order of precedence is put together.
#[derive(Clone, Debug)]
pub struct OrderOfPrecedence {
    credentials: Registry<Credentials>,
    charges: Registry<Charges>,
    members: Registry<Members>,
    missions: Registry<Missions>,
}

/// A place: the claim it rests on, and whose it is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) claim: Claim,
    pub(crate) holder: Member,
}

impl OrderOfPrecedence {
    /// The order, from these registers.
    pub fn new(store: &Store) -> Self {
        Self { credentials: store.keep(), charges: store.keep(), members: store.keep(), missions: store.keep() }
    }

    /// The places at an instant, the first in front, by what is known of it now: a fact entered late counts from when it
    /// was, not from when it was entered.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn at(&self, at: DateTime<Utc>) -> Result<Vec<Place>, Fault> {
        let credentials = every(&self.credentials, &[]).await?;
        let charges = every(&self.charges, &[("scope", &[Scope::AdInterim.as_str_name()])]).await?;
        let names =
            credentials.iter().map(|one| one.member.as_str()).chain(charges.iter().map(|one| one.member.as_str()));
        let members = every(&self.members, &[("name", &names.collect::<Vec<_>>())]).await?;
        let names: Vec<_> = members.iter().map(|member| member.mission.as_str()).collect();
        let missions = every(&self.missions, &[("name", &names)]).await?;
        let people: HashMap<String, Member> = members.into_iter().map(|member| (member.name.clone(), member)).collect();
        let missions: HashMap<&str, &Mission> =
            missions.iter().map(|mission| (mission.name.as_str(), mission)).collect();
        let letters: Vec<_> = credentials.iter().filter_map(|one| letters(one, &people, &missions)).collect();
        let charges: Vec<_> = charges.iter().filter_map(|one| ad_interim(one, &people, &missions)).collect();
        let mut claims = heads_at(&letters, at);
        claims.extend(charges_at(&charges, &claims, at));
        order(&mut claims, Practice::of(self.credentials.store().home()).nuncio());
        let place = |claim: Claim| people.get(&claim.member).map(|holder| Place { holder: holder.clone(), claim });
        Ok(claims.into_iter().filter_map(place).collect())
    }
}

/// Every record whose fields each have one of the values, at once: for rules that weigh all of them.
pub(crate) async fn every<K: Keep>(
    registry: &Registry<K>,
    fields: &[(&str, &[&str])],
) -> Result<Vec<K::Record>, Fault> {
    let mut found = Vec::new();
    registry.each(fields, |record| found.push(record)).await?;
    Ok(found)
}

impl Place {
    /// As the contract shows it; the name to those who may read personal data.
    pub(crate) fn shown(self, rank: i32, named: bool) -> PrecedencePlace {
        let Self { claim, holder } = self;
        let display_name = format!("{} {}", holder.given_names, holder.family_name);
        let standing = match claim.standing {
            Standing::FirstClass => ShownAs::HeadOfFirstClass,
            Standing::SecondClass => ShownAs::HeadOfSecondClass,
            Standing::ThirdClass => ShownAs::HeadOfThirdClass,
            Standing::AdInterim => ShownAs::AdInterim,
        };
        PrecedencePlace {
            rank,
            standing: standing.into(),
            mission: claim.mission,
            mission_title: claim.title,
            sending_state: claim.sending_state,
            member: claim.member,
            display_name: if named { display_name } else { String::new() },
            since: Some(timestamp(claim.since)),
        }
    }
}

fn letters(
    credential: &Credential,
    people: &HashMap<String, Member>,
    missions: &HashMap<&str, &Mission>,
) -> Option<Letters> {
    let (member, mission) = whose(&credential.member, people, missions)?;
    let standing = match credential.head_class() {
        HeadClass::Ambassador => Standing::FirstClass,
        HeadClass::Envoy => Standing::SecondClass,
        HeadClass::ChargeEnTitre | HeadClass::Unspecified => Standing::ThirdClass,
    };
    let since = time(&credential.functions_time)?;
    let claim = Claim { arrival: time(&credential.arrival_time), ..claim(standing, since, member, mission) };
    Some(Letters { claim, end: end(member, mission) })
}

fn ad_interim(
    charge: &Charge,
    people: &HashMap<String, Member>,
    missions: &HashMap<&str, &Mission>,
) -> Option<AdInterim> {
    let (member, mission) = whose(&charge.member, people, missions)?;
    let ended = [time(&charge.end_time), end(member, mission)].into_iter().flatten().min();
    let claim = claim(Standing::AdInterim, time(&charge.begin_time)?, member, mission);
    Some(AdInterim { claim, end: ended, post_vacant: charge.cause() == Cause::PostVacant })
}

fn whose<'r>(
    member: &str,
    people: &'r HashMap<String, Member>,
    missions: &HashMap<&str, &'r Mission>,
) -> Option<(&'r Member, &'r Mission)> {
    let member = people.get(member)?;
    Some((member, missions.get(member.mission.as_str())?))
}

fn claim(standing: Standing, since: DateTime<Utc>, member: &Member, mission: &Mission) -> Claim {
    Claim {
        standing,
        since,
        arrival: time(&member.arrival_time),
        sending_state: mission.sending_state.clone(),
        title: mission.title.clone(),
        member: member.name.clone(),
        mission: mission.name.clone(),
    }
}

/// When the functions or the mission ended, whichever was first.
fn end(member: &Member, mission: &Mission) -> Option<DateTime<Utc>> {
    let ends = [&member.termination_time, &member.decline_time, &member.end_time, &mission.close_time];
    ends.into_iter().filter_map(time).min()
}

fn time(time: &Option<Timestamp>) -> Option<DateTime<Utc>> {
    time.as_ref().and_then(instant)
}
