//! The diplomatic or consular list on paper: mission by mission in order of precedence, as the edition has them.

use super::Papers;
use super::letterhead::Letterhead;
use chrono::NaiveDate;
use config::Home;
use documents::{Order, Template};
use proto::accreditation::v1::diplomatic_list::{Kind, State};
use proto::accreditation::v1::{DiplomaticList, ListEntry, ListSection};
use registry::instant;
use serde::Serialize;

/// How lists are set.
pub(crate) static TEMPLATE: Template =
    Template { name: "diplomatic-list", main: include_str!("../../templates/diplomatic-list.typ"), parts: &[] };

/// A leap year, so that every national day is a day.
const ANY_YEAR: i32 = 2000;

/// What stands in a list.
#[derive(Serialize)]
struct Book<'b> {
    letterhead: &'b Letterhead,
    title: &'static str,
    edition: &'b str,
    as_of: String,
    mark: &'static str,
    sections: Vec<Section<'b>>,
}

#[derive(Serialize)]
struct Section<'b> {
    title: &'b str,
    address: Vec<&'b str>,
    reach: Vec<&'b str>,
    national_day: String,
    entries: Vec<Entry<'b>>,
}

#[derive(Serialize)]
struct Entry<'b> {
    place: i32,
    name: &'b str,
    title: &'b str,
    spouses: &'b [String],
    since: String,
}

/// An edition to be printed; a draft is marked as one.
pub(crate) fn order(papers: &Papers, list: &DiplomaticList, home: &Home) -> Order {
    let local = |time: Option<&prost_types::Timestamp>| {
        time.and_then(instant).map(|at| at.with_timezone(&home.timezone).date_naive())
    };
    let as_of = local(list.compile_time.as_ref()).unwrap_or_default();
    let written = |date: NaiveDate| date.format("%-d %B %Y").to_string();
    let entry = |entry: &'_ ListEntry| local(entry.since.as_ref()).map(written).unwrap_or_default();
    let sections = list.sections.iter().map(|section| Section {
        title: &section.title,
        address: address(section),
        reach: [&section.phone, &section.email, &section.website]
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(String::as_str)
            .collect(),
        national_day: national_day(&section.national_day),
        entries: section
            .entries
            .iter()
            .map(|one| Entry {
                place: one.place,
                name: &one.display_name,
                title: &one.title,
                spouses: &one.spouses,
                since: entry(one),
            })
            .collect(),
    });
    let mark = match list.state() {
        State::Draft => "Draft",
        _ if papers.specimen() => "Specimen",
        _ => "",
    };
    let book = Book {
        letterhead: papers.letterhead(),
        title: if list.kind() == Kind::Consular { "Consular List" } else { "Diplomatic List" },
        edition: &list.edition,
        as_of: written(as_of),
        mark,
        sections: sections.collect(),
    };
    Order::new(&TEMPLATE, &book, &list.name, as_of)
}

fn address(section: &ListSection) -> Vec<&str> {
    let Some(address) = &section.address else { return Vec::new() };
    let place = [&address.locality, &address.administrative_area, &address.postal_code];
    let lines = address.address_lines.iter().chain(place);
    lines.filter(|line| !line.is_empty()).map(String::as_str).collect()
}

/// `14 July` of `07-14`.
fn national_day(day: &str) -> String {
    let date: Option<NaiveDate> = format!("{ANY_YEAR}-{day}").parse().ok();
    date.map(|date| date.format("%-d %B").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::papers::Settings;
    use config::Env;
    use documents::{Most, reading};

    fn list() -> DiplomaticList {
        let entry = |place, name: &str, title: &str| ListEntry {
            place,
            display_name: name.into(),
            title: title.into(),
            ..ListEntry::default()
        };
        let section = |title: &str, entries| ListSection {
            title: title.into(),
            national_day: "07-14".into(),
            entries,
            ..ListSection::default()
        };
        DiplomaticList {
            name: "diplomaticLists/a".into(),
            kind: Kind::Diplomatic.into(),
            edition: "2026/2".into(),
            state: State::Published.into(),
            compile_time: Some(prost_types::Timestamp { seconds: 1_777_899_600, nanos: 0 }),
            sections: vec![
                section(
                    "Embassy of France",
                    vec![entry(1, "Anna Example", "Ambassador"), entry(0, "Person Two", "Counsellor")],
                ),
                section("Embassy of Ελλάδα", vec![entry(2, "Ion Example", "Ambassador")]),
            ],
            ..DiplomaticList::default()
        }
    }

    #[test]
    fn missions_stand_in_their_order_with_their_people() {
        let settings: Settings = config::read(&Env::default(), "P").unwrap();
        let papers = Papers::new(&settings, &Home::default()).unwrap();
        let text = reading(&order(&papers, &list(), &Home::default()), &Most::default()).unwrap().join("\n");
        let mut rest = text.as_str();
        for wanted in [
            "Diplomatic List",
            "2026/2",
            "Embassy of France",
            "14 July",
            "Anna Example",
            "Person Two",
            // In another font, and so a piece of its own.
            "Ελλάδα",
            "Ion Example",
        ] {
            let found = rest.find(wanted).unwrap_or_else(|| panic!("{wanted} comes next: {text}"));
            rest = &rest[found..];
        }
        assert!(!text.contains("DRAFT"));
        let draft = DiplomaticList { state: State::Draft.into(), ..list() };
        let draft = reading(&order(&papers, &draft, &Home::default()), &Most::default()).unwrap();
        assert!(draft.iter().all(|page| page.contains("DRAFT")), "on every page");
    }

    #[test]
    fn a_national_day_is_a_day() {
        assert_eq!((national_day("07-14").as_str(), national_day("02-29").as_str()), ("14 July", "29 February"));
        assert_eq!((national_day("").as_str(), national_day("13-40").as_str()), ("", ""));
    }
}
