//! A post as a mission of the contract: kind, title, seat, and a name that is the same at every import.

use super::countries::Countries;
use super::import::Line;
use super::posts::Post;
use anyhow::{Context as _, Result, ensure};
use proto::accreditation::v1::mission::Type;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

const TYPES: &str = include_str!("../../data/post_types.csv");
/// How far a post without a city may be from one whose city is taken, in kilometres.
const NEAR_KM: f64 = 30.0;

/// The file's kinds of post and what the contract calls them.
#[derive(Debug)]
pub(super) struct Types(HashMap<String, Form>);

/// How a kind of post is taken in.
#[derive(Debug)]
pub(super) struct Form {
    /// The contract's kind.
    pub(super) kind: Type,
    /// `Embassy of {state} in {seat}`.
    pub(super) title: String,
}

#[derive(Deserialize)]
struct Row {
    r#type: String,
    mission_type: String,
    title: String,
}

impl Types {
    /// Reads the file of kinds.
    ///
    /// # Errors
    /// It names a kind that the contract does not have.
    pub(super) fn read() -> Result<Self> {
        let mut types = HashMap::new();
        for row in csv::Reader::from_reader(TYPES.as_bytes()).deserialize() {
            let row: Row = row.context("read post_types.csv")?;
            let kind = Type::from_str_name(&row.mission_type);
            ensure!(kind.is_some_and(|kind| kind != Type::Unspecified), "{} is no kind of mission", row.mission_type);
            let kind = kind.unwrap_or_default();
            types.insert(row.r#type, Form { kind, title: row.title });
        }
        Ok(Self(types))
    }

    /// How a value of the file's column is taken in.
    pub(super) fn of(&self, value: &str) -> Option<&Form> {
        self.0.get(value)
    }
}

/// Where a post without a city has its seat: with the nearest post that has one; an embassy without coordinates where
/// most embassies are.
#[derive(Debug)]
pub(super) struct Seats {
    known: Vec<(f64, f64, String)>,
    of_embassies: Option<String>,
}

impl Seats {
    /// Learns from the posts in one country.
    pub(super) fn of(posts: &[&Post], types: &Types) -> Self {
        let with_city = || posts.iter().filter(|post| !post.city.is_empty());
        let known = with_city().filter_map(|post| Some((post.latitude?, post.longitude?, post.city.clone()))).collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let is_embassy = |post: &&&Post| types.of(&post.r#type).is_some_and(|form| form.kind == Type::Embassy);
        for post in with_city().filter(is_embassy) {
            *counts.entry(&post.city).or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|(_, count)| *count);
        Self { known, of_embassies: most.map(|(city, _)| city.to_owned()) }
    }

    /// The seat, and how it was found if the file does not say it.
    fn seat(&self, post: &Post, embassy: bool) -> Result<(String, Option<String>), String> {
        if !post.city.is_empty() {
            return Ok((post.city.clone(), None));
        }
        if let (Some(latitude), Some(longitude)) = (post.latitude, post.longitude) {
            let distance = |(lat, lon, _): &&(f64, f64, String)| kilometres((latitude, longitude), (*lat, *lon));
            let nearest = self.known.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
            if let Some(found) = nearest.filter(|found| distance(found) <= NEAR_KM) {
                let note = format!("no city; {} is {:.1} km away", found.2, distance(&found));
                return Ok((found.2.clone(), Some(note)));
            }
        }
        match &self.of_embassies {
            Some(city) if embassy => Ok((city.clone(), Some(format!("no city; most embassies are in {city}")))),
            _ => Err("it has no city".to_owned()),
        }
    }
}

/// A post that we can take in.
#[derive(Debug)]
pub(super) struct Mapped {
    /// The line in the file.
    pub(super) line: usize,
    /// The last part of the mission's name: `fr-embassy`.
    pub(super) id: String,
    /// Who sends it, as the file calls it.
    operator: String,
    /// The sending state's code.
    pub(super) sending_state: String,
    /// The kind.
    pub(super) kind: Type,
    /// The city of its seat.
    pub(super) seat: String,
    /// The mission as the contract's JSON.
    pub(super) mission: Value,
    /// What was concluded or left out, in words.
    pub(super) notes: Vec<String>,
    wikidata: String,
}

impl Mapped {
    /// Maps one row.
    ///
    /// # Errors
    /// Why it cannot be taken in, in words.
    pub(super) fn of(
        post: &Post,
        home: &str,
        countries: &Countries,
        types: &Types,
        seats: &Seats,
    ) -> Result<Self, String> {
        let state = countries.code(&post.operator)?.to_owned();
        let form = types.of(&post.r#type).ok_or_else(|| format!("{} is no kind we know", post.r#type))?;
        let embassy = form.kind == Type::Embassy || post.r#type == "de facto embassy";
        let (seat, note) = seats.seat(post, embassy)?;
        let mut notes = Vec::from_iter(note);
        let mut mission = json!({
            "sendingState": state,
            "type": form.kind.as_str_name(),
            "title": form.title.replace("{state}", &post.operator).replace("{seat}", &seat),
            "seat": seat,
            "externalId": format!("wikidata:{}", post.wikidata),
            "jurisdictions": jurisdictions(post, home, countries),
        });
        if !post.address.is_empty() {
            mission["address"] = json!({"regionCode": home, "locality": seat, "addressLines": [post.address]});
        }
        if let (Some(latitude), Some(longitude)) = (post.latitude, post.longitude) {
            mission["location"] = json!({"latitude": latitude, "longitude": longitude});
        }
        for (name, text, fits) in [
            ("phone", post.phone.replace('-', " "), is_phone as fn(&str) -> bool),
            ("email", post.email.trim_start_matches("mailto:").to_owned(), is_email),
            ("website", post.website.clone(), is_website),
        ] {
            if fits(&text) {
                mission[name] = text.into();
            } else if !text.is_empty() {
                notes.push(format!("{name} left out: {text:?} is none"));
            }
        }
        let wikidata = post.wikidata.to_ascii_lowercase();
        Ok(Self {
            line: post.line,
            id: String::new(),
            operator: post.operator.clone(),
            sending_state: state,
            kind: form.kind,
            seat,
            mission,
            notes,
            wikidata,
        })
    }

    /// A mission that the file does not have, of the same state and in the same city as one that it has.
    pub(super) fn beside(other: &Self, kind: Type) -> Self {
        let what = match kind {
            Type::HonoraryPost => format!("Honorary Consulate of {}", other.operator),
            Type::PermanentMission => format!("Permanent Mission of {}", other.operator),
            Type::IoOffice => "Office of an organisation".to_owned(),
            kind => format!("{} of {}", kind.as_str_name().to_lowercase().replace('_', " "), other.operator),
        };
        let mission = json!({
            "sendingState": other.sending_state,
            "type": kind.as_str_name(),
            "title": format!("{what} in {} (invented for the demonstration)", other.seat),
            "seat": other.seat,
        });
        let id = slug(&format!("{} {}", other.sending_state, kind.as_str_name()));
        let (sending_state, seat, operator) = (other.sending_state.clone(), other.seat.clone(), other.operator.clone());
        Self { line: 0, id, operator, sending_state, kind, seat, mission, notes: Vec::new(), wikidata: String::new() }
    }

    /// The line of an import.
    pub(super) fn import_line(&self) -> Line {
        Line { number: self.line, body: json!({"missionId": self.id, "mission": self.mission}) }
    }
}

/// Gives every mission its id: `fr-embassy` where a state has one embassy, with the city where it has several posts of
/// a kind or the post is no embassy, with the Wikidata identifier where even that is not enough.
pub(super) fn name(missions: &mut [Mapped]) {
    let short = |mission: &Mapped| slug(&format!("{} {}", mission.sending_state, mission.kind.as_str_name()));
    let long = |mission: &Mapped| slug(&format!("{} {}", short(mission), mission.seat));
    let count = |names: Vec<String>| {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for name in names {
            *counts.entry(name).or_default() += 1;
        }
        counts
    };
    let (shorts, longs) = (count(missions.iter().map(short).collect()), count(missions.iter().map(long).collect()));
    for mission in missions {
        let (brief, full) = (short(mission), long(mission));
        mission.id = match (mission.kind, shorts[&brief], longs[&full]) {
            (Type::Embassy, 1, _) => brief,
            (_, _, 1) => full,
            _ => slug(&format!("{brief} {}", mission.wikidata)),
        };
    }
}

/// What a post is competent for besides the host country: codes of states, and other names as they stand.
fn jurisdictions(post: &Post, home: &str, countries: &Countries) -> Vec<String> {
    let named = post.jurisdictions.split('|').filter(|name| !name.is_empty());
    let mut list: Vec<_> = named.map(|name| countries.code(name).map_or(name.to_owned(), str::to_owned)).collect();
    list.retain(|name| name != home);
    list
}

/// Lower-case letters, digits and single hyphens, at most 63 of them: `new-york-city`.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for letter in text.chars().map(plain) {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(63);
    slug.trim_end_matches('-').to_owned()
}

/// The letter without its mark, for those that cities in the file have.
fn plain(letter: char) -> char {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'À'..='Å' => 'a',
        'ç' | 'ć' | 'č' | 'Ç' => 'c',
        'è'..='ë' | 'ē' | 'ě' | 'ę' | 'È'..='Ë' => 'e',
        'ì'..='ï' | 'ī' | 'ı' | 'İ' | 'Í' => 'i',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' | 'Ö' | 'Ø' => 'o',
        'š' | 'ś' | 'ş' | 'ș' | 'Š' | 'Ş' => 's',
        'ù'..='ü' | 'ū' | 'ů' | 'Ü' => 'u',
        'ź' | 'ż' | 'ž' => 'z',
        'ț' | 'ţ' => 't',
        'ğ' => 'g',
        'ł' | 'Ł' => 'l',
        other => other,
    }
}

/// The great circle's length, on a sphere.
fn kilometres(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (a, b) = (from.0.to_radians(), to.0.to_radians());
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    let chord = half(b - a) + a.cos() * b.cos() * half((to.1 - from.1).to_radians());
    2.0 * 6371.0 * chord.sqrt().asin()
}

fn is_phone(text: &str) -> bool {
    let number = text.strip_prefix('+').unwrap_or_default();
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let signs = number.bytes().all(|byte| byte.is_ascii_digit() || b" .()/-".contains(&byte));
    (5..=15).contains(&digits) && signs && number.starts_with(|c: char| ('1'..='9').contains(&c))
}

fn is_email(text: &str) -> bool {
    let (local, host) = text.split_once('@').unwrap_or_default();
    !local.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
}

fn is_website(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    host.contains('.') && !host.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_as_the_contract_wants_them() {
        assert_eq!(slug("FR CONSULATE_GENERAL New York City"), "fr-consulate-general-new-york-city");
        assert_eq!(slug("BR EMBASSY São Tomé "), "br-embassy-sao-tome");
        assert_eq!(slug(&"x-".repeat(60)).len(), 63);
        assert!(!slug(&"ab-".repeat(40)).ends_with('-'));
    }

    #[test]
    fn a_post_without_a_city_takes_the_one_nearby() {
        let washington = (38.9072, -77.0369);
        assert!((kilometres(washington, (40.7128, -74.0060)) - 328.0).abs() < 5.0, "to New York");
        let seats = Seats { known: vec![(washington.0, washington.1, "Washington".into())], of_embassies: None };
        let mut post: Post = csv::Reader::from_reader(
            "operator,country,jurisdictions,city,address,latitude,longitude,phone,email,website,type,wikidata\n\
             Cuba,United States of America,,,,38.9242,-77.0,,,,Interests Section,Q1\n"
                .as_bytes(),
        )
        .deserialize()
        .next()
        .expect("there is a row")
        .expect("the row is sound");
        assert_eq!(seats.seat(&post, false).expect("one is near").0, "Washington");
        post.latitude = None;
        assert!(seats.seat(&post, true).is_err(), "no embassy tells where embassies are");
    }
}
