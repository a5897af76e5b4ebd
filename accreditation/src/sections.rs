//! The sections of the diplomatic and the consular list, from records that were read; pure.

use crate::practice::Practice;
use chrono::{DateTime, Utc};
use proto::accreditation::v1::{Category, ListEntry, ListSection, Member, Mission, Relation};
use registry::{instant, timestamp};
use std::collections::HashMap;

/// Someone who has a place in the order of precedence among missions or posts.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    /// The mission or post.
    pub(crate) mission: String,
    /// The member, or the honorary consul.
    pub(crate) record: String,
    /// Since when.
    pub(crate) since: DateTime<Utc>,
    /// What to print of one who is no member of the mission; none for members.
    pub(crate) apart: Option<ListEntry>,
}

/// What a list is compiled from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Material {
    pub(crate) missions: Vec<Mission>,
    /// Those who are listed.
    pub(crate) members: Vec<Member>,
    /// The families of those.
    pub(crate) family: Vec<Member>,
    /// Those who have a place, the first in front.
    pub(crate) places: Vec<Placed>,
}

/// The sections, in the order of the first place each mission has; those without one follow by title. A mission with
/// nobody to list is left out.
pub(crate) fn compile(material: Material, practice: &Practice) -> Vec<ListSection> {
    let Material { missions, members, family, places } = material;
    let mut people: HashMap<&str, Vec<&Member>> = HashMap::new();
    for member in &members {
        people.entry(&member.mission).or_default().push(member);
    }
    let place_of: HashMap<&str, usize> = (0..).zip(&places).map(|(at, one)| (one.record.as_str(), at)).collect();
    let mut sections: Vec<(usize, ListSection)> = Vec::new();
    for mission in &missions {
        let own = people.remove(mission.name.as_str()).unwrap_or_default();
        let mut entries: Vec<_> =
            own.into_iter().map(|member| (order(member, &place_of, practice), entry(member, &family))).collect();
        let apart = (0..).zip(&places).filter(|(_, one)| one.mission == mission.name);
        entries.extend(apart.filter_map(|(at, one)| Some(((at, 0, None, String::new()), one.apart.clone()?))));
        entries.sort_by(|one, other| one.0.cmp(&other.0));
        let first = entries.first().map_or(usize::MAX, |(order, _)| order.0);
        let numbered = entries.into_iter().map(|((at, ..), entry)| numbered(entry, at, &places)).collect::<Vec<_>>();
        if !numbered.is_empty() {
            sections.push((first, section(mission, numbered)));
        }
    }
    let key = |section: &(usize, ListSection)| (section.0, section.1.title.clone(), section.1.mission.clone());
    sections.sort_by_key(key);
    sections.into_iter().map(|(_, section)| section).collect()
}

/// Places first, then rank, then seniority, then the name.
type Order = (usize, usize, Option<DateTime<Utc>>, String);

fn order(member: &Member, place_of: &HashMap<&str, usize>, practice: &Practice) -> Order {
    let place = place_of.get(member.name.as_str()).copied().unwrap_or(usize::MAX);
    let heads = matches!(member.category(), Category::HeadOfMission | Category::HeadOfConsularPost);
    let rank = if heads { 0 } else { 1 + practice.rank(&member.title) };
    (place, rank, in_office(member), member.family_name.clone())
}

fn in_office(member: &Member) -> Option<DateTime<Utc>> {
    member.arrival_time.as_ref().or(member.accredit_time.as_ref()).and_then(instant)
}

fn entry(member: &Member, family: &[Member]) -> ListEntry {
    let spouse = |other: &&Member| {
        other.principal == member.name && matches!(other.relation(), Relation::Spouse | Relation::Partner)
    };
    ListEntry {
        record: member.name.clone(),
        display_name: full_name(member),
        title: member.title.clone(),
        spouses: family.iter().filter(spouse).map(full_name).collect(),
        place: 0,
        since: in_office(member).map(timestamp),
    }
}

fn numbered(mut entry: ListEntry, at: usize, places: &[Placed]) -> ListEntry {
    if let Some(placed) = places.get(at) {
        entry.place = i32::try_from(at + 1).unwrap_or(i32::MAX);
        entry.since = Some(timestamp(placed.since));
    }
    entry
}

fn full_name(member: &Member) -> String {
    format!("{} {}", member.given_names, member.family_name)
}

fn section(mission: &Mission, entries: Vec<ListEntry>) -> ListSection {
    ListSection {
        mission: mission.name.clone(),
        title: mission.title.clone(),
        sending_state: mission.sending_state.clone(),
        address: mission.address.clone(),
        phone: mission.phone.clone(),
        email: mission.email.clone(),
        website: mission.website.clone(),
        national_day: mission.national_day.clone(),
        entries,
    }
}
