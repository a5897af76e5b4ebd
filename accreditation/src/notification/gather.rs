//! The facts a notification is held against, read in the transaction that decides.

use super::name::folded;
use crate::agrements::Agrements;
use crate::arrivals;
use crate::honorary_consuls::HonoraryConsuls;
use crate::members::LIVE;
use fault::Fault;
use proto::accreditation::v1::{Member, Mission, UpdateMemberRequest};
use registry::{Held, Reader};

/// The most people told who may be the same.
const MOST_ALIKE: usize = 10;

/// What a notification is held against.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    /// The mission that notifies.
    pub(crate) mission: Option<Mission>,
    /// The member a dependant derives from.
    pub(crate) principal: Option<Member>,
    /// The agrément a head of mission names.
    pub(crate) agrement: Option<Held<Agrements>>,
    /// The recognition an honorary consular officer names.
    pub(crate) recognition: Option<Held<HonoraryConsuls>>,
    /// The member whose post the person takes over.
    pub(crate) predecessor: Option<Member>,
    /// How many members the mission has.
    pub(crate) members: i64,
    /// How many others of the category it has; counted if it has limits by category.
    pub(crate) in_category: i64,
    /// The people of the household.
    pub(crate) household: Vec<String>,
    /// People on record who may be the same.
    pub(crate) resembles: Vec<String>,
}

/// For a new notification. The mission is locked: notifications to one mission come one after another, so that its limits
/// hold, and none comes while it closes.
pub(crate) async fn surroundings(reader: &mut Reader<'_>, member: &Member) -> Result<Surroundings, Fault> {
    let mission: Option<Mission> = reader.lock(&member.mission).await?;
    let principal: Option<Member> = match member.principal.as_str() {
        "" => None,
        name => reader.share(name).await?,
    };
    let predecessor = match predecessor(member) {
        "" => None,
        name => reader.share(name).await?,
    };
    let agrement = arrivals::agrement(reader, member, &()).await?;
    let recognition = match member.honorary_consul.as_str() {
        "" => None,
        name => reader.hold::<HonoraryConsuls>(&[("name", &[name])]).await?.pop(),
    };
    let members = reader.count::<Member>(&[("mission", &[member.mission.as_str()]), ("state", &LIVE)]).await?;
    let in_category = in_category(reader, member, mission.as_ref()).await?;
    let household = household(reader, member).await?;
    let resembles = resembling(reader, member).await?;
    Ok(Surroundings {
        mission,
        principal,
        agrement,
        recognition,
        predecessor,
        members,
        in_category,
        household,
        resembles,
    })
}

/// For one that was filed already: as things stand, with nothing locked.
pub(crate) async fn circumstances(reader: &mut Reader<'_>, member: &Member) -> Result<Surroundings, Fault> {
    let mission: Option<Mission> = reader.glance(&member.mission).await?;
    let predecessor = match predecessor(member) {
        "" => None,
        name => reader.glance(name).await?,
    };
    let in_category = in_category(reader, member, mission.as_ref()).await?;
    let household = household(reader, member).await?;
    let resembles = resembling(reader, member).await?;
    Ok(Surroundings { mission, predecessor, in_category, household, resembles, ..Surroundings::default() })
}

/// The notification as it would be read after a correction: what is not corrected stays.
pub(crate) async fn as_corrected(
    reader: &mut Reader<'_>,
    member: &Member,
    request: &UpdateMemberRequest,
) -> Result<Surroundings, Fault> {
    let mut corrected = member.clone();
    if let Some(new) = &request.member {
        let fields = [
            (&mut corrected.passport_number, &new.passport_number),
            (&mut corrected.birth_date, &new.birth_date),
            (&mut corrected.family_name, &new.family_name),
            (&mut corrected.given_names, &new.given_names),
        ];
        fields.into_iter().filter(|(_, new)| !new.is_empty()).for_each(|(old, new)| old.clone_from(new));
        corrected.particulars = new.particulars.clone().or(corrected.particulars);
    }
    let agrement = arrivals::agrement(reader, &corrected, request).await?;
    Ok(Surroundings { agrement, ..circumstances(reader, &corrected).await? })
}

fn predecessor(member: &Member) -> &str {
    member.particulars.as_ref().map_or("", |particulars| &particulars.predecessor)
}

async fn in_category(reader: &mut Reader<'_>, member: &Member, mission: Option<&Mission>) -> Result<i64, Fault> {
    if mission.is_none_or(|mission| mission.category_limits.is_empty()) {
        return Ok(0);
    }
    let (mission, category) = ([member.mission.as_str()], [member.category().as_str_name()]);
    let all = reader.count::<Member>(&[("mission", &mission), ("category", &category), ("state", &LIVE)]).await?;
    let own = reader.count::<Member>(&[("name", &[member.name.as_str()]), ("state", &LIVE)]).await?;
    Ok(all - own)
}

/// The people of the household that a member heads or belongs to, as it is now, but for the member.
pub(crate) async fn household(reader: &mut Reader<'_>, member: &Member) -> Result<Vec<String>, Fault> {
    let head = if member.principal.is_empty() { &member.name } else { &member.principal };
    let kin = reader.all::<Member>(&[("principal", &[head.as_str()]), ("state", &LIVE)]).await?;
    let of_household = kin.into_iter().filter(|kin| kin.name != member.name).map(|kin| kin.person);
    let mut people: Vec<String> = of_household.collect();
    if !member.principal.is_empty() {
        people.extend(reader.glance::<Member>(&member.principal).await?.map(|principal| principal.person));
    }
    Ok(people)
}

/// People with the same passport, or with the same names and date of birth, at any mission.
async fn resembling(reader: &mut Reader<'_>, member: &Member) -> Result<Vec<String>, Fault> {
    let mut alike = Vec::new();
    if !member.passport_number.is_empty() {
        alike = reader.all::<Member>(&[("passport_number", &[member.passport_number.as_str()])]).await?;
        alike.retain(|other| other.nationality == member.nationality);
    }
    let names = |member: &Member| (folded(&member.family_name), folded(&member.given_names));
    let own = names(member);
    let born = reader.all::<Member>(&[("birth_date", &[member.birth_date.as_str()])]).await?;
    alike.extend(born.into_iter().filter(|other| names(other) == own));
    let mut people: Vec<String> =
        alike.into_iter().filter(|other| other.name != member.name).map(|o| o.person).collect();
    people.retain(|person| *person != member.person);
    people.sort_unstable();
    people.dedup();
    people.truncate(MOST_ALIKE);
    Ok(people)
}
