//! Endings: what the end of a member's functions, or of a mission, ends with it (VCDR art. 37, 39, 43-45; VCCR art. 53).

use crate::driver_licences::{self, DriverLicences};
use crate::grace;
use crate::identity_cards::{self, IdentityCards};
use crate::members::Members;
use crate::privilege_grants::{self, PrivilegeGrants};
use crate::tax_cards::{self, TaxCards};
use crate::vehicles::{self, Vehicles};
use chrono::{DateTime, Utc};
use fault::Fault;
use proto::accreditation::v1::identity_card::RevocationCause;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::{
    Category, Charge, ConsularCommission, DriverLicence, HonoraryConsul, IdentityCard, Member, Mission, PrivilegeGrant,
    TaxCard, Vehicle,
};
use registry::{Call, Foreseen, Held, Keep, Reader};

/// The states of a person whose functions have not ended.
pub(crate) const IN_FUNCTIONS: [&str; 6] =
    ["NOTIFIED", "VALIDATION", "RETURNED", "UNDER_REVIEW", "ACCREDITED", "CHANGE_REVIEW"];
/// The categories that derive from a principal.
const DEPENDANTS: [Category; 3] = [Category::FamilyMember, Category::PrivateServant, Category::ConsularPrivateStaff];

/// People whose functions end together, and what those of them hold of us who have not come, and then do not come: others
/// keep what they hold until their time to leave is over.
#[derive(Debug, Default)]
pub(crate) struct Leavers {
    members: Vec<Held<Members>>,
    of_absent: Holdings,
}

impl Leavers {
    pub(crate) async fn of(reader: &mut Reader<'_>, members: Vec<Held<Members>>) -> Result<Self, Fault> {
        let absent = members.iter().filter(|member| !grace::is_here(member));
        let absent: Vec<_> = absent.map(|member| member.name.as_str()).collect();
        let of_absent = Holdings::of(reader, &absent).await?;
        Ok(Self { members, of_absent })
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &Member> + Clone {
        self.members.iter().map(|member| &**member)
    }

    /// Ends the functions of all of them.
    pub(crate) fn end(self, verb: &str, cause: EndCause, ended: DateTime<Utc>, call: &mut Call) -> Result<(), Fault> {
        self.end_by(verb, call, |member, call| grace::end(member, cause, ended, call))
    }

    pub(crate) fn end_by(self, verb: &str, call: &mut Call, end: impl Fn(&mut Member, &mut Call)) -> Result<(), Fault> {
        self.members.into_iter().try_for_each(|member| {
            call.follow(member, verb, |member, call| {
                end(member, call);
                Ok(())
            })
        })?;
        self.of_absent.end(RevocationCause::FunctionsEnded, call)
    }
}

/// All of a mission whose functions have not ended: from the top down, those who derive from nobody first.
pub(crate) async fn everyone(reader: &mut Reader<'_>, mission: &Mission) -> Result<Leavers, Fault> {
    let all = (1..).map_while(|number| Category::try_from(number).ok());
    let (dependants, staff): (Vec<_>, Vec<_>) = all.partition(|category| DEPENDANTS.contains(category));
    let mut held = Vec::new();
    for categories in [staff, dependants] {
        let categories: Vec<_> = categories.iter().map(Category::as_str_name).collect();
        let name = [mission.name.as_str()];
        let fields: [(&str, &[&str]); 3] = [("mission", &name), ("category", &categories), ("state", &IN_FUNCTIONS)];
        held.extend(reader.hold::<Members>(&fields).await?);
    }
    Leavers::of(reader, held).await
}

/// As [`dependants`], with what is to end with them.
pub(crate) async fn kin(reader: &mut Reader<'_>, principal: &Member) -> Result<Leavers, Fault> {
    let kin = dependants(reader, principal).await?;
    Leavers::of(reader, kin).await
}

/// Those whose functions end with a principal's: the household as it is and, of the household, who is engaged by the
/// mission. Others who have functions of their own, as the second of two diplomats who are married, keep them.
pub(crate) async fn dependants(reader: &mut Reader<'_>, principal: &Member) -> Result<Vec<Held<Members>>, Fault> {
    if !principal.principal.is_empty() {
        return Ok(Vec::new());
    }
    let head = [principal.name.as_str()];
    let people = reader.all::<Member>(&[("principal", &head), ("state", &IN_FUNCTIONS)]).await?;
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

/// The verb by which something ends with the standing of its holder.
pub(crate) const WITH_HOLDER: &str = "endWithHolder";

/// What members, or a mission itself, hold of us that ends with their privileges. Each kind of thing has a line in each of
/// the functions.
#[derive(Debug, Default)]
pub(crate) struct Holdings {
    cards: Vec<Held<IdentityCards>>,
    tax_cards: Vec<Held<TaxCards>>,
    vehicles: Vec<Held<Vehicles>>,
    licences: Vec<Held<DriverLicences>>,
    grants: Vec<Held<PrivilegeGrants>>,
}

impl Holdings {
    pub(crate) async fn of(reader: &mut Reader<'_>, members: &[&str]) -> Result<Self, Fault> {
        if members.is_empty() {
            return Ok(Self::default());
        }
        Ok(Self {
            cards: reader.hold(&[("member", members), ("state", &["ISSUED"])]).await?,
            tax_cards: reader.hold(&[("member", members), ("state", &tax_cards::LIVE)]).await?,
            vehicles: reader.hold(&[("member", members), ("state", &vehicles::DRIVEN)]).await?,
            licences: reader.hold(&[("member", members), ("state", &driver_licences::OUT)]).await?,
            grants: reader.hold(&[("member", members), ("state", &["GRANTED"])]).await?,
        })
    }

    /// What a mission holds itself, not by one of its members.
    pub(crate) async fn of_mission(reader: &mut Reader<'_>, mission: &str) -> Result<Self, Fault> {
        Ok(Self {
            tax_cards: reader.hold(&[("mission", &[mission]), ("member", &[""]), ("state", &tax_cards::LIVE)]).await?,
            vehicles: reader.hold(&[("mission", &[mission]), ("member", &[""]), ("state", &vehicles::DRIVEN)]).await?,
            ..Self::default()
        })
    }

    pub(crate) fn end(self, cause: RevocationCause, call: &mut Call) -> Result<(), Fault> {
        each(self.cards, call, |card, call| identity_cards::end(card, cause, call))?;
        each(self.tax_cards, call, tax_cards::end)?;
        each(self.vehicles, call, vehicles::end)?;
        each(self.licences, call, driver_licences::end)?;
        each(self.grants, call, privilege_grants::end_now)
    }
}

fn each<K: Keep>(held: Vec<Held<K>>, call: &mut Call, end: impl Fn(&mut K::Record, &mut Call)) -> Result<(), Fault> {
    held.into_iter().try_for_each(|held| {
        call.follow(held, WITH_HOLDER, |record, call| {
            end(record, call);
            Ok(())
        })
    })
}

/// Whose the thing is that a rehearsal foresees the end of: a member's name, or empty for the mission's own.
pub(crate) fn holder(foreseen: &Foreseen) -> Result<String, Fault> {
    let found = [
        foreseen.record()?.map(|card: IdentityCard| card.member),
        foreseen.record()?.map(|card: TaxCard| card.member),
        foreseen.record()?.map(|vehicle: Vehicle| vehicle.member),
        foreseen.record()?.map(|licence: DriverLicence| licence.member),
        foreseen.record()?.map(|grant: PrivilegeGrant| grant.member),
        foreseen.record()?.map(|charge: Charge| charge.member),
        foreseen.record()?.map(|commission: ConsularCommission| commission.member),
        foreseen.record()?.map(|consul: HonoraryConsul| consul.member),
    ];
    Ok(found.into_iter().flatten().next().unwrap_or_default())
}
