//! The United Nations Security Council Consolidated List, in its XML.

use super::Broken;
use crate::entry::document;
use crate::{Birth, Entry, Kind, Sex, country};
use chrono::NaiveDate;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

const FILE: &str = "UN_consolidated.xml";

/// The list as published.
#[derive(Debug)]
pub struct List {
    /// When it was made, as it says: `2026-02-27T00:00:09.554Z`.
    pub generated: String,
    /// Its entries.
    pub entries: Vec<Entry>,
}

/// An element of an entry, with what is in it.
#[derive(Debug, Default)]
struct Element {
    name: String,
    text: String,
    inside: Vec<Element>,
}

/// Reads a publication as the list `list`.
///
/// # Errors
/// The first line that is not as it must be. Nothing of a broken file is used.
pub fn read(list: &str, xml: &str) -> Result<List, Broken> {
    let mut reader = Reader::from_str(xml);
    let mut found = List { generated: String::new(), entries: Vec::new() };
    let (mut open, mut outer): (Vec<Element>, Vec<String>) = (Vec::new(), Vec::new());
    let mut whole = false;
    loop {
        let at = reader.buffer_position();
        let broken = |at: u64, what: String| Broken { file: FILE.into(), line: line(xml, at), what };
        let event = reader.read_event().map_err(|error| broken(reader.error_position(), error.to_string()))?;
        match event {
            Event::Start(start) => {
                let name = name(&start).map_err(|what| broken(at, what))?;
                if outer.is_empty() {
                    found.generated = root(&name, &start).map_err(|what| broken(at, what))?;
                }
                if !open.is_empty() || matches!(name.as_str(), "INDIVIDUAL" | "ENTITY") {
                    open.push(Element { name, ..Element::default() });
                } else {
                    outer.push(name);
                }
            }
            Event::Empty(start) => {
                let name = name(&start).map_err(|what| broken(at, what))?;
                if let Some(parent) = open.last_mut() {
                    parent.inside.push(Element { name, ..Element::default() });
                }
            }
            Event::Text(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text.decode().map_err(|error| broken(at, error.to_string()))?);
                }
            }
            Event::CData(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text.decode().map_err(|error| broken(at, error.to_string()))?);
                }
            }
            Event::GeneralRef(reference) => {
                let text = resolved(&reference).ok_or_else(|| broken(at, "an unknown entity is referred to".into()))?;
                if let Some(element) = open.last_mut() {
                    element.text.push(text);
                }
            }
            Event::End(_) => match (open.pop(), open.last_mut()) {
                (Some(element), Some(parent)) => parent.inside.push(element),
                (Some(element), None) => found.entries.push(entry(list, &element).map_err(|what| broken(at, what))?),
                (None, _) => {
                    outer.pop();
                    whole = outer.is_empty();
                }
            },
            Event::DocType(_) => return Err(broken(at, "a list has no document type".into())),
            Event::Eof if whole && !found.entries.is_empty() => return Ok(found),
            Event::Eof => return Err(broken(at, "the file ends too soon".into())),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
}

fn line(xml: &str, at: u64) -> u64 {
    let at = usize::try_from(at).unwrap_or(usize::MAX).min(xml.len());
    1 + xml.as_bytes()[..at].iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>()
}

fn name(start: &BytesStart<'_>) -> Result<String, String> {
    String::from_utf8(start.name().as_ref().to_vec()).map_err(|error| error.to_string())
}

/// The root says when the list was made.
fn root(name: &str, start: &BytesStart<'_>) -> Result<String, String> {
    if name != "CONSOLIDATED_LIST" {
        return Err(format!("the root is {name}, CONSOLIDATED_LIST was expected"));
    }
    let attribute = start.try_get_attribute("dateGenerated").map_err(|error| error.to_string())?;
    let attribute = attribute.ok_or("dateGenerated is missing")?;
    String::from_utf8(attribute.value.into_owned()).map_err(|error| error.to_string())
}

/// The character that an entity stands for.
fn resolved(reference: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Some(character);
    }
    match reference.decode().ok()?.as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

impl Element {
    fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.inside.iter().filter(move |element| element.name == name)
    }

    /// The text of the first element of this name, if it says something.
    fn text(&self, name: &str) -> Option<&str> {
        self.inside
            .iter()
            .find(|element| element.name == name)
            .map(|found| found.text.trim())
            .filter(|text| !text.is_empty())
    }

    /// The texts of `VALUE` in elements of this name.
    fn values<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e str> {
        self.all(name)
            .flat_map(|element| element.all("VALUE"))
            .map(|value| value.text.trim())
            .filter(|text| !text.is_empty())
    }
}

fn entry(list: &str, element: &Element) -> Result<Entry, String> {
    let person = element.name == "INDIVIDUAL";
    let reference =
        element.text("REFERENCE_NUMBER").or_else(|| element.text("DATAID")).ok_or("the reference is missing")?;
    let parts =
        ["FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME"].into_iter().filter_map(|part| element.text(part));
    let name = parts.collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Err(format!("{reference} has no name"));
    }
    let mut entry = Entry::new(list, reference, if person { Kind::Person } else { Kind::Body }, name);
    entry.names.extend(element.text("NAME_ORIGINAL_SCRIPT").map(str::to_owned));
    let alias = if person { "INDIVIDUAL_ALIAS" } else { "ENTITY_ALIAS" };
    entry.names.extend(element.all(alias).filter_map(|alias| alias.text("ALIAS_NAME")).map(str::to_owned));
    entry.programmes.extend(element.text("UN_LIST_TYPE").map(str::to_owned));
    entry.births.extend(element.all("INDIVIDUAL_DATE_OF_BIRTH").filter_map(birth));
    entry.nationalities.extend(element.values("NATIONALITY").filter_map(country).map(str::to_owned));
    entry.sex = match element.text("GENDER") {
        Some("Male") => Some(Sex::Male),
        Some("Female") => Some(Sex::Female),
        _ => None,
    };
    let documents = element.all("INDIVIDUAL_DOCUMENT").filter_map(|found| found.text("NUMBER")).map(document);
    entry.documents.extend(documents.filter(|number| number.len() > 3));
    Ok(entry)
}

fn birth(element: &Element) -> Option<Birth> {
    let year = |name| element.text(name)?.parse::<i32>().ok();
    let day = || NaiveDate::parse_from_str(element.text("DATE")?.get(..10)?, "%Y-%m-%d").ok().map(Birth::on);
    let between = || Birth::between(year("FROM_YEAR")?, year("TO_YEAR")?);
    let birth = day().or_else(between).or_else(|| Birth::in_year(year("YEAR")?))?;
    let approximate = element.text("TYPE_OF_DATE").is_some_and(|kind| kind.eq_ignore_ascii_case("approximately"));
    Some(if approximate { birth.about(1) } else { birth })
}
